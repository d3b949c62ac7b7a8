"""The plan for SpiderMultusConfigs."""

from __future__ import annotations

from typing import Any

import pytest

from spidercli import kinds
from spidercli.planning.multus import missing, plan_multus
from spidercli.planning.plan import Action, Phase, Verb

NAMESPACE = "kube-system"


def config(name: str, *, ours: bool = True, **spec: Any) -> Any:
    labels = {kinds.MANAGED_BY: "spidercli"} if ours else {}
    return {
        "apiVersion": kinds.SPIDERPOOL,
        "kind": "SpiderMultusConfig",
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": labels},
        "spec": spec or {"cniType": "ipvlan", "ipvlan": {"master": [name.removeprefix("ipvlan-")]}},
    }


def live(manifest: Any) -> Any:
    """A config as the cluster has it after we applied it."""
    owned: dict[str, Any] = {
        "f:metadata": {"f:labels": {f"f:{key}": {} for key in manifest["metadata"]["labels"]}},
        "f:spec": {"f:cniType": {}, "f:ipvlan": {"f:master": {}}},
    }
    entry = {
        "manager": "spidercli", "operation": "Apply", "apiVersion": kinds.SPIDERPOOL, "fieldsV1": owned,
    }  # fmt: skip
    metadata = {**manifest["metadata"], "resourceVersion": "7", "uid": "u"}
    if kinds.is_ours(manifest):
        metadata["managedFields"] = [entry]
    return {**manifest, "metadata": metadata}


def test_a_missing_config_is_created() -> None:
    """One apply, named by the NIC it is for."""
    plan = plan_multus([config("ipvlan-eth0")], [])
    change = plan.changes[0]

    assert (change.action, change.target, change.detail) == (
        Action.CREATE,
        "SpiderMultusConfig kube-system/ipvlan-eth0",
        "ipvlan on eth0",
    )
    assert [(write.phase, write.verb) for write in change.writes] == [(Phase.MULTUS, Verb.APPLY)]


def test_a_config_that_agrees_is_left_alone() -> None:
    """Fields that others added are no drift."""
    found = live(config("ipvlan-eth0"))
    found["spec"] = {**found["spec"], "enableCoordinator": True}
    plan = plan_multus([config("ipvlan-eth0")], [found])

    assert [change.action for change in plan.changes] == [Action.UNCHANGED]
    assert list(plan.writes) == []


def test_another_master_is_drift() -> None:
    """What we own and differs is applied again."""
    found = live(config("ipvlan-eth0", cniType="ipvlan", ipvlan={"master": ["ens5"]}))
    change = plan_multus([config("ipvlan-eth0")], [found]).changes[0]

    assert (change.action, [write.verb for write in change.writes]) == (Action.UPDATE, [Verb.APPLY])
    assert "spec.ipvlan.master" in change.reason


@pytest.mark.parametrize("spec", [{"cniType": "custom", "customCNI": ""}, {"cniType": "custom"}])
def test_the_placeholder_of_the_installation_is_replaced(spec: dict[str, str]) -> None:
    """Replaced with the version that was read, then applied, so that its fields become ours."""
    found = live(config("ipvlan-eth0", ours=False, **spec))
    found["metadata"]["labels"] = {"app": "spiderpool"}
    change = plan_multus([config("ipvlan-eth0")], [found]).changes[0]
    replacement: Any = change.writes[0].body

    assert change.action is Action.UPDATE
    assert [write.verb for write in change.writes] == [Verb.REPLACE, Verb.APPLY]
    assert replacement["metadata"]["resourceVersion"] == "7"
    assert replacement["metadata"]["labels"] == {"app": "spiderpool", kinds.MANAGED_BY: "spidercli"}
    assert "managedFields" not in replacement["metadata"]
    assert replacement["spec"] == config("ipvlan-eth0")["spec"]


@pytest.mark.parametrize(("adopt", "action"), [(False, Action.CONFLICT), (True, Action.UPDATE)])
def test_somebody_elses_config(adopt: bool, action: Action) -> None:
    """Even a custom one with content is theirs, until --adopt."""
    found = live(config("ipvlan-eth0", ours=False, cniType="custom", customCNI="{}"))
    change = plan_multus([config("ipvlan-eth0")], [found], adopt=adopt).changes[0]

    assert (change.action, bool(change.writes)) == (action, adopt)


def test_what_nobody_asks_for() -> None:
    """Ours is told and left alone; somebody else's is nobody's business."""
    plan = plan_multus([], [live(config("ipvlan-eth9")), live(config("macvlan", ours=False))])

    assert [(change.action, change.name) for change in plan.changes] == [(Action.BLOCKED, "ipvlan-eth9")]
    assert list(plan.writes) == []


def test_the_same_name_elsewhere_is_another_object() -> None:
    """A config is its namespace and its name."""
    elsewhere = live(config("ipvlan-eth0", ours=False, cniType="macvlan"))
    elsewhere["metadata"]["namespace"] = "default"

    assert [change.action for change in plan_multus([config("ipvlan-eth0")], [elsewhere]).changes] == [Action.CREATE]


def test_a_superfluous_config_says_why() -> None:
    """Its NIC has another one by now, or no node has the NIC; nothing tells whether a pod refers to it."""
    old = live(config("ipvlan-eth0"))
    renamed = plan_multus([config("v2-eth0", cniType="ipvlan", ipvlan={"master": ["eth0"]})], [old]).changes[0]
    gone = plan_multus([config("ipvlan-eth1")], [old]).changes[0]

    assert (renamed.action, gone.action) == (Action.BLOCKED, Action.BLOCKED)
    assert renamed.reason == "its NIC has kube-system/v2-eth0 now; delete it by hand once no pod refers to it"
    assert gone.reason == "no node of the inventory has this NIC; delete it by hand once no pod refers to it"


def definition(name: str, **metadata: Any) -> Any:
    return {"kind": "NetworkAttachmentDefinition", "metadata": {"name": name, "namespace": NAMESPACE, **metadata}}


@pytest.mark.parametrize(("adopt", "action"), [(False, Action.CONFLICT), (True, Action.CREATE)])
def test_a_network_that_somebody_made_by_hand(adopt: bool, action: Action) -> None:
    """Spiderpool would overwrite it, and every pod on it get another network: that needs --adopt, and is told."""
    found = [definition("ipvlan-eth0", ownerReferences=[{"kind": "Deployment", "name": "x"}])]
    change = plan_multus([config("ipvlan-eth0")], [], definitions=found, adopt=adopt).changes[0]

    assert (change.action, bool(change.writes)) == (action, adopt)
    assert "NetworkAttachmentDefinition of its name, which no SpiderMultusConfig made" in change.reason
    assert ("replaces configuration and annotations" if adopt else "--adopt lets it") in change.reason


def test_a_network_that_a_config_left() -> None:
    """It goes with the config that it was made of, and is Spiderpool's to write."""
    found = [definition("ipvlan-eth0", ownerReferences=[{"kind": "SpiderMultusConfig", "name": "ipvlan-eth0"}])]

    assert [change.reason for change in plan_multus([config("ipvlan-eth0")], [], definitions=found).changes] == ["new"]


def test_the_network_goes_by_the_name_that_an_annotation_gives_it() -> None:
    """A template may add it."""
    wanted = config("ipvlan-eth0")
    wanted["metadata"]["annotations"] = {kinds.ANNOTATION_DEFINITION: "net"}
    plan = plan_multus([wanted], [], definitions=[definition("net")])

    assert [change.action for change in plan.changes] == [Action.CONFLICT]


def test_what_has_to_be_created() -> None:
    """Whatever no live config has the name and namespace of."""
    assert missing([config("ipvlan-eth0"), config("ipvlan-eth1")], [live(config("ipvlan-eth0"))]) == [
        config("ipvlan-eth1")
    ]


COMPLETED = {
    "mode": "auto", "podMACPrefix": "", "podDefaultRouteNIC": "", "podRPFilter": 0, "tunePodRoutes": True,
    "hostRuleTable": 500, "txQueueLen": 0,
}  # fmt: skip


def taken_over(**spec: Any) -> str:
    found = live(config("ipvlan-eth0", ours=False, **spec))
    return plan_multus([config("ipvlan-eth0")], [found], adopt=True).changes[0].reason


def test_a_take_over_names_what_is_lost() -> None:
    """Everything that the owner had set and that goes or changes, nested fields too."""
    reason = taken_over(
        cniType="ipvlan",
        ipvlan={"master": ["bond0"], "vlanID": 100, "mtu": 0, "ippools": {"ipv4": ["special-*"]}},
        coordinator={**COMPLETED, "mode": "underlay", "tunePodRoutes": False, "hijackCIDR": ["10.244.0.0/16"]},
        chainCNIJsonData=[f'{{"type":"{"t" * 40}"}}'],
        disableIPAM=True,
    )

    assert reason == (
        "taken over by --adopt: spec.ipvlan.master: bond0 → eth0; spec.ipvlan.vlanID: 100 goes; "
        "spec.ipvlan.ippools.ipv4: special-* goes; spec.coordinator.mode: underlay → auto; "
        "spec.coordinator.tunePodRoutes: false → true; spec.coordinator.hijackCIDR: 10.244.0.0/16 goes; "
        "spec.chainCNIJsonData goes; spec.disableIPAM: true goes"
    )


def test_a_take_over_of_another_type_names_it() -> None:
    """The block of the former type goes as a whole, field by field."""
    reason = taken_over(cniType="macvlan", macvlan={"master": ["eth1"], "vlanID": 0})

    assert reason == "taken over by --adopt: spec.cniType: macvlan → ipvlan; spec.macvlan.master: eth1 goes"


def test_defaults_are_no_loss() -> None:
    """What Spiderpool's webhook filled in, it fills in again."""
    block = {"master": ["eth0"], "vlanID": 0, "mtu": 0, "rdmaResourceName": "", "ippools": {"matchMasterSubnet": False}}
    reason = taken_over(cniType="ipvlan", ipvlan=block, coordinator=COMPLETED, chainCNIJsonData=[], disableIPAM=False)

    assert reason == "taken over by --adopt"
