"""metadata.managedFields: who wrote which field, and how an update moves ownership."""

from __future__ import annotations

import dataclasses
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple

from spidercli.sandbox.kube import fieldsets
from spidercli.sandbox.kube.fieldsets import Path
from spidercli.sandbox.kube.values import Object

APPLY = "Apply"
UPDATE = "Update"
_FIELDS = {"apiVersion", "fieldsType", "fieldsV1", "manager", "operation", "subresource", "time"}


class Owner(NamedTuple):
    """The identity of an entry."""

    manager: str
    operation: str
    subresource: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Entry:
    """What one owner owns."""

    paths: frozenset[Path]
    api_version: str
    time: str

    def without(self, paths: AbstractSet[Path]) -> Entry:
        """The entry after other owners took paths over."""
        return dataclasses.replace(self, paths=self.paths - paths)


Owners = dict[Owner, Entry]


def owners_of(manifest: Object | None) -> Owners:
    """The entries of an object."""
    entries = (manifest or {}).get("metadata", {}).get("managedFields") or ()
    return {_owner(entry): _entry(entry) for entry in entries if entry}


def _owner(entry: Object) -> Owner:
    return Owner(entry.get("manager", ""), entry["operation"], entry.get("subresource", ""))


def _entry(entry: Object) -> Entry:
    return Entry(
        paths=frozenset(fieldsets.flattened(entry.get("fieldsV1") or {})),
        api_version=entry.get("apiVersion", ""),
        time=entry.get("time", ""),
    )


def as_json(owners: Owners) -> list[Object]:
    """Entries in the order in which the server lists them: applied ones first, then by age."""
    kept = [(owner, entry) for owner, entry in owners.items() if entry.paths]
    kept.sort(key=lambda pair: (pair[0].operation, pair[1].time, pair[0].manager, pair[0].subresource))
    return [_entry_json(owner, entry) for owner, entry in kept]


def _entry_json(owner: Owner, entry: Entry) -> Object:
    return {
        "manager": owner.manager,
        "operation": owner.operation,
        "apiVersion": entry.api_version,
        "time": entry.time,
        "fieldsType": "FieldsV1",
        "fieldsV1": fieldsets.nested(entry.paths),
    } | ({"subresource": owner.subresource} if owner.subresource else {})


@dataclasses.dataclass(frozen=True, kw_only=True)
class Writer:
    """Who writes, when, and in which version."""

    manager: str
    api_version: str
    time: str
    subresource: str = ""

    def owner(self, operation: str) -> Owner:
        """The writer's identity for an operation."""
        return Owner(self.manager, operation, self.subresource)

    def entry(self, paths: AbstractSet[Path]) -> Entry:
        """A fresh entry for the writer."""
        return Entry(paths=frozenset(paths), api_version=self.api_version, time=self.time)


def after_update(live: Object | None, new: Object, schema: Object, writer: Writer) -> Owners:
    """Ownership after an update (not an apply): the writer owns what it changed, nobody owns what is gone."""
    current = _current(live, new, writer)
    if live is not None and not current:
        return {}  # tracking was switched off by clearing the list; only an apply starts it again
    before = fieldsets.field_set(live, schema, containers=True) if live else {}
    after = fieldsets.field_set(new, schema, containers=True)
    changed = {path for path, value in after.items() if path not in before or before[path] != value}
    gone = before.keys() - after.keys()
    owners = {owner: entry.without(changed | gone) for owner, entry in current.items()}
    if changed:
        own = owners.get(writer.owner(UPDATE))
        owners[writer.owner(UPDATE)] = writer.entry(changed | own.paths if own else changed)
    return owners


def _current(live: Object | None, new: Object, writer: Writer) -> Owners:
    """The entries to start from: those that the client sent if it sent any, so that it may edit them."""
    sent = [{key: entry[key] for key in entry.keys() & _FIELDS} for entry in new["metadata"].get("managedFields") or ()]
    if live is None or not sent or writer.subresource or any(entry and not _is_whole(entry) for entry in sent):
        return owners_of(live)
    return owners_of({"metadata": {"managedFields": sent}})


def _is_whole(entry: Object) -> bool:
    return (
        entry.get("operation") in (APPLY, UPDATE)
        and bool(entry.get("apiVersion"))
        and entry.get("fieldsType") == "FieldsV1"
        and isinstance(entry.get("fieldsV1"), dict)
    )


def timeless(manifest: Object) -> Any:
    """An object without what a write that changes nothing may change: entry times and the resourceVersion."""
    metadata = {key: value for key, value in manifest["metadata"].items() if key != "resourceVersion"}
    if "managedFields" in metadata:
        metadata["managedFields"] = [{**entry, "time": ""} for entry in metadata["managedFields"]]
    return {**manifest, "metadata": metadata}
