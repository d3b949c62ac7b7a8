"""Cloud and cluster are joined into an Inventory, or the error names all that does not fit."""

from __future__ import annotations

import dataclasses
from ipaddress import IPv4Address
from typing import Any

import pytest

from spidercli import addresses
from spidercli.config.schema import Config, Nodes
from spidercli.errors import AddressClaimedTwice, FactsInvalid, NodeUnknown
from spidercli.facts.assemble import inventory
from spidercli.model import Family, Inventory, MatchedBy, NamedBy, Source


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
    twice = dataclasses.replace(guide.enis[3], secondary_ips=guide.enis[1].secondary_ips[:1])

    with pytest.raises(
        AddressClaimedTwice,
        match=r"the address 192\.168\.0\.156 is on eni-m1 of node master and on eni-w1 of node worker",
    ):
        inventory(dataclasses.replace(guide, enis=(*guide.enis[:3], twice)), build.guide_nodes(), Config())


def test_primary_address_among_pod_addresses_of_another_eni_is_an_error(build: Any) -> None:
    """An address that a node uses itself can't be one that pods take elsewhere."""
    guide = build.guide_facts()
    twice = dataclasses.replace(guide.enis[2], secondary_ips=addresses.gathered([IPv4Address("172.31.199.183")]))

    with pytest.raises(AddressClaimedTwice, match="eni-m0 of node master and on eni-w0 of node worker"):
        inventory(dataclasses.replace(guide, enis=(*guide.enis[:2], twice)), build.guide_nodes(), Config())


def test_enis_of_other_instances_do_not_matter(build: Any) -> None:
    """An ENI that belongs to no node may claim what it likes."""
    guide = build.guide_facts()
    stranger = dataclasses.replace(guide.enis[1], eni_id="eni-x", instance_id="i-x", vswitch_id="vsw-x")

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
