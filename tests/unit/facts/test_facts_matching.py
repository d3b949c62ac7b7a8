"""A node is matched to the one instance that its facts name, or an error says what stands in the way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spidercli.errors import FactsInvalid, NodeAmbiguous, NodeUnknown
from spidercli.facts import matching, provider_id
from spidercli.facts.matching import Match, Matching
from spidercli.facts.selection import Selection
from spidercli.model import Instance, KubeNode, MatchedBy

ANY = Selection(ids=None, tags={})


def only(*ids: str, **tags: str) -> Selection:
    return Selection(ids=frozenset(ids) if ids else None, tags=tags)


def match(nodes: Iterable[KubeNode], instances: Sequence[Instance], selection: Selection = ANY) -> Matching:
    return matching.match(nodes, instances, selection, region_id="cn-hangzhou")


def pairs(matches: Iterable[Match]) -> dict[str, tuple[str, MatchedBy]]:
    return {found.node.name: (found.instance.instance_id, found.matched_by) for found in matches}


def test_each_fact_matches_in_its_turn(build: Any) -> None:
    """providerID, InternalIP and hostname each tie a node to its instance, and the match says which one did."""
    instances = [
        build.instance("i-1", "10.0.0.1"),
        build.instance("i-2", "10.0.0.2"),
        build.instance("i-3", "10.0.0.3", hostname="Node-C"),
        build.instance("i-4", "10.0.0.4", hostname="node-d"),
    ]
    nodes = [
        build.kube_node("a", "10.0.0.1", provider_id="cn-hangzhou.i-1"),
        build.kube_node("b", "10.0.0.2"),
        build.kube_node("c", hostname="node-c"),
        build.kube_node("node-d"),
    ]

    assert pairs(match(nodes, instances).settled()) == {
        "a": ("i-1", MatchedBy.PROVIDER_ID),
        "b": ("i-2", MatchedBy.INTERNAL_IP),
        "c": ("i-3", MatchedBy.HOSTNAME),
        "node-d": ("i-4", MatchedBy.HOSTNAME),
    }


def test_address_beats_hostname(build: Any) -> None:
    """A hostname is asked only when no instance has the InternalIP."""
    instances = [build.instance("i-1", "10.0.0.1"), build.instance("i-2", "10.0.0.2", hostname="a")]

    assert pairs(match([build.kube_node("a", "10.0.0.1")], instances).settled()) == {
        "a": ("i-1", MatchedBy.INTERNAL_IP)
    }


def test_secondary_address_matches_nothing(build: Any) -> None:
    """Only the primary private address identifies an instance: the others are those of pods."""
    instance = build.instance("i-1", "10.0.0.1")
    node = build.kube_node("a", "10.0.0.1")
    moved = match(
        [node],
        [build.instance("i-1", private_ips=(*build.instance("", "10.0.0.9").private_ips, instance.private_ips[0]))],
    )

    assert moved.unmatched == (node,)


def test_address_in_two_vpcs_is_ambiguous(build: Any) -> None:
    """Private addresses repeat between VPCs; both instances are named with theirs."""
    instances = [build.instance("i-1", "10.0.0.1"), build.instance("i-2", "10.0.0.1", vpc_id="vpc-2")]

    with pytest.raises(NodeAmbiguous, match=r"i-1 \(vpc-1\) and i-2 \(vpc-2\)"):
        match([build.kube_node("a", "10.0.0.1")], instances).settled()


def test_hostname_of_two_instances_is_ambiguous(build: Any) -> None:
    """A hostname that is not unique says nothing, whatever its case."""
    instances = [build.instance("i-1", hostname="A"), build.instance("i-2", hostname="a")]

    with pytest.raises(NodeAmbiguous, match=r"hostname 'a' is that of 2 instances: i-1 .* and i-2"):
        match([build.kube_node("a")], instances).settled()


def test_address_that_contradicts_the_provider_id_is_an_error(build: Any) -> None:
    """Both the providerID's instance and the address' instance are named."""
    instances = [build.instance("i-1", "10.0.0.1"), build.instance("i-2", "10.0.0.2")]
    node = build.kube_node("a", "10.0.0.2", provider_id="cn-hangzhou.i-1")

    with pytest.raises(NodeAmbiguous, match=r"that is i-1 \(vpc-1\), but its InternalIP is that of i-2 \(vpc-1\)"):
        match([node], instances).settled()


@pytest.mark.parametrize("ip", ["10.0.0.9", "10.0.0.2"])
def test_provider_id_holds_where_nothing_contradicts_it(build: Any, ip: str) -> None:
    """An InternalIP of a secondary ENI, or one that repeats in another VPC, is no contradiction."""
    instances = [build.instance("i-1", "10.0.0.1"), build.instance("i-2", "10.0.0.2", vpc_id="vpc-2")]
    node = build.kube_node("a", ip, provider_id="cn-hangzhou.i-1")

    assert pairs(match([node], instances).settled()) == {"a": ("i-1", MatchedBy.PROVIDER_ID)}


def test_provider_id_of_no_instance_is_an_error(build: Any) -> None:
    """Neither address nor hostname replace an instance that the providerID names in vain."""
    node = build.kube_node("a", "10.0.0.1", provider_id="cn-hangzhou.i-gone")

    with pytest.raises(NodeUnknown, match=r"'cn-hangzhou.i-gone', but cn-hangzhou has no such instance") as caught:
        match([node], [build.instance("i-1", "10.0.0.1")]).settled()

    assert "delete the Node" in str(caught.value.hint)


def test_a_silent_node_whose_instance_is_gone_is_left_out(build: Any) -> None:
    """An instance that was released does not keep the other nodes from being matched."""
    node = build.kube_node("a", "10.0.0.1", provider_id="alicloud://cn-hangzhou.i-gone", ready=False)
    found = match([node, build.kube_node("b", "10.0.0.2")], [build.instance("i-2", "10.0.0.2")])

    assert list(pairs(found.settled())) == ["b"]
    assert found.gone == (node,)


def test_a_silent_node_is_matched_while_its_instance_is_there(build: Any) -> None:
    """A machine that is being restarted keeps its match."""
    node = build.kube_node("a", "10.0.0.1", provider_id="cn-hangzhou.i-1", ready=False)
    found = match([node], [build.instance("i-1", "10.0.0.1")])

    assert (list(pairs(found.settled())), found.gone) == (["a"], ())


@pytest.mark.parametrize(
    ("named", "instances"),
    [("cn-hangzhou.i-gone", []), ("cn-beijing.i-gone", ["i-1"]), ("k3s://a", ["i-1"]), ("", ["i-1"])],
    ids=["nothing-seen", "another-region", "another-provider", "not-named"],
)
def test_a_silent_node_is_an_error_where_nobody_can_tell(build: Any, named: str, instances: list[str]) -> None:
    """Only where instances can be seen, and this one of the region can't, is it known to be gone."""
    found = match([build.kube_node("a", provider_id=named, ready=False)], [build.instance(each) for each in instances])

    assert found.gone == ()
    with pytest.raises(FactsInvalid, match="node a"):
        found.settled()


def test_a_selected_id_of_an_instance_that_is_gone_is_no_error(build: Any) -> None:
    """Its node is there, and is left out as any other of the kind."""
    nodes = [
        build.kube_node("a", provider_id="cn-hangzhou.i-gone", ready=False),
        build.kube_node("b", provider_id="cn-hangzhou.i-2"),
    ]

    assert list(pairs(match(nodes, [build.instance("i-2")], only("i-gone", "i-2")).settled())) == ["b"]


def test_a_node_that_is_not_selected_is_not_gone_either(build: Any) -> None:
    """Nobody asked for its instance, so that nobody knows."""
    nodes = [
        build.kube_node("a", provider_id="cn-hangzhou.i-other", ready=False),
        build.kube_node("b", provider_id="cn-hangzhou.i-2"),
    ]

    assert match(nodes, [build.instance("i-2")], only("i-2")).gone == ()


def test_provider_id_of_another_region_is_an_error_with_a_hint(build: Any) -> None:
    """All nodes are in the region that was asked."""
    node = build.kube_node("a", provider_id="cn-beijing.i-1")

    with pytest.raises(FactsInvalid, match="the region asked is cn-hangzhou") as caught:
        match([node], [build.instance("i-1")]).settled()

    assert "--region cn-beijing" in str(caught.value.hint)


def test_unmatched_node_says_what_was_tried(build: Any) -> None:
    """The message lists the addresses and the hostname that no instance has."""
    node = build.kube_node("a", "10.0.0.1", "2408::1", hostname="ecs-a")

    with pytest.raises(NodeUnknown, match=r"InternalIP 10.0.0.1 .* or InternalIP 2408::1 .* or hostname 'ecs-a'"):
        match([node], []).settled()


@pytest.mark.parametrize(
    "foreign", ["kind://docker/kind/a", "ack-hybrid://x.y", "k3s://a", "i-1", "alicloud:///cn-hangzhou.i-1"]
)
def test_node_of_another_provider_is_an_error(build: Any, foreign: str) -> None:
    """A node that is no ECS instance is named, even if its address would fit; the hint says how to leave it out."""
    node = build.kube_node("a", "10.0.0.1", provider_id=foreign)

    with pytest.raises(NodeUnknown, match="node a: its providerID") as caught:
        match([node], [build.instance("i-1", "10.0.0.1")]).settled()

    assert "nodes.exclude" in str(caught.value.hint)


@pytest.mark.parametrize("selection", [only("i-1"), only(role="node")])
def test_selection_leaves_foreign_nodes_out(build: Any, selection: Selection) -> None:
    """nodes.ids and nodes.tags leave out nodes of other providers that fit no selected instance."""
    nodes = [build.kube_node("a", "10.0.0.1"), build.kube_node("b", "10.0.0.7", provider_id="kind://b")]

    found = match(nodes, [build.instance("i-1", "10.0.0.1", tags={"role": "node"})], selection)

    assert list(pairs(found.settled())) == ["a"]


def test_foreign_node_on_a_selected_instance_stays_an_error(build: Any) -> None:
    """A node whose address is that of a selected instance is not left out in silence."""
    node = build.kube_node("a", "10.0.0.1", provider_id="k3s://a")

    with pytest.raises(NodeUnknown, match="k3s://a"):
        match([node], [build.instance("i-1", "10.0.0.1")], only("i-1")).settled()


def test_selection_leaves_other_instances_out(build: Any) -> None:
    """Nodes whose instance has other ids or tags are left out, however they were matched."""
    instances = [
        build.instance("i-1", "10.0.0.1", tags={"role": "node"}),
        build.instance("i-2", "10.0.0.2"),
        build.instance("i-3", "10.0.0.3", tags={"role": "db"}),
    ]
    nodes = [
        build.kube_node("a", provider_id="cn-hangzhou.i-1"),
        build.kube_node("b", "10.0.0.2"),
        build.kube_node("c", provider_id="cn-hangzhou.i-3"),
    ]

    assert list(pairs(match(nodes, instances, only(role="node")).settled())) == ["a"]
    assert list(pairs(match(nodes, instances, only("i-1")).settled())) == ["a"]
    assert list(pairs(match(nodes, instances, only(role="")).settled())) == ["a", "c"]


def test_node_that_fits_nothing_is_left_out_by_ids_only(build: Any) -> None:
    """Ids say exactly which nodes are wanted; tags do not say that a node without instance is not."""
    nodes = [build.kube_node("a", "10.0.0.1"), build.kube_node("virtual-kubelet", "10.9.9.9")]
    instances = [build.instance("i-1", "10.0.0.1", tags={"role": "node"})]

    assert list(pairs(match(nodes, instances, only("i-1")).settled())) == ["a"]
    with pytest.raises(NodeUnknown, match="virtual-kubelet"):
        match(nodes, instances, only(role="node")).settled()


def test_selected_id_without_a_node_is_an_error(build: Any) -> None:
    """What ids leave out is safe because every id has to be that of a node."""
    instances = [build.instance("i-1", "10.0.0.1"), build.instance("i-2", "10.0.0.2")]

    with pytest.raises(NodeUnknown, match="'i-2' is selected, but no node of the cluster is on it"):
        match([build.kube_node("a", "10.0.0.1")], instances, only("i-1", "i-2")).settled()


def test_selected_id_without_the_tags_is_no_error(build: Any) -> None:
    """Ids and tags together select instances that have both."""
    instances = [build.instance("i-1", "10.0.0.1", tags={"role": "node"}), build.instance("i-2", "10.0.0.2")]
    nodes = [build.kube_node("a", "10.0.0.1"), build.kube_node("b", "10.0.0.2")]

    assert list(pairs(match(nodes, instances, only("i-1", "i-2", role="node")).settled())) == ["a"]


def test_two_nodes_on_one_instance_are_an_error(build: Any) -> None:
    """Both nodes are named, with what matched them."""
    nodes = [build.kube_node("a", provider_id="cn-hangzhou.i-1"), build.kube_node("b", "10.0.0.1")]

    with pytest.raises(NodeAmbiguous, match=r"a \(by provider-id\), b \(by internal-ip\)"):
        match(nodes, [build.instance("i-1", "10.0.0.1")]).settled()


def test_nodes_in_two_vpcs_are_an_error(build: Any) -> None:
    """A cluster is in one VPC; the message says which nodes are where."""
    instances = [build.instance("i-1"), build.instance("i-2", vpc_id="vpc-2")]
    nodes = [build.kube_node(name, provider_id=f"cn-hangzhou.i-{name}") for name in "12"]

    with pytest.raises(
        NodeAmbiguous, match=r"2 VPCs: vpc-1 in cn-hangzhou \(1\); vpc-2 in cn-hangzhou \(2\)"
    ) as caught:
        match(nodes, instances).settled()

    assert caught.value.hint == "select the nodes of one VPC with nodes.ids or nodes.tags"


def test_addresses_in_two_vpcs_may_be_those_of_others(build: Any) -> None:
    """Where an address alone led into a VPC, the hint is to say which one is meant."""
    instances = [build.instance("i-1", "10.0.0.1"), build.instance("i-2", "10.0.0.2", vpc_id="vpc-2")]

    with pytest.raises(NodeAmbiguous, match="2 VPCs") as caught:
        match([build.kube_node("a", "10.0.0.1"), build.kube_node("b", "10.0.0.2")], instances).settled()

    assert str(caught.value.hint).startswith("private addresses repeat between VPCs: set vpc in the configuration; ")


def test_every_problem_is_told_up_to_ten(build: Any) -> None:
    """Twelve lost nodes make one message with ten of them and a count."""
    nodes = [build.kube_node(f"node-{number:02}") for number in range(12)]

    with pytest.raises(NodeUnknown) as caught:
        match(nodes, []).settled()

    assert caught.value.message.startswith("12 problems:\n  node node-00 has no providerID")
    assert "node node-09" in caught.value.message
    assert "node node-10" not in caught.value.message
    assert caught.value.message.endswith("and 2 more")


def test_problems_of_two_kinds_share_a_general_error(build: Any) -> None:
    """An unknown node and an ambiguous one are told together."""
    instances = [build.instance("i-1", hostname="a"), build.instance("i-2", hostname="a")]

    with pytest.raises(FactsInvalid, match="2 problems") as caught:
        match([build.kube_node("a"), build.kube_node("b")], instances).settled()

    assert type(caught.value) is FactsInvalid


def test_hostile_text_is_escaped(build: Any) -> None:
    """A terminal never sees the control characters of a hostname."""
    with pytest.raises(NodeUnknown) as caught:
        match([build.kube_node("a", hostname="\x1b]0;owned\x07\u202e")], []).settled()

    assert caught.value.message.isprintable()


NUMBERS = st.integers(1, 4)


@given(data=st.data())
def test_a_match_never_contradicts_a_fact(build: Any, data: st.DataObject) -> None:
    """Whatever the cluster and the cloud say, a settled match contradicts neither providerID nor address."""
    number_of_vpc = st.sampled_from(["vpc-1", "vpc-2"])
    instances = [
        build.instance(
            f"i-{key}",
            f"10.0.0.{data.draw(NUMBERS)}",
            hostname=f"H{data.draw(NUMBERS)}",
            vpc_id=data.draw(number_of_vpc),
        )
        for key in data.draw(st.sets(NUMBERS))
    ]
    nodes = [
        build.kube_node(
            f"node-{key}",
            *data.draw(st.sampled_from([(), (f"10.0.0.{data.draw(NUMBERS)}",)])),
            provider_id=data.draw(st.sampled_from(["", f"cn-hangzhou.i-{data.draw(NUMBERS)}", "kind://x", "i-1"])),
            hostname=f"h{data.draw(NUMBERS)}",
        )
        for key in data.draw(st.sets(NUMBERS))
    ]
    selection = data.draw(st.sampled_from([ANY, only("i-1"), only("i-1", "i-2"), only(role="node")]))

    try:
        matches = match(nodes, instances, selection).settled()
    except FactsInvalid:
        return

    assert len({found.instance.instance_id for found in matches}) == len(matches)
    for found in matches:
        node, instance = found.node, found.instance
        rivals = [each for each in instances if each.private_ips[0] in node.internal_ips]
        if node.provider_id:
            assert provider_id.parse(node.provider_id).instance_id == instance.instance_id
            assert instance in rivals or not [each for each in rivals if each.vpc_id == instance.vpc_id]
        else:
            assert rivals in ([instance], [])
            assert rivals or instance.hostname.lower() == node.hostname
    if selection is ANY:
        assert [found.node for found in matches] == nodes
