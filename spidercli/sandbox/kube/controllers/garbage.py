"""Garbage collection: what goes when its owner or its namespace goes."""

from __future__ import annotations

import collections

from spidercli.sandbox.kube.cluster import Cluster
from spidercli.sandbox.kube.resources import Resource
from spidercli.sandbox.kube.store import DELETED, Change
from spidercli.sandbox.kube.values import Key


class GarbageCollector:
    """Deletes dependents in the background, as `propagationPolicy: Background` has it."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._dependents: dict[str, dict[Key, Resource]] = collections.defaultdict(dict)

    def react(self, change: Change) -> None:
        """Remember who depends on whom, and clear up behind a deletion."""
        if change.type == DELETED:
            self._collect(change)
            return
        for owner in change.object["metadata"].get("ownerReferences") or ():
            self._dependents[owner["uid"]][change.key] = change.resource

    def _collect(self, change: Change) -> None:
        for key, resource in self._dependents.pop(change.object["metadata"]["uid"], {}).items():
            self._cluster.delete(resource, key)
        if change.resource.qualified == "namespaces":
            self._empty(change.object["metadata"]["name"])

    def _empty(self, namespace: str) -> None:
        for resource, manifest in self._cluster.everything():
            if manifest["metadata"].get("namespace") == namespace:
                self._cluster.delete(resource, (namespace, manifest["metadata"]["name"]))
