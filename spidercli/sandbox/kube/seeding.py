"""Objects that exist before anybody asks: written as given, completed where a server would have completed them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from spidercli.sandbox.kube import managed, settling, structural, validation
from spidercli.sandbox.kube.pipeline import Options, Pipeline
from spidercli.sandbox.kube.resources import CRD_KIND, Registry, Resource
from spidercli.sandbox.kube.store import Store
from spidercli.sandbox.kube.values import Object, clone, key_of

_NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
_MANAGER = Options(manager="kubectl-create")
# Definitions before their objects, nodes and pools before the pods that use them.
_ORDER = {"Namespace": 0, CRD_KIND: 1, "Pod": 3}
_USUAL = 2


def namespaces() -> list[Object]:
    """The namespaces that every cluster has."""
    return [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in _NAMESPACES]


def ordered(manifests: Iterable[Object]) -> list[Object]:
    """Manifests in an order in which they can be written."""
    return sorted(manifests, key=lambda manifest: _ORDER.get(manifest["kind"], _USUAL))


def plant(manifest: Object, registry: Registry, store: Store, pipeline: Pipeline) -> None:
    """Write an object past webhooks, ownership rules and the status subresource.

    Raises:
        LookupError: there is no such kind.
        ApiError: 422 for an object that breaks its kind's schema, 400 for one that can't be decoded.
    """
    resource = registry.of(manifest)
    planted = _completed(resource, settling.sent(resource, clone(manifest)), pipeline)
    validation.check(resource, None, planted)
    pipeline.store(resource, store.get(resource, key_of(planted)), planted)


def _completed(resource: Resource, manifest: Object, pipeline: Pipeline) -> Object:
    structural.prune(manifest, resource.schema)
    structural.fill_defaults(manifest, resource.schema)
    if resource.initial_status is not None:
        manifest.setdefault("status", clone(resource.initial_status))
    metadata = manifest["metadata"]
    if resource.namespaced:
        metadata.setdefault("namespace", "default")
    metadata.setdefault("uid", str(uuid.uuid4()))
    metadata.setdefault("creationTimestamp", pipeline.now())
    if resource.counts_generation:
        metadata.setdefault("generation", 1)
    if "managedFields" not in metadata:
        writer = pipeline.writer(resource, _MANAGER)
        metadata["managedFields"] = managed.as_json(managed.after_update(None, manifest, resource.schema, writer))
    return manifest
