"""A Node manifest becomes the few facts that we need, however odd it is."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import Any

import pytest

from spidercli.errors import FactsInvalid
from spidercli.facts.exclusion import configured
from spidercli.facts.kubernetes import cluster_nodes, kube_node
from spidercli.model import KubeNode


def node(**parts: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "worker", "uid": "u-1"}, **parts}


def test_all_facts_are_read() -> None:
    """Name, uid, providerID, every InternalIP, the Hostname address and readiness are taken over."""
    addresses = [
        {"type": "InternalIP", "address": "172.31.199.184"},
        {"type": "InternalIP", "address": "2408::1"},
        {"type": "ExternalIP", "address": "47.98.137.75"},
        {"type": "Hostname", "address": "Worker"},
    ]
    conditions = [{"type": "MemoryPressure", "status": "False"}, {"type": "Ready", "status": "True"}]
    manifest = node(spec={"providerID": "cn-hangzhou.i-1"}, status={"addresses": addresses, "conditions": conditions})

    assert kube_node(manifest) == KubeNode(
        name="worker",
        uid="u-1",
        provider_id="cn-hangzhou.i-1",
        internal_ips=(IPv4Address("172.31.199.184"), IPv6Address("2408::1")),
        hostname="Worker",
        ready=True,
    )


@pytest.mark.parametrize(
    "conditions",
    [
        [{"type": "Ready", "status": "False"}],
        [{"type": "Ready", "status": "Unknown"}],
        [{"type": "NetworkReady", "status": "True"}],
        [{"type": "Ready", "status": True}],
        ["Ready"],
        {},
    ],
)
def test_a_node_that_does_not_say_so_is_not_ready(conditions: object) -> None:
    """Only the condition Ready counts, and of it only the status True."""
    assert not kube_node(node(status={"conditions": conditions})).ready


@pytest.mark.parametrize("entry", ["virtual-*", "type=virtual-kubelet", "type="])
def test_nothing_is_read_of_nodes_that_are_left_alone(entry: str) -> None:
    """What would be wrong with a node of ours does not matter there."""
    addresses = [{"type": "InternalIP", "address": "none"}]
    virtual = {
        "metadata": {"name": "virtual-1", "labels": {"type": "virtual-kubelet"}},
        "status": {"addresses": addresses},
    }
    found = cluster_nodes([node(), virtual], configured([entry]))

    assert ([each.name for each in found.ours], found.left_out) == (["worker"], ("virtual-1",))
    assert found.names == {"worker", "virtual-1"}


@pytest.mark.parametrize("entry", ["virtual", "Virtual-*", "type=virtual", "other=", "virtual-1=x"])
def test_an_entry_that_means_no_node(entry: str) -> None:
    """Patterns fit whole names, and labels their whole value."""
    virtual = {"metadata": {"name": "virtual-1", "labels": {"type": "virtual-kubelet"}}}

    assert not cluster_nodes([virtual], configured([entry])).left_out


def test_hostname_label_stands_in_for_the_address() -> None:
    """Without a Hostname address, the label kubernetes.io/hostname counts."""
    manifest = node(metadata={"name": "worker", "labels": {"kubernetes.io/hostname": "ecs-1"}})

    assert kube_node(manifest).hostname == "ecs-1"


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"spec": None, "status": None},
        {"spec": [], "status": {"addresses": None}},
        {"spec": {"providerID": None}, "status": {"addresses": [None, {}, {"type": "Hostname"}]}},
        {"spec": {"providerID": 7}, "status": {"addresses": {"type": "InternalIP"}}},
    ],
)
def test_missing_and_odd_fields_count_as_not_set(odd: dict[str, Any]) -> None:
    """A field that is missing or has a strange type is as good as absent."""
    bare = KubeNode(name="worker", uid="u-1", provider_id="", internal_ips=(), hostname="", ready=False)

    assert kube_node(node(**odd)) == bare


@pytest.mark.parametrize("metadata", [None, {}, {"name": ""}, {"name": 3}, "worker"])
def test_node_without_name_is_refused(metadata: object) -> None:
    """A node that can't be named can't be joined."""
    with pytest.raises(FactsInvalid, match=r"without metadata\.name"):
        kube_node(node(metadata=metadata))


def test_internal_ip_that_is_none_is_refused_by_name() -> None:
    """The message says which node has which bad address, control characters escaped."""
    manifest = node(status={"addresses": [{"type": "InternalIP", "address": "10.0.0.\x1b[2J"}]})

    with pytest.raises(FactsInvalid, match=r"node 'worker' has the InternalIP '10\.0\.0\.\\x1b\[2J'"):
        kube_node(manifest)
