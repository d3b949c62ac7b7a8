"""Rules of nodes, apart from the providerID."""

from __future__ import annotations

from typing import Any

import pytest

Manifest = dict[str, Any]

_POD_CIDR_RULE = 'spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid'


@pytest.mark.parametrize(
    ("taint", "causes"),
    [
        ({"effect": "NoSchedule"}, {"key": "FieldValueInvalid"}),
        ({"key": "a b", "effect": "NoSchedule"}, {"key": "FieldValueInvalid"}),
        ({"key": "a", "value": "x y", "effect": "NoSchedule"}, {"value": "FieldValueInvalid"}),
        ({"key": "a"}, {"effect": "FieldValueRequired"}),
        ({"key": "a", "effect": "Sometimes"}, {"effect": "FieldValueNotSupported"}),
    ],
    ids=["no-key", "key", "value", "no-effect", "effect"],
)
def test_bad_taints(client: Any, node: Manifest, taint: Manifest, causes: dict[str, str]) -> None:
    """A taint has a label's key and value, and one of three effects: in a new node and in a changed one."""
    told = {f"metadata.taints[0].{field}": reason for field, reason in causes.items()}

    assert told == client.create(node | {"spec": {"taints": [taint]}}).causes
    client.create(node)
    assert told == client.patch(node, {"spec": {"taints": [taint]}}).causes


def test_taints_are_unique(client: Any, node: Manifest) -> None:
    """Two taints may have the same key if they have different effects."""
    taints = [{"key": "a", "effect": "NoSchedule"}, {"key": "a", "value": "b", "effect": "NoSchedule"}]
    apart = [taints[0], {"key": "a", "effect": "NoExecute"}]

    reply = client.create(node | {"spec": {"taints": taints}})

    assert {"metadata.taints[1]": "FieldValueDuplicate"} == reply.causes
    assert reply.body["message"].endswith(
        'Duplicate value: {"Key":"a","Value":"b","Effect":"NoSchedule","TimeAdded":null}: '
        "taints must be unique by key and effect pair"
    )
    assert 201 == client.create(node | {"spec": {"taints": apart}}).status


def test_pod_cidr_is_in_both_fields(client: Any, node: Manifest) -> None:
    """The podCIDR is the first of podCIDRs, whichever was sent."""
    one = client.create(node | {"spec": {"podCIDR": "10.9.0.0/24"}}).body["spec"]

    assert ("10.9.0.0/24", ["10.9.0.0/24"]) == (one["podCIDR"], one["podCIDRs"])
    client.delete(node)
    two = client.create(node | {"spec": {"podCIDRs": ["10.8.0.0/24", "fd00::/64"]}}).body["spec"]
    assert ("10.8.0.0/24", ["10.8.0.0/24", "fd00::/64"]) == (two["podCIDR"], two["podCIDRs"])


@pytest.mark.parametrize(
    "change",
    [
        {"podCIDR": "10.9.1.0/24"},
        {"podCIDR": "10.9.1.0/24", "podCIDRs": ["10.9.1.0/24"]},
        {"podCIDR": None, "podCIDRs": None},
    ],
    ids=["one", "both", "removed"],
)
def test_pod_cidr_is_written_once(client: Any, node: Manifest, change: Manifest) -> None:
    """A node may get its podCIDR later, and never another one."""
    client.create(node)
    both = {"podCIDR": "10.9.0.0/24", "podCIDRs": ["10.9.0.0/24"]}

    assert 200 == client.patch(node, {"spec": both}).status
    reply = client.patch(node, {"spec": change})

    assert (422, f'Node "{node["metadata"]["name"]}" is invalid: {_POD_CIDR_RULE}') == (
        reply.status,
        reply.body["message"],
    )


@pytest.mark.parametrize("text", ["x", "10.0.0.0", "10.0.0.0/33"])
def test_pod_cidr_is_a_cidr(client: Any, node: Manifest, text: str) -> None:
    """Nonsense is refused under the name of the list."""
    assert {"spec.podCIDRs[0]": "FieldValueInvalid"} == client.create(node | {"spec": {"podCIDR": text}}).causes
