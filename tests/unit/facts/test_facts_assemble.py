"""Cloud and cluster are joined into an Inventory, or the error names all that does not fit."""

from __future__ import annotations

import dataclasses
from ipaddress import IPv4Address
from typing import Any

import pytest

from spidercli import addresses
from spidercli.config.schema import Config, Nodes
from spidercli.errors import AddressClaimedTwice, FactsInvalid, NodeAmbiguous, NodeUnknown
from spidercli.facts.assemble import gone, inventory
from spidercli.model import EniInTransit, Family, Inventory, MatchedBy, NamedBy, Source, Transit


def told(found: Inventory) -> list[tuple[str, str, str, list[str]]]:
    return [
        (node.name, nic.name, str(block.subnet), addresses.collapse(block.addresses))
        for node, nic in found.nics()
        for block in nic.blocks
    ]


GUIDE = [
    ("master", "eth0", "172.31.192.0/20", ["172.31.199.185-172.31.199.189"]),
    ("master", "eth1", "192.168.0.0/24", ["192.168.0.156-192.168.0.160"]),
    ("worker", "eth0", "172.31.192.0/20", ["172.31.199.190-172.31.199.194"]),
    ("worker", "eth1", "192.168.0.0/24", ["192.168.0.161-192.168.0.165"]),
]


def test_guide_cluster_is_joined(build: Any) -> None:
    """The guide's two nodes come out with the addresses of its four pools, nodes in name order."""
    found = inventory(build.guide_facts(), build.guide_nodes()[::-1], Config())

    assert told(found) == GUIDE
    assert (found.source, found.region_id) == (Source.OPENAPI, "cn-hangzhou")
    assert [node.matched_by for node in found.nodes] == [MatchedBy.INTERNAL_IP] * 2
    assert found.nodes[1].expected_provider_id == "cn-hangzhou.i-worker"


def test_facts_of_node_and_nic_are_kept(build: Any) -> None:
    """Every field of the inventory comes from the fact of that name."""
    (worker,) = inventory(
        build.guide_facts(),
        [build.kube_node("w", provider_id="cn-hangzhou.i-worker", uid="u-1")],
        Config(nodes=Nodes(ids=["i-worker"])),
    ).nodes

    assert (worker.uid, worker.provider_id, worker.instance_type) == ("u-1", "cn-hangzhou.i-worker", "ecs.g7.large")
    assert (worker.zone_id, worker.vpc_id, worker.region_id) == ("cn-hangzhou-i", "vpc-1", "cn-hangzhou")
    eth0, eth1 = worker.nics
    assert (eth0.primary, eth0.named_by, eth0.primary_ip) == (True, NamedBy.PRIMARY, IPv4Address("172.31.199.184"))
    assert (eth1.eni_id, eth1.vswitch_id, eth1.free_addresses) == ("eni-w1", "vsw-192", 4000)
    assert (eth1.primary, eth1.named_by, eth1.mac) == (False, NamedBy.CREATION_ORDER, "00:16:3e:00:00:01")


def test_without_a_cluster_nodes_are_named_after_instances(build: Any) -> None:
    """The same inventory comes out of the cloud alone, hostnames for node names."""
    found = inventory(build.guide_facts(), None, Config())

    assert told(found) == GUIDE
    assert {node.matched_by for node in found.nodes} == {MatchedBy.CLOUD}
    assert {node.uid for node in found.nodes} == {""}


def test_enis_on_the_way_are_no_nics(build: Any) -> None:
    """What is being detached has no addresses for pods any more, and the node tells that it has it."""
    guide = build.guide_facts()
    leaving = build.eni("eni-w9", "192.168.0.177", ["192.168.0.178"], instance_id="i-worker", status="Detaching")
    found = inventory(dataclasses.replace(guide, enis=(*guide.enis, leaving)), build.guide_nodes(), Config())

    assert told(found) == GUIDE
    assert [node.in_transit for node in found.nodes] == [
        (),
        (EniInTransit(eni_id="eni-w9", transit=Transit.DETACHING),),
    ]


def test_addresses_that_a_node_uses_itself_are_kept(build: Any) -> None:
    """InternalIPs that are no NIC's primary address: the inventory alone would not tell that they are the node's."""
    node = build.kube_node("worker", "172.31.199.184", "172.31.199.190", "192.168.0.166")
    (worker,) = inventory(build.guide_facts(), [node], Config()).nodes

    assert worker.own_addresses == (IPv4Address("172.31.199.190"),)
    assert worker.nics[0].blocks[0].addresses[0] == IPv4Address("172.31.199.191")


@pytest.mark.parametrize("ip", ["192.168.0.166", "192.168.0.165"], ids=["primary-of-eth1", "secondary-of-eth1"])
def test_a_hostname_matches_where_the_instance_has_the_address(build: Any, ip: str) -> None:
    """A kubelet may use any address of its machine as --node-ip."""
    (worker,) = inventory(build.guide_facts(), [build.kube_node("worker", ip)], Config()).nodes

    assert (worker.instance_id, worker.matched_by) == ("i-worker", MatchedBy.HOSTNAME)


@pytest.mark.parametrize("node", ["worker", "edge-1"], ids=["by-name", "by-hostname"])
def test_a_hostname_alone_makes_no_machine(build: Any, node: str) -> None:
    """A machine elsewhere that is called like an instance is not that instance; the hint says how to leave it out."""
    elsewhere = build.kube_node(node, "192.168.77.5", hostname="Worker")

    with pytest.raises(NodeAmbiguous) as caught:
        inventory(build.guide_facts(), [build.guide_nodes()[0], elsewhere], Config())

    assert caught.value.message == (
        f"node {node}: its hostname 'Worker' is that of i-worker (vpc-1), "
        "but no ENI of that instance has its InternalIP 192.168.77.5: it is another machine"
    )
    assert "nodes.exclude" in str(caught.value.hint)


def test_a_hostname_is_enough_where_there_is_no_address(build: Any) -> None:
    """A kubelet that leaves its addresses to the Cloud Controller Manager reports none until it has its providerID."""
    found = inventory(build.guide_facts(), [build.kube_node("worker")], Config())

    assert [(node.instance_id, node.matched_by) for node in found.nodes] == [("i-worker", MatchedBy.HOSTNAME)]


def test_nodes_that_are_gone_are_not_joined(build: Any) -> None:
    """They are told apart from those that the configuration leaves out."""
    lost = build.kube_node("lost", "172.31.199.199", provider_id="cn-hangzhou.i-lost", ready=False)
    nodes = [*build.guide_nodes(), lost]

    assert told(inventory(build.guide_facts(), nodes, Config())) == GUIDE
    assert gone(build.guide_facts(), nodes, Config()) == (lost,)


def test_no_nodes_are_an_empty_inventory(build: Any) -> None:
    """Whether nothing is too little is for somebody else to decide."""
    assert inventory(build.facts(), (), Config()).nodes == ()
    assert inventory(build.facts(), None, Config()).nodes == ()


def test_metadata_joins_the_node_that_it_runs_on(build: Any) -> None:
    """The metadata service knows one instance; the other nodes of the cluster are none of its business."""
    guide = build.guide_facts()
    gateway = IPv4Address("172.31.207.253")
    facts = dataclasses.replace(
        guide,
        source=Source.METADATA,
        instances=guide.instances[:1],
        enis=guide.enis[:2],
        gateways={("eni-m0", Family.IPV4): gateway},
    )
    others = [build.kube_node("x", provider_id="cn-beijing.i-2"), build.kube_node("y", provider_id="kind://y")]

    (master,) = inventory(facts, [*build.guide_nodes(), *others], Config()).nodes

    assert [nic.named_by for nic in master.nics] == [NamedBy.PRIMARY, NamedBy.MAC]
    assert [nic.blocks[0].gateway for nic in master.nics] == [gateway, None]


def test_metadata_of_a_machine_that_is_no_node_is_an_error(build: Any) -> None:
    """If no node of the cluster is the instance that we run on, nothing can be joined."""
    facts = build.facts([build.instance("i-bastion", "10.0.0.1")], source=Source.METADATA)

    with pytest.raises(NodeUnknown, match="'i-bastion'"):
        inventory(facts, build.guide_nodes(), Config())


def test_address_on_two_enis_is_an_error(build: Any) -> None:
    """The message names the address, both ENIs and both nodes."""
    guide = build.guide_facts()
    twice = guide.enis[3]._replace(secondary_ips=guide.enis[1].secondary_ips[:1])

    with pytest.raises(
        AddressClaimedTwice,
        match=r"the address 192\.168\.0\.156 is on eni-m1 of node master and on eni-w1 of node worker",
    ):
        inventory(dataclasses.replace(guide, enis=(*guide.enis[:3], twice)), build.guide_nodes(), Config())


def test_primary_address_among_pod_addresses_of_another_eni_is_an_error(build: Any) -> None:
    """An address that a node uses itself can't be one that pods take elsewhere."""
    guide = build.guide_facts()
    twice = guide.enis[2]._replace(secondary_ips=addresses.gathered([IPv4Address("172.31.199.183")]))

    with pytest.raises(AddressClaimedTwice, match="eni-m0 of node master and on eni-w0 of node worker"):
        inventory(dataclasses.replace(guide, enis=(*guide.enis[:2], twice)), build.guide_nodes(), Config())


def test_enis_of_other_instances_do_not_matter(build: Any) -> None:
    """An ENI that belongs to no node may claim what it likes."""
    guide = build.guide_facts()
    stranger = guide.enis[1]._replace(eni_id="eni-x", instance_id="i-x", vswitch_id="vsw-x")

    facts = dataclasses.replace(guide, enis=(stranger, *guide.enis))

    assert told(inventory(facts, build.guide_nodes(), Config())) == GUIDE


def test_all_problems_of_all_enis_are_told(build: Any) -> None:
    """A missing primary ENI and two missing vSwitches make one error."""
    guide = build.guide_facts()
    facts = dataclasses.replace(guide, enis=guide.enis[1:], vswitches=guide.vswitches[:1])

    with pytest.raises(FactsInvalid) as caught:
        inventory(facts, build.guide_nodes(), Config())

    assert caught.value.message == (
        "3 problems:\n"
        "  node master: its instance has no primary ENI in use\n"
        "  eni-m1 of node master: its vSwitch vsw-192 was not found\n"
        "  eni-w1 of node worker: its vSwitch vsw-192 was not found"
    )
