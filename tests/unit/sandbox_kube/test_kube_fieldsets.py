"""Field sets and their serial form."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from spidercli.sandbox.kube import fieldsets

_NAMES = st.sampled_from(["f:a", "f:b", 'k:{"name":"x"}', "f:c"])
_PATHS = st.sets(st.lists(_NAMES, min_size=1, max_size=4).map(tuple), max_size=8)
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "properties": {
                "items": {
                    "type": "array",
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["port", "protocol"],
                    "items": {"type": "object", "properties": {"protocol": {"type": "string", "default": "TCP"}}},
                },
                "whole": {"type": "object", "x-kubernetes-map-type": "atomic"},
            },
        }
    },
}


@given(paths=_PATHS)
def test_serial_form_round_trip(paths: set[tuple[str, ...]]) -> None:
    """Paths survive being written as FieldsV1 and read again."""
    assert paths == set(fieldsets.flattened(fieldsets.nested(paths)))


def test_keys_have_defaults() -> None:
    """An element's key is completed by the schema's default."""
    manifest = {"spec": {"items": [{"port": 80, "name": "a"}]}}

    found = fieldsets.field_set(manifest, _SCHEMA, containers=False)

    element = 'k:{"port":80,"protocol":"TCP"}'
    assert {
        ("f:spec", "f:items", element): fieldsets.PRESENT,
        ("f:spec", "f:items", element, "f:port"): 80,
        ("f:spec", "f:items", element, "f:name"): "a",
    } == found


def test_atomic_maps_are_one_field() -> None:
    """An atomic map is owned as a whole."""
    found = fieldsets.field_set({"spec": {"whole": {"a": {"b": 1}}}}, _SCHEMA, containers=False)

    assert {("f:spec", "f:whole"): {"a": {"b": 1}}} == found


def test_identity_is_not_owned() -> None:
    """Name, version and what the server writes can't be owned."""
    manifest = {"apiVersion": "v1", "kind": "X", "metadata": {"name": "a", "uid": "u", "labels": {"b": "1"}}}

    assert {("f:metadata", "f:labels", "f:b"): "1"} == fieldsets.field_set(manifest, {}, containers=False)


def test_shown_paths() -> None:
    """Messages show keys and values in brackets."""
    path = ("f:spec", "f:list", 'k:{"name":"app"}', "f:image")

    assert '.spec.list[name="app"].image' == fieldsets.shown(path)
    assert '.metadata.finalizers[="a"]' == fieldsets.shown(("f:metadata", "f:finalizers", 'v:"a"'))
