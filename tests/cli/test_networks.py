"""Pools and the SpiderMultusConfigs that they are for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from spidercli.sandbox import faults
from spidercli.sandbox.run import Sandbox
from spidercli.sandbox.scenarios import cluster, guide

Run = Callable[..., Any]
Written = Callable[[], list[str]]
CONFIGS = "spidermultusconfigs"
DEFINITIONS = "network-attachment-definitions"
POOLS = ("spiderpool.spidernet.io/v2beta1", "spiderippools")
MISSING = (
    "SpiderMultusConfig kube-system/ipvlan-eth1 does not exist: run `spidercli multus sync` or `spidercli bootstrap`"
)


@pytest.fixture(name="elsewhere")
def configs_in_another_namespace(sandbox: Sandbox) -> None:
    """Ours are where the configuration does not say that Spiderpool is."""
    for nic in ("eth0", "eth1"):
        config: Any = cluster.multus_config(f"ipvlan-{nic}", nic)
        config["metadata"]["namespace"] = "spiderpool"
        sandbox.kube.seed(config)
    sandbox.kube.remove(*POOLS[:1], CONFIGS, "ipvlan-eth0", "kube-system")
    sandbox.kube.forget_requests()


def listings(sandbox: Sandbox) -> int:
    return sum(1 for request in sandbox.kube.requests if (request.verb, request.plural) == ("list", CONFIGS))


def multus_names(sandbox: Sandbox) -> set[str]:
    names = ("master-172", "master-192", "worker-172", "worker-192")
    found: list[Any] = [sandbox.kube.find(*POOLS, name) for name in names]
    return {name for pool in found if pool for name in pool["spec"]["multusName"]}


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize(
    "command",
    ["pools diff", "pools sync --yes", "bootstrap --only pools --yes", "bootstrap --from pools --dry-run"],
)
def test_a_namespace_that_is_another_one(spidercli: Run, written: Written, command: str) -> None:
    """Where none of the networks exists and ours are elsewhere, both namespaces are named, and nothing is written."""
    ran = spidercli(*command.split())

    assert (ran.code, ran.stdout, written()) == (64, "", [])
    assert "spiderpool.namespace is kube-system, which has none of" in ran.stderr
    assert "those of spidercli are in spiderpool; nothing was written" in ran.stderr


def test_pools_keep_their_network_without_the_configuration_file(
    spidercli: Run, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, written: Written
) -> None:
    """CI without the file, or a wrong key in it, leaves every pool as it was."""
    spidercli("bootstrap", "--yes")
    config = tmp_path / "spidercli.yaml"
    config.write_text(guide.CONFIG_TEXT + "multus:\n  name: '{nic}-net'\n")
    sandbox.kube.forget_requests()
    ran = spidercli("pools", "sync", "--yes", "--strict", "-c", str(config))

    assert (ran.code, ran.stdout, written()) == (3, "nothing can be done now: 4 blocked\n", [])
    assert "SpiderMultusConfig kube-system/eth0-net does not exist" in ran.stderr
    assert "until then it keeps kube-system/ipvlan-eth0 and gets no address" in ran.stderr
    assert multus_names(sandbox) == {"kube-system/ipvlan-eth0", "kube-system/ipvlan-eth1"}


def test_an_address_that_left_leaves_a_pool_that_waits(spidercli: Run, sandbox: Sandbox, tmp_path: Any) -> None:
    """What pods must not take any more goes, whatever the pool waits for."""
    spidercli("bootstrap", "--yes")
    sandbox.world.unassign(guide.WORKER_ETH0, "172.31.199.192")
    config = tmp_path / "spidercli.yaml"
    config.write_text(guide.CONFIG_TEXT + "multus:\n  name: '{nic}-net'\n")
    ran = spidercli("pools", "sync", "--yes", "-c", str(config))
    pool: Any = sandbox.kube.find(*POOLS, "worker-172")

    assert (ran.code, ran.stdout) == (0, "1 of 1 changes made, 0 unchanged, 4 blocked\n")
    assert pool["spec"]["ips"] == ["172.31.199.190-172.31.199.191", "172.31.199.193-172.31.199.194"]
    assert pool["spec"]["multusName"] == ["kube-system/ipvlan-eth0"]


def test_pools_wait_for_multus_sync(spidercli: Run, sandbox: Sandbox) -> None:
    """A network that does not exist blocks its pools; once it does, they are made."""
    first = spidercli("pools", "sync", "--yes")
    spidercli("multus", "sync", "--yes")
    second = spidercli("pools", "sync", "--yes")

    assert (first.code, first.stdout) == (0, "2 of 2 changes made, 0 unchanged, 2 blocked\n")
    assert MISSING in first.stderr
    assert second.stdout == "2 of 2 changes made, 2 unchanged\n"


@pytest.mark.parametrize(
    ("options", "summary"),
    [
        ([], "5 to create, 3 to update"),
        (["--from", "multus"], "5 to create, 3 to update"),
        (["--only", "pools"], "2 to create, 2 blocked"),
        (["--skip", "multus"], "2 to create, 2 to update, 2 blocked"),
    ],
    ids=" ".join,
)
def test_the_step_before_counts(spidercli: Run, sandbox: Sandbox, options: list[str], summary: str) -> None:
    """What bootstrap is going to make of them is there for its pools; a step that is not taken makes nothing."""
    ran = spidercli("bootstrap", "--dry-run", *options)

    assert (ran.code, ran.stdout.splitlines()[-1]) == (0, summary)


@pytest.mark.parametrize("command", ["pools diff", "multus diff", "bootstrap --dry-run"])
def test_one_listing_is_enough(spidercli: Run, sandbox: Sandbox, command: str) -> None:
    """A command asks once."""
    spidercli(*command.split())

    assert listings(sandbox) == 1


def test_a_confirmation_looks_again(spidercli: Run, sandbox: Sandbox) -> None:
    """After its writes bootstrap reads what is there by then: for the plan, under the Lease, and at the end."""
    assert spidercli("bootstrap", "--yes").code == 0
    assert listings(sandbox) == 3


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        ("multus diff", "list:spidermultusconfigs"),
        ("bootstrap --yes", "list:spidermultusconfigs"),
        ("bootstrap --only multus --yes", "list:spidermultusconfigs"),
        ("multus sync --yes", "get:network-attachment-definitions"),
        ("bootstrap --yes", "get:network-attachment-definitions"),
    ],
)
def test_a_right_that_is_missing(spidercli: Run, sandbox: Sandbox, written: Written, command: str, fault: str) -> None:
    """Where SpiderMultusConfigs are written: exit code 4, and the verb."""
    sandbox.faults.add(faults.parse(f"k8s:{fault}=forbidden,times=all"))
    ran = spidercli(*command.split())

    assert (ran.code, written()) == (4, [])
    assert f"user sandbox may not {fault.replace(':', ' ')}." in ran.stderr


@pytest.mark.parametrize("fault", ["list:spidermultusconfigs", "get:network-attachment-definitions"])
@pytest.mark.parametrize("command", ["pools diff", "pools sync", "bootstrap --only pools"])
def test_networks_that_nobody_may_look_at(spidercli: Run, sandbox: Sandbox, command: str, fault: str) -> None:
    """Pools are written all the same; one warning names the verb, and says what is not checked."""
    sandbox.faults.add(faults.parse(f"k8s:{fault}=forbidden,times=all"))
    ran = spidercli(*command.split(), *(() if command.endswith("diff") else ("--yes",)))

    assert ran.code == 0
    assert ("4 to create" if command.endswith("diff") else "4 of 4 changes made, 0 unchanged") in ran.stdout
    assert ran.stderr.count("nobody checks whether the networks of the pools exist") == 1
    assert f"warning: user sandbox may not {fault.replace(':', ' ')}." in ran.stderr


@pytest.mark.usefixtures("elsewhere")
def test_a_namespace_is_no_better_for_being_closed(spidercli: Run, sandbox: Sandbox, written: Written) -> None:
    """CI without its configuration looks for networks where it has no rights: that is refused as before."""
    sandbox.faults.add(faults.parse("k8s:get:network-attachment-definitions=forbidden,times=all"))
    ran = spidercli("pools", "sync", "--yes")

    assert (ran.code, written()) == (64, [])
    assert "those of spidercli are in spiderpool; nothing was written" in ran.stderr


@pytest.mark.usefixtures("by_hand")
def test_a_network_by_hand_is_one(spidercli: Run, sandbox: Sandbox) -> None:
    """Pods get addresses on it, so that its pools are made; it is asked for once, and others are not."""
    ran = spidercli("pools", "diff", "--detailed-exitcode")
    asked = [request.path for request in sandbox.kube.requests if request.plural == DEFINITIONS]

    assert (ran.code, ran.stdout.splitlines()[-1]) == (2, "4 to create")
    assert [path.rpartition("/")[2] for path in asked] == ["ipvlan-eth1"]
    assert spidercli("pools", "sync", "--yes", "--strict").stdout == "4 of 4 changes made, 0 unchanged\n"


@pytest.mark.usefixtures("by_hand", "elsewhere")
def test_networks_by_hand_are_in_the_right_namespace(spidercli: Run) -> None:
    """Where one of the pools' networks exists, ours elsewhere prove nothing."""
    ran = spidercli("pools", "sync", "--yes")

    assert (ran.code, ran.stdout) == (0, "2 of 2 changes made, 0 unchanged, 2 blocked\n")


def test_a_cluster_that_knows_no_definitions(spidercli: Run, sandbox: Sandbox) -> None:
    """Without Multus nobody has made a network by hand: pools wait as they do without one."""
    sandbox.kube.remove("apiextensions.k8s.io/v1", "customresourcedefinitions", f"{DEFINITIONS}.k8s.cni.cncf.io")

    assert spidercli("pools", "diff").stdout.splitlines()[-1] == "2 to create, 2 blocked"


@pytest.mark.parametrize("command", ["pools list", "pools who 172.31.199.187"])
def test_who_only_looks_at_pools_needs_no_networks(spidercli: Run, sandbox: Sandbox, command: str) -> None:
    """They are not asked for."""
    spidercli("bootstrap", "--yes")
    sandbox.kube.forget_requests()

    assert spidercli(*command.split()).code == 0
    assert listings(sandbox) == 0
