"""`spidercli multus` and `spidercli nodes` in the sandbox."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import Any

import pytest

from spidercli.sandbox.run import Sandbox
from spidercli.sandbox.scenarios import guide

Run = Callable[..., Any]
Written = Callable[[], list[str]]
MULTUS = ("spiderpool.spidernet.io/v2beta1", "spidermultusconfigs")


def test_multus_diff(spidercli: Run, written: Written) -> None:
    """The empty config of Spiderpool's installation is replaced, the missing one made."""
    ran = spidercli("multus", "diff", "--detailed-exitcode")

    assert ran.code == 2
    assert ran.stdout == textwrap.dedent("""\
          ~ SpiderMultusConfig kube-system/ipvlan-eth0  ipvlan on eth0  replaces the empty config that Spiderpool's installation left
          + SpiderMultusConfig kube-system/ipvlan-eth1  ipvlan on eth1  new
        1 to create, 1 to update
        """)  # noqa: E501 - a transcript
    assert written() == []


def test_multus_sync_takes_over_the_placeholder(spidercli: Run, sandbox: Sandbox) -> None:
    """The empty customCNI goes, ipvlan comes, and the network that pods refer to follows."""
    ran = spidercli("multus", "sync", "--yes")
    config: Any = sandbox.kube.find(*MULTUS, "ipvlan-eth0", "kube-system")
    network: Any = sandbox.kube.find(
        "k8s.cni.cncf.io/v1", "network-attachment-definitions", "ipvlan-eth0", "kube-system"
    )

    assert (ran.code, ran.stdout) == (0, "2 of 2 changes made, 0 unchanged\n")
    assert config["spec"]["cniType"] == "ipvlan"
    assert config["spec"]["ipvlan"]["master"] == ["eth0"]
    assert "customCNI" not in config["spec"]
    assert '"ipvlan"' in network["spec"]["config"]
    assert spidercli("multus", "diff", "--detailed-exitcode").code == 0


def test_multus_dry_run(spidercli: Run, written: Written) -> None:
    """--dry-run is the diff."""
    assert spidercli("multus", "sync", "--dry-run").stdout == spidercli("multus", "diff").stdout
    assert written() == []


def test_multus_of_somebody_else(spidercli: Run, sandbox: Sandbox) -> None:
    """A config that is not ours is a conflict; --adopt replaces it."""
    stranger: Any = {
        "apiVersion": MULTUS[0],
        "kind": "SpiderMultusConfig",
        "metadata": {"name": "ipvlan-eth1", "namespace": "kube-system"},
        "spec": {"cniType": "macvlan", "macvlan": {"master": ["eth1"]}},
    }
    sandbox.kube.seed(stranger)
    left = spidercli("multus", "sync", "--yes", "--strict")
    taken = spidercli("multus", "sync", "--yes", "--strict", "--adopt")
    config: Any = sandbox.kube.find(*MULTUS, "ipvlan-eth1", "kube-system")

    assert (left.code, left.stdout) == (3, "1 of 1 changes made, 0 unchanged, 1 in conflict\n")
    assert (taken.code, taken.stdout) == (0, "1 of 1 changes made, 1 unchanged\n")
    assert (config["spec"]["cniType"], "macvlan" in config["spec"]) == ("ipvlan", False)


def test_multus_of_a_nic_that_is_gone(spidercli: Run, sandbox: Sandbox) -> None:
    """A config that pods may still refer to is told and left alone."""
    spidercli("multus", "sync", "--yes")
    for eni in (guide.MASTER_ETH1, guide.WORKER_ETH1):
        sandbox.world.remove_eni(eni)
    ran = spidercli("multus", "sync", "--yes")

    assert (ran.code, ran.stdout) == (0, "nothing can be done now: 1 unchanged, 1 blocked\n")
    assert "no node of the inventory has this NIC; delete it by hand once no pod refers to it" in ran.stderr
    assert sandbox.kube.find(*MULTUS, "ipvlan-eth1", "kube-system") is not None


def test_provider_ids_are_set_once(spidercli: Run, sandbox: Sandbox) -> None:
    """Nodes without a providerID get the one of their instance; the next run finds them set."""
    plan = spidercli("nodes", "provider-id", "--dry-run", "--detailed-exitcode")
    ran = spidercli("nodes", "provider-id", "--yes")
    node: Any = sandbox.kube.find("v1", "nodes", "worker")

    assert plan.code == 2
    assert plan.stdout == textwrap.dedent("""\
          ~ Node master  cn-hangzhou.i-bp1d8cnq4vw6t0yr3e5s  not set yet; matched by InternalIP
          ~ Node worker  cn-hangzhou.i-bp17345hor9k2m4x8w1z  not set yet; matched by InternalIP
        2 to update
        """)
    assert (ran.code, ran.stdout) == (0, "2 of 2 changes made, 0 unchanged\n")
    assert node["spec"]["providerID"] == "cn-hangzhou.i-bp17345hor9k2m4x8w1z"
    assert spidercli("nodes", "provider-id", "--yes").stdout == "nothing to do: 2 unchanged\n"


def test_provider_id_with_the_clouds_prefix(spidercli: Run, sandbox: Sandbox) -> None:
    """alicloud://REGION.ID is the same providerID, and stays as it is."""
    node: Any = sandbox.kube.find("v1", "nodes", "master")
    node["spec"]["providerID"] = f"alicloud://cn-hangzhou.{guide.MASTER}"
    sandbox.kube.seed(node)

    assert spidercli("nodes", "provider-id", "--yes", "--strict").stdout == "1 of 1 changes made, 1 unchanged\n"


@pytest.mark.parametrize(
    ("provider_id", "code", "words"),
    [
        pytest.param("cn-hangzhou.i-gone", "SPC201", ["node master", "i-gone"], id="no such instance"),
        pytest.param(
            f"cn-hangzhou.{guide.WORKER}", "SPC202", [guide.WORKER, guide.MASTER, "InternalIP"], id="another instance"
        ),
    ],
)
def test_a_wrong_provider_id(
    spidercli: Run, sandbox: Sandbox, written: Written, provider_id: str, code: str, words: list[str]
) -> None:
    """A providerID that leads elsewhere stops everything: no plan is made on contradicting facts."""
    node: Any = sandbox.kube.find("v1", "nodes", "master")
    node["spec"]["providerID"] = provider_id
    sandbox.kube.seed(node)
    ran = spidercli("nodes", "provider-id", "--yes")

    assert (ran.code, ran.stdout) == (1, "")
    assert f"error {code}: " in ran.stderr
    assert all(word in ran.stderr for word in words)
    assert written() == []


def test_a_foreign_provider_id_against_a_saved_inventory(spidercli: Run, sandbox: Sandbox, tmp_path: Any) -> None:
    """With facts from a file, a providerID of another provider is a conflict that can't be mended."""
    saved = tmp_path / "inventory.yaml"
    saved.write_text(spidercli("inventory", "-o", "yaml").stdout)
    node: Any = sandbox.kube.find("v1", "nodes", "master")
    sandbox.kube.seed({**node, "spec": {**node["spec"], "providerID": "k3s://master"}})
    ran = spidercli("nodes", "provider-id", "--yes", "--strict", "--inventory", str(saved))

    assert (ran.code, ran.stdout) == (3, "1 of 1 changes made, 0 unchanged, 1 in conflict\n")
    assert f"it is k3s://master, should be cn-hangzhou.{guide.MASTER}" in ran.stderr


def test_how_each_node_was_matched(spidercli: Run, sandbox: Sandbox) -> None:
    """-v says for each node what tied it to its instance."""
    node: Any = sandbox.kube.find("v1", "nodes", "master")
    sandbox.kube.seed({**node, "spec": {**node["spec"], "providerID": f"cn-hangzhou.{guide.MASTER}"}})
    ran = spidercli("nodes", "provider-id", "--dry-run", "-v")

    assert f"node master is {guide.MASTER}, matched by providerID\n" in ran.stderr
    assert f"node worker is {guide.WORKER}, matched by InternalIP\n" in ran.stderr


def test_a_node_that_the_cluster_does_not_have(spidercli: Run, sandbox: Sandbox, tmp_path: Any) -> None:
    """A node of a saved inventory that has gone is blocked, and never created."""
    saved = tmp_path / "inventory.yaml"
    saved.write_text(spidercli("inventory", "-o", "yaml").stdout.replace("name: worker", "name: former"))
    ran = spidercli("nodes", "provider-id", "--yes", "--inventory", str(saved))

    assert ran.stdout == "1 of 1 changes made, 0 unchanged, 1 blocked\n"
    assert "# Node former" in ran.stderr
    assert sandbox.kube.find("v1", "nodes", "former") is None


NETWORK = ("k8s.cni.cncf.io/v1", "network-attachment-definitions")


def test_a_network_that_somebody_made_by_hand(spidercli: Run, sandbox: Sandbox, by_hand: Any) -> None:
    """Spiderpool would overwrite it: that is a conflict, but pools can be for it; --adopt lets it, and says so."""
    left = spidercli("bootstrap", "--yes", "--strict")
    kept: Any = sandbox.kube.find(*NETWORK, "ipvlan-eth1", "kube-system")
    taken = spidercli("bootstrap", "--yes", "--strict", "--adopt")
    replaced: Any = sandbox.kube.find(*NETWORK, "ipvlan-eth1", "kube-system")

    assert (left.code, left.stdout) == (3, "7 of 7 changes made, 0 unchanged, 1 in conflict\n")
    assert "Spiderpool would replace the configuration of the NetworkAttachmentDefinition of its name" in left.stderr
    assert (kept["spec"], kept["metadata"]["annotations"]) == (by_hand["spec"], {"team": "payments"})
    assert (taken.code, taken.stdout) == (0, "1 of 1 changes made, 7 unchanged\n")
    assert "new; by --adopt, Spiderpool replaces configuration and annotations" in taken.stderr
    assert '"ipvlan"' in replaced["spec"]["config"]


def test_a_cluster_that_knows_no_networks_yet(spidercli: Run, sandbox: Sandbox) -> None:
    """Without Multus' CustomResourceDefinition there is nothing that could be overwritten."""
    kind = ("apiextensions.k8s.io/v1", "customresourcedefinitions")
    sandbox.kube.remove(*kind, f"{NETWORK[1]}.k8s.cni.cncf.io")

    assert spidercli("multus", "sync", "--yes").stdout == "2 of 2 changes made, 0 unchanged\n"


def test_adopting_tells_what_is_lost(spidercli: Run, sandbox: Sandbox) -> None:
    """A config that its owner had completed loses what the inventory says nothing of: not without being told."""
    theirs: Any = {
        "apiVersion": MULTUS[0],
        "kind": "SpiderMultusConfig",
        "metadata": {"name": "ipvlan-eth1", "namespace": "kube-system"},
        "spec": {
            "cniType": "ipvlan",
            "ipvlan": {"master": ["eth1"], "vlanID": 100},
            "coordinator": {"mode": "underlay", "hijackCIDR": ["10.244.0.0/16"]},
        },
    }
    sandbox.kube.seed(theirs)
    ran = spidercli("multus", "diff", "--adopt")

    assert (
        "taken over by --adopt: spec.ipvlan.vlanID: 100 goes; spec.coordinator.mode: underlay → auto; "
        "spec.coordinator.hijackCIDR: 10.244.0.0/16 goes\n"
    ) in ran.stdout
