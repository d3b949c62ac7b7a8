"""Strategic merge patches."""

from __future__ import annotations

from typing import Any

import pytest

from spidercli.sandbox.kube import strategic

_SCHEMA: dict[str, Any] = {
    "properties": {
        "list": {"type": "array", "x-kubernetes-patch-merge-key": "name"},
        "values": {"type": "array", "x-kubernetes-patch-strategy": "merge"},
    }
}


@pytest.mark.parametrize(
    ("live", "patch", "expected"),
    [
        ({"a": 1, "b": 2}, {"a": None, "c": 3}, {"b": 2, "c": 3}),
        ({"a": {"x": 1}}, {"a": {"y": 2}}, {"a": {"x": 1, "y": 2}}),
        ({"a": {"x": 1}}, {"a": {"$patch": "replace", "y": 2}}, {"a": {"y": 2}}),
        ({"a": {"x": 1}}, {"a": {"$patch": "delete"}}, {}),
        ({"a": {"x": 1, "y": 2}}, {"a": {"$retainKeys": ["y"], "y": 3}}, {"a": {"y": 3}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"values": ["a"]}, {"values": ["b", "a"]}, {"values": ["b", "a"]}),
        ({"values": ["a", "b"]}, {"$deleteFromPrimitiveList/values": ["a"]}, {"values": ["b"]}),
        (
            {"list": [{"name": "a", "x": 1}]},
            {"list": [{"name": "b"}, {"name": "a", "y": 2}]},
            {"list": [{"name": "b"}, {"name": "a", "x": 1, "y": 2}]},
        ),
        (
            {"list": [{"name": "a"}, {"name": "b"}]},
            {"list": [{"$patch": "delete", "name": "a"}]},
            {"list": [{"name": "b"}]},
        ),
        ({"list": [{"name": "a"}]}, {"list": [{"$patch": "replace"}, {"name": "z"}]}, {"list": [{"name": "z"}]}),
        (
            {"list": [{"name": "a"}, {"name": "b"}, {"name": "c"}]},
            {"$setElementOrder/list": [{"name": "c"}, {"name": "a"}]},
            {"list": [{"name": "b"}, {"name": "c"}, {"name": "a"}]},
        ),
        ({}, {"new": {"a": None, "b": [{"c": None, "d": 1}]}}, {"new": {"b": [{"d": 1}]}}),
    ],
)
def test_merges(live: Any, patch: Any, expected: Any) -> None:
    """Maps, lists and directives merge as the API conventions say."""
    assert expected == strategic.merge_object(live, patch, _SCHEMA)


def test_finalizers_add_up() -> None:
    """In the metadata of every kind finalizers are a set."""
    merged = strategic.merge_object({"metadata": {"finalizers": ["a"]}}, {"metadata": {"finalizers": ["b"]}}, {})

    assert ["b", "a"] == merged["metadata"]["finalizers"]
