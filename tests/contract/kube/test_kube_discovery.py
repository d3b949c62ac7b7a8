"""Discovery and the other documents that clients read first."""

from __future__ import annotations

import json
import uuid
from typing import Any

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
    conditions = {
        each["type"]: each["status"] for each in client.call("GET", f"{crds}/{name}").body["status"]["conditions"]
    }
    assert {"Established": "True", "NamesAccepted": "True"} == conditions
    assert 200 == client.call("GET", f"/apis/{group}/v1/things").status

    client.call("DELETE", f"{crds}/{name}")
    assert 404 == client.call("GET", f"/apis/{group}/v1/things").status


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
