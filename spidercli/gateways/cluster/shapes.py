"""What an object has to look like before anything is decided on it.

A real API server keeps its kinds' schemas, so only a proxy, an aggregated API or a broken definition gets here. Fields
that are missing or null count as not set; everything that is looked at later is looked at here first.
"""

from __future__ import annotations

import collections
import functools
import json
from collections.abc import Callable, Mapping
from typing import Any

from spidercli import kinds
from spidercli.errors import ClusterError
from spidercli.model import Manifest

_Check = Callable[[Any], bool]
_LONGEST_SHOWN = 60
_DEEPEST = 32  # levels of fields in managedFields
_HINT = "is this an API server, with Spiderpool's own definitions? Nothing is planned on what can't be read"


def page(document: Mapping[str, Any], purpose: str) -> tuple[list[Any], str, int]:
    """The items of one page of a listing, its continue token, "" on the last one, and how many items are to come.

    The server does not always count the latter: 0 may mean anything.

    Raises:
        ClusterError: the answer is no page of a listing.
    """
    items, metadata = document.get("items") or [], document.get("metadata") or {}
    token = (metadata.get("continue") or "") if isinstance(metadata, dict) else None
    if "items" not in document or not isinstance(items, list) or not isinstance(token, str):
        raise ClusterError(f"can't {purpose}: the answer is no list of objects", hint=_HINT)
    remaining = metadata.get("remainingItemCount")
    return items, token, remaining if isinstance(remaining, int) else 0


def checked(item: object, kind: kinds.Kind) -> Manifest:
    """An object of a kind, with the type that items of lists leave out.

    Raises:
        ClusterError: it has no name, or a field of another type; the message names both.
    """
    if not isinstance(item, dict) or not _has_name(item.get("metadata")):
        raise ClusterError(f"the API server gives a {kind.kind} without a name: {_shown(item)}", hint=_HINT)
    for section, fields in _FIELDS if kind is not kinds.IP_POOL else _POOL_FIELDS:
        found = item.get(section) or {} if section else item
        for name, made_of, fits in fields:
            value = found.get(name)
            if value is not None and (not isinstance(value, made_of) or not (fits is None or fits(value))):
                path = f"{section}.{name}".removeprefix(".")
                raise ClusterError(f"{kind.kind} {kinds.name(item)}: {path} is {_shown(value)}", hint=_HINT)
    return item if "kind" in item else {"apiVersion": kind.api_version, "kind": kind.kind, **item}


def _has_name(metadata: object) -> bool:
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return isinstance(name, str) and bool(kinds.SUBDOMAIN.match(name))


def _is_namespace(value: str) -> bool:
    return bool(kinds.LABEL.match(value))


def _has_texts(value: dict[str, Any]) -> bool:
    return _ONLY_TEXTS(map(type, value.values()))


def _lists_texts(value: list[Any]) -> bool:
    return _ONLY_TEXTS(map(type, value))


def _are_managers(value: list[Any]) -> bool:
    """Whether it is a list of owners; only our own fields are ever walked."""
    return all(
        isinstance(entry, dict) and (entry.get("manager") != kinds.FIELD_MANAGER or _LOOKED_AT.has(entry))
        for entry in value
    )


class _LookedAt:
    """The trees of fields: thousands of objects have a few of them, which are looked at once and kept once."""

    def __init__(self) -> None:
        self._known: collections.deque[dict[str, Any]] = collections.deque(maxlen=8)

    def has(self, entry: dict[str, Any]) -> bool:
        """Whether an owner's tree is one; if it equals a known one, that takes its place."""
        tree = entry.get("fieldsV1")
        for known in tuple(self._known):
            if tree == known:
                entry["fieldsV1"] = known
                return True
        if not _is_tree(tree):
            return False
        if tree:
            self._known.appendleft(tree)
        return True


_LOOKED_AT = _LookedAt()


def _is_tree(fields: Any, depth: int = 0) -> bool:
    if not isinstance(fields, dict):
        return fields is None
    return depth < _DEEPEST and all(
        _is_step(key) and (child == {} or _is_tree(child, depth + 1)) for key, child in fields.items()
    )


@functools.lru_cache(maxsize=4096)  # thousands of objects have the same few
def _is_step(key: str) -> bool:
    """Whether a key of FieldsV1 is one: a field, a list's element by its keys or its value, or the object itself."""
    if key.startswith(("k:", "v:")):
        try:
            found = json.loads(key[2:])
        except (ValueError, RecursionError):
            return False
        return isinstance(found, dict) or key.startswith("v:")
    return key == "." or key.startswith("f:")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"


_ONLY_TEXTS = frozenset({str}).issuperset
_Field = tuple[str, type, _Check | None]  # name, what it is, and what is to be found in it
_OBJECT: tuple[_Field, ...] = (
    ("kind", str, None),
    ("apiVersion", str, None),
    ("spec", dict, None),
    ("status", dict, None),
)
_METADATA: tuple[_Field, ...] = (
    ("namespace", str, _is_namespace),
    ("uid", str, None),
    ("resourceVersion", str, None),
    ("labels", dict, _has_texts),
    ("annotations", dict, _has_texts),
    ("managedFields", list, _are_managers),
)
_POOL_SPEC: tuple[_Field, ...] = (
    *((name, list, _lists_texts) for name in ("ips", "excludeIPs", "nodeName", "multusName")),
    *((name, str, None) for name in ("subnet", "gateway")),
)
_FIELDS = (("", _OBJECT), ("metadata", _METADATA))  # a mapping before what is in it
_POOL_FIELDS = (*_FIELDS, ("spec", _POOL_SPEC), ("status", (("allocatedIPs", str, None),)))
