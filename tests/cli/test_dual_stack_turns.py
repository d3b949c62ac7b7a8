"""IPv6 comes to a cluster and leaves it without a moment in which it costs pods their start."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address
from typing import Any

import pytest

from spidercli import kinds
from spidercli.sandbox import faults
from spidercli.sandbox.run import Sandbox
from spidercli.sandbox.scenarios import cluster

Run = Callable[..., Any]
POOLS = ("spiderpool.spidernet.io/v2beta1", "spiderippools")
IPV6 = ["node-a-eth0-v6", "node-a-eth1-v6", "node-b-eth0-v6", "node-b-eth1-v6"]


@pytest.fixture(name="sandbox")
def dual_stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """Two nodes with two NICs each that have addresses of both families, and networks for them."""
    with Sandbox("dual-stack") as sandbox:
        for name, value in sandbox.environ.items():
            monkeypatch.setenv(name, value)
        for nic in ("eth0", "eth1"):
            sandbox.kube.seed(cluster.multus_config(f"ipvlan-{nic}", nic))
        yield sandbox


@dataclasses.dataclass(frozen=True)
class Stage:
    """The sandbox with a configuration that changes."""

    sandbox: Sandbox
    run: Run
    config: pathlib.Path

    def sync(self, config: str, *flags: str) -> Any:
        """`pools sync` with a configuration."""
        self.config.write_text(f"region: cn-hangzhou\n{config}\n")
        return self.run("pools", "sync", "--yes", "-c", str(self.config), *flags)

    @property
    def default(self) -> dict[str, bool]:
        """The IPv6 pools, and whether they are default."""
        found: list[Any] = list(self.sandbox.kube.objects(kinds.IP_POOL))
        specs = {pool["metadata"]["name"]: pool["spec"] for pool in found}
        return {name: spec["default"] for name, spec in sorted(specs.items()) if spec["ipVersion"] == 6}

    def unassign_ipv6(self, *instances: str) -> None:
        """Take the IPv6 addresses from the ENIs of some instances."""
        for eni in list(self.sandbox.world.enis.values()):
            if eni.instance_id in instances:
                self.sandbox.world.unassign(eni.eni_id, *eni.ipv6_addresses)

    def add_node(self, name: str) -> None:
        """Let a node join that has IPv4 addresses only."""
        world = self.sandbox.world
        instance = dataclasses.replace(
            world.instances["i-nodea"], instance_id=f"i-{name}", name=name, hostname=name, serial_number=name
        )
        world.add_instance(instance)
        eni = dataclasses.replace(
            world.enis["eni-node-a-0"],
            eni_id=f"eni-{name}-0",
            instance_id=f"i-{name}",
            mac="00:16:00:00:00:77",
            primary_ip=IPv4Address("10.0.0.100"),
            secondary_ips=(IPv4Address("10.0.0.101"),),
            ipv6_addresses=(),
        )
        world.add_eni(eni)
        self.sandbox.kube.seed(cluster.node(name, IPv4Address("10.0.0.100")))

    def release(self, instance: str, node: str) -> None:
        """Take an instance away; the Node stays, and is not ready."""
        self.sandbox.world.remove_instance(instance)
        found: Any = self.sandbox.kube.find("v1", "nodes", node)
        status = {**found["status"], "conditions": [{"type": "Ready", "status": "Unknown"}]}
        spec = {**found.get("spec", {}), "providerID": f"cn-hangzhou.{instance}"}
        self.sandbox.kube.seed({**found, "spec": spec, "status": status})

    def let_hold(self, pool: str, address: str) -> None:
        """Let a pod hold an address."""
        found: Any = self.sandbox.kube.find(*POOLS, pool)
        held = f'{{"{address}": {{"pod": "default/web-0", "podUid": "u"}}}}'
        self.sandbox.kube.seed({**found, "status": {**found["status"], "allocatedIPs": held, "allocatedIPCount": 1}})


@pytest.fixture(name="stage")
def stage_of(sandbox: Sandbox, spidercli: Run, tmp_path: pathlib.Path) -> Stage:
    """Pools of IPv4 alone, so far."""
    stage = Stage(sandbox, spidercli, tmp_path / "spidercli.yaml")
    assert stage.sync("pools: {families: ipv4}").code == 0
    sandbox.kube.forget_requests()
    return stage


def test_ipv6_comes_with_all_its_pools(stage: Stage) -> None:
    """They are default once all of them exist; the plan shows the end of it, and all writes are counted."""
    ran = stage.sync("pools: {families: dual}", "-o", "json")

    writes = [write["name"] for write in ran.data["writes"] if write["outcome"] == "done"]
    assert (sorted(writes[:4]), sorted(writes[4:])) == (IPV6, IPV6)
    assert [change["after"]["spec"]["default"] for change in ran.data["changes"]] == [True] * 4
    assert stage.default == dict.fromkeys(IPV6, True)
    assert stage.sync("pools: {families: dual}").stdout == "nothing to do: 8 unchanged\n"


def test_how_ipv6_comes_is_told(stage: Stage) -> None:
    """Four changes are eight writes."""
    ran = stage.sync("pools: {families: dual}")

    assert (ran.code, ran.stdout) == (0, "4 of 4 changes made, 4 unchanged\n")
    assert "Applying 4 changes in 8 writes…\n" in ran.stderr


def test_a_roll_out_that_fails_costs_nobody_anything(stage: Stage) -> None:
    """As long as one pool is missing, none is default; the next run finishes it."""
    stage.sandbox.faults.add(faults.parse("k8s:patch:spiderippools=webhook-refuses,first=2"))
    ran = stage.sync("pools: {families: dual}")

    assert ran.code == 1
    assert "it waits for other IPv6 pools, which were not written" in ran.stdout
    assert sorted(stage.default.values()) == [False] * 3
    assert stage.sync("pools: {families: dual}", "--strict").code == 0
    assert stage.default == dict.fromkeys(IPV6, True)


@pytest.mark.parametrize("selection", ["ids: [i-nodea]", "exclude: [node-b]"])
def test_ipv6_for_some_nodes_alone(stage: Stage, selection: str) -> None:
    """A run about one node does not cost the other its pods, whether that one has IPv6 addresses or not."""
    stage.unassign_ipv6("i-nodeb")
    ran = stage.sync(f"nodes: {{{selection}}}")

    assert (ran.code, stage.default) == (1, {})
    assert "error SPC204: default pools of an IP family are for every NIC or for none" in ran.stderr
    assert "ipvlan-eth0 of node-b, ipvlan-eth1 of node-b would have no IPv6 pool: this run is not about" in ran.stderr
    assert "hint: let one run be about all nodes" in ran.stderr


def test_a_refusal_is_told_beforehand(stage: Stage) -> None:
    """A dry run shows its plan, and warns with the hint."""
    ran = stage.sync("nodes: {ids: [i-nodea]}", "--dry-run")

    assert (ran.code, ran.stdout.splitlines()[-1]) == (0, "2 to create, 2 unchanged")
    assert "warning: a run would be refused: default pools of an IP family" in ran.stderr
    assert "; let one run be about all nodes" in ran.stderr


def test_a_name_that_somebody_else_has(stage: Stage) -> None:
    """One conflict keeps the whole family back, until --adopt."""
    body = {"subnet": "2408:4005:3aa:7c00::/64", "ips": [], "ipVersion": 6, "default": False}
    stage.sandbox.kube.seed(
        {"apiVersion": POOLS[0], "kind": "SpiderIPPool", "metadata": {"name": "node-b-eth0-v6"}, "spec": body}
    )
    ran = stage.sync("pools: {families: dual}")

    assert (ran.code, stage.default) == (1, {"node-b-eth0-v6": False})
    assert "ipvlan-eth0 of node-b would have no IPv6 pool: SpiderIPPool node-b-eth0-v6 is not managed" in ran.stderr
    assert stage.sync("pools: {families: dual}", "--adopt").code == 0
    assert stage.default == dict.fromkeys(IPV6, True)


def test_a_node_without_ipv6_joins(stage: Stage) -> None:
    """Each refusal's hint leads on, to a cluster of IPv4 in which the pod with an IPv6 address keeps it."""
    stage.sync("pools: {families: dual}")
    stage.let_hold("node-a-eth0-v6", "2408:4005:3aa:7c00::10")
    stage.add_node("node-c")
    both, ipv4 = stage.sync(""), stage.sync("pools: {families: ipv4}")

    assert (both.code, ipv4.code, stage.default) == (1, 1, dict.fromkeys(IPV6, True))
    assert "or set pools.families: ipv4, with --prune where there are IPv6 pools already" in both.stderr
    assert (
        "ipvlan-eth0 of node-c would have no IPv6 pool: nothing asks for one, but SpiderIPPools node-a" in ipv4.stderr
    )
    assert "--prune takes away IPv6 pools that nothing asks for (--max-delete may have to allow it)" in ipv4.stderr
    ran = stage.sync("pools: {families: ipv4}", "--prune", "--max-delete", "100%")
    assert (ran.code, ran.stdout) == (0, "5 of 5 changes made, 4 unchanged, 1 blocked\n")
    assert stage.default == {"node-a-eth0-v6": False}


def test_what_has_to_stay_ceases_to_be_default_first(stage: Stage) -> None:
    """If that fails, nothing is deleted."""
    stage.sync("pools: {families: dual}")
    stage.let_hold("node-a-eth0-v6", "2408:4005:3aa:7c00::10")
    stage.sandbox.faults.add(faults.parse("k8s:patch:spiderippools=webhook-refuses"))
    ran = stage.sync("pools: {families: ipv4}", "--prune", "--max-delete", "100%")

    assert (ran.code, stage.default) == (1, dict.fromkeys(IPV6, True))
    assert (
        "skipped: SpiderIPPool node-a-eth1-v6, SpiderIPPool node-b-eth0-v6, SpiderIPPool node-b-eth1-v6: it wa"
        in ran.stdout
    )


def test_the_last_ipv6_addresses_leave_the_enis(stage: Stage) -> None:
    """Without any pruning, the empty pools fail no pods; IPv6 comes back with all its pools."""
    stage.sync("pools: {families: dual}")
    taken = {eni.eni_id: eni.ipv6_addresses for eni in stage.sandbox.world.enis.values()}
    stage.unassign_ipv6("i-nodea", "i-nodeb")
    ran = stage.sync("", "--max-delete", "100%")

    assert (ran.code, ran.stdout) == (0, "4 of 4 changes made, 4 unchanged\n")
    assert stage.default == dict.fromkeys(IPV6, False)
    assert stage.sync("").stdout == "nothing to do: 8 unchanged\n"
    for eni_id, given in taken.items():
        stage.sandbox.world.assign(eni_id, *given)
    assert stage.sync("").code == 0
    assert stage.default == dict.fromkeys(IPV6, True)


def test_what_is_wrong_already_is_told(stage: Stage) -> None:
    """A pool that somebody disabled fails pods; that is said, and keeps nothing else from being done."""
    stage.sync("pools: {families: dual}")
    found: Any = stage.sandbox.kube.find(*POOLS, "node-b-eth0-v6")
    stage.sandbox.kube.seed({**found, "spec": {**found["spec"], "disable": True}})
    stage.sandbox.world.unassign("eni-node-a-0", "10.0.0.17")
    ran = stage.sync("")

    assert (ran.code, ran.stdout) == (0, "1 of 1 changes made, 7 unchanged\n")
    assert (
        "warning: pods that use default pools can't start on ipvlan-eth0 of node-b: no IPv6 pool is for" in ran.stderr
    )


def test_a_node_whose_instance_is_gone_keeps_nothing_back(stage: Stage) -> None:
    """No pod starts there, so IPv6 comes, and IPv4 follows the ENIs."""
    stage.release("i-nodeb", "node-b")
    stage.sandbox.world.unassign("eni-node-a-0", "10.0.0.17")
    ran = stage.sync("")

    assert (ran.code, ran.stdout) == (0, "3 of 3 changes made, 1 unchanged\n")
    assert stage.default == {"node-a-eth0-v6": True, "node-a-eth1-v6": True}


def test_ipv6_does_not_leave_before_a_node_whose_instance_is_gone(stage: Stage) -> None:
    """Its pools, which stay as long as the Node does, ask every pod for IPv6; the hint leads on."""
    stage.sync("pools: {families: dual}")
    stage.release("i-nodeb", "node-b")
    ran = stage.sync("pools: {families: ipv4}", "--prune", "--max-delete", "100%")

    assert (ran.code, stage.default) == (1, dict.fromkeys(IPV6, True))
    assert "or delete the Node node-b, whose instance does not exist, and run again" in ran.stderr
    stage.sandbox.kube.remove("v1", "nodes", "node-b")
    assert stage.sync("pools: {families: ipv4}", "--prune", "--max-delete", "100%").code == 0
    assert stage.default == {}


def test_ipv6_waits_for_an_eni_on_its_way(stage: Stage) -> None:
    """It comes once the ENI has arrived."""
    stage.sandbox.world.change_eni("eni-node-b-1", status="Attaching")
    ran = stage.sync("pools: {families: dual}")

    assert (ran.code, stage.default) == (1, {})
    assert "of node-b would have no IPv6 pool: its ENI eni-node-b-1 is being attached to node-b" in ran.stderr
    stage.sandbox.world.change_eni("eni-node-b-1", status="InUse")
    assert stage.sync("pools: {families: dual}").code == 0
    assert stage.default == dict.fromkeys(IPV6, True)
