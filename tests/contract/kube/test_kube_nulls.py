"""Nulls in server-side apply: they are values, unlike in other writes, where they stand for nothing."""

from __future__ import annotations

from typing import Any

import pytest

Manifest = dict[str, Any]


def test_null_spec_of_a_new_object(client: Any, pool: Manifest) -> None:
    """A new object without a spec is one thing, one whose spec is null another."""
    empty = {key: value for key, value in pool.items() if key != "spec"}

    reply = client.apply(pool | {"spec": None})

    assert (422, {"spec": "FieldValueTypeInvalid"}) == (reply.status, reply.causes)
    assert 'spec: Invalid value: "null": spec in body must be of type object: "null"' in reply.body["message"]
    assert 201 == client.apply(empty).status


def test_null_spec_in_a_create(client: Any, pool: Manifest) -> None:
    """A create with the same null is a create without a spec."""
    assert "spec" not in client.create(pool | {"spec": None}).body


def test_null_leaves_what_others_own(client: Any, pool: Manifest, config_map: Manifest) -> None:
    """A null in the place of a map takes nothing from its owners."""
    client.apply(pool)
    client.apply(config_map)

    assert pool["spec"].items() <= client.apply(pool | {"spec": None}, "two").body["spec"].items()
    assert config_map["data"] == client.apply(config_map | {"data": None}, "two").body["data"]


def test_null_gives_up_what_was_owned(client: Any, pool: Manifest, config_map: Manifest) -> None:
    """Who owned the fields of a map gives them up with a null."""
    client.apply(pool)
    client.apply(config_map)

    assert {"spec.subnet": "FieldValueRequired"} == client.apply(pool | {"spec": None}).causes
    assert "data" not in client.apply(config_map | {"data": None}).body


def test_null_list(client: Any, pool: Manifest) -> None:
    """A null in the place of a list is no list; one in the place of a field with a default is the default."""
    client.apply(pool)
    pool["spec"] |= {"ips": None}

    assert {"spec.ips": "FieldValueTypeInvalid"} == client.apply(pool).causes
    pool["spec"] |= {"ips": [], "default": None}
    assert client.apply(pool).body["spec"]["default"] is False


def test_null_is_a_change(client: Any, pool: Manifest) -> None:
    """A null that would replace somebody's value is a conflict."""
    client.apply(pool)

    assert {".spec.ips": "FieldManagerConflict"} == client.apply(pool | {"spec": {"ips": None}}, "two").causes


def test_null_is_owned(client: Any, config_map: Manifest) -> None:
    """Who wrote a null in the place of a map owns the map: nobody else puts anything in it unless forced."""
    client.apply(config_map | {"data": None})

    refused = client.apply(config_map, "two")

    assert (409, {".data": "FieldManagerConflict"}) == (refused.status, refused.causes)
    assert config_map["data"] == client.apply(config_map, "two", force="true").body["data"]


def test_null_list_is_owned(client: Any, daemon_set: Manifest) -> None:
    """The same holds for a list, deep in the object."""
    container = daemon_set["spec"]["template"]["spec"]["containers"][0]
    variables = container["env"]
    container["env"] = None
    client.apply(daemon_set)
    container["env"] = variables

    refused = client.apply(daemon_set, "two")

    assert {'.spec.template.spec.containers[name="app"].env': "FieldManagerConflict"} == refused.causes


@pytest.mark.parametrize(
    ("field", "value"), [("labels", {"a": "b"}), ("annotations", {"a": "b"}), ("finalizers", ["a/b"])]
)
def test_null_metadata(client: Any, config_map: Manifest, field: str, value: Any) -> None:
    """Nulls in the metadata are owned, too, and take nothing from others."""
    config_map["metadata"][field] = value
    with_null = config_map | {"metadata": {**config_map["metadata"], field: None}}
    client.apply(config_map)

    kept = client.apply(with_null, "two").body["metadata"]
    given_up = client.apply(with_null).body["metadata"]

    assert (value, None) == (kept[field], given_up.get(field))
    assert {f".metadata.{field}": "FieldManagerConflict"} == client.apply(config_map, "three").causes
