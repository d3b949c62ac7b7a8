"""Merge, JSON and strategic merge patches."""

from __future__ import annotations

from typing import Any

import pytest

Manifest = dict[str, Any]


def test_merge_patch_sets_and_removes(client: Any, pool: Manifest) -> None:
    """A merge patch sets what it has, removes what is null, and replaces lists."""
    client.create(pool)

    spec = client.patch(pool, {"spec": {"gateway": None, "ips": ["10.0.0.9"]}}).body["spec"]

    assert "gateway" not in spec
    assert ["10.0.0.9"] == spec["ips"]


def test_json_patch(client: Any, pool: Manifest) -> None:
    """A JSON patch works by path, and its tests are preconditions."""
    client.create(pool)
    replace = {"op": "replace", "path": "/spec/gateway", "value": "10.0.0.250"}

    assert 422 == client.patch(pool, [{"op": "test", "path": "/spec/ipVersion", "value": 6}, replace], "json").status
    patched = client.patch(pool, [{"op": "test", "path": "/spec/ipVersion", "value": 4}, replace], "json")
    assert "10.0.0.250" == patched.body["spec"]["gateway"]


def test_json_patch_of_missing_path(client: Any, pool: Manifest) -> None:
    """A path that is not there makes the patch unprocessable."""
    client.create(pool)

    assert 422 == client.patch(pool, [{"op": "replace", "path": "/spec/no/where", "value": 1}], "json").status


_NULL = {"op": "replace", "path": "/spec", "value": None}
_ADD = {"op": "add", "path": "/data/c", "value": "3"}


@pytest.mark.parametrize(
    ("operations", "data"),
    [
        ([{"op": "replace", "path": "/data/c", "value": "3"}], {"a": "1", "b": "2", "c": "3"}),
        ([{"op": "replace", "path": "/spec", "value": None}], {"a": "1", "b": "2"}),
        ([{"op": "replace", "path": "/data", "value": None}], None),
        ([{"op": "replace", "path": "/data", "value": None}, _ADD], "misfit"),
        ([{"op": "replace", "path": "/data", "value": None}, {**_ADD, "path": "/data", "value": {}}, _ADD], {"c": "3"}),
        ([{"op": "replace", "path": "/data/a"}], {"a": "", "b": "2"}),
        ([{"op": "replace", "path": "/data/no/where", "value": "3"}], "misfit"),
        ([{"op": "replace", "path": "", "value": "3"}], "misfit"),
        ([{"op": "add", "path": "", "value": {}}], "misfit"),
        ([{"op": "add", "path": "data/c", "value": "3"}], {"a": "1", "b": "2"}),
        ([{"op": "add", "path": "/data/x~1y", "value": "3"}, {"op": "remove", "path": "/data/x~1y"}, _ADD], "abc"),
        ([{"op": "remove", "path": "/data/c"}], "misfit"),
        ([{"op": "copy", "from": "/data/c", "path": "/data/d"}], {"a": "1", "b": "2", "d": ""}),
        ([{"op": "copy", "from": "/data/a", "path": "/data/d"}], {"a": "1", "b": "2", "d": "1"}),
        ([{"op": "move", "from": "/data/a", "path": "/data/d"}], {"b": "2", "d": "1"}),
        ([{"op": "move", "from": "/data/c", "path": "/data/d"}], "misfit"),
        ([{"op": "test", "path": "/data/c", "value": None}], {"a": "1", "b": "2"}),
        ([{"op": "test", "path": "/data/c", "value": "3"}], "misfit"),
        ([{"op": "test", "path": "/data/a"}], "misfit"),
        ([{"op": "test", "path": "/data/a", "value": 1}], "misfit"),
        ([{"op": "test", "path": "/data", "value": {"b": "2", "a": "1"}}], {"a": "1", "b": "2"}),
    ],
    ids=str,
)
def test_json_patch_is_lax(client: Any, config_map: Manifest, operations: Any, data: Any) -> None:
    """Fields and values that are missing are null to most operations."""
    client.create(config_map)

    reply = client.patch(config_map, operations, "json")

    if data == "misfit":
        assert (422, "Invalid") == (reply.status, reply.body["reason"])
    else:
        assert ({"a": "1", "b": "2", "c": "3"} if data == "abc" else data) == reply.body.get("data")


@pytest.mark.parametrize(
    ("operation", "ips"),
    [
        ({"op": "add", "path": "/spec/ips/-"}, "123x"),
        ({"op": "add", "path": "/spec/ips/-1"}, "123x"),
        ({"op": "add", "path": "/spec/ips/-4"}, "x123"),
        ({"op": "add", "path": "/spec/ips/3"}, "123x"),
        ({"op": "add", "path": "/spec/ips/+01"}, "1x23"),
        ({"op": "add", "path": "/spec/ips/4"}, None),
        ({"op": "add", "path": "/spec/ips/-5"}, None),
        ({"op": "add", "path": "/spec/ips/one"}, None),
        ({"op": "replace", "path": "/spec/ips/-1"}, "12x"),
        ({"op": "replace", "path": "/spec/ips/3"}, None),
        ({"op": "replace", "path": "/spec/ips/-"}, None),
        ({"op": "remove", "path": "/spec/ips/-3"}, "23"),
        ({"op": "remove", "path": "/spec/ips/3"}, None),
        ({"op": "copy", "from": "/spec/ips/-1", "path": "/spec/ips/0"}, "3123"),
        ({"op": "move", "from": "/spec/ips/0", "path": "/spec/ips/2"}, "231"),
        ({"op": "move", "from": "/spec/ips/0", "path": "/spec/ips/3"}, None),
    ],
    ids=str,
)
def test_json_patch_of_a_list(client: Any, pool: Manifest, operation: Any, ips: str | None) -> None:
    """Elements go by number, also from the end."""
    client.create(pool | {"spec": {**pool["spec"], "ips": ["1", "2", "3"]}})

    reply = client.patch(pool, [{"value": "x", **operation}], "json")

    assert (200, ips) == (200, "".join(reply.body["spec"]["ips"])) if ips else reply.status == 422


def test_json_patch_with_null_spec(client: Any, pool: Manifest) -> None:
    """A pool whose spec becomes null has none; one of which a field becomes null lacks a field."""
    client.create(pool)

    assert {"spec.subnet": "FieldValueRequired"} == client.patch(
        pool, [_NULL | {"path": "/spec/subnet"}], "json"
    ).causes
    patched = client.patch(pool, [_NULL], "json")

    assert (200, None) == (patched.status, patched.body.get("spec"))


def test_malformed_patch(client: Any, pool: Manifest) -> None:
    """A body that is no JSON is a bad request."""
    client.create(pool)

    assert 400 == client.patch(pool, "{").status


def test_strategic_merge_of_custom_resource(client: Any, pool: Manifest) -> None:
    """Custom resources do not take strategic merges."""
    client.create(pool)

    reply = client.patch(pool, {"spec": {}}, "strategic-merge")

    assert (415, "UnsupportedMediaType") == (reply.status, reply.body["reason"])


@pytest.mark.parametrize("kind", ["application/apply-patch+cbor", "application/vnd.kubernetes.protobuf", "text/plain"])
def test_other_patch_types(client: Any, pool: Manifest, kind: str) -> None:
    """Anything else is no patch type."""
    client.create(pool)

    assert 415 == client.call("PATCH", client.path(pool), "{}", kind=kind).status


@pytest.mark.parametrize("kind", ["merge", "json", "strategic-merge"])
def test_patch_of_missing_object(client: Any, config_map: Manifest, kind: str) -> None:
    """These patches never create."""
    assert 404 == client.patch(config_map, [] if kind == "json" else {}, kind).status


def test_patch_with_stale_version(client: Any, pool: Manifest) -> None:
    """A resourceVersion in a patch is a precondition."""
    client.create(pool)

    reply = client.patch(pool, {"metadata": {"resourceVersion": "1"}, "spec": {"gateway": "10.0.0.250"}})

    assert (409, "Conflict") == (reply.status, reply.body["reason"])


def test_patch_with_foreign_uid(client: Any, node: Manifest) -> None:
    """A uid in a patch guards against an object that was replaced by another of the same name."""
    uid = client.create(node).body["metadata"]["uid"]
    patch = {"metadata": {"uid": "1-2-3"}, "spec": {"providerID": "a.i-1"}}

    reply = client.patch(node, patch, "strategic-merge")

    assert (422, {"metadata.uid": "FieldValueInvalid"}) == (reply.status, reply.causes)
    assert 2 == len(reply.body["details"]["causes"])
    assert reply.body["message"].endswith('is invalid: metadata.uid: Invalid value: "1-2-3": field is immutable')
    assert 200 == client.patch(node, {**patch, "metadata": {"uid": uid}}, "strategic-merge").status


def test_unchanged_patch_keeps_version(client: Any, pool: Manifest) -> None:
    """A patch that changes nothing is no write."""
    version = client.create(pool).body["metadata"]["resourceVersion"]

    reply = client.patch(pool, {"spec": {"gateway": "10.0.0.253"}})

    assert version == reply.body["metadata"]["resourceVersion"]


def test_dry_run_patch(client: Any, pool: Manifest) -> None:
    """A dry run shows the next generation under the old resourceVersion."""
    before = client.create(pool).body["metadata"]

    after = client.patch(pool, {"spec": {"gateway": "10.0.0.250"}}, dryRun="All").body["metadata"]

    assert (before["resourceVersion"], 2) == (after["resourceVersion"], after["generation"])
    assert "10.0.0.253" == client.get(pool).body["spec"]["gateway"]


def test_strategic_merge_by_key(client: Any, daemon_set: Manifest) -> None:
    """Lists with a merge key are merged element by element."""
    client.create(daemon_set)
    container = {
        "name": "app",
        "image": "app:2",
        "env": [{"name": "C", "value": "3"}, {"$patch": "delete", "name": "A"}],
    }
    sidecar = {"name": "sidecar", "image": "sidecar:1"}
    patch = {"spec": {"template": {"spec": {"containers": [container, sidecar]}}}}

    containers = client.patch(daemon_set, patch, "strategic-merge").body["spec"]["template"]["spec"]["containers"]

    assert [("app", "app:2"), ("sidecar", "sidecar:1")] == [(each["name"], each["image"]) for each in containers]
    assert ["C", "B"] == [each["name"] for each in containers[0]["env"]]


@pytest.mark.parametrize(
    ("env", "told"),
    [
        ([{"value": "x"}], "map: map[value:x] does not contain declared merge key: name"),
        ([{"$patch": "delete"}], "map: map[$patch:delete] does not contain declared merge key: name"),
        (["x"], "list element types are not identical: [[map[name:A value:1] map[name:B value:2]] [x]]"),
        ([None, {"name": "A"}], "list element types are not identical: [[map[name:A value:1] map[name:B value:2]] "),
    ],
)
def test_strategic_merge_needs_keys(client: Any, daemon_set: Manifest, env: Any, told: str) -> None:
    """An element that can't be told apart from others is refused."""
    client.create(daemon_set)
    containers = [{"name": "app", "env": env}]

    reply = client.patch(daemon_set, {"spec": {"template": {"spec": {"containers": containers}}}}, "strategic-merge")

    assert (500, told) == (reply.status, reply.body["message"][: len(told)])


def test_strategic_merge_orders(client: Any, daemon_set: Manifest) -> None:
    """The order directive that kubectl sends puts elements in order."""
    client.create(daemon_set)
    container = {"name": "app", "$setElementOrder/env": [{"name": "B"}, {"name": "A"}]}
    patch = {"spec": {"template": {"spec": {"containers": [container]}}}}

    (patched,) = client.patch(daemon_set, patch, "strategic-merge").body["spec"]["template"]["spec"]["containers"]

    assert ["B", "A"] == [each["name"] for each in patched["env"]]


@pytest.mark.parametrize(
    ("order", "expected"),
    [("C A", "B C A D"), ("D X A", "B C D X A"), ("X B", "X A B C D"), ("X", "X A B C D")],
)
def test_strategic_merge_keeps_places(client: Any, daemon_set: Manifest, order: str, expected: str) -> None:
    """Patched elements come in the patch's order, each as early as those that it leaves alone allow."""
    (container,) = daemon_set["spec"]["template"]["spec"]["containers"]
    container["env"] = [{"name": name, "value": "1"} for name in "ABCD"]
    client.create(daemon_set)
    env = [{"name": name, "value": "2"} for name in order.split()]
    patch = {"spec": {"template": {"spec": {"containers": [{"name": "app", "env": env}]}}}}

    (patched,) = client.patch(daemon_set, patch, "strategic-merge").body["spec"]["template"]["spec"]["containers"]

    assert expected.split() == [each["name"] for each in patched["env"]]


@pytest.mark.parametrize("patch", [{}, {"op": "add"}, 5, [5], [{"op": 5}]], ids=str)
def test_json_patch_of_another_shape(client: Any, pool: Manifest, patch: Any) -> None:
    """A JSON patch that is no list of operations is a bad request."""
    client.create(pool)

    assert 400 == client.patch(pool, patch, "json").status


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "nonsense", "path": "/a"},
        {"op": "add"},
        {"op": "add", "path": "x", "value": 1},
        {"op": "add", "path": "/metadata/name/x", "value": 1},
        {"op": "copy", "path": "/x"},
        {"op": "replace", "path": "", "value": 5},
        None,
    ],
    ids=str,
)
def test_nonsense_json_patch(client: Any, pool: Manifest, operation: Any) -> None:
    """Operations that make no sense, or do not fit, make the patch unprocessable."""
    client.create(pool)

    reply = client.patch(pool, [operation], "json")

    assert (422, "Invalid", {}) == (reply.status, reply.body["reason"], reply.body["details"])


@pytest.mark.parametrize(
    "metadata",
    [5, [], {"labels": 5}, {"labels": {"a": 5}}, {"finalizers": "x"}, {"uid": 5}, {"creationTimestamp": "x"}],
    ids=str,
)
def test_mistyped_metadata_in_a_patch(client: Any, pool: Manifest, metadata: Any) -> None:
    """A patch after which the object can't be decoded is unprocessable."""
    client.create(pool)

    assert (422, {"patch": "FieldValueInvalid"}) == (
        (reply := client.patch(pool, {"metadata": metadata})).status,
        reply.causes,
    )


@pytest.mark.parametrize("metadata", [None, {"name": None}, {"name": "other"}], ids=str)
def test_patch_of_the_name(client: Any, pool: Manifest, metadata: Any) -> None:
    """The name stays that of the path."""
    client.create(pool)

    assert 400 == client.patch(pool, {"metadata": metadata}).status


def test_patch_without_version(client: Any, pool: Manifest, config_map: Manifest) -> None:
    """A patch may take the resourceVersion away only where a replace may leave it out."""
    client.create(pool)
    client.create(config_map)
    patch = {"metadata": {"resourceVersion": None}}

    assert {"metadata.resourceVersion": "FieldValueInvalid"} == client.patch(pool, patch).causes
    assert 200 == client.patch(config_map, patch).status


def test_deletion_is_no_patch(client: Any, pool: Manifest) -> None:
    """Nobody can mark an object as deleted by hand."""
    client.create(pool)

    reply = client.patch(pool, {"metadata": {"deletionTimestamp": "2026-01-02T03:04:05Z"}})

    assert {"metadata.deletionTimestamp": "FieldValueInvalid"} == reply.causes


@pytest.mark.parametrize(
    ("query", "field"),
    [({"dryRun": "Some"}, "dryRun"), ({"fieldValidation": "Much"}, "fieldValidation"), ({"force": "true"}, "force")],
)
def test_options_that_make_no_sense(client: Any, pool: Manifest, query: dict[str, str], field: str) -> None:
    """An option with a wrong value is refused before anything is done."""
    client.create(pool)

    reply = client.patch(pool, {"spec": {"gateway": "10.0.0.250"}}, **query)

    assert (422, {field}) == (reply.status, reply.causes.keys())
    assert "10.0.0.253" == client.get(pool).body["spec"]["gateway"]


def test_merge_patch_is_an_object(client: Any, pool: Manifest) -> None:
    """A merge patch of a whole object is an object."""
    client.create(pool)

    assert 400 == client.patch(pool, [1]).status
