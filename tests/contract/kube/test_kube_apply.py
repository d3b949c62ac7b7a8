"""Server-side apply and managedFields."""

from __future__ import annotations

import copy
from typing import Any

import pytest

Manifest = dict[str, Any]


def _entries(body: Manifest) -> dict[tuple[str, str], Manifest]:
    return {(each["manager"], each["operation"]): each["fieldsV1"] for each in body["metadata"]["managedFields"]}


def test_apply_creates(client: Any, pool: Manifest) -> None:
    """An apply of a missing object creates it, and owns what it sent: not the defaults."""
    reply = client.apply(pool)

    assert 201 == reply.status
    owned: Manifest = {f"f:{field}": {} for field in ("gateway", "ipVersion", "ips", "subnet")}
    assert {("one", "Apply"): {"f:spec": owned}} == _entries(reply.body)


def test_apply_creates_nodes_too(client: Any, node: Manifest) -> None:
    """Even a Node comes into being, which is why providerIDs are not applied."""
    assert 201 == client.apply(node | {"spec": {"providerID": "a.i-1"}}).status


def test_repeated_apply_keeps_version(client: Any, pool: Manifest) -> None:
    """An apply that changes nothing is no write."""
    version = client.apply(pool).body["metadata"]["resourceVersion"]

    reply = client.apply(pool)

    assert (200, version) == (reply.status, reply.body["metadata"]["resourceVersion"])


def test_owner_that_is_left_out(client: Any, config_map: Manifest) -> None:
    """An object loses the owner that its applier no longer names, and keeps the others'."""
    owners = [{"apiVersion": "v1", "kind": "Node", "name": name, "uid": f"uid-of-{name}"} for name in ("a", "b")]
    config_map["metadata"]["ownerReferences"] = owners
    client.apply(config_map)
    config_map["metadata"]["ownerReferences"] = owners[1:]

    assert owners[1:] == client.apply(config_map).body["metadata"]["ownerReferences"]
    del config_map["metadata"]["ownerReferences"]
    assert "ownerReferences" not in client.apply(config_map).body["metadata"]


def test_apply_removes_what_is_left_out(client: Any, pool: Manifest) -> None:
    """A field that the applier owned and no longer sends is removed."""
    pool["metadata"]["labels"] = {"a": "1", "b": "2"}
    client.apply(pool)
    del pool["spec"]["gateway"], pool["metadata"]["labels"]["a"]

    body = client.apply(pool).body

    assert "gateway" not in body["spec"]
    assert {"b": "2"} == body["metadata"]["labels"]


def test_apply_leaves_fields_of_others(client: Any, pool: Manifest) -> None:
    """What others wrote stays, and so does what is shared."""
    client.apply(pool)
    client.apply(pool, "two")
    client.patch(pool, {"metadata": {"labels": {"theirs": "1"}}})
    del pool["spec"]["gateway"]

    body = client.apply(pool).body

    assert "10.0.0.253" == body["spec"]["gateway"]
    assert {"theirs": "1"} == body["metadata"]["labels"]


def test_conflict(client: Any, pool: Manifest) -> None:
    """Another applier's field can't be changed unasked."""
    client.apply(pool)
    pool["spec"]["ips"] = ["10.0.0.9"]

    reply = client.apply(pool, "two")

    assert (409, "Conflict") == (reply.status, reply.body["reason"])
    assert 'Apply failed with 1 conflict: conflict with "one": .spec.ips' == reply.body["message"]
    assert {".spec.ips": "FieldManagerConflict"} == reply.causes


def test_conflict_with_an_update(client: Any, pool: Manifest) -> None:
    """A conflict with an update names its version, but not its time."""
    client.apply(pool)
    client.patch(pool, {"spec": {"ips": ["10.0.0.8"]}}, fieldManager="hand")

    message = client.apply(pool).body["message"]

    who = 'conflict with "hand" using spiderpool.spidernet.io/v2beta1'
    assert f"Apply failed with 1 conflict: {who}: .spec.ips" == message


def test_conflict_with_a_status(client: Any, pool: Manifest) -> None:
    """A conflict over the status names the subresource, too."""
    live = client.apply(pool).body | {"status": {"totalIPCount": 5}}
    client.call("PUT", f"{client.path(pool)}/status", live, fieldManager="controller")
    path, kind = f"{client.path(pool)}/status", "application/apply-patch+yaml"

    reply = client.call("PATCH", path, pool | {"status": {"totalIPCount": 6}}, kind=kind, fieldManager="one")

    who = 'conflict with "controller" with subresource "status" using spiderpool.spidernet.io/v2beta1'
    assert f"Apply failed with 1 conflict: {who}: .status.totalIPCount" == reply.body["message"]


def test_several_conflicts(client: Any, pool: Manifest) -> None:
    """Several conflicts are listed by manager."""
    client.apply(pool)
    pool["spec"] |= {"ips": ["10.0.0.9"], "gateway": "10.0.0.250"}

    message = client.apply(pool, "two").body["message"]

    assert 'Apply failed with 2 conflicts: conflicts with "one":\n- .spec.gateway\n- .spec.ips' == message


def test_force_takes_fields_over(client: Any, pool: Manifest) -> None:
    """Force changes the field and its owner."""
    client.apply(pool)
    pool["spec"]["ips"] = ["10.0.0.9"]

    body = client.apply(pool, "two", force="true").body

    assert ["10.0.0.9"] == body["spec"]["ips"]
    assert "f:ips" not in _entries(body)["one", "Apply"]["f:spec"]


def test_same_value_is_shared(client: Any, pool: Manifest) -> None:
    """Two appliers of the same value own it together."""
    client.apply(pool)

    body = client.apply(pool, "two").body

    assert _entries(body)["one", "Apply"] == _entries(body)["two", "Apply"]


def test_update_takes_what_it_changes(client: Any, pool: Manifest) -> None:
    """A patch owns the fields that it changed, and only those."""
    client.apply(pool)

    body = client.patch(pool, {"spec": {"gateway": "10.0.0.250", "subnet": "10.0.0.0/24"}}, fieldManager="hand").body

    assert {"f:spec": {"f:gateway": {}}} == _entries(body)["hand", "Update"]
    assert "f:gateway" not in _entries(body)["one", "Apply"]["f:spec"]


def test_create_is_tracked_with_containers(client: Any, pool: Manifest) -> None:
    """A create owns maps as well as what is in them, defaults included; its manager is the User-Agent."""
    pool["metadata"]["labels"] = {"a": "1"}

    fields = _entries(client.create(pool).body)["contract", "Update"]

    assert {"f:labels": {".": {}, "f:a": {}}} == fields["f:metadata"]
    assert {".", "f:default", "f:disable", "f:gateway", "f:ipVersion", "f:ips", "f:subnet"} == fields["f:spec"].keys()


def test_status_is_tracked_apart(client: Any, pool: Manifest) -> None:
    """Writes to the status have an entry with the subresource."""
    live = client.create(pool).body | {"status": {"totalIPCount": 5}}

    body = client.call("PUT", f"{client.path(pool)}/status", live, fieldManager="controller").body

    entry = next(each for each in body["metadata"]["managedFields"] if each["manager"] == "controller")
    assert ("status", {"f:status": {".": {}, "f:totalIPCount": {}}}) == (entry["subresource"], entry["fieldsV1"])


def test_applied_status_is_not_stored(client: Any, pool: Manifest) -> None:
    """A status in an apply of the object itself is neither stored nor owned."""
    body = client.apply(pool | {"status": {"totalIPCount": 5}}).body

    assert "status" not in body
    assert "f:status" not in _entries(body)["one", "Apply"]


def test_manager_is_required(client: Any, pool: Manifest) -> None:
    """An apply without a manager is unprocessable."""
    reply = client.call("PATCH", client.path(pool), pool, kind="application/apply-patch+yaml")

    assert (422, {"fieldManager": "FieldValueRequired"}) == (reply.status, reply.causes)


def test_undeclared_field(client: Any, pool: Manifest) -> None:
    """A field that the schema does not declare fails as an internal error without a reason."""
    pool["spec"]["bogus"] = 1

    reply = client.apply(pool, fieldValidation="Ignore")

    which = f"/{pool['metadata']['name']}; spiderpool.spidernet.io/v2beta1, Kind=SpiderIPPool"
    told = f"failed to create typed patch object ({which}): .spec.bogus: field not declared in schema"
    assert (500, None, told) == (reply.status, reply.body.get("reason"), reply.body["message"])


def test_mistyped_field(client: Any, pool: Manifest) -> None:
    """A value of another JSON type fails the same way."""
    pool["spec"]["subnet"] = 5

    assert (500, True) == (
        (reply := client.apply(pool)).status,
        ".spec.subnet: expected string" in reply.body["message"],
    )


def test_enum_in_apply(client: Any, pool: Manifest) -> None:
    """A value outside of an enumeration is validated as usual."""
    pool["spec"]["ipVersion"] = 5

    assert {"spec.ipVersion": "FieldValueNotSupported"} == client.apply(pool).causes


def test_managed_fields_in_apply(client: Any, pool: Manifest) -> None:
    """Managed fields can't be applied, not even empty ones."""
    pool["metadata"]["managedFields"] = []

    reply = client.apply(pool)

    assert (400, "metadata.managedFields must be nil") == (reply.status, reply.body["message"])


def test_apply_with_stale_version(client: Any, pool: Manifest) -> None:
    """A stale resourceVersion is a conflict without causes, which tells it from the other one."""
    client.apply(pool)
    pool["metadata"]["resourceVersion"] = "1"

    reply = client.apply(pool)

    assert (409, {}) == (reply.status, reply.causes)


def test_dry_run_apply(client: Any, pool: Manifest) -> None:
    """A dry run shows the result and stores nothing."""
    client.apply(pool)
    changed = copy.deepcopy(pool)
    changed["spec"]["gateway"] = "10.0.0.250"

    assert "10.0.0.250" == client.apply(changed, dryRun="All").body["spec"]["gateway"]
    assert "10.0.0.253" == client.get(pool).body["spec"]["gateway"]


def test_repeated_key_under_strict(client: Any, pool: Manifest) -> None:
    """YAML with a key twice is refused under Strict; else the last one wins."""
    name = pool["metadata"]["name"]
    text = (
        "apiVersion: spiderpool.spidernet.io/v2beta1\nkind: SpiderIPPool\n"
        f"metadata: {{name: {name}}}\nspec:\n  subnet: 10.1.0.0/24\n  subnet: 10.2.0.0/24\n"
    )
    kind = "application/apply-patch+yaml"

    strict = client.call("PATCH", client.path(pool), text, kind=kind, fieldManager="one", fieldValidation="Strict")
    lenient = client.call("PATCH", client.path(pool), text, kind=kind, fieldManager="one", fieldValidation="Ignore")

    assert (400, True) == (strict.status, "already set in map" in strict.body["message"])
    assert "10.2.0.0/24" == lenient.body["spec"]["subnet"]


def test_elements_are_owned_by_key(client: Any, daemon_set: Manifest) -> None:
    """In a list with keys, every element has its own owner."""
    client.apply(daemon_set)
    theirs = copy.deepcopy(daemon_set)
    del theirs["spec"]["selector"], theirs["spec"]["template"]["metadata"]
    theirs["spec"]["template"]["spec"]["containers"] = [{"name": "app", "env": [{"name": "Z", "value": "9"}]}]

    body = client.apply(theirs, "two").body

    (container,) = body["spec"]["template"]["spec"]["containers"]
    assert ["A", "B", "Z"] == [each["name"] for each in container["env"]]
    env: Manifest = {'k:{"name":"Z"}': {".": {}, "f:name": {}, "f:value": {}}}
    owned = _entries(body)["two", "Apply"]["f:spec"]["f:template"]["f:spec"]["f:containers"]['k:{"name":"app"}']
    assert {".": {}, "f:name": {}, "f:env": env} == owned


def test_left_out_element_goes(client: Any, daemon_set: Manifest) -> None:
    """An element that the applier owned alone goes when it is left out; one that others use stays."""
    client.apply(daemon_set)
    containers = daemon_set["spec"]["template"]["spec"]["containers"]
    containers[0]["env"] = [{"name": "B", "value": "2"}]

    (container,) = client.apply(daemon_set).body["spec"]["template"]["spec"]["containers"]

    assert [{"name": "B", "value": "2"}] == container["env"]


def test_order_of_elements_is_the_appliers(client: Any, daemon_set: Manifest) -> None:
    """Elements stand in the order in which they are applied."""
    client.apply(daemon_set)
    daemon_set["spec"]["template"]["spec"]["containers"][0]["env"].reverse()

    (container,) = client.apply(daemon_set).body["spec"]["template"]["spec"]["containers"]

    assert ["B", "A"] == [each["name"] for each in container["env"]]


def test_lists_are_owned_by_updates(client: Any, pool: Manifest) -> None:
    """An update owns a set as well as what is in it."""
    pool["metadata"]["finalizers"] = ["example.com/a"]

    fields = _entries(client.create(pool).body)["contract", "Update"]

    assert {".": {}, 'v:"example.com/a"': {}} == fields["f:metadata"]["f:finalizers"]
    client.patch(pool, {"metadata": {"finalizers": None}})


def test_apply_without_metadata(client: Any, pool: Manifest) -> None:
    """The name may be left out if the object exists, and is needed to make one."""
    nameless = pool | {"metadata": {}}
    path, kind = client.path(pool), "application/apply-patch+yaml"

    assert 400 == client.call("PATCH", path, nameless, kind=kind, fieldManager="one").status
    client.apply(pool)
    assert 200 == client.call("PATCH", path, nameless, kind=kind, fieldManager="one").status


@pytest.mark.parametrize(
    ("metadata", "problem"),
    [
        (5, ".metadata: expected map, got &{5}"),
        ({"labels": 5}, ".metadata.labels: expected map, got &{5}"),
        ({"labels": {"a": 5}}, ".metadata.labels.a: expected string, got &value.valueUnstructured{Value:5}"),
        ({"uid": 5}, ".metadata.uid: expected string, got &value.valueUnstructured{Value:5}"),
    ],
    ids=["metadata", "labels", "label", "uid"],
)
def test_mistyped_metadata(client: Any, pool: Manifest, metadata: Any, problem: str) -> None:
    """Metadata has types like every other field."""
    path = client.path(pool)
    wrong = {"name": pool["metadata"]["name"], **metadata} if isinstance(metadata, dict) else metadata

    kind = "application/apply-patch+yaml"
    reply = client.call("PATCH", path, pool | {"metadata": wrong}, kind=kind, fieldManager="one")

    assert (500, True) == (reply.status, reply.body["message"].endswith(problem))


def test_undeclared_field_of_a_config_map(client: Any, config_map: Manifest) -> None:
    """A built-in kind has a schema, too."""
    config_map["metadata"]["namespace"] = "default"

    reply = client.apply(config_map | {"spec": {}})

    which = f"default/{config_map['metadata']['name']}; /v1, Kind=ConfigMap"
    told = f"failed to create typed patch object ({which}): .spec: field not declared in schema"
    assert (500, told) == (reply.status, reply.body["message"])


def test_apply_of_another_kind(client: Any, pool: Manifest) -> None:
    """The kind must be the path's."""
    reply = client.call(
        "PATCH", client.path(pool), pool | {"kind": "Other"}, kind="application/apply-patch+yaml", fieldManager="one"
    )

    told = "invalid object type: spiderpool.spidernet.io/v2beta1, Kind=Other"
    assert (400, told) == (reply.status, reply.body["message"])


def test_finalizers_are_a_set(client: Any, pool: Manifest) -> None:
    """Finalizers of several appliers add up, and each takes back its own."""
    client.apply(pool | {"metadata": {**pool["metadata"], "finalizers": ["example.com/a"]}})
    client.apply(pool | {"metadata": {**pool["metadata"], "finalizers": ["example.com/b"]}}, "two")

    assert ["example.com/b"] == client.apply(pool).body["metadata"]["finalizers"]


def test_cleared_tracking_starts_again(client: Any, pool: Manifest) -> None:
    """Cleared managedFields come back with the next apply, together with an entry for what was there before."""
    live = client.create(pool).body
    live["metadata"]["managedFields"] = [{}]
    assert "managedFields" not in client.replace(live).body["metadata"]

    pool["spec"]["gateway"] = "10.0.0.250"

    assert 'conflict with "before-first-apply"' in client.apply(pool).body["message"]
    assert 200 == client.apply(pool, force="true").status


def test_apply_of_another_incarnation(client: Any, config_map: Manifest) -> None:
    """A uid in an apply means an object that exists."""
    config_map["metadata"]["uid"] = "1-2-3"

    reply = client.apply(config_map)

    assert (409, True) == (reply.status, "uid mismatch" in reply.body["message"])


def test_left_out_element_with_another_owner(client: Any, daemon_set: Manifest) -> None:
    """An element goes with its owner, even if somebody else owns a field in it."""
    client.apply(daemon_set)
    env = [{"name": "B", "value": "9"}]
    patch = {"spec": {"template": {"spec": {"containers": [{"name": "app", "env": env}]}}}}
    client.patch(daemon_set, patch, "strategic-merge", fieldManager="hand")
    daemon_set["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "A", "value": "1"}]

    (container,) = client.apply(daemon_set).body["spec"]["template"]["spec"]["containers"]

    assert [{"name": "A", "value": "1"}] == container["env"]


def test_emptied_maps_are_not_owned(client: Any, pool: Manifest) -> None:
    """A patch that leaves no label leaves no map to own either."""
    client.apply(pool)

    body = client.patch(pool, {"metadata": {"labels": {"a": None}}}, fieldManager="hand").body

    assert {("one", "Apply")} == _entries(body).keys()


def test_data_of_a_config_map_may_go(client: Any, config_map: Manifest) -> None:
    """When the last entry goes, the map goes."""
    client.apply(config_map)
    del config_map["data"]

    assert "data" not in client.apply(config_map).body
