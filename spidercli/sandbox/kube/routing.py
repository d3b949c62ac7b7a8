"""Which resource, object and verb a request means."""

from __future__ import annotations

import dataclasses

from spidercli.sandbox.kube import errors
from spidercli.sandbox.kube.requests import Request
from spidercli.sandbox.kube.resources import Registry, Resource
from spidercli.sandbox.kube.values import Key

_OBJECT_VERBS = {"GET": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_COLLECTION_VERBS = {"GET": "list", "POST": "create", "DELETE": "deletecollection"}
# One handler serves a custom resource: it goes by the method alone, and only then looks for a name.
_CUSTOM_OBJECT_VERBS = {**_OBJECT_VERBS, "POST": "create"}
_CUSTOM_COLLECTION_VERBS = {**_COLLECTION_VERBS, "PUT": "update", "PATCH": "patch"}
_READING = ("list", "watch")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Target:
    """What a request is about."""

    resource: Resource
    verb: str
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    @property
    def key(self) -> Key:
        """Where the object is stored."""
        return self.namespace, self.name


def resolve(registry: Registry, request: Request) -> Target | None:
    """The target of a request; None for a path that is not about a resource.

    Raises:
        ApiError: 405 for a method that the path does not take, 404 for what a custom resource has not.
    """
    api_version, steps = _split(request.path.strip("/").split("/"))
    in_namespace = len(steps) > 2 and steps[0] == "namespaces" and registry.find(api_version, steps[2])  # noqa: PLR2004
    namespace, steps = (steps[1], steps[2:]) if in_namespace else ("", steps)
    plural, name, subresource, *rest = (*steps, "", "", "")
    resource = registry.find(api_version, plural)
    if resource is None or (namespace and not resource.namespaced):
        return None
    if any(rest) or (subresource and subresource not in resource.subresources):
        if resource.custom:
            raise errors.not_found(resource, name)
        return None
    verb = _verb(request, resource, name)
    if resource.namespaced and not namespace and verb not in _READING:  # all namespaces together can only be read
        if resource.custom or name:
            return None
        raise errors.method_not_allowed()
    if verb is None or verb not in resource.verbs:
        raise errors.unsupported_method(resource) if resource.custom else errors.method_not_allowed()
    return Target(resource=resource, verb=verb, namespace=namespace, name=name, subresource=subresource)


def _split(steps: list[str]) -> tuple[str, list[str]]:
    """The group version of a path, and what follows it."""
    if steps[0] == "api":
        return "/".join(steps[1:2]), steps[2:]
    if steps[0] == "apis":
        return "/".join(steps[1:3]), steps[3:]
    return "", []


def _verb(request: Request, resource: Resource, name: str) -> str | None:
    if request.wants_watch:
        return "watch"
    if resource.custom:
        return (_CUSTOM_OBJECT_VERBS if name else _CUSTOM_COLLECTION_VERBS).get(request.method)
    return (_OBJECT_VERBS if name else _COLLECTION_VERBS).get(request.method)
