"""Server-side apply: merge what an applier wants into the object, and find whom it would overrule."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from typing import Any

from spidercli.sandbox.kube import fieldsets, managed, structural
from spidercli.sandbox.kube.fieldsets import Path
from spidercli.sandbox.kube.managed import Owner, Owners, Writer
from spidercli.sandbox.kube.values import Object, clone

_MISSING = object()
_FIRST = Owner("before-first-apply", managed.UPDATE)


class ApplyConflict(Exception):
    """The apply would change fields of others, and was not forced."""

    def __init__(self, lost: list[tuple[Owner, managed.Entry, Path]]) -> None:
        super().__init__("conflict")
        self.lost = lost


@dataclasses.dataclass(frozen=True, kw_only=True)
class Applied:
    """The object after an apply, and who owns it then."""

    manifest: Object
    owners: Owners


def apply(live: Object | None, config: Object, schema: Object, writer: Writer, *, force: bool) -> Applied:
    """Merge a configuration into an object.

    Raises:
        ApplyConflict: another manager owns a field with another value, and `force` is off.
    """
    wanted = fieldsets.field_set(config, schema, containers=False)
    if live is None:
        return Applied(manifest=clone(config), owners={writer.owner(managed.APPLY): writer.entry(wanted.keys())})
    owners = managed.owners_of(live) or _before_first_apply(live, schema, writer)
    owners = _take_over(owners, _overruled(owners, wanted, live, schema, writer), force=force)
    merged = _merged_object(live, config, schema)
    mine = writer.owner(managed.APPLY)
    before = owners.pop(mine, None)
    left_out = before.paths - wanted.keys() if before else frozenset()
    _remove_left_out(merged, schema, left_out, kept=_with_parents(wanted, *(entry.paths for entry in owners.values())))
    owners[mine] = _entry(before, writer, wanted.keys(), changed=merged != live)
    return Applied(manifest=merged, owners=owners)


def _entry(before: managed.Entry | None, writer: Writer, paths: Iterable[Path], *, changed: bool) -> managed.Entry:
    fresh = writer.entry(frozenset(paths))
    same = before is not None and before.paths == fresh.paths and not changed
    return before if before is not None and same else fresh


def _before_first_apply(live: Object, schema: Object, writer: Writer) -> Owners:
    """An object without any entry gets one for all that it has, so that the first apply can conflict."""
    return {_FIRST: writer.entry(fieldsets.field_set(live, schema, containers=True).keys())}


def _overruled(
    owners: Owners, wanted: dict[Path, Any], live: Object, schema: Object, writer: Writer
) -> list[tuple[Owner, managed.Entry, Path]]:
    """The fields of others that would change."""
    present = fieldsets.field_set(live, schema, containers=True)
    changed = {path for path, value in wanted.items() if _changes(present.get(path, _MISSING), value)}
    added = {path[:length] for path in changed for length in range(1, len(path))} - present.keys()
    changing = changed | added  # a map may be somebody's before it is there: who applied a null owns it
    mine = writer.owner(managed.APPLY)
    return [
        (owner, entry, path)
        for owner, entry in owners.items()
        if owner != mine
        for path in sorted(entry.paths & changing)
    ]


def _changes(present: Any, wanted: Any) -> bool:
    """Whether an apply changes a value; a null leaves a map or a list alone of which others own parts."""
    return present != wanted and not (wanted is None and present is fieldsets.PRESENT)


def _take_over(owners: Owners, lost: list[tuple[Owner, managed.Entry, Path]], *, force: bool) -> Owners:
    if lost and not force:
        raise ApplyConflict(lost)
    taken = {path for _, _, path in lost}
    losers = {owner for owner, _, _ in lost}
    return {owner: entry.without(taken) if owner in losers else entry for owner, entry in owners.items()}


def _merged_object(live: Object, config: Object, schema: Object) -> Object:
    merged: Object = clone(live)
    for key, value in config.items():
        if key == "metadata":
            merged["metadata"] = _merged_map(merged["metadata"], value, fieldsets.METADATA)
        else:
            inner = structural.child(schema, key)
            merged[key] = merged_value(merged[key], value, inner) if key in merged else clone(value)
    return merged


def merged_value(live: Any, applied: Any, schema: Object) -> Any:
    """A value after another one was applied to it."""
    if not _has_parts(live, schema):
        return clone(applied)
    if isinstance(live, dict) and isinstance(applied, dict):
        return _merged_map(live, applied, schema)
    if isinstance(live, list) and isinstance(applied, list):
        return _merged_list(live, applied, schema)
    return clone(live if applied is None else applied)


def _has_parts(value: Any, schema: Object) -> bool:
    """Whether it is a map or a list whose parts have owners of their own."""
    if isinstance(value, dict):
        return not fieldsets.is_atomic_map(schema)
    return isinstance(value, list) and fieldsets.list_type(schema) != "atomic"


def _merged_map(live: Object, applied: Object, schema: Object) -> Object:
    merged = dict(live)
    for key, value in applied.items():
        inner = structural.child(schema, key)
        merged[key] = merged_value(live[key], value, inner) if key in live else clone(value)
    return merged


def _merged_list(live: list[Any], applied: list[Any], schema: Object) -> list[Any]:
    old = {fieldsets.element_of(element, schema): element for element in live}
    new = {fieldsets.element_of(element, schema): element for element in applied}
    inner = structural.items(schema)
    return [
        merged_value(old[key], new[key], inner) if key in old and key in new else clone(new.get(key, old.get(key)))
        for key in _merged_order(list(old), list(new))
    ]


def _merged_order(live: list[str], applied: list[str]) -> list[str]:
    """The applier's elements in its order; those of others keep their place before the next shared one."""
    order: list[str] = []
    waiting = list(applied)
    for key in live:
        if key not in applied:
            order.append(key)
        elif key in waiting:
            position = waiting.index(key) + 1
            order += waiting[:position]
            waiting = waiting[position:]
    return order + waiting


def _with_parents(*path_sets: Iterable[Path]) -> set[Path]:
    """The paths, and the fields that they are in; but not the list elements, which stay for their own owners only."""
    return {
        path[:length]
        for paths in path_sets
        for path in paths
        for length in range(1, len(path) + 1)
        if length == len(path) or path[length - 1].startswith("f:")
    }


def _remove_left_out(merged: Object, schema: Object, paths: Iterable[Path], *, kept: set[Path]) -> None:
    """Remove what the applier owned and no longer sends, unless somebody owns it or something in it."""
    for path in sorted(paths, key=len):  # an element goes before its fields, as long as it still has its keys
        if path not in kept:
            head = fieldsets.METADATA if path[0] == "f:metadata" else structural.child(schema, path[0][2:])
            _remove(merged, path, {"properties": {path[0][2:]: head}})


def _remove(node: Any, path: Path, schema: Object) -> None:
    element, rest = path[0], path[1:]
    if element.startswith("f:"):
        _remove_field(node, element[2:], rest, schema)
    else:
        _remove_element(node, element, rest, schema)


def _remove_field(node: Any, key: str, rest: Path, schema: Object) -> None:
    if not isinstance(node, dict) or key not in node:
        return
    if rest:
        _remove(node[key], rest, structural.child(schema, key))
    if not rest or node[key] in ({}, []):
        del node[key]


def _remove_element(node: Any, element: str, rest: Path, schema: Object) -> None:
    if not isinstance(node, list):
        return
    for index, candidate in enumerate(node):
        if fieldsets.element_of(candidate, schema) == element:
            if not rest:
                del node[index]
            elif rest not in [(f"f:{key}",) for key in schema.get("x-kubernetes-list-map-keys", ())]:
                _remove(candidate, rest, structural.items(schema))
            return


def conflict_message(lost: list[tuple[Owner, managed.Entry, Path]]) -> str:
    """The real server's wording: one line for one conflict, else a list by manager."""
    if len(lost) == 1:
        owner, entry, path = lost[0]
        return f"Apply failed with 1 conflict: conflict with {shown_owner(owner, entry)}: {fieldsets.shown(path)}"
    by_owner: dict[str, list[str]] = {}
    for owner, entry, path in lost:
        by_owner.setdefault(shown_owner(owner, entry), []).append(f"- {fieldsets.shown(path)}")
    told = [line for owner in sorted(by_owner) for line in (f"conflicts with {owner}:", *by_owner[owner])]
    return f"Apply failed with {len(lost)} conflicts: " + "\n".join(told)


def shown_owner(owner: Owner, entry: managed.Entry) -> str:
    """An owner as conflicts name it."""
    text = json.dumps(owner.manager)
    if owner.subresource:
        text += f" with subresource {json.dumps(owner.subresource)}"
    if owner.operation == managed.UPDATE:
        text += f" using {entry.api_version}"
    return text
