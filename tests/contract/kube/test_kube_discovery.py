"""Discovery and the other documents that clients read first."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import tenacity

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


def test_version(client: Any) -> None:
    """The version is Kubernetes'."""
    assert client.call("GET", "/version").body["gitVersion"].startswith("v")


def test_groups_and_resources(client: Any) -> None:
    """The old form: groups, then the resources of a group version."""
    groups = {group["name"] for group in client.call("GET", "/apis").body["groups"]}
    resources = client.call("GET", "/apis/spiderpool.spidernet.io/v2beta1").body["resources"]
    pools = next(each for each in resources if each["name"] == "spiderippools")

    assert {"apps", "spiderpool.spidernet.io"} <= groups
    assert ("spiderippool", False, ["sp"]) == (pools["singularName"], pools["namespaced"], pools["shortNames"])
    assert "spiderippools/status" in {each["name"] for each in resources}


def test_core_group(client: Any) -> None:
    """The core group has a root of its own."""
    assert "v1" in client.call("GET", "/api").body["versions"]
    assert "Node" in {each["kind"] for each in client.call("GET", "/api/v1").body["resources"]}


def test_everything_at_once(client: Any) -> None:
    """The aggregated form that kubectl asks for."""
    body = client.call("GET", "/apis", accept=AGGREGATED).body
    group = next(each for each in body["items"] if each["metadata"]["name"] == "spiderpool.spidernet.io")
    kinds = {each["responseKind"]["kind"]: each["scope"] for each in group["versions"][0]["resources"]}

    assert "APIGroupDiscoveryList" == body["kind"]
    assert ("Cluster", "Namespaced") == (kinds["SpiderIPPool"], kinds["SpiderMultusConfig"])


def test_openapi_has_the_schema(client: Any) -> None:
    """OpenAPI v3 leads to a document per group version with the CRD's schema."""
    index = client.call("GET", "/openapi/v3").body["paths"]
    path = index["apis/spiderpool.spidernet.io/v2beta1"]["serverRelativeURL"]

    assert '"SpiderIPPool"' in json.dumps(client.call("GET", path).body)


def test_definition_adds_a_kind(client: Any) -> None:
    """A CustomResourceDefinition is served as soon as it is established, until it is deleted."""
    group = f"g{uuid.uuid4().hex[:8]}.example.com"
    name = f"things.{group}"
    crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": name},
        "spec": {
            "group": group,
            "scope": "Cluster",
            "names": {"plural": "things", "kind": "Thing"},
            "versions": [version],
        },
    }

    client.call("POST", crds, definition)
    _eventually(lambda: _conditions(client, f"{crds}/{name}") == {"Established": "True", "NamesAccepted": "True"})
    _eventually(lambda: client.call("GET", f"/apis/{group}/v1/things").status == HTTPStatus.OK)

    client.call("DELETE", f"{crds}/{name}")
    _eventually(lambda: client.call("GET", f"/apis/{group}/v1/things").status == HTTPStatus.NOT_FOUND)


def _conditions(client: Any, path: str) -> dict[str, str]:
    status = client.call("GET", path).body.get("status") or {}
    return {each["type"]: each["status"] for each in status.get("conditions") or ()}


def _eventually(holds: Callable[[], bool]) -> None:
    """Wait for what a server does after it has answered, ten seconds at most."""
    for attempt in tenacity.Retrying(stop=tenacity.stop_after_delay(10), wait=tenacity.wait_fixed(0.05), reraise=True):
        with attempt:
            assert holds()


def test_one_group(client: Any) -> None:
    """A group has a document of its own; an unknown one has none."""
    body = client.call("GET", "/apis/spiderpool.spidernet.io").body

    assert ("APIGroup", "v2beta1") == (body["kind"], body["preferredVersion"]["version"])
    for path in (
        "/apis/nothing.example.com",
        "/apis/nothing.example.com/v1",
        "/openapi/v3/apis/nothing.example.com/v1",
    ):
        assert 404 == client.call("GET", path).status


def test_verbs_of_namespaces(client: Any) -> None:
    """Namespaces can't be deleted all at once."""
    verbs = {each["name"]: each["verbs"] for each in client.call("GET", "/api/v1").body["resources"]}

    assert "deletecollection" in verbs["nodes"]
    assert "deletecollection" not in verbs["namespaces"]


def test_documents_are_only_read(client: Any) -> None:
    """A document takes no other method."""
    reply = client.call("DELETE", "/apis/apps/v1")

    assert (405, "MethodNotAllowed") == (reply.status, reply.body["reason"])
