"""Structural schemas."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

from spidercli.sandbox.kube import structural

_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "port": {"x-kubernetes-int-or-string": True},
        "maybe": {"type": "string", "nullable": True, "default": "x"},
        "sure": {"type": "string", "default": "x"},
        "list": {"type": "array", "items": {"type": "object", "properties": {"a": {"type": "integer", "default": 1}}}},
        "map": {"type": "object", "additionalProperties": {"type": "boolean"}},
        "open": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
    },
}


def test_pruning_goes_deep() -> None:
    """Undeclared fields go at every depth; maps and open structs keep theirs."""
    value = {"no": 1, "list": [{"a": 1, "no": 2}], "map": {"any": True}, "open": {"any": 1}}

    assert ["no", "list[0].no"] == structural.prune(value, _SCHEMA)
    assert {"list": [{"a": 1}], "map": {"any": True}, "open": {"any": 1}} == value


def test_defaults_go_deep() -> None:
    """Defaults are set inside of lists, and in the place of nulls that may not be."""
    value: dict[str, Any] = {"list": [{}], "sure": None, "maybe": None}

    structural.fill_defaults(value, _SCHEMA)

    assert {"list": [{"a": 1}], "sure": "x", "maybe": None} == value


@pytest.mark.parametrize("port", [80, "http"])
def test_int_or_string(port: object) -> None:
    """Some values may be numbers or text."""
    assert jsonschema_rs.validator_for(structural.to_json_schema(_SCHEMA)).is_valid({"port": port, "maybe": None})


def test_opened_schema_keeps_everything() -> None:
    """A schema that is opened declares all fields, at every depth."""
    value = {"no": 1, "list": [{"no": 2}]}

    assert [] == structural.prune(value, structural.opened(_SCHEMA))
