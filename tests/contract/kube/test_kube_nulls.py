"""Nulls in server-side apply: they are values, unlike in other writes, where they stand for nothing."""

from __future__ import annotations

from typing import Any

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
