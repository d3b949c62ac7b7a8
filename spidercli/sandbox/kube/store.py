"""The objects, and the history that lists and watches go back into."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
from collections.abc import Callable, Iterator

from spidercli.sandbox.kube.resources import Resource
from spidercli.sandbox.kube.values import Key, Object, key_of

ADDED = "ADDED"
MODIFIED = "MODIFIED"
DELETED = "DELETED"

_HISTORY = 5_000


class HistoryLost(Exception):
    """The revision is older than what is remembered."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Change:
    """One write as a watch tells it."""

    revision: int
    type: str
    resource: Resource
    object: Object
    previous: Object | None

    @property
    def key(self) -> Key:
        """Which object changed."""
        return key_of(self.object)


@dataclasses.dataclass
class _Collection:
    objects: dict[Key, Object] = dataclasses.field(default_factory=dict)
    history: collections.deque[Change] = dataclasses.field(default_factory=collections.deque)
    forgotten: int = 0  # the last revision that the history no longer has


class Store:
    """All objects by resource. It hands out the stored objects themselves: readers must not change them."""

    def __init__(self, history: int = _HISTORY) -> None:
        """An empty store.

        Args:
            history: How many changes of each resource are remembered.
        """
        self.revision = 1
        self._history = history
        self._collections: dict[str, _Collection] = collections.defaultdict(_Collection)
        self._compacted = 0
        self._listeners: list[Callable[[], object]] = []

    def get(self, resource: Resource, key: Key) -> Object | None:
        """The object of that key."""
        return self._collections[resource.qualified].objects.get(key)

    def all(self, resource: Resource) -> list[Object]:
        """The objects of a resource, by namespace and name."""
        objects = self._collections[resource.qualified].objects
        return [objects[key] for key in sorted(objects)]

    def put(self, resource: Resource, manifest: Object) -> Change:
        """Store an object under the next resourceVersion; it must not be changed afterwards."""
        collection = self._collections[resource.qualified]
        previous = collection.objects.get(key_of(manifest))
        collection.objects[key_of(manifest)] = manifest
        return self._record(collection, MODIFIED if previous else ADDED, resource, manifest, previous)

    def remove(self, resource: Resource, manifest: Object) -> Change:
        """Remove an object; `manifest` is its last state."""
        collection = self._collections[resource.qualified]
        previous = collection.objects.pop(key_of(manifest))
        return self._record(collection, DELETED, resource, manifest, previous)

    def _record(
        self, collection: _Collection, kind: str, resource: Resource, manifest: Object, previous: Object | None
    ) -> Change:
        self.revision += 1
        manifest["metadata"]["resourceVersion"] = str(self.revision)
        change = Change(revision=self.revision, type=kind, resource=resource, object=manifest, previous=previous)
        collection.history.append(change)
        if len(collection.history) > self._history:
            collection.forgotten = collection.history.popleft().revision
        for listener in tuple(self._listeners):
            listener()
        return change

    def at(self, resource: Resource, revision: int) -> list[Object]:
        """The objects as they were at a revision, by namespace and name.

        Raises:
            HistoryLost: the revision is forgotten.
        """
        objects = dict(self._collections[resource.qualified].objects)
        for change in reversed(self.since(resource, revision)):
            if change.previous is None:
                del objects[change.key]
            else:
                objects[change.key] = change.previous
        return [objects[key] for key in sorted(objects)]

    def since(self, resource: Resource, revision: int) -> list[Change]:
        """The changes after a revision, oldest first.

        Raises:
            HistoryLost: the revision is forgotten.
        """
        collection = self._collections[resource.qualified]
        if revision < max(collection.forgotten, self._compacted):
            raise HistoryLost
        found: list[Change] = []
        for change in reversed(collection.history):
            if change.revision <= revision:
                break
            found.append(change)
        return found[::-1]

    def compact(self) -> None:
        """Forget all history, as etcd does every few minutes."""
        for collection in self._collections.values():
            collection.history.clear()
        self._compacted = self.revision

    @contextlib.contextmanager
    def listening(self, listener: Callable[[], object]) -> Iterator[None]:
        """Call a function after every write, until the block ends."""
        self._listeners.append(listener)
        try:
            yield
        finally:
            self._listeners.remove(listener)
