"""Single objects: create, replace and delete, and what the server keeps of them."""

from __future__ import annotations

import copy
from typing import Any

import pytest

Manifest = dict[str, Any]


def test_create_adds_system_fields(client: Any, pool: Manifest) -> None:
    """A created object has a uid, a resourceVersion, a creation time and its first generation."""
    reply = client.create(pool)

    assert 201 == reply.status
    assert {"uid", "resourceVersion", "creationTimestamp"} <= reply.body["metadata"].keys()
    assert 1 == reply.body["metadata"]["generation"]


def test_create_twice_conflicts(client: Any, pool: Manifest) -> None:
    """A second create of the same name is refused as AlreadyExists."""
    client.create(pool)

    reply = client.create(pool)

    assert (409, "AlreadyExists") == (reply.status, reply.body["reason"])


def test_create_names_objects(client: Any, pool: Manifest) -> None:
    """With generateName the server completes the name."""
    prefix = pool["metadata"].pop("name")
    pool["metadata"]["generateName"] = f"{prefix}-"

    name = client.create(pool).body["metadata"]["name"]

    assert name.startswith(f"{prefix}-")
    assert len(prefix) + 6 == len(name)


def test_create_in_missing_namespace(client: Any, config_map: Manifest) -> None:
    """A namespace must exist before its objects."""
    reply = client.call("POST", "/api/v1/namespaces/nowhere/configmaps", config_map)

    assert (404, 'namespaces "nowhere" not found') == (reply.status, reply.body["message"])


def test_create_of_another_kind(client: Any, pool: Manifest, config_map: Manifest) -> None:
    """A body of another kind than the path's is a bad request."""
    reply = client.call("POST", client.path(pool, collection=True), config_map)

    assert 400 == reply.status


def test_missing_object(client: Any, pool: Manifest) -> None:
    """What does not exist is not found, and the Status says what it was."""
    reply = client.get(pool)

    assert (404, "NotFound") == (reply.status, reply.body["reason"])
    assert pool["metadata"]["name"] == reply.body["details"]["name"]
    assert "spiderippools" == reply.body["details"]["kind"]


def test_missing_kind(client: Any) -> None:
    """A path that nothing serves is answered with a Status in built-in groups, and in plain text elsewhere."""
    for path in ("/api/v1/things", "/apis/apps/v1/things", "/apis/apps/v9"):
        reply = client.call("GET", path)
        assert (404, "NotFound") == (reply.status, reply.body["reason"])
    for path in ("/apis/example.com/v1/things", "/apis/spiderpool.spidernet.io/v2beta1/things", "/nowhere"):
        reply = client.call("GET", path)
        assert (404, "404 page not found\n") == (reply.status, reply.body)


def test_kind_in_the_wrong_scope(client: Any) -> None:
    """An object of a namespace is not found without it, and one of the cluster not in one."""
    group = "/apis/spiderpool.spidernet.io/v2beta1"
    paths = (
        f"{group}/namespaces/default/spiderippools",
        f"{group}/spidermultusconfigs/one",
        "/api/v1/namespaces/default/nodes",
        "/api/v1/configmaps/one",
        "/api/v1/nodes/default/configmaps",
        "/api/v1/namespaces/default/namespaces",
    )

    assert [404] * len(paths) == [client.call("GET", path).status for path in paths]


def test_status_of_a_namespace(client: Any) -> None:
    """What comes after a namespace's name is a kind in it, or a part of the namespace itself."""
    reply = client.call("GET", "/api/v1/namespaces/default/status")

    assert (200, "Namespace", "default") == (reply.status, reply.body["kind"], reply.body["metadata"]["name"])


def test_namespace_of_the_path(client: Any, config_map: Manifest) -> None:
    """An object's namespace is that of its path; it may say so itself, and nothing else."""
    path = client.path(config_map, collection=True)
    head = config_map["metadata"]

    said = [client.call("POST", path, config_map | {"metadata": {**head, "namespace": name}}) for name in ("other", "")]

    assert [400, 201] == [reply.status for reply in said]
    assert "does not match the namespace sent on the request" in said[0].body["message"]
    assert "default" == said[1].body["metadata"]["namespace"]


def test_dry_run_create_stores_nothing(client: Any, pool: Manifest) -> None:
    """A dry run answers with the object as it would be, without a resourceVersion."""
    reply = client.create(pool, dryRun="All")

    assert 201 == reply.status
    assert "uid" in reply.body["metadata"]
    assert "resourceVersion" not in reply.body["metadata"]
    assert 404 == client.get(pool).status


def test_replace_drops_what_is_left_out(client: Any, pool: Manifest) -> None:
    """A replaced object has nothing that the new one does not have."""
    pool["metadata"]["annotations"] = {"a": "1"}
    live = client.create(pool).body
    del live["metadata"]["annotations"], live["spec"]["gateway"]

    body = client.replace(live).body

    assert "annotations" not in body["metadata"]
    assert "gateway" not in body["spec"]
    assert 2 == body["metadata"]["generation"]


def test_replace_with_stale_version(client: Any, pool: Manifest) -> None:
    """A resourceVersion that is not the stored one is a conflict without causes."""
    live = client.create(pool).body
    stale = copy.deepcopy(live)
    live["spec"]["gateway"] = "10.0.0.252"
    client.replace(live)

    reply = client.replace(stale)

    assert (409, "Conflict") == (reply.status, reply.body["reason"])
    assert "the object has been modified" in reply.body["message"]
    assert not reply.causes


def test_replace_without_version(client: Any, pool: Manifest) -> None:
    """A custom resource can't be replaced blindly."""
    client.create(pool)

    reply = client.replace(pool)

    assert 422 == reply.status
    assert {"metadata.resourceVersion": "FieldValueInvalid"} == reply.causes


def test_replace_without_version_of_built_in_kind(client: Any, config_map: Manifest) -> None:
    """A ConfigMap can."""
    client.create(config_map)

    assert 200 == client.replace(config_map).status


def test_replace_of_another_incarnation(client: Any, config_map: Manifest) -> None:
    """A uid that is not the stored one is a conflict."""
    client.create(config_map)
    config_map["metadata"]["uid"] = "11111111-1111-1111-1111-111111111111"

    reply = client.replace(config_map)

    assert 409 == reply.status
    assert "Precondition failed" in reply.body["message"]


def test_replace_of_missing_object(client: Any, config_map: Manifest) -> None:
    """Replace never creates."""
    assert 404 == client.replace(config_map).status


def test_unchanged_replace_keeps_version(client: Any, pool: Manifest) -> None:
    """A write that changes nothing is no write."""
    live = client.create(pool).body

    assert live["metadata"]["resourceVersion"] == client.replace(live).body["metadata"]["resourceVersion"]


def test_status_needs_its_subresource(client: Any, pool: Manifest) -> None:
    """A write to the object leaves the status alone, and a write to the status everything else."""
    live = client.create(pool).body
    live["status"] = {"totalIPCount": 7}
    unchanged = client.replace(live).body
    unchanged["status"] = {"totalIPCount": 7}
    unchanged["spec"]["gateway"] = "10.0.0.252"

    body = client.call("PUT", f"{client.path(pool)}/status", unchanged).body

    assert {"totalIPCount": 7} == body["status"]
    assert ("10.0.0.253", 1) == (body["spec"]["gateway"], body["metadata"]["generation"])


def test_status_of_a_new_object(client: Any, pool: Manifest, daemon_set: Manifest, node: Manifest) -> None:
    """A create says nothing of the status, except for a Node, which reports itself."""
    created = client.create(daemon_set | {"status": {"numberReady": 5}}).body
    reported = client.create(node | {"status": {"phase": "Running"}}).body

    assert "status" not in client.create(pool | {"status": {"totalIPCount": 5}}).body
    assert 0 == created["status"]["numberReady"]
    assert "Running" == reported["status"]["phase"]


def test_status_path_without_subresource(client: Any, unique: Any) -> None:
    """A kind without the subresource has no such path."""
    reply = client.call(
        "GET", f"/apis/spiderpool.spidernet.io/v2beta1/namespaces/default/spidermultusconfigs/{unique()}/status"
    )

    assert 404 == reply.status


def test_delete_answers_with_the_uid(client: Any, pool: Manifest) -> None:
    """A deletion without finalizers is final, and says what was deleted."""
    uid = client.create(pool).body["metadata"]["uid"]

    reply = client.delete(pool)

    assert (200, "Success") == (reply.status, reply.body["status"])
    assert uid == reply.body["details"]["uid"]
    assert 404 == client.get(pool).status


def test_delete_with_preconditions(client: Any, pool: Manifest) -> None:
    """A deletion means the object with the given uid and resourceVersion, and no other."""
    live = client.create(pool).body["metadata"]

    for wrong in ({"uid": "1-2-3"}, {"resourceVersion": "1"}):
        assert 409 == client.delete(pool, {"preconditions": wrong}).status
    assert 200 == client.delete(pool, {"preconditions": {key: live[key] for key in ("uid", "resourceVersion")}}).status


def test_dry_run_delete(client: Any, pool: Manifest) -> None:
    """A dry run deletes nothing, whether the query or the body asks for it."""
    client.create(pool)

    assert 200 == client.delete(pool, dryRun="All").status
    assert 200 == client.delete(pool, {"dryRun": ["All"]}).status
    assert 200 == client.get(pool).status


def test_finalizers_hold_a_deleted_object(client: Any, pool: Manifest) -> None:
    """An object with finalizers is marked, and goes when the last one goes."""
    pool["metadata"]["finalizers"] = ["example.com/hold"]
    client.create(pool)

    marked = client.delete(pool).body
    assert {"deletionTimestamp", "deletionGracePeriodSeconds"} <= marked["metadata"].keys()
    assert 2 == marked["metadata"]["generation"]

    client.patch(pool, {"metadata": {"finalizers": None}})
    assert 404 == client.get(pool).status


def test_no_new_finalizers_while_terminating(client: Any, pool: Manifest) -> None:
    """Nobody can hold an object back that is already being deleted."""
    pool["metadata"]["finalizers"] = ["example.com/hold"]
    client.create(pool)
    client.delete(pool)

    reply = client.patch(pool, {"metadata": {"finalizers": ["example.com/hold", "example.com/more"]}})

    assert {"metadata.finalizers": "FieldValueForbidden"} == reply.causes


def test_plain_finalizer_is_warned_of(client: Any, pool: Manifest) -> None:
    """A custom resource's finalizer without a path brings a warning, once."""
    pool["metadata"]["finalizers"] = ["example.com"]

    warning = client.create(pool).headers["Warning"]

    assert warning.startswith('299 - "metadata.finalizers: \\"example.com\\": prefer a domain-qualified')
    assert "Warning" not in client.patch(pool, {"spec": {"gateway": "10.0.0.252"}}).headers


def test_service_gets_an_address(client: Any, unique: Any) -> None:
    """A Service's cluster IP is given by the server and stays."""
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": unique()}, "spec": {"ports": [{"port": 80}]}}
    address = client.create(service).body["spec"]["clusterIP"]

    patched = client.patch(service, {"spec": {"ports": [{"port": 81}]}}, "merge").body

    assert address == patched["spec"]["clusterIP"]
    assert [{"port": 81, "protocol": "TCP", "targetPort": 81}] == patched["spec"]["ports"]


def test_create_with_version(client: Any, pool: Manifest) -> None:
    """An object that brings a resourceVersion was created before."""
    pool["metadata"]["resourceVersion"] = "5"

    reply = client.create(pool)

    assert (500, "resourceVersion should not be set on objects to be created") == (reply.status, reply.body["message"])


def test_create_in_another_namespace(client: Any, config_map: Manifest) -> None:
    """The namespaces of path and object must agree."""
    config_map["metadata"]["namespace"] = "kube-system"

    assert 400 == client.create(config_map).status


def test_replace_under_another_name(client: Any, config_map: Manifest) -> None:
    """So must the names."""
    client.create(config_map)
    path = client.path(config_map)
    config_map["metadata"]["name"] = "other"

    assert 400 == client.call("PUT", path, config_map).status


@pytest.mark.parametrize("body", ["[]", "nonsense", ""], ids=["list", "text", "nothing"])
def test_create_of_no_object(client: Any, pool: Manifest, body: str) -> None:
    """A body that is no object is a bad request."""
    assert 400 == client.call("POST", client.path(pool, collection=True), body).status


def test_create_from_yaml(client: Any, pool: Manifest) -> None:
    """An object may be YAML, in which a time stays text."""
    name = pool["metadata"]["name"]
    text = (
        "apiVersion: spiderpool.spidernet.io/v2beta1\nkind: SpiderIPPool\n"
        f"metadata: {{name: {name}, annotations: {{at: 2026-01-02T03:04:05Z}}}}\nspec: {{subnet: 10.0.0.0/24}}\n"
    )

    reply = client.call("POST", client.path(pool, collection=True), text, kind="application/yaml")

    assert {"at": "2026-01-02T03:04:05Z"} == reply.body["metadata"]["annotations"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/api/v1/nodes"),
        ("PATCH", "/api/v1/nodes"),
        ("POST", "/api/v1/nodes/one"),
        ("DELETE", "/api/v1/namespaces"),
        ("POST", "/api/v1/configmaps"),
    ],
)
def test_method_that_does_not_fit(client: Any, method: str, path: str) -> None:
    """Collections of built-in kinds can't be changed, objects not be posted to, and namespaces go one by one."""
    reply = client.call(method, path, {}, kind="application/merge-patch+json")

    assert (405, "MethodNotAllowed") == (reply.status, reply.body["reason"])


def test_custom_resource_without_a_name(client: Any, pool: Manifest) -> None:
    """The handler of custom resources looks for a name only after the method and the content type."""
    path = client.path(pool, collection=True)

    for reply in (client.call("PUT", path, {}), client.call("PATCH", path, {}, kind="application/merge-patch+json")):
        assert (400, "name must be provided") == (reply.status, reply.body["message"])
    assert 415 == client.call("PATCH", path, {}).status


def test_post_to_a_custom_resource(client: Any, pool: Manifest) -> None:
    """That handler takes a create for one object, too, whose name is the body's."""
    path = f"{client.path(pool, collection=True)}/other"

    assert 400 == client.call("POST", path, {}).status
    assert pool["metadata"]["name"] == client.call("POST", path, pool).body["metadata"]["name"]


def test_replace_of_a_missing_lease(client: Any, unique: Any) -> None:
    """A Lease is created by a replace, even by one that carries a resourceVersion, but not with a uid."""
    metadata = {"name": unique(), "resourceVersion": "5"}
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": {}}

    assert 409 == client.replace(lease | {"metadata": metadata | {"uid": "1-2-3"}}).status
    assert 201 == client.replace(lease).status


def test_built_in_kind_may_be_left_out(client: Any, pool: Manifest, config_map: Manifest) -> None:
    """Where the path says what an object is, the object of a built-in kind need not."""
    path = client.path(config_map, collection=True)
    del config_map["kind"], config_map["apiVersion"]

    assert 201 == client.call("POST", path, config_map).status
    assert 400 == client.call("POST", client.path(pool, collection=True), {**pool, "kind": ""}).status


@pytest.mark.parametrize(
    ("change", "status"), [({"apiVersion": "v7"}, 400), ({"kind": "Other"}, 422), ({"kind": 5}, 400)], ids=str
)
def test_create_as_something_else(client: Any, pool: Manifest, change: Manifest, status: int) -> None:
    """A custom resource's version and kind are checked one after the other."""
    assert status == client.call("POST", client.path(pool, collection=True), pool | change).status


def test_terminating_object_is_in_the_way(client: Any, pool: Manifest) -> None:
    """A create over an object that is being deleted says so."""
    pool["metadata"]["finalizers"] = ["example.com/hold"]
    client.create(pool)
    client.delete(pool)

    reply = client.create(pool)

    assert (409, "AlreadyExists") == (reply.status, reply.body["reason"])
    assert reply.body["message"].startswith("object is being deleted: ")
    client.patch(pool, {"metadata": {"finalizers": None}})


def test_invalid_object_of_a_taken_name(client: Any, pool: Manifest) -> None:
    """An object is validated before its name is looked for."""
    client.create(pool)

    assert 422 == client.create(pool | {"spec": {}}).status


def test_new_node_keeps_pods_off(client: Any, node: Manifest) -> None:
    """A node starts with the taint of those that are not ready, which nobody owns."""
    body = client.create(node | {"spec": {}}).body

    assert [{"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}] == body["spec"]["taints"]
    assert "managedFields" not in body["metadata"]


def test_options_of_a_deletion(client: Any, pool: Manifest) -> None:
    """A body's options replace those of the query, and are checked."""
    client.create(pool)

    assert 422 == client.delete(pool, {"dryRun": ["Some"]}).status
    assert 422 == client.delete(pool, dryRun="Some").status
    assert 400 == client.delete(pool, {"preconditions": 5}).status
    assert 200 == client.delete(pool, {"gracePeriodSeconds": 5}, dryRun="All").status
    assert 404 == client.get(pool).status


def test_empty_data_is_no_data(client: Any, config_map: Manifest) -> None:
    """A ConfigMap's empty data is left out."""
    assert "data" not in client.create(config_map | {"data": {}}).body
