"""The objects as controllers and test hooks reach them: without HTTP, and past the webhooks."""

from __future__ import annotations

from collections.abc import Callable

from spidercli.sandbox.kube.pipeline import Options, Pipeline
from spidercli.sandbox.kube.resources import Registry, Resource
from spidercli.sandbox.kube.store import Store
from spidercli.sandbox.kube.values import Key, Object, clone


class Cluster:
    """Reads and writes under a manager's name. What is read must not be changed."""

    def __init__(self, store: Store, registry: Registry, pipeline: Pipeline) -> None:
        self._store = store
        self._registry = registry
        self._pipeline = pipeline

    def find(self, api_version: str, plural: str, name: str, namespace: str = "") -> Object | None:
        """One object; None if it, or its kind, does not exist."""
        resource = self._registry.find(api_version, plural)
        return self._store.get(resource, (namespace, name)) if resource else None

    def all(self, api_version: str, plural: str) -> list[Object]:
        """All objects of a kind; none if the kind does not exist."""
        resource = self._registry.find(api_version, plural)
        return self._store.all(resource) if resource else []

    def everything(self) -> list[tuple[Resource, Object]]:
        """All objects of all kinds."""
        return [(resource, manifest) for resource in self._registry for manifest in self._store.all(resource)]

    def serves(self, api_version: str, plural: str) -> bool:
        """Whether the kind exists."""
        return self._registry.find(api_version, plural) is not None

    def create(self, manifest: Object, manager: str) -> None:
        """Create an object."""
        resource = self._registry.of(manifest)
        self._pipeline.updated(resource, None, manifest, Options(manager=manager, admitted=True))

    def change(self, manifest: Object, edit: Callable[[Object], None], manager: str, *, subresource: str = "") -> None:
        """Edit a copy of an object that was read, and store it."""
        resource = self._registry.of(manifest)
        edited = clone(manifest)
        edit(edited)
        self._pipeline.updated(
            resource, manifest, edited, Options(manager=manager, subresource=subresource, admitted=True)
        )

    def delete(self, resource: Resource, key: Key) -> None:
        """Delete an object, if it is still there and not deleted yet."""
        live = self._store.get(resource, key)
        if live is not None and not live["metadata"].get("deletionTimestamp"):
            self._pipeline.discard(resource, live)

    def delete_found(self, manifest: Object) -> None:
        """Delete an object that was read."""
        metadata = manifest["metadata"]
        self.delete(self._registry.of(manifest), (metadata.get("namespace", ""), metadata["name"]))
