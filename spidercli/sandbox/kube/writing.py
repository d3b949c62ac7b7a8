"""The writing verbs: create, replace, patch, apply and delete."""

from __future__ import annotations

import random
import string
from collections.abc import Mapping
from http import HTTPStatus

from spidercli.sandbox.kube import applying, errors, fieldsets, settling, typedpatches
from spidercli.sandbox.kube.admission import Admission, Operation
from spidercli.sandbox.kube.errors import Cause
from spidercli.sandbox.kube.fieldsets import OWNED_METADATA
from spidercli.sandbox.kube.patching import Transform
from spidercli.sandbox.kube.pipeline import Options, Outcome, Pipeline
from spidercli.sandbox.kube.resources import Registry, Resource
from spidercli.sandbox.kube.store import Store
from spidercli.sandbox.kube.values import Key, Object, clone, key_of

_SUFFIX = 5


class Writing:
    """Carries out writes; the caller holds the lock."""

    def __init__(self, store: Store, registry: Registry, admission: Admission, pipeline: Pipeline) -> None:
        self._store = store
        self._registry = registry
        self._admission = admission
        self._pipeline = pipeline

    def create(self, resource: Resource, namespace: str, manifest: Object, options: Options) -> Outcome:
        """Add an object.

        Raises:
            ApiError: 409 AlreadyExists, 404 for a missing namespace, 400 and 422 for bad objects, and webhooks'.
        """
        metadata = settling.sent(resource, manifest)["metadata"]
        _place(resource, metadata, namespace)
        if not metadata.get("name") and metadata.get("generateName"):
            metadata["name"] = metadata["generateName"] + _random_suffix()
        if metadata.get("resourceVersion"):
            message = "resourceVersion should not be set on objects to be created"
            raise errors.ApiError(HTTPStatus.INTERNAL_SERVER_ERROR, "", message)
        self._check_namespace(resource, metadata)
        return self._pipeline.updated(resource, None, manifest, options)

    def replace(self, resource: Resource, key: Key, manifest: Object, options: Options) -> Outcome:
        """Put a whole object in the place of another.

        Raises:
            ApiError: 404 unless the kind is created by updates too, 409 for a stale resourceVersion or another uid,
                422 without a resourceVersion where it is needed.
        """
        metadata = settling.sent(resource, manifest)["metadata"]
        _check_name(metadata, key[1])
        _place(resource, metadata, key[0])
        if resource.created_by_update and not self._store.get(resource, key):
            _check_uid(resource, {"metadata": {**metadata, "uid": ""}}, metadata)
            self._check_namespace(resource, metadata)
            return self._pipeline.updated(resource, None, manifest, options)
        live = self._existing(resource, key)
        _check_uid(resource, live, metadata)
        _check_version(resource, live, metadata)
        return self._pipeline.updated(resource, live, manifest, options)

    def patch(self, resource: Resource, key: Key, transform: Transform, options: Options) -> Outcome:
        """Replace an object by a function of itself.

        Raises:
            ApiError: 404, 409 for a stale resourceVersion in the patch, 422 for what may not change.
        """
        live = self._existing(resource, key)
        manifest = settling.patched(resource, transform(live))
        _check_name(manifest["metadata"], key[1])
        _place(resource, manifest["metadata"], key[0])
        _check_version(resource, live, manifest["metadata"])
        return self._pipeline.updated(resource, live, manifest, options)

    def apply(self, resource: Resource, key: Key, config: Object, options: Options) -> Outcome:
        """Server-side apply; a missing object is created, whatever its kind.

        Raises:
            ApiError: 409 with the conflicts unless forced, 409 for a stale resourceVersion, 500 for fields that the
                schema does not declare, 400 if the configuration brings managedFields.
        """
        config = clone(config)
        _check_configuration(resource, config)
        live = self._store.get(resource, key)
        _complete_configuration(resource, key, config, live)
        if live is None:
            _check_not_replaced(resource, config["metadata"])
            self._check_namespace(resource, config["metadata"])
        if resource.has_status:
            config.pop("spec" if options.subresource else "status", None)
        writer = self._pipeline.writer(resource, options)
        try:
            applied = applying.apply(live, config, resource.schema, writer, force=options.force)
        except applying.ApplyConflict as conflict:
            raise _apply_conflict(conflict) from conflict
        manifest = settling.applied(resource, applied.manifest)
        return self._pipeline.applied(resource, live, manifest, applied.owners, options)

    def delete(self, resource: Resource, key: Key, preconditions: Mapping[str, str], *, dry_run: bool) -> Object:
        """Delete an object, or mark it if finalizers hold it. Returns its last or marked state.

        Raises:
            ApiError: 404, 409 when a precondition (uid, resourceVersion) does not hold, and webhooks'.
        """
        live = self._existing(resource, key)
        _check_preconditions(resource, live, preconditions)
        self._admission.review(resource, Operation.DELETE, live, live)
        if dry_run or live["metadata"].get("deletionTimestamp"):
            return live
        return self._pipeline.discard(resource, live)

    def _existing(self, resource: Resource, key: Key) -> Object:
        live = self._store.get(resource, key)
        if live is None:
            raise errors.not_found(resource, key[1])
        return live

    def _check_namespace(self, resource: Resource, metadata: Object) -> None:
        namespaces = self._registry.find("v1", "namespaces")
        if resource.namespaced and namespaces and not self._store.get(namespaces, ("", metadata["namespace"])):
            raise errors.not_found(namespaces, metadata["namespace"])


def _check_name(metadata: Object, name: str) -> None:
    sent = metadata.get("name")
    if not sent:
        message = f"the name of the object ({name} based on URL) was undeterminable: name must be provided"
        raise errors.bad_request(message)
    if sent != name:
        raise errors.bad_request(f"the name of the object ({sent}) does not match the name on the URL ({name})")


def _place(resource: Resource, metadata: Object, namespace: str) -> None:
    """Give an object the namespace of its path."""
    if not resource.namespaced:
        metadata.pop("namespace", None)
    elif (metadata.get("namespace") or namespace) != namespace:
        raise errors.bad_request(
            "the namespace of the provided object does not match the namespace sent on the request"
        )
    else:
        metadata["namespace"] = namespace


def _random_suffix() -> str:
    return "".join(random.choices(string.ascii_lowercase + string.digits, k=_SUFFIX))


def _check_version(resource: Resource, live: Object, metadata: Object) -> None:
    sent, name = metadata.get("resourceVersion") or "0", live["metadata"]["name"]
    if not sent.isdecimal():
        message = f'strconv.ParseUint: parsing "{sent}": invalid syntax'
        raise errors.ApiError(HTTPStatus.INTERNAL_SERVER_ERROR, "", message)
    if resource.needs_version and not int(sent):
        cause = Cause.invalid("metadata.resourceVersion", "0", "must be specified for an update")
        raise errors.invalid_kind(resource.group, resource.plural, name, [cause])
    if int(sent) and sent != live["metadata"]["resourceVersion"]:
        raise errors.modified(resource, name)


def _check_uid(resource: Resource, live: Object, metadata: Object) -> None:
    sent, stored = metadata.get("uid"), live["metadata"]["uid"]
    if sent and sent != stored:
        why = (
            f"StorageError: invalid object, Code: 4, Key: {_storage_key(resource, live)}, ResourceVersion: 0, "
            f"AdditionalErrorMsg: Precondition failed: UID in precondition: {sent}, UID in object meta: {stored}"
        )
        raise errors.conflict(resource, live["metadata"]["name"], why)


def _storage_key(resource: Resource, live: Object) -> str:
    """Where etcd has the object; only custom resources are sorted by group there."""
    namespace, name = key_of(live)
    parts = (resource.group if resource.custom else "", resource.plural, namespace, name)
    return "/".join(["/registry", *filter(None, parts)])


def _check_preconditions(resource: Resource, live: Object, preconditions: Mapping[str, str]) -> None:
    for field, shown in (("uid", "UID"), ("resourceVersion", "ResourceVersion")):
        sent, stored = preconditions.get(field), live["metadata"][field]
        if sent and sent != stored:
            why = (
                f"the {shown} in the precondition ({sent}) does not match the {shown} in record ({stored}). "
                "The object might have been modified"
            )
            raise errors.conflict(resource, live["metadata"]["name"], why)


def _check_configuration(resource: Resource, config: Object) -> None:
    """Refuse a configuration that does not fit the kind's schema."""
    metadata = config.get("metadata") or {}
    if isinstance(metadata, dict) and isinstance(metadata.get("managedFields"), list):
        raise errors.bad_request("metadata.managedFields must be nil")
    if problem := typedpatches.problem(config, resource.schema):
        known = metadata if isinstance(metadata, dict) else {}
        where = f"{known.get('namespace') or ''}/{known.get('name') or ''}; {settling.go_kind(resource)}"
        message = f"failed to create typed patch object ({where}): {problem}"
        raise errors.ApiError(HTTPStatus.INTERNAL_SERVER_ERROR, "", message)


def _complete_configuration(resource: Resource, key: Key, config: Object, live: Object | None) -> None:
    """Fill in what an applier may leave out of the metadata, and check what it wrote against path and object."""
    metadata = config["metadata"] = config.get("metadata") or {}
    if live is not None:
        metadata.setdefault("name", key[1])
    _check_name(metadata, key[1])
    _place(resource, metadata, key[0])
    if live is not None and "resourceVersion" in metadata:
        _check_version(resource, live, metadata)
    for field in [field for field, value in metadata.items() if value is None and field not in OWNED_METADATA]:
        del metadata[field]


def _check_not_replaced(resource: Resource, metadata: Object) -> None:
    """An apply that names a uid means one certain object, and that one is gone."""
    if uid := metadata.get("uid"):
        why = f"uid mismatch: the provided object specified uid {uid}, and no existing object was found"
        raise errors.conflict(resource, metadata["name"], why)


def _apply_conflict(conflict: applying.ApplyConflict) -> errors.ApiError:
    causes = [
        Cause(fieldsets.shown(path), "FieldManagerConflict", f"conflict with {applying.shown_owner(owner, entry)}")
        for owner, entry, path in conflict.lost
    ]
    return errors.ApiError(
        HTTPStatus.CONFLICT,
        "Conflict",
        applying.conflict_message(conflict.lost),
        details={"causes": [cause.as_json() for cause in causes]},
    )
