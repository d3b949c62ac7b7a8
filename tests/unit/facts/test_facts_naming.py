"""Without a cluster, nodes are named after their instances, with names that Kubernetes accepts."""

from __future__ import annotations

from typing import Any

import pytest

from spidercli.errors import FactsInvalid, NodeAmbiguous, NodeUnknown
from spidercli.facts.naming import named
from spidercli.facts.selection import Selection
from spidercli.model import MatchedBy

ANY = Selection(ids=None, tags={})


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        ("hostname", "ecs-worker"),
        ("instance-name", "worker-1"),
        ("instance-id", "i-1"),
        ("private-ip", "10.0.0.1"),
        ("tag:k8s:name", "worker-x"),
    ],
)
def test_every_scheme_names_the_node(build: Any, scheme: str, expected: str) -> None:
    """nodes.name says what a node is called; hostnames are lower-cased as the kubelet does."""
    instance = build.instance("i-1", "10.0.0.1", hostname="ECS-Worker", name="worker-1", tags={"k8s:name": "worker-x"})

    (found,) = named([instance], ANY, scheme)

    assert (found.node.name, found.instance, found.matched_by) == (expected, instance, MatchedBy.CLOUD)


@pytest.mark.parametrize("name", ["", "Worker", "a_b", "-a", "a.", "a..b", "a\n", "x" * 254])
def test_name_that_kubernetes_refuses_is_an_error(build: Any, name: str) -> None:
    """The instance is named; nothing is bent to fit."""
    with pytest.raises(FactsInvalid, match="the instance i-1 can't be a node: its instance-name"):
        named([build.instance("i-1", name=name)], ANY, "instance-name")


def test_missing_tag_is_an_error(build: Any) -> None:
    """An instance without the tag that names nodes has no name."""
    with pytest.raises(FactsInvalid, match="its tag:name '' is no node name"):
        named([build.instance("i-1")], ANY, "tag:name")


def test_hostile_name_is_shown_escaped_and_cut(build: Any) -> None:
    """A tag may hold anything, a message may not."""
    instance = build.instance("i-1", tags={"name": "\x1b[2J" + "x" * 5000})

    with pytest.raises(FactsInvalid) as caught:
        named([instance], ANY, "tag:name")

    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 200


def test_two_instances_with_one_name_are_an_error(build: Any) -> None:
    """Both instances are named."""
    instances = [build.instance("i-1", hostname="a"), build.instance("i-2", hostname="A")]

    with pytest.raises(FactsInvalid, match="2 instances would be the node 'a', their hostname: i-1, i-2"):
        named(instances, ANY, "hostname")


def test_only_selected_instances_are_named(build: Any) -> None:
    """An instance that is not selected may have any name."""
    instances = [build.instance("i-1", hostname="a", tags={"role": "node"}), build.instance("i-2", hostname="A B")]

    found = named(instances, Selection(ids=None, tags={"role": ""}), "hostname")

    assert [match.node.name for match in found] == ["a"]


def test_selected_id_that_was_not_found_is_an_error(build: Any) -> None:
    """An id that the cloud does not know is a mistake in the configuration."""
    with pytest.raises(NodeUnknown, match="'i-2', but no such instance"):
        named([build.instance("i-1", hostname="a")], Selection(ids=frozenset({"i-1", "i-2"}), tags={}), "hostname")


def test_instances_of_two_vpcs_are_an_error(build: Any) -> None:
    """One inventory is one VPC."""
    with pytest.raises(NodeAmbiguous, match="2 VPCs"):
        named([build.instance("i-1"), build.instance("i-2", vpc_id="vpc-2")], ANY, "instance-id")
