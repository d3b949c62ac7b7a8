"""The plan for SpiderMultusConfigs."""

from __future__ import annotations

from typing import Any

import pytest

from spidercli import kinds
from spidercli.planning.multus import plan_multus
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
