"""Which resource, object and verb a request means."""

from __future__ import annotations

import dataclasses

from spidercli.sandbox.kube import errors
from spidercli.sandbox.kube.requests import Request
from spidercli.sandbox.kube.resources import Registry, Resource
from spidercli.sandbox.kube.values import Key

_OBJECT_VERBS = {"GET": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_COLLECTION_VERBS = {"GET": "list", "POST": "create", "DELETE": "deletecollection"}


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


def resolve(registry: Registry, request: Request) -> Target:
    """The target of a request.

    Raises:
        ApiError: 404 for a path that nothing serves, 405 for a method that the path does not take.
    """
    api_version, steps = _split(request.path.strip("/").split("/"))
    namespace = ""
    if len(steps) > 2 and steps[0] == "namespaces" and registry.find(api_version, steps[2]):  # noqa: PLR2004
        namespace, steps = steps[1], steps[2:]
    plural, name, subresource, *rest = (*steps, "", "", "")
    resource = registry.find(api_version, plural)
    if resource is None or any(rest) or (subresource and subresource not in resource.subresources):
        raise errors.no_such_path()
    return Target(
        resource=resource,
        verb=_verb(request, name),
        namespace=namespace if resource.namespaced else "",
        name=name,
        subresource=subresource,
    )


def _split(steps: list[str]) -> tuple[str, list[str]]:
    """The group version of a path, and what follows it."""
    if steps[0] == "api":
        return "/".join(steps[1:2]), steps[2:]
    if steps[0] == "apis":
        return "/".join(steps[1:3]), steps[3:]
    raise errors.no_such_path()


def _verb(request: Request, name: str) -> str:
    if request.wants_watch:
        return "watch"
    verb = (_OBJECT_VERBS if name else _COLLECTION_VERBS).get(request.method)
    if verb is None:
        raise errors.ApiError(
            405, "MethodNotAllowed", "the server does not allow this method on the requested resource"
        )
    return verb
