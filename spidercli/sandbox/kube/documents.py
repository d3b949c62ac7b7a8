"""What the server answers besides resources: version, health, discovery, OpenAPI and access reviews."""

from __future__ import annotations

from http import HTTPStatus

from spidercli.sandbox.faults import Faults
from spidercli.sandbox.kube import discovery, errors, openapi, reviews
from spidercli.sandbox.kube.requests import Answer, Request
from spidercli.sandbox.kube.resources import Registry
from spidercli.sandbox.kube.values import Object

_HEALTH = ("/healthz", "/livez", "/readyz")


class Documents:
    """Answers the requests that are not about a resource; the caller holds the lock."""

    def __init__(self, registry: Registry, faults: Faults, version: str) -> None:
        self._registry = registry
        self._faults = faults
        self._version = version

    def answer(self, request: Request) -> Answer:
        """The document of a path.

        Raises:
            ApiError: 404 for a path that nothing serves.
        """
        if request.method == "POST" and (review := reviews.answer(request, self._faults)):
            return Answer(body=review, status=HTTPStatus.CREATED)
        if request.method != "GET":
            raise errors.method_not_allowed() if self._document(request.path) else self._unserved(request.path)
        if discovery.wants_aggregated(request.path, request.accept):
            body = discovery.aggregated(self._registry, request.path)
            return Answer(body=body, content_type=discovery.AGGREGATED)
        if request.path in _HEALTH:
            return Answer(body="ok", content_type="text/plain")
        document = self._document(request.path)
        if document is None:
            raise self._unserved(request.path)
        return Answer(body=document)

    def _unserved(self, path: str) -> errors.ApiError:
        """What the handlers of built-in groups say of a path that they don't know; others are not even asked."""
        root, group, *_ = (*path.strip("/").split("/"), "")
        is_builtin = root == "api" or (root == "apis" and self._registry.is_builtin(group))
        return errors.no_such_path() if is_builtin else errors.PageNotFound()

    def _document(self, path: str) -> Object | None:
        if path == "/version":
            major, minor, _ = self._version.removeprefix("v").split(".", 2)
            return {"major": major, "minor": minor, "gitVersion": self._version, "platform": "linux/amd64"}
        if path == openapi.ROOT:
            return openapi.index(self._registry)
        if path.startswith(f"{openapi.ROOT}/"):
            return openapi.document(self._registry, path)
        return discovery.document(self._registry, path)
