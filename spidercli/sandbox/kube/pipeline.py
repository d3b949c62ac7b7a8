"""The way of every write after its verb: defaults, ownership, webhooks, validation, and at last the store.

The order is that of the real server: managed fields are worked out before mutating webhooks run, so that what a
webhook adds belongs to nobody; the schema is checked before validating webhooks are asked.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable

from spidercli.sandbox.kube import errors, managed, naming, structural, validation
from spidercli.sandbox.kube.admission import Admission, Operation
from spidercli.sandbox.kube.managed import Owners, Writer
from spidercli.sandbox.kube.resources import Resource
from spidercli.sandbox.kube.store import Change, Store
from spidercli.sandbox.kube.values import Clock, Object, clone, key_of, timestamp

_DELETION_FIELDS = ("deletionTimestamp", "deletionGracePeriodSeconds")
_SYSTEM_FIELDS = ("creationTimestamp", "generation", *_DELETION_FIELDS)
_NEW_NODE = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}
_OMITTED_WHEN_EMPTY = ("annotations", "finalizers", "labels", "managedFields", "ownerReferences")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options:
    """How a write is to be carried out."""

    manager: str
    dry_run: bool = False
    validation: str = "Warn"  # fieldValidation: Ignore, Warn or Strict
    subresource: str = ""
    force: bool = False  # an apply may take fields from other managers
    admitted: bool = False  # the sandbox's own controllers: webhooks are not asked

    @property
    def strict(self) -> bool:
        """Whether unknown and repeated fields are refused."""
        return self.validation == "Strict"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a write answers."""

    object: Object
    created: bool = False
    warnings: tuple[str, ...] = ()


class Pipeline:
    """Carries candidates for an object's next state to the store."""

    def __init__(self, store: Store, admission: Admission, clock: Clock, settle: Callable[[Change], None]) -> None:
        self._store = store
        self._admission = admission
        self._clock = clock
        self._settle = settle  # called with every change: the controllers

    def updated(self, resource: Resource, live: Object | None, sent: Object, options: Options) -> Outcome:
        """Store what a create, replace or patch made.

        Raises:
            ApiError: 400 for unknown fields under Strict, 422 from validation, anything from a webhook.
        """
        manifest = clone(sent)
        warnings = self._pruned(resource, manifest, options)
        structural.fill_defaults(manifest, resource.schema)
        _omit_empty(resource, manifest)
        manifest = self._with_system_fields(resource, live, manifest, options)
        owners = managed.after_update(live, manifest, resource.schema, self.writer(resource, options))
        return self._admit(resource, live, manifest, owners, options, warnings)

    def applied(
        self, resource: Resource, live: Object | None, manifest: Object, owners: Owners, options: Options
    ) -> Outcome:
        """Store what an apply made.

        Raises:
            ApiError: as for `updated`.
        """
        structural.fill_defaults(manifest, resource.schema, keeps_nulls=resource.custom)
        manifest = self._with_system_fields(resource, live, manifest, options)
        return self._admit(resource, live, manifest, owners, options, [])

    def writer(self, resource: Resource, options: Options) -> Writer:
        """Who a write's managed fields name."""
        return Writer(
            manager=options.manager,
            api_version=resource.api_version,
            time=self.now(),
            subresource=options.subresource,
        )

    def now(self) -> str:
        """The time, as objects carry it."""
        return timestamp(self._clock())

    def _pruned(self, resource: Resource, manifest: Object, options: Options) -> list[str]:
        unknown = [f'unknown field "{path}"' for path in structural.prune(manifest, resource.schema)]
        if unknown and options.strict:
            raise errors.undecodable(resource, f"strict decoding error: {', '.join(unknown)}")
        return unknown if options.validation == "Warn" else []

    def _with_system_fields(
        self, resource: Resource, live: Object | None, manifest: Object, options: Options
    ) -> Object:
        if live is None:
            return self._newborn(resource, manifest)
        if options.subresource:
            manifest = _status_only(live, manifest)
        elif resource.has_status:
            _move(live, manifest, "status")
        before, metadata = live["metadata"], manifest["metadata"]
        for field in _SYSTEM_FIELDS:
            if field in before or field not in _DELETION_FIELDS:  # who sets these two without deleting is refused
                _move(before, metadata, field)
        metadata["uid"] = metadata.get("uid") or before["uid"]
        return manifest

    def _newborn(self, resource: Resource, manifest: Object) -> Object:
        metadata = manifest["metadata"]
        for field in (*_SYSTEM_FIELDS, "managedFields", "selfLink"):
            metadata.pop(field, None)
        metadata |= {"uid": str(uuid.uuid4()), "creationTimestamp": self.now()}
        if resource.has_status and not resource.keeps_status:
            manifest.pop("status", None)
        return manifest

    def _admit(
        self,
        resource: Resource,
        live: Object | None,
        manifest: Object,
        owners: Owners,
        options: Options,
        warnings: list[str],
    ) -> Outcome:
        metadata = manifest["metadata"]
        metadata["managedFields"] = managed.as_json(owners)
        asks_webhooks = not (options.subresource or options.admitted)
        if asks_webhooks:
            self._admission.mutate(resource, manifest)
            structural.fill_defaults(manifest, resource.schema, keeps_nulls=resource.custom)
        _finish(resource, live, manifest)
        validation.check(resource, live, manifest)
        if asks_webhooks:
            operation = Operation.UPDATE if live else Operation.CREATE
            self._admission.review(resource, operation, manifest, live)
        warnings += naming.finalizer_warnings(resource, live, manifest)
        stored = self._commit(resource, live, manifest, dry_run=options.dry_run)
        return Outcome(object=stored, created=live is None, warnings=tuple(warnings))

    def _commit(self, resource: Resource, live: Object | None, manifest: Object, *, dry_run: bool) -> Object:
        if live is None and (other := self._store.get(resource, key_of(manifest))):
            raise errors.already_exists(resource, other["metadata"])
        if live is not None:
            if managed.timeless(live) == managed.timeless(manifest):
                return live
            manifest["metadata"]["resourceVersion"] = live["metadata"]["resourceVersion"]
        if not dry_run:
            self.store(resource, live, manifest)
        return manifest

    def store(self, resource: Resource, live: Object | None, manifest: Object) -> None:
        """Put an object's next state into the store, or remove it if it only waited for its last finalizer."""
        metadata = manifest["metadata"]
        if live is not None and metadata.get("deletionTimestamp") and not metadata.get("finalizers"):
            change = self._store.remove(resource, manifest)
        else:
            change = self._store.put(resource, manifest)
        self._settle(change)

    def discard(self, resource: Resource, live: Object) -> Object:
        """Delete an object, or mark it as deleted while finalizers hold it. Returns its last or marked state."""
        manifest = clone(live)
        metadata = manifest["metadata"]
        if not metadata.get("finalizers"):
            self._settle(self._store.remove(resource, manifest))
            return manifest
        metadata |= {"deletionTimestamp": self.now(), "deletionGracePeriodSeconds": 0}
        if "generation" in metadata:
            metadata["generation"] += 1
        self._settle(self._store.put(resource, manifest))
        return manifest


def _status_only(live: Object, manifest: Object) -> Object:
    return clone({key: value for key, value in live.items() if key != "status"}) | (
        {"status": manifest["status"]} if "status" in manifest else {}
    )


def _move(source: Object, target: Object, field: str) -> None:
    """Give the target the source's field, or its absence."""
    target.pop(field, None)
    if field in source:
        target[field] = clone(source[field])


def _finish(resource: Resource, live: Object | None, manifest: Object) -> None:
    metadata = manifest["metadata"]
    metadata.pop("resourceVersion", None)
    _omit_empty(resource, manifest)
    manifest["apiVersion"], manifest["kind"] = resource.api_version, resource.kind
    if live is None:
        _start(resource, manifest)
    elif resource.counts_generation and _desired(resource, live) != _desired(resource, manifest):
        metadata["generation"] = live["metadata"].get("generation", 0) + 1


def _omit_empty(resource: Resource, manifest: Object) -> None:
    """Leave out what Go leaves out when it is empty: labels and the like, and the data of a ConfigMap."""
    metadata = manifest["metadata"]
    for field in _OMITTED_WHEN_EMPTY:
        if field in metadata and not metadata[field]:
            del metadata[field]
    for key in [key for key, value in manifest.items() if value == {} and not resource.custom]:
        if structural.is_map(structural.child(resource.schema, key)):
            del manifest[key]


def _start(resource: Resource, manifest: Object) -> None:
    if resource.counts_generation:
        manifest["metadata"]["generation"] = 1
    if resource.initial_status is not None:
        manifest.setdefault("status", clone(resource.initial_status))
    if resource.kind == "Node":
        _keep_pods_off(manifest)


def _keep_pods_off(node: Object) -> None:
    """A new node is not ready; the taint goes when its kubelet reports (admission plugin TaintNodesByCondition)."""
    taints = node.setdefault("spec", {}).setdefault("taints", [])
    if _NEW_NODE["key"] not in [taint.get("key") for taint in taints]:
        taints.append(dict(_NEW_NODE))


def _desired(resource: Resource, manifest: Object) -> Object:
    """The part of an object whose changes count as a new generation."""
    left_out = {"apiVersion", "kind", "metadata"} | ({"status"} if resource.has_status else set())
    return {key: value for key, value in manifest.items() if key not in left_out}
