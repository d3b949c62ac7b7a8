"""What server-side apply refuses before it merges."""

from __future__ import annotations

from typing import Any

import pytest

from spidercli.sandbox.kube import typedpatches

_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "list": {"type": "array", "items": {"type": "object", "properties": {"a": {"type": "integer"}}}},
        "map": {"type": "object", "additionalProperties": {"type": "boolean"}},
        "port": {"x-kubernetes-int-or-string": True},
        "set": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
        "named": {
            "type": "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
            "items": {"type": "object", "properties": {"name": {"type": "string"}}},
        },
    },
}


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({}, None),
        ({"list": None}, None),
        ({"port": "http"}, None),
        ({"port": 80}, None),
        ({"no": 1}, ".no: field not declared in schema"),
        ({"list": {}}, ".list: expected list, got &{map[]}"),
        ({"list": [{"a": "1"}]}, '.list[0].a: expected numeric, got &value.valueUnstructured{Value:"1"}'),
        ({"map": []}, ".map: expected map, got &{[]}"),
        ({"map": {"x": {}}}, ".map.x: expected boolean, got &{map[]}"),
        ({"set": [None]}, ".set: element 0: associative list without keys has an element that's an explicit null"),
        ({"set": ["a", "a"]}, '.set: duplicate entries for key [="a"]'),
        ({"named": [None]}, ".named: element 0: associative list with keys may not have a null element"),
        ({"named": [5]}, ".named: element 0: associative list with keys may not have non-map elements"),
        ({"named": [{"name": "a"}, {"name": "a"}]}, '.named: duplicate entries for key [name="a"]'),
        (
            {"named": [{"name": 5}]},
            ".named[name=5].name: expected string, got &value.valueUnstructured{Value:5}",
        ),
        (
            {"set": 5, "map": 5, "no": 1, "z": 1},
            "errors:\n  .map: expected map, got &{5}\n  .no: field not declared in schema",
        ),
    ],
    ids=str,
)
def test_what_is_refused(value: dict[str, Any], problem: str | None) -> None:
    """Fields that are not declared and values of another type are named by their paths, in order."""
    assert problem == typedpatches.problem(value, _SCHEMA)
