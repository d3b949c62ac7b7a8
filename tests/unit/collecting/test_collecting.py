"""Collecting asks the cloud for what the nodes need, and for no more."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from spidercli.collecting import collect
from spidercli.config.schema import Config, Nodes
from spidercli.errors import CloudUnreachable, ConfigInvalid, FactsInvalid, NodeAmbiguous, NodeUnknown
from spidercli.facts.assemble import inventory
from spidercli.model import MatchedBy, Source

NETWORK = ["enis of vpc-1", "vswitches of vpc-1"]


def test_nodes_with_provider_ids_take_one_call_for_instances(cloud: Any, node: Any) -> None:
    """All instances are asked by id at once, then ENIs and vSwitches of their VPC."""
    cloud.add("i-1", "10.0.0.1")
    cloud.add("i-2", "10.0.0.2")
    nodes = [node("a", "10.0.0.1", provider_id="cn-hangzhou.i-1"), node("b", provider_id="alicloud://cn-hangzhou.i-2")]

    facts = collect(cloud, nodes, Config())

    assert cloud.calls[:1] == ["instances of None: i-1 i-2"]
    assert sorted(cloud.calls[1:]) == NETWORK
    assert (facts.source, facts.region_id, dict(facts.gateways)) == (Source.OPENAPI, "cn-hangzhou", {})
    assert [node.name for node in inventory(facts, nodes, Config()).nodes] == ["a", "b"]


def test_enis_of_other_instances_are_dropped(cloud: Any, node: Any) -> None:
    """A VPC has more ENIs than those of the nodes."""
    for number in (1, 2, 3):
        cloud.add(f"i-{number}", f"10.0.0.{number}")

    facts = collect(cloud, [node("b", "10.0.0.2")], Config())

    assert [eni.eni_id for eni in facts.enis] == ["eni-2"]


def test_nodes_without_provider_ids_are_found_by_address(cloud: Any, node: Any) -> None:
    """InternalIPs are asked for all such nodes at once, in the VPC that the others are in."""
    for number in (1, 2, 3):
        cloud.add(f"i-{number}", f"10.0.0.{number}")
    cloud.add("i-far", "10.0.0.2", vpc_id="vpc-2")
    nodes = [node("a", provider_id="cn-hangzhou.i-1"), node("b", "10.0.0.2"), node("c", "10.0.0.3")]

    facts = collect(cloud, nodes, Config())

    assert cloud.calls[:-2] == ["instances of None: i-1", "instances of vpc-1: 10.0.0.2 10.0.0.3"]
    assert [instance.instance_id for instance in facts.instances] == ["i-1", "i-2", "i-3"]


def test_configured_vpc_restricts_addresses(cloud: Any, node: Any) -> None:
    """With vpc set, an address that repeats in another VPC is not ambiguous."""
    cloud.add("i-1", "10.0.0.1")
    cloud.add("i-2", "10.0.0.1", vpc_id="vpc-2")

    assert collect(cloud, [node("a", "10.0.0.1")], Config(vpc="vpc-1")).instances == (cloud.known["i-1"],)
    with pytest.raises(NodeAmbiguous, match=r"i-1 \(vpc-1\) and i-2 \(vpc-2\)"):
        collect(cloud, [node("a", "10.0.0.1")], Config())


def test_whole_vpc_is_listed_only_for_hostnames(cloud: Any, node: Any) -> None:
    """A node that neither providerID nor address explain takes a listing, if a VPC is known."""
    cloud.add("i-1", "10.0.0.1")
    cloud.add("i-2", "10.0.0.2", hostname="B")
    cloud.secondary["i-2"] = ("10.0.0.99",)
    nodes = [node("a", provider_id="cn-hangzhou.i-1"), node("b", "10.0.0.99")]

    facts = collect(cloud, nodes, Config())

    assert cloud.calls[:-2] == [
        "instances of None: i-1",
        "instances of vpc-1: 10.0.0.99",
        "instances of vpc-1: all",
    ]
    assert inventory(facts, nodes, Config()).nodes[1].matched_by is MatchedBy.HOSTNAME


def test_addresses_alone_are_compared_with_all_hostnames(cloud: Any, node: Any) -> None:
    """Where nothing settles the VPC, and the hostname does not bear an address out, it must not lead elsewhere."""
    cloud.add("i-db", "10.0.1.10", hostname="billing-db", vpc_id="vpc-2")
    cloud.add("i-1", "10.0.0.10", hostname="app-1")

    with pytest.raises(NodeAmbiguous, match=r"i-db \(vpc-2\), but its hostname 'app-1' is that of i-1 \(vpc-1\)"):
        collect(cloud, [node("app-1", "10.0.1.10")], Config())

    assert cloud.calls == ["instances of None: 10.0.1.10", "instances of None: all"]


def test_hostnames_that_are_nobodys_are_no_contradiction(cloud: Any, node: Any) -> None:
    """Many clusters name nodes otherwise than ECS names machines; what was read to know that is no fact."""
    cloud.add("i-1", "10.0.0.1", hostname="iZbp1a")
    cloud.add("i-2", "10.0.0.2", hostname="other", vpc_id="vpc-2")

    assert collect(cloud, [node("app-1", "10.0.0.1")], Config()).instances == (cloud.known["i-1"],)


@pytest.mark.parametrize(
    ("config", "provider_id"),
    [(Config(vpc="vpc-1"), ""), (Config(nodes=Nodes(ids=["i-1", "i-2"])), ""), (Config(), "cn-hangzhou.i-2")],
    ids=["vpc", "ids", "provider-id"],
)
def test_a_settled_vpc_spares_the_listing_of_the_region(
    cloud: Any, node: Any, config: Config, provider_id: str
) -> None:
    """The configuration or another node's providerID says where addresses are."""
    cloud.add("i-1", "10.0.0.1", hostname="iZbp1a")
    cloud.add("i-2", "10.0.0.2", hostname="iZbp1b")

    collect(cloud, [node("a", "10.0.0.1"), node("b", "10.0.0.2", provider_id=provider_id)], config)

    assert "instances of None: all" not in cloud.calls


def test_an_address_that_its_hostname_bears_out_costs_no_more(cloud: Any, node: Any) -> None:
    """Nodes that are called like their instances take one call."""
    cloud.add("i-1", "10.0.0.1", hostname="A")

    collect(cloud, [node("a", "10.0.0.1")], Config())

    assert cloud.calls[:-2] == ["instances of None: 10.0.0.1"]


def test_a_node_that_is_gone_does_not_keep_others_from_their_facts(cloud: Any, node: Any) -> None:
    """Its instance is asked for, and the rest goes on without it."""
    cloud.add("i-1", "10.0.0.1")
    gone = dataclasses.replace(node("b", "10.0.0.2", provider_id="cn-hangzhou.i-2"), ready=False)
    nodes = [node("a", provider_id="cn-hangzhou.i-1"), gone]

    facts = collect(cloud, nodes, Config())

    assert cloud.calls[0] == "instances of None: i-1 i-2"
    assert [found.name for found in inventory(facts, nodes, Config()).nodes] == ["a"]


def test_hostname_is_trusted_only_after_the_listing(cloud: Any, node: Any) -> None:
    """A hostname that is unique among the instances at hand may repeat in the VPC."""
    cloud.add("i-1", "10.0.0.1", hostname="b")
    cloud.add("i-2", "10.0.0.2", hostname="b")

    with pytest.raises(NodeAmbiguous, match="hostname 'b' is that of 2 instances"):
        collect(cloud, [node("a", provider_id="cn-hangzhou.i-1"), node("b")], Config())


def test_lost_node_without_a_vpc_is_an_error_and_no_listing(cloud: Any, node: Any) -> None:
    """Without a VPC there is nothing to list; ENIs are not read in vain."""
    with pytest.raises(NodeUnknown, match="node a has no providerID"):
        collect(cloud, [node("a", "10.9.9.9")], Config())

    assert cloud.calls == ["instances of None: 10.9.9.9"]


def test_address_that_contradicts_a_provider_id_is_found_out(cloud: Any, node: Any) -> None:
    """The instance that has the address is read although no providerID names it."""
    cloud.add("i-1", "10.0.0.1")
    cloud.add("i-2", "10.0.0.2")

    with pytest.raises(NodeAmbiguous, match=r"i-1 \(vpc-1\), but its InternalIP is that of i-2"):
        collect(cloud, [node("a", "10.0.0.2", provider_id="cn-hangzhou.i-1")], Config())


def test_nodes_in_two_vpcs_are_refused_before_enis_are_read(cloud: Any, node: Any) -> None:
    """Both VPCs are named."""
    cloud.add("i-1", "10.0.0.1")
    cloud.add("i-2", "10.0.0.2", vpc_id="vpc-2")
    nodes = [node("a", provider_id="cn-hangzhou.i-1"), node("b", provider_id="cn-hangzhou.i-2")]

    with pytest.raises(NodeAmbiguous, match=r"vpc-1 in cn-hangzhou \(a\); vpc-2 in cn-hangzhou \(b\)"):
        collect(cloud, nodes, Config())

    assert cloud.calls == ["instances of None: i-1 i-2"]


def test_nodes_outside_of_the_configured_vpc_are_refused(cloud: Any, node: Any) -> None:
    """The providerID is right, the configuration is not."""
    cloud.add("i-1", "10.0.0.1")

    with pytest.raises(FactsInvalid, match="the nodes are in vpc-1, but vpc is set to vpc-2"):
        collect(cloud, [node("a", "10.0.0.1", provider_id="cn-hangzhou.i-1")], Config(vpc="vpc-2"))


def test_node_of_another_region_is_refused_with_a_hint(cloud: Any, node: Any) -> None:
    """An id of another region is not even asked."""
    with pytest.raises(FactsInvalid, match="the region asked is cn-hangzhou") as caught:
        collect(cloud, [node("a", provider_id="cn-beijing.i-1")], Config())

    assert "--region cn-beijing" in str(caught.value.hint)
    assert cloud.calls == []


def test_selection_by_ids_reads_what_is_selected(cloud: Any, node: Any) -> None:
    """Nodes on other instances are left out, in any region and of any provider."""
    cloud.add("i-1", "10.0.0.1")
    cloud.add("i-2", "10.0.0.2")
    nodes = [
        node("a", "10.0.0.1"),
        node("b", "10.0.0.2", provider_id="cn-hangzhou.i-2"),
        node("c", provider_id="cn-beijing.i-3"),
        node("d", provider_id="kind://d"),
    ]
    config = Config(nodes=Nodes(ids=["i-1"]))

    facts = collect(cloud, nodes, config)

    assert cloud.calls[0] == "instances of None: i-1"
    assert [eni.eni_id for eni in facts.enis] == ["eni-1"]
    assert [found.name for found in inventory(facts, nodes, config).nodes] == ["a"]


def test_selection_by_tags_survives_the_join(cloud: Any, node: Any) -> None:
    """Instances that tags leave out stay among the facts, so that joining comes to the same matches."""
    cloud.add("i-1", "10.0.0.1", tags={"role": "node"})
    cloud.add("i-2", "10.0.0.2")
    nodes = [node("a", "10.0.0.1"), node("b", "10.0.0.2")]
    config = Config(nodes=Nodes(tags={"role": "node"}))

    facts = collect(cloud, nodes, config)

    assert [eni.eni_id for eni in facts.enis] == ["eni-1"]
    assert [found.name for found in inventory(facts, nodes, config).nodes] == ["a"]


def test_no_nodes_cost_no_call(cloud: Any) -> None:
    """An empty cluster makes empty facts."""
    facts = collect(cloud, (), Config(vpc="vpc-1"))

    assert (facts.instances, facts.enis, facts.vswitches, cloud.calls) == ((), (), (), [])


def test_without_a_cluster_the_vpc_is_listed(cloud: Any) -> None:
    """Tags choose among the VPC's instances."""
    cloud.add("i-1", "10.0.0.1", hostname="a", tags={"role": "node"})
    cloud.add("i-2", "10.0.0.2", hostname="b")

    facts = collect(cloud, None, Config(vpc="vpc-1", nodes=Nodes(tags={"role": ""})))

    assert cloud.calls[:-2] == ["instances of vpc-1: all"]
    assert [eni.eni_id for eni in facts.enis] == ["eni-1"]


def test_without_a_cluster_ids_are_asked_by_id(cloud: Any) -> None:
    """A list of ids spares the listing."""
    cloud.add("i-1", "10.0.0.1", hostname="a")

    collect(cloud, None, Config(vpc="vpc-1", nodes=Nodes(ids=["i-1"])))

    assert cloud.calls[:-2] == ["instances of vpc-1: i-1"]


def test_without_a_cluster_and_a_vpc_nothing_can_be_asked(cloud: Any) -> None:
    """The hint says how to name the VPC."""
    with pytest.raises(ConfigInvalid, match="the VPC has to be named") as caught:
        collect(cloud, None, Config())

    assert "--vpc" in str(caught.value.hint)


def test_enis_and_vswitches_are_read_in_other_threads(cloud: Any, node: Any) -> None:
    """Two independent listings need not wait for each other."""
    cloud.add("i-1", "10.0.0.1")

    collect(cloud, [node("a", "10.0.0.1")], Config())

    assert cloud.threads
    assert sorted(cloud.calls[-2:]) == NETWORK


def test_failed_reading_is_no_reading(cloud: Any, node: Any) -> None:
    """An error of one listing is the error of the whole: nothing is planned on half the facts."""
    cloud.add("i-1", "10.0.0.1")
    cloud.failure = CloudUnreachable("no answer")

    with pytest.raises(CloudUnreachable, match="no answer"):
        collect(cloud, [node("a", "10.0.0.1")], Config())
    assert cloud.stopped  # the other listing does not go on retrying
