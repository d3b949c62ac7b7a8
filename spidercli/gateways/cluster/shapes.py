"""What an object has to look like before anything is decided on it.

A real API server keeps its kinds' schemas, so only a proxy, an aggregated API or a broken definition gets here. Fields
that are missing or null count as not set; everything that is looked at later is looked at here first.
"""

from __future__ import annotations

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
    for path, fits in _FIELDS if kind is not kinds.IP_POOL else _POOL_FIELDS:
        value = _at(item, path)
        if value is not None and not fits(value):
            raise ClusterError(f"{kind.kind} {kinds.name(item)}: {'.'.join(path)} is {_shown(value)}", hint=_HINT)
    return item if "kind" in item else {"apiVersion": kind.api_version, "kind": kind.kind, **item}


def _at(item: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    """A value; those above it have been checked to be mappings."""
    value: Any = item
    for step in path:
        value = (value or {}).get(step)
    return value


def _has_name(metadata: object) -> bool:
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return isinstance(name, str) and bool(kinds.SUBDOMAIN.match(name))


def _is_mapping(value: Any) -> bool:
    return isinstance(value, dict)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_namespace(value: Any) -> bool:
    return isinstance(value, str) and bool(kinds.LABEL.match(value))


def _has_texts(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())


def _lists_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


def _are_managers(value: Any) -> bool:
    """Whether it is a list of owners; only our own fields are ever walked."""
    return isinstance(value, list) and all(
        isinstance(entry, dict) and (entry.get("manager") != kinds.FIELD_MANAGER or _is_tree(entry.get("fieldsV1")))
        for entry in value
    )


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


_Field = tuple[tuple[str, ...], _Check]
_FIELDS: tuple[_Field, ...] = (  # a mapping before what is in it
    (("kind",), _is_text),
    (("apiVersion",), _is_text),
    (("spec",), _is_mapping),
    (("status",), _is_mapping),
    (("metadata", "namespace"), _is_namespace),
    (("metadata", "uid"), _is_text),
    (("metadata", "resourceVersion"), _is_text),
    (("metadata", "labels"), _has_texts),
    (("metadata", "annotations"), _has_texts),
    (("metadata", "managedFields"), _are_managers),
)
_POOL_FIELDS: tuple[_Field, ...] = (
    *_FIELDS,
    *((("spec", name), _lists_texts) for name in ("ips", "excludeIPs", "nodeName", "multusName")),
    *((("spec", name), _is_text) for name in ("subnet", "gateway")),
    (("status", "allocatedIPs"), _is_text),
)
