"""OpenAPI v3: what kubectl reads to learn that the server validates fields, and what `kubectl explain` prints."""

from __future__ import annotations

from spidercli.sandbox.kube.resources import Registry, Resource
from spidercli.sandbox.kube.values import Object

ROOT = "/openapi/v3"
_IDENTITY: Object = {
    "apiVersion": {"type": "string", "description": "The version of the API that the object is written for."},
    "kind": {"type": "string", "description": "The kind of the object."},
    "metadata": {"type": "object", "description": "Name, namespace, labels and what the server keeps of the object."},
}
_QUERY = [
    {"name": name, "in": "query", "schema": {"type": "string"}}
    for name in ("dryRun", "fieldManager", "fieldValidation")
]


def index(registry: Registry) -> Object:
    """The list of documents; the hash changes with the kinds, so that clients read again."""
    paths = dict.fromkeys(map(_root, registry))
    return {"paths": {path: {"serverRelativeURL": f"{ROOT}/{path}?hash={registry.revision}"} for path in paths}}


def document(registry: Registry, path: str) -> Object | None:
    """One group version's document; None for a path that is none."""
    root = path.removeprefix(f"{ROOT}/")
    resources = [each for each in registry if _root(each) == root]
    if not resources:
        return None
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "v1"},
        "paths": {_object_path(each): {"patch": _patch(each)} for each in resources},
        "components": {"schemas": {_schema_name(each): _schema(each) for each in resources}},
    }


def _root(resource: Resource) -> str:
    return f"apis/{resource.api_version}" if resource.group else f"api/{resource.api_version}"


def _object_path(resource: Resource) -> str:
    scope = "/namespaces/{namespace}" if resource.namespaced else ""
    return f"/{_root(resource)}{scope}/{resource.plural}/{{name}}"


def _gvk(resource: Resource) -> Object:
    return {"group": resource.group, "version": resource.version, "kind": resource.kind}


def _patch(resource: Resource) -> Object:
    return {
        "operationId": f"patch{resource.kind}",
        "parameters": _QUERY,
        "responses": {},
        "x-kubernetes-action": "patch",
        "x-kubernetes-group-version-kind": _gvk(resource),
    }


def _schema_name(resource: Resource) -> str:
    group = ".".join(reversed(resource.group.split("."))) if resource.group else "io.k8s.api.core"
    return f"{group}.{resource.version}.{resource.kind}"


def _schema(resource: Resource) -> Object:
    properties = _IDENTITY | (resource.schema.get("properties") or {})
    return {
        **resource.schema,
        "properties": properties,
        "x-kubernetes-group-version-kind": [_gvk(resource)],
    }
