"""The facts of a saved inventory are those of the cluster's nodes, or an error says which are not."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from spidercli.config.schema import Config
from spidercli.errors import FactsInvalid
from spidercli.facts import saved
from spidercli.facts.assemble import inventory
from spidercli.facts.kubernetes import ClusterNodes
from spidercli.model import Inventory, KubeNode, Node, Source

NAMED = "cn-hangzhou.i-worker"


@pytest.fixture(name="worker")
def workers_facts(build: Any) -> Node:
    """The guide's worker, i-worker with 172.31.199.184 and 192.168.0.166, saved without a cluster."""
    worker: Node = inventory(build.guide_facts(), None, Config()).nodes[1]
    return worker


def problems(found: list[Node], *live: KubeNode) -> list[str]:
    """What the cluster's nodes say against those of a file."""
    document = Inventory(source=Source.FILE, region_id="cn-hangzhou", nodes=tuple(found))
    try:
        saved.check(document, ClusterNodes(ours=live, left_out=()), Config(), "inv.yaml")
    except FactsInvalid as error:
        return error.message.splitlines()
    return []


def renamed(node: Node, name: str) -> Node:
    return dataclasses.replace(node, name=name)


def without_primary_addresses(node: Node) -> Node:
    """The node as somebody may have written it by hand."""
    return dataclasses.replace(node, nics=tuple(dataclasses.replace(nic, primary_ip=None) for nic in node.nics))


def test_instances_that_were_swapped(build: Any) -> None:
    """Names that instances had are not those of the cluster's nodes: each problem names both machines."""
    master, worker = inventory(build.guide_facts(), None, Config()).nodes
    found = problems([renamed(worker, "master"), renamed(master, "worker")], *build.guide_nodes())

    assert "\n".join(found) == (
        "2 problems:\n"
        "  inv.yaml: node master is i-worker with 172.31.199.184, 192.168.0.166, "
        "but the cluster's has the InternalIP 172.31.199.183, that of i-master, worker in the file\n"
        "  inv.yaml: node worker is i-master with 172.31.199.183, 192.168.0.155, "
        "but the cluster's has the InternalIP 172.31.199.184, that of i-worker, master in the file"
    )


def test_a_machine_that_the_file_does_not_know(build: Any, worker: Node) -> None:
    """A new machine under an old name has addresses of its own."""
    (problem,) = problems([worker], build.kube_node("worker", "172.31.199.200"))

    assert problem.endswith("but the cluster's has the InternalIP 172.31.199.200, on none of its NICs")


@pytest.mark.parametrize(
    "ips",
    [("172.31.199.184",), ("192.168.0.166",), ("10.9.9.9", "172.31.199.184"), ("2408::1",), ()],
    ids=["eth0", "eth1", "two", "ipv6-only", "none"],
)
def test_addresses_that_say_nothing_against_the_machine(build: Any, worker: Node, ips: tuple[str, ...]) -> None:
    """A kubelet may use the primary address of any NIC; one of its addresses is enough."""
    assert problems([worker], build.kube_node("worker", *ips)) == []


def test_a_secondary_address_that_the_node_uses(build: Any) -> None:
    """Pods don't get it, so that the file has it apart; the file of a cluster is true of that cluster."""
    node = build.kube_node("worker", "172.31.199.190")
    (worker,) = inventory(build.guide_facts(), [node], Config()).nodes

    assert problems([worker], node) == []
    assert problems([dataclasses.replace(worker, own_addresses=())], node)


def test_a_provider_id_goes_with_any_address(build: Any, worker: Node) -> None:
    """But not with that of another machine of the file."""
    master = inventory(build.guide_facts(), None, Config()).nodes[0]

    assert problems([master, worker], build.kube_node("worker", "10.9.9.9", provider_id=NAMED)) == []
    assert problems([master, worker], build.kube_node("worker", "172.31.199.183", provider_id=NAMED))


def test_a_provider_id_of_no_instance_settles_nothing(build: Any, worker: Node) -> None:
    """One of another provider says nothing about the machine."""
    assert problems([worker], build.kube_node("worker", "10.9.9.9", provider_id="k3s://worker"))


def test_a_file_that_does_not_tell_primary_addresses(build: Any, worker: Node) -> None:
    """By hand, nobody has to name them; what the file does know counts all the same."""
    master = inventory(build.guide_facts(), None, Config()).nodes[0]
    by_hand = without_primary_addresses(worker)

    assert problems([by_hand], build.kube_node("worker", "172.31.199.184")) == []
    (problem,) = problems([master, by_hand], build.kube_node("worker", "172.31.199.183"))
    assert "worker is i-worker with other addresses, but the cluster's has the InternalIP 172.31.199.183" in problem


def test_a_file_without_the_primary_nic(build: Any, worker: Node) -> None:
    """By hand, somebody may want pods on other NICs only: the node's own address is where the file does not look."""
    master = inventory(build.guide_facts(), None, Config()).nodes[0]
    partial = dataclasses.replace(worker, nics=tuple(nic for nic in worker.nics if not nic.primary))

    assert problems([partial], build.kube_node("worker", "172.31.199.184")) == []
    (problem,) = problems([master, partial], build.kube_node("worker", "172.31.199.183"))
    assert problem.endswith("the InternalIP 172.31.199.183, that of i-master, master in the file")


def test_an_address_for_pods_is_one_of_the_machine(build: Any, worker: Node) -> None:
    """The problem with it as InternalIP is another one: that pods would get it."""
    (problem,) = problems([worker], build.kube_node("worker", "172.31.199.190"))

    assert "offers pods 172.31.199.190" in problem
