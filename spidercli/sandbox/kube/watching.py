"""Watches: changes as a stream of events, one JSON document a line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from http import HTTPStatus

from spidercli.sandbox.faults import Fault
from spidercli.sandbox.kube import errors, reading, selectors
from spidercli.sandbox.kube.reading import ListOptions
from spidercli.sandbox.kube.requests import Request
from spidercli.sandbox.kube.resources import Resource
from spidercli.sandbox.kube.store import ADDED, DELETED, MODIFIED, Change, HistoryLost, Store
from spidercli.sandbox.kube.values import Object
from spidercli.sandbox.kube.views import View

_INITIAL_END = {"k8s.io/initial-events-end": "true"}
_DEFAULT_SECONDS = 1800.0


class Watch:
    """One client's view of a resource's changes. The caller holds the lock around `take`."""

    def __init__(self, store: Store, resource: Resource, options: ListOptions, view: View, request: Request) -> None:
        self._store = store
        self._resource = resource
        self._options = options
        self._view = view
        self._matches = selectors.matcher(resource, options.label_selector, options.field_selector)
        self._bookmarks = request.query.get("allowWatchBookmarks", "").lower() in ("1", "true")
        self._sends_initial = request.query.get("sendInitialEvents", "").lower() in ("1", "true")
        self._revision = _version(options.resource_version)
        self._started = False
        self.over = False
        self.fault: Fault | None = None  # what happens to the answer on its way
        self.seconds = _seconds(request.query.get("timeoutSeconds", ""))

    def listening(self, listener: Callable[[], object]) -> AbstractContextManager[None]:
        """A context in which the listener is called after every write."""
        return self._store.listening(listener)

    def take(self) -> list[bytes]:
        """The events since the last call."""
        try:
            return [_frame(kind, manifest) for kind, manifest in self._events()]
        except HistoryLost:
            self.over = True
            gone = errors.expired(f"too old resource version: {self._revision} ({self._store.revision})")
            return [_frame("ERROR", gone.status())]

    def last(self) -> list[bytes]:
        """What is sent before the stream ends in time: a bookmark, so that the client knows where to go on."""
        return [_frame("BOOKMARK", self._bookmark({}))] if self._bookmarks and not self.over else []

    def _events(self) -> Iterator[tuple[str, Object]]:
        if not self._started:
            self._started = True
            yield from self._initial()
        for change in self._store.since(self._resource, self._revision):
            self._revision = change.revision
            if (kind := self._kind(change)) is not None:
                yield kind, self._view.object(change.object)

    def _initial(self) -> Iterator[tuple[str, Object]]:
        if self._revision and not self._sends_initial:
            return
        self._revision = self._store.revision
        for manifest in reading.selected(self._store.all(self._resource), self._resource, self._options):
            yield ADDED, self._view.object(manifest)
        if self._sends_initial and self._bookmarks:
            yield "BOOKMARK", self._bookmark(_INITIAL_END)

    def _kind(self, change: Change) -> str | None:
        """What a change is to this client: an object may enter or leave its selection."""
        before = change.previous is not None and self._selects(change.previous)
        now = change.type != DELETED and self._selects(change.object)
        if now:
            return MODIFIED if before else ADDED
        return DELETED if before else None

    def _selects(self, manifest: Object) -> bool:
        namespace = self._options.namespace
        if namespace and manifest["metadata"].get("namespace") != namespace:
            return False
        return self._matches is None or self._matches(manifest)

    def _bookmark(self, annotations: Object) -> Object:
        metadata: Object = {"resourceVersion": str(self._revision)}
        return {
            "kind": self._resource.kind,
            "apiVersion": self._resource.api_version,
            "metadata": metadata | ({"annotations": annotations} if annotations else {}),
        }


def _version(text: str) -> int:
    try:
        return reading.version(text)
    except ValueError as error:  # the real server has no better answer either
        raise errors.ApiError(HTTPStatus.INTERNAL_SERVER_ERROR, "", str(error)) from error


def _seconds(text: str) -> float:
    try:
        return float(int(text)) if text else _DEFAULT_SECONDS
    except ValueError as error:
        raise errors.bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from error


def _frame(kind: str, manifest: Object) -> bytes:
    return json.dumps({"type": kind, "object": manifest}, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
