"""Discovery: what clients read to learn which kinds there are, in its old and its aggregated form."""

from __future__ import annotations

import re
from collections.abc import Iterator

from spidercli.sandbox.kube.resources import Registry, Resource
from spidercli.sandbox.kube.values import Object

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
_STATUS_VERBS = ("get", "patch", "update")
_GROUP = re.compile(r"/apis/(?P<group>[^/]+)")
_GROUP_VERSION = re.compile(r"/api/(?P<core>v1)|/apis/(?P<version>[^/]+/[^/]+)")


def wants_aggregated(path: str, accept: str) -> bool:
    """Whether a client that reads a root asks for everything at once."""
    return path in ("/api", "/apis") and "as=APIGroupDiscoveryList" in accept


def aggregated(registry: Registry, path: str) -> Object:
    """All groups, versions and resources below /api or /apis."""
    groups = {group: versions for group, versions in registry.versions().items() if (group == "") == (path == "/api")}
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": [_aggregated_group(registry, group, versions) for group, versions in groups.items()],
    }


def _aggregated_group(registry: Registry, group: str, versions: list[str]) -> Object:
    return {
        "metadata": {"name": group} if group else {},
        "versions": [
            {
                "version": api_version.rpartition("/")[2],
                "freshness": "Current",
                "resources": [_aggregated_resource(each) for each in registry if each.api_version == api_version],
            }
            for api_version in versions
        ],
    }


def _aggregated_resource(resource: Resource) -> Object:
    kind = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    return {
        "resource": resource.plural,
        "responseKind": kind,
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular,
        "shortNames": list(resource.short_names),
        "categories": list(resource.categories),
        "verbs": list(resource.verbs),
        "subresources": [
            {"subresource": name, "responseKind": kind, "verbs": list(_STATUS_VERBS)} for name in resource.subresources
        ],
    }


def document(registry: Registry, path: str) -> Object | None:
    """A discovery document of the old form; None for any other path."""
    if path == "/api":
        return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}
    if path == "/apis":
        groups = [_group(group, versions) for group, versions in registry.versions().items() if group]
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
    if found := _GROUP.fullmatch(path):
        versions = registry.versions().get(found["group"])
        return {"kind": "APIGroup", "apiVersion": "v1", **_group(found["group"], versions)} if versions else None
    if found := _GROUP_VERSION.fullmatch(path):
        return _resource_list(registry, found["core"] or found["version"])
    return None


def _group(group: str, versions: list[str]) -> Object:
    listed = [{"groupVersion": each, "version": each.rpartition("/")[2]} for each in versions]
    return {"name": group, "versions": listed, "preferredVersion": listed[0]}


def _resource_list(registry: Registry, api_version: str) -> Object | None:
    resources = [entry for each in registry if each.api_version == api_version for entry in _entries(each)]
    if not resources:
        return None
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": api_version, "resources": resources}


def _entries(resource: Resource) -> Iterator[Object]:
    yield {
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": list(resource.verbs),
        "shortNames": list(resource.short_names),
        "categories": list(resource.categories),
    }
    for name in resource.subresources:
        yield {
            "name": f"{resource.plural}/{name}",
            "singularName": "",
            "namespaced": resource.namespaced,
            "kind": resource.kind,
            "verbs": list(_STATUS_VERBS),
        }
