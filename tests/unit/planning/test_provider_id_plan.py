"""The plan for providerIDs."""

from __future__ import annotations

import dataclasses

import pytest

from spidercli.model import KubeNode, Manifest, MatchedBy, Node
from spidercli.planning.plan import Action, Change, Phase, Verb
from spidercli.planning.provider_ids import plan_provider_ids

NODE = Node(
    name="worker",
    uid="",
    provider_id="",
    instance_id="i-1",
    instance_type="ecs.g7.xlarge",
    region_id="cn-hangzhou",
    zone_id="cn-hangzhou-i",
    vpc_id="vpc-1",
    matched_by=MatchedBy.INTERNAL_IP,
    nics=(),
)


def live(provider_id: str, name: str = "worker") -> KubeNode:
    return KubeNode(name=name, uid="uid-7", provider_id=provider_id, internal_ips=(), hostname=name)


def patch(node: Node) -> Manifest:
    return {"metadata": {"uid": node.uid}, "spec": {"providerID": node.expected_provider_id}}


def only(*nodes: KubeNode) -> Change:
    (change,) = plan_provider_ids([NODE], nodes, patch).changes
    return change


def test_an_empty_one_is_set() -> None:
    """The patch has the uid of the node as it is now, so that a successor of the name is left alone."""
    change = only(live(""))

    assert (change.action, change.detail) == (Action.UPDATE, "cn-hangzhou.i-1")
    assert [(write.phase, write.verb, write.body) for write in change.writes] == [
        (
            Phase.PROVIDER_ID,
            Verb.STRATEGIC_PATCH,
            {"metadata": {"uid": "uid-7"}, "spec": {"providerID": "cn-hangzhou.i-1"}},
        )
    ]


@pytest.mark.parametrize("provider_id", ["cn-hangzhou.i-1", "alicloud://cn-hangzhou.i-1"])
def test_the_right_one_stays(provider_id: str) -> None:
    """With and without the cloud's prefix."""
    assert (only(live(provider_id)).action, only(live(provider_id)).writes) == (Action.UNCHANGED, ())


@pytest.mark.parametrize("provider_id", ["cn-hangzhou.i-2", "cn-beijing.i-1", "aws:///i-1"])
def test_another_one_can_not_be_changed(provider_id: str) -> None:
    """Kubernetes refuses it, so nothing is tried; the way out is told."""
    change = only(live(provider_id))

    assert (change.action, change.writes) == (Action.CONFLICT, ())
    assert f"it is {provider_id}, should be cn-hangzhou.i-1" in change.reason


def test_a_node_that_was_registered_anew_is_left_alone() -> None:
    """Its instance is that of the node that had the name before."""
    former = dataclasses.replace(NODE, uid="uid-6")
    (change,) = plan_provider_ids([former], [live("")], patch).changes

    assert (change.action, change.writes) == (Action.BLOCKED, ())
    assert "its uid is uid-7, and was uid-6" in change.reason


@pytest.mark.parametrize(
    ("matched_by", "words"),
    [
        (MatchedBy.PROVIDER_ID, "matched by providerID"),
        (MatchedBy.INTERNAL_IP, "matched by InternalIP"),
        (MatchedBy.HOSTNAME, "matched by hostname"),
        (MatchedBy.CLOUD, "matched by name alone"),
    ],
)
def test_the_line_says_what_tied_node_and_instance(matched_by: MatchedBy, words: str) -> None:
    """A providerID is for good: whoever agrees to it knows what it rests on."""
    (change,) = plan_provider_ids([dataclasses.replace(NODE, matched_by=matched_by)], [live("")], patch).changes

    assert change.reason == f"not set yet; {words}"


def test_a_node_that_is_gone_is_not_created() -> None:
    """A node of the inventory that the cluster lacks is blocked."""
    change = only(live("", name="other"))

    assert (change.action, change.writes) == (Action.BLOCKED, ())
