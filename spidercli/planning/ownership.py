"""What a server-side apply would change, decided from one reading of the object instead of one request.

A no-op apply costs the API server as much as a create, so nothing is sent that would change nothing. The server keeps,
per field manager, which fields that manager applied (`metadata.managedFields`, a tree in the FieldsV1 format). Walking
our tree together with the desired and the live object finds every field that an apply would set, remove, move or take
into our ownership, and ignores what webhooks and others added. No schema is needed: a leaf of the tree is a value that
is owned as a whole, be it a scalar, an atomic list or an atomic map.

FieldsV1 keys: `f:NAME` a field, `k:{...}` an element of a list by its key fields, `v:VALUE` an element of a set,
`.` the object itself.
"""

from __future__ import annotations

import dataclasses
import enum
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from spidercli import kinds
from spidercli.model import Manifest
from spidercli.planning.fieldtrees import FieldTrees

_TYPE = ("apiVersion", "kind", "metadata")  # and what is looked into by itself
_ASSIGNED = ("name", "namespace", "uid", "resourceVersion")  # identify the object and are owned by nobody
_KEY_DEFAULTS = {"protocol": "TCP"}  # key fields that the server fills in: ports of containers and Services
_ABSENT = object()
_TREES = FieldTrees()


class Drift(enum.StrEnum):
    """In what way a field differs."""

    MISSING = "missing"
    CHANGED = "changed"
    EXTRA = "extra"  # we applied it once and want it no more: an apply removes it
    ORDER = "order"  # our elements of a list are live in another order
    NOT_OWNED = "not-owned"  # the value is as desired, but an apply would make it ours


@dataclasses.dataclass(frozen=True, kw_only=True)
class Difference:
    """One field that an apply would change."""

    path: tuple[str, ...]  # field names; list elements as [name=eth0]; () is the whole object
    kind: Drift
    desired: object = None
    live: object = None

    @property
    def field(self) -> str:
        """The path as text, for example spec.template.spec.containers[name=manager].image."""
        return "".join(part if part.startswith("[") else f".{part}" for part in self.path).removeprefix(".")

    def __str__(self) -> str:
        return _PHRASES[self.kind].format(self.field or "the object")


_PHRASES = {
    Drift.MISSING: "{} is missing",
    Drift.CHANGED: "{} differs",
    Drift.EXTRA: "{} is no longer wanted",
    Drift.ORDER: "{} is in another order",
    Drift.NOT_OWNED: "{} was not applied by spidercli",
}


def differences(desired: Manifest, live: Manifest, manager: str = kinds.FIELD_MANAGER) -> list[Difference]:
    """What applying `desired` as `manager`, with force, would change in `live`; nothing means: do not send it.

    Where the server strips managedFields, a difference is a desired value that is not live; what was removed from the
    desired object can't be told then.
    """
    wanted = _comparable(desired)
    managers = _managers(live)
    if not managers:
        return list(_unmet(wanted, live, ()))
    entry = _applied_by(manager, managers)
    if entry is None:
        return [Difference(path=(), kind=Drift.NOT_OWNED), *_unmet(wanted, live, ())]
    fields = entry.get("fieldsV1") or {}
    tree = _TREES.of(fields)
    walked = () if tree and tree.agree(wanted, live) else _mapping(_children(fields), wanted, live, ())
    return [*_version(desired, entry), *walked]


def owned(live: Manifest, manager: str = kinds.FIELD_MANAGER) -> Manifest:
    """The part of an object that `manager` applied, with the object's name, ready to be applied again.

    Of an object that `manager` never applied, or whose managedFields the server strips: its labels, annotations and
    spec.
    """
    entry = _applied_by(manager, _managers(live))
    applied = _picked(_children(entry.get("fieldsV1")), live) if entry else _described(live)
    meta = kinds.metadata(live)
    identity = {key: meta[key] for key in ("name", "namespace") if key in meta}
    return {**applied, "metadata": {**identity, **applied.get("metadata", {})}}


def set_by_others(live: Manifest, wanted: Manifest, manager: str = kinds.FIELD_MANAGER) -> dict[str, Any]:
    """The fields of an object's spec that another manager gave a value, and that `wanted` says nothing about.

    An object that is made anew would not have them. Where the server strips managedFields, whatever has a value counts.
    """
    managers = _managers(live)
    keys = {
        key.removeprefix("f:")
        for entry in managers
        if entry.get("manager") != manager
        for key in _children((entry.get("fieldsV1") or {}).get("f:spec"))
    }
    return {
        key: value
        for key, value in kinds.spec(live).items()
        if value and key not in kinds.spec(wanted) and (key in keys or not managers)
    }


def _managers(live: Manifest) -> list[Mapping[str, Any]]:
    return kinds.metadata(live).get("managedFields") or []


def _applied_by(manager: str, managers: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    for entry in managers:
        if entry.get("manager") == manager and entry.get("operation") == "Apply" and not entry.get("subresource"):
            return entry
    return None


def _comparable(desired: Manifest) -> dict[str, Any]:
    """The desired object without what managedFields never mention."""
    wanted = {name: value for name, value in desired.items() if name not in _TYPE}
    meta = {name: value for name, value in kinds.metadata(desired).items() if name not in _ASSIGNED}
    return {**wanted, "metadata": meta} if meta else wanted


def _version(desired: Manifest, entry: Mapping[str, Any]) -> Iterator[Difference]:
    ours, theirs = desired.get("apiVersion"), entry.get("apiVersion")
    if ours != theirs:
        yield Difference(path=("apiVersion",), kind=Drift.NOT_OWNED, desired=ours, live=theirs)


def _children(fields: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if not fields or "." not in fields:
        return fields or {}
    return {key: child for key, child in fields.items() if key != "."}


def _walk(fields: Mapping[str, Any], desired: Any, live: Any, path: tuple[str, ...]) -> Iterator[Difference]:
    children = _children(fields)
    if children and isinstance(desired, dict) and isinstance(live, dict):
        yield from _mapping(children, desired, live, path)
    elif children and isinstance(desired, list) and isinstance(live, list):
        yield from _elements(children, desired, live, path)
    elif desired == {} and isinstance(live, dict):
        return  # an empty map that we own says nothing about what others put into it
    elif desired != live:
        yield Difference(path=path, kind=Drift.CHANGED, desired=desired, live=live)


def _mapping(
    children: Mapping[str, Any], desired: Mapping[str, Any], live: Mapping[str, Any], path: tuple[str, ...]
) -> Iterator[Difference]:
    for key, child in children.items():
        name = key[2:]
        if name not in desired:
            yield Difference(path=(*path, name), kind=Drift.EXTRA, live=live.get(name))
        elif name not in live:
            yield Difference(path=(*path, name), kind=Drift.MISSING, desired=desired[name])
        elif child or desired[name] != live[name]:  # most fields of most objects are leaves that are as desired
            yield from _walk(child, desired[name], live[name], (*path, name))
    for name, value in desired.items():
        if f"f:{name}" not in children:
            yield _to_own((*path, name), value, live.get(name, _ABSENT))


def _elements(
    children: Mapping[str, Any], desired: Sequence[Any], live: Sequence[Any], path: tuple[str, ...]
) -> Iterator[Difference]:
    places: list[tuple[int, int]] = []  # of our elements: in the desired list, in the live one
    known = set()
    for key, child in children.items():
        at, mine, theirs = (*path, _label(key)), _place(key, desired), _place(key, live)
        known.add(mine)
        if mine is None:
            yield Difference(path=at, kind=Drift.EXTRA, live=None if theirs is None else live[theirs])
        elif theirs is None:
            yield Difference(path=at, kind=Drift.MISSING, desired=desired[mine])
        else:
            yield from _walk(child, desired[mine], live[theirs], at)
            if key.startswith("k:"):
                places.append((mine, theirs))
    new = [element for at, element in enumerate(desired) if at not in known]
    if new:
        yield Difference(path=path, kind=Drift.MISSING, desired=new)
    if any(one[1] > other[1] for one, other in itertools.pairwise(sorted(places))):
        yield Difference(path=path, kind=Drift.ORDER, desired=desired, live=live)


def _to_own(path: tuple[str, ...], desired: Any, live: Any) -> Difference:
    if live is _ABSENT:
        return Difference(path=path, kind=Drift.MISSING, desired=desired)
    kind = Drift.CHANGED if any(_unmet(desired, live, path)) else Drift.NOT_OWNED
    return Difference(path=path, kind=kind, desired=desired, live=live)


def _unmet(desired: Any, live: Any, path: tuple[str, ...]) -> Iterator[Difference]:
    """The desired values that are not live, whoever owns them."""
    if isinstance(desired, dict) and isinstance(live, dict):
        for name, value in desired.items():
            if name in live:
                yield from _unmet(value, live[name], (*path, name))
            else:
                yield Difference(path=(*path, name), kind=Drift.MISSING, desired=value)
    elif _are_objects(desired) and _are_objects(live) and len(desired) == len(live):
        for at, (value, other) in enumerate(zip(desired, live, strict=True)):
            yield from _unmet(value, other, (*path, f"[{at}]"))
    elif desired != live:
        yield Difference(path=path, kind=Drift.CHANGED, desired=desired, live=live)


def _are_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(element, dict) for element in value)


def _picked(children: Mapping[str, Any], live: Any) -> Any:
    """The part of a live value that a FieldsV1 tree covers."""
    if not children:
        return live
    if isinstance(live, dict):
        return {key[2:]: _picked(_children(child), live[key[2:]]) for key, child in children.items() if key[2:] in live}
    found = {_place(key, live): child for key, child in children.items()}
    return [_picked(_children(found[at]), element) for at, element in enumerate(live) if at in found]


def _described(live: Manifest) -> dict[str, Any]:
    meta = kinds.metadata(live)
    told = {key: meta[key] for key in ("labels", "annotations") if key in meta}
    return {"metadata": told, "spec": live["spec"]} if "spec" in live else {"metadata": told}


def _place(key: str, elements: Sequence[Any]) -> int | None:
    """Where in a list the element is that a FieldsV1 key means; a field's key means none."""
    if key.startswith("f:"):
        return None
    wanted = json.loads(key[2:])
    for at, element in enumerate(elements):
        if element == wanted if key.startswith("v:") else _has_key(element, wanted):
            return at
    return None


def _has_key(element: Any, wanted: Mapping[str, Any]) -> bool:
    return isinstance(element, dict) and all(
        element.get(name, _KEY_DEFAULTS.get(name, _ABSENT)) == value for name, value in wanted.items()
    )


def _label(key: str) -> str:
    """How a path names a list element: [name=eth0], or [value] for an element of a set."""
    if key.startswith("f:"):
        return f".{key[2:]}"
    wanted = json.loads(key[2:])
    if key.startswith("v:"):
        return f"[{wanted}]"
    return f"[{','.join(f'{name}={value}' for name, value in wanted.items())}]"
