"""What the server refuses, drops and completes."""

from __future__ import annotations

from typing import Any

import pytest

Manifest = dict[str, Any]


def test_defaults_are_filled_in(client: Any, pool: Manifest) -> None:
    """Fields that a CRD gives a default have it."""
    spec = client.create(pool).body["spec"]

    assert (False, False) == (spec["default"], spec["disable"])


def test_null_becomes_the_default(client: Any, pool: Manifest) -> None:
    """A null is no value: it is dropped, and a default takes its place."""
    pool["spec"] |= {"default": None, "podAffinity": None}

    spec = client.create(pool).body["spec"]

    assert False is spec["default"]
    assert "podAffinity" not in spec


def test_unknown_fields_are_pruned_and_warned_of(client: Any, pool: Manifest) -> None:
    """A field that the CRD does not declare is dropped; a header says so."""
    pool["spec"]["bogus"] = 1

    reply = client.create(pool)

    assert "bogus" not in reply.body["spec"]
    assert '299 - "unknown field \\"spec.bogus\\""' == reply.headers["Warning"]


def test_unknown_fields_under_strict(client: Any, pool: Manifest) -> None:
    """With fieldValidation=Strict the same is a bad request, and all fields are named."""
    pool["spec"] |= {"bogus": 1, "routes": [{"dst": "10.1.0.0/16", "gw": "10.0.0.1", "via": "x"}]}

    reply = client.create(pool, fieldValidation="Strict")

    assert 400 == reply.status
    assert 'unknown field "spec.bogus"' in reply.body["message"]
    assert 'unknown field "spec.routes[0].via"' in reply.body["message"]


def test_unknown_fields_under_ignore(client: Any, pool: Manifest) -> None:
    """With fieldValidation=Ignore nothing is said."""
    pool["spec"]["bogus"] = 1

    assert "Warning" not in client.create(pool, fieldValidation="Ignore").headers


@pytest.mark.parametrize(
    ("field", "value", "reason", "told"),
    [
        ("ipVersion", 5, "FieldValueNotSupported", 'Unsupported value: 5: supported values: "4", "6"'),
        ("subnet", 7, "FieldValueTypeInvalid", 'spec.subnet in body must be of type string: "integer"'),
        ("ips", "10.0.0.1", "FieldValueTypeInvalid", 'spec.ips in body must be of type array: "string"'),
    ],
    ids=["enum", "type", "list"],
)
def test_schema_violations(client: Any, pool: Manifest, field: str, value: object, reason: str, told: str) -> None:
    """What breaks the schema is unprocessable, with the field as a cause."""
    pool["spec"][field] = value

    reply = client.create(pool)

    assert (422, "Invalid") == (reply.status, reply.body["reason"])
    assert {f"spec.{field}": reason} == reply.causes
    assert told in reply.body["message"]


def test_all_schema_violations_at_once(client: Any, pool: Manifest) -> None:
    """Every cause is told in one answer."""
    pool["spec"] = {"ipVersion": 5, "routes": [{"gw": "10.0.0.1"}]}

    reply = client.create(pool)

    assert {"spec.subnet", "spec.ipVersion", "spec.routes[0].dst"} == reply.causes.keys()
    assert "is invalid: [" in reply.body["message"]


def test_schema_holds_for_status_too(client: Any, pool: Manifest) -> None:
    """A status is validated as the rest."""
    live = client.create(pool).body | {"status": {"totalIPCount": -1}}

    reply = client.call("PUT", f"{client.path(pool)}/status", live)

    assert {"status.totalIPCount": "FieldValueInvalid"} == reply.causes


@pytest.mark.parametrize("name", ["Upper", "under_score", "-dash", "a" * 254], ids=["case", "sign", "start", "length"])
def test_bad_names(client: Any, pool: Manifest, name: str) -> None:
    """A custom resource's name is a DNS subdomain."""
    pool["metadata"]["name"] = name

    reply = client.create(pool)

    assert (422, {"metadata.name": "FieldValueInvalid"}) == (reply.status, reply.causes)


def test_missing_name(client: Any, pool: Manifest) -> None:
    """An object needs a name."""
    del pool["metadata"]["name"]

    assert {"metadata.name": "FieldValueRequired"} == client.create(pool).causes


def test_rbac_names_may_have_colons(client: Any, unique: Any) -> None:
    """A ClusterRole's name is any path segment."""
    path = "/apis/rbac.authorization.k8s.io/v1/clusterroles"
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": f"{unique()}:x"}}

    assert 201 == client.call("POST", path, role).status


@pytest.mark.parametrize("labels", [{"a": "not ok"}, {"a": "x" * 64}, {"a b": "x"}, {"/a": "x"}])
def test_bad_labels(client: Any, pool: Manifest, labels: dict[str, str]) -> None:
    """Label keys and values have a grammar."""
    pool["metadata"]["labels"] = labels

    assert {"metadata.labels": "FieldValueInvalid"} == client.create(pool).causes


def test_annotations_are_limited(client: Any, pool: Manifest) -> None:
    """All annotations together may have 256 KiB."""
    pool["metadata"]["annotations"] = {"a": "x" * 262144}

    assert {"metadata.annotations": "FieldValueTooLong"} == client.create(pool).causes


@pytest.mark.parametrize("field", ["labels", "annotations"])
def test_labels_and_annotations_are_text(client: Any, pool: Manifest, field: str) -> None:
    """A number as a label or annotation can't even be decoded."""
    pool["metadata"][field] = {"a": 5}

    reply = client.create(pool)

    assert (400, "BadRequest") == (reply.status, reply.body["reason"])


def test_config_map_data_is_text(client: Any, config_map: Manifest) -> None:
    """The same holds for ConfigMap data, which is what unquoted YAML values run into."""
    config_map["data"] = {"a": 500000.0}

    assert 400 == client.create(config_map).status


@pytest.mark.parametrize("value", ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.123Z", "now"])
def test_lease_times_have_microseconds(client: Any, unique: Any, value: str) -> None:
    """A Lease's renewTime is a MicroTime: exactly six digits after the point."""
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": unique()}}

    assert 400 == client.create(lease | {"spec": {"renewTime": value}}).status
    assert 201 == client.create(lease | {"spec": {"renewTime": "2026-01-02T03:04:05.123456Z"}}).status


@pytest.mark.parametrize(
    ("spec", "field"),
    [({"leaseDurationSeconds": 0}, "spec.leaseDurationSeconds"), ({"leaseTransitions": -1}, "spec.leaseTransitions")],
)
def test_numbers_of_a_lease(client: Any, unique: Any, spec: Manifest, field: str) -> None:
    """A Lease lasts at least a second, and is not taken over less than never."""
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": unique()}, "spec": spec}

    assert {field: "FieldValueInvalid"} == client.create(lease).causes


@pytest.mark.parametrize("key", ["a/b", "", "..", "..a", "a" * 254], ids=["slash", "empty", "up", "dots", "length"])
def test_keys_of_a_config_map(client: Any, config_map: Manifest, key: str) -> None:
    """A ConfigMap's keys could be file names."""
    reply = client.create(config_map | {"data": {key: "1"}})

    assert (422, {f"data[{key}]"}) == (reply.status, reply.causes.keys())


def test_null_in_a_config_map(client: Any, config_map: Manifest) -> None:
    """A null among texts is an empty text."""
    assert {"a": ""} == client.create(config_map | {"data": {"a": None}}).body["data"]


@pytest.mark.parametrize(
    ("metadata", "told"),
    [
        (5, "json: cannot unmarshal number into Go value of type v1.ObjectMeta"),
        (
            {"labels": []},
            "json: cannot unmarshal array into Go struct field ObjectMeta.labels of type map[string]string",
        ),
        (
            {"finalizers": "x"},
            "json: cannot unmarshal string into Go struct field ObjectMeta.finalizers of type []string",
        ),
        ({"generation": "x"}, "json: cannot unmarshal string into Go struct field ObjectMeta.generation of type int64"),
        (
            {"creationTimestamp": "x"},
            'parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"',
        ),
    ],
    ids=["metadata", "labels", "finalizers", "generation", "time"],
)
def test_mistyped_metadata_in_a_create(client: Any, pool: Manifest, metadata: Any, told: str) -> None:
    """Metadata of another type can't be decoded."""
    path = client.path(pool, collection=True)
    wrong = {**pool["metadata"], **metadata} if isinstance(metadata, dict) else metadata

    reply = client.call("POST", path, pool | {"metadata": wrong})

    assert (400, True) == (reply.status, reply.body["message"].endswith(f"cannot be handled as a SpiderIPPool: {told}"))


@pytest.mark.parametrize("field", ["annotations", "labels"])
def test_empty_keys(client: Any, pool: Manifest, field: str) -> None:
    """An empty key breaks two rules, and both are told."""
    pool["metadata"][field] = {"": "x"}

    told = [cause["message"] for cause in client.create(pool).body["details"]["causes"]]

    assert 'Invalid value: "": name part must be non-empty' == told[0]
    assert [True] == [each.startswith('Invalid value: "": name part must consist of') for each in told[1:]]


@pytest.mark.parametrize("finalizer", ["", "a b", "a/b/c"])
def test_bad_finalizers(client: Any, pool: Manifest, finalizer: str) -> None:
    """A finalizer has the grammar of a label's key."""
    pool["metadata"]["finalizers"] = [finalizer]

    assert {"metadata.finalizers": "FieldValueInvalid"} == client.create(pool).causes


def test_owners_are_complete(client: Any, pool: Manifest) -> None:
    """An owner reference needs all that identifies the owner."""
    pool["metadata"]["ownerReferences"] = [{}]

    wrong = {f"metadata.ownerReferences.{field}" for field in ("apiVersion", "kind", "name", "uid")}
    assert wrong == client.create(pool).causes.keys()


def _owner(name: str, **fields: object) -> Manifest:
    return {"apiVersion": "v1", "kind": "ConfigMap", "name": name, "uid": f"uid-of-{name}", **fields}


@pytest.mark.parametrize("which", ["pool", "config_map"])
def test_one_owner_is_the_controller(client: Any, request: pytest.FixtureRequest, which: str) -> None:
    """Of several owners one may be the controller, in a new object and in a changed one."""
    manifest = request.getfixturevalue(which)
    owners = [_owner("a", controller=True), _owner("b", controller=True), _owner("c", controller=False)]
    told = (
        'Only one reference can have Controller set to true. Found "true" in references for ConfigMap/a and ConfigMap/b'
    )

    refused = client.create({**manifest, "metadata": {**manifest["metadata"], "ownerReferences": owners}})
    client.create(manifest)
    changed = client.patch(manifest, {"metadata": {"ownerReferences": owners}})

    assert {"metadata.ownerReferences": "FieldValueInvalid"} == refused.causes == changed.causes
    assert [True, True] == [reply.body["message"].endswith(told) for reply in (refused, changed)]


@pytest.mark.parametrize(
    ("owner", "field"),
    [
        ({"kind": "Event"}, "metadata.ownerReferences"),
        ({"apiVersion": "a/b/c"}, "metadata.ownerReferences.apiVersion"),
    ],
    ids=["event", "version"],
)
def test_who_can_not_be_an_owner(client: Any, config_map: Manifest, owner: Manifest, field: str) -> None:
    """Events own nothing, and an apiVersion has one slash at most."""
    config_map["metadata"]["ownerReferences"] = [_owner("a", **owner)]

    assert {field: "FieldValueInvalid"} == client.create(config_map).causes


def test_lease_is_taken_over_by_version(client: Any, unique: Any) -> None:
    """Of two who replace a Lease that both have read, one wins."""
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": unique()}, "spec": {}}
    read = client.create(lease).body

    first = client.replace(read | {"spec": {"holderIdentity": "a"}})
    second = client.replace(read | {"spec": {"holderIdentity": "b"}})

    assert (200, 409) == (first.status, second.status)


PROVIDER_ID_RULE = 'spec.providerID: Forbidden: node updates may not change providerID except from "" to valid'


@pytest.mark.parametrize("kind", ["strategic-merge", "merge", "json", "apply"])
def test_provider_id_is_written_once(client: Any, node: Manifest, kind: str) -> None:
    """A node's providerID goes from empty to a value by any patch, may be repeated, and never changes again."""
    client.create(node)

    def write(value: str) -> Any:
        if kind == "apply":
            return client.apply(node | {"spec": {"providerID": value}}, force="true")
        operation = [{"op": "add", "path": "/spec/providerID", "value": value}]
        return client.patch(node, operation if kind == "json" else {"spec": {"providerID": value}}, kind)

    if kind == "json":
        client.patch(node, {"spec": {"unschedulable": False}})
    assert [200, 200, 422] == [write("a.i-1").status, write("a.i-1").status, write("a.i-2").status]
    assert f'Node "{node["metadata"]["name"]}" is invalid: {PROVIDER_ID_RULE}' == write("a.i-2").body["message"]
    assert {"spec.providerID": "FieldValueForbidden"} == write("").causes


@pytest.mark.parametrize("patch", [{"providerID": None}, {"providerID": ""}], ids=["null", "empty"])
def test_provider_id_is_never_removed(client: Any, node: Manifest, patch: Manifest) -> None:
    """Removing a providerID is a change, in a dry run too."""
    client.create(node | {"spec": {"providerID": "a.i-1"}})

    assert 422 == client.patch(node, {"spec": patch}, "strategic-merge", dryRun="All").status


def test_apply_without_provider_id_after_owning_it(client: Any, node: Manifest) -> None:
    """Who applied a providerID can't leave it out any more."""
    client.create(node)
    client.apply(node | {"spec": {"providerID": "a.i-1"}})

    assert 422 == client.apply(node).status
