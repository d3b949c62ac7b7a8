"""JSON patches as the API server carries them out, which is laxer than RFC 6902 (gopkg.in/evanphx/json-patch.v4).

A field may be replaced or copied that is not there, a value that is left out is null, an index may count from the end,
and what stands before the first slash of a path is not read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from spidercli.sandbox.kube.values import Object, clone

_INDEX = re.compile(r"[-+]?[0-9]+")


class Misfit(Exception):
    """An operation that makes no sense, or does not fit the document."""


def apply(document: Object, operations: Sequence[Object | None]) -> Any:
    """A document after all operations; the document itself is left alone.

    Raises:
        Misfit: one of them can't be carried out.
    """
    result: Any = clone(document)
    for operation in operations:
        carry_out = _OPERATIONS.get((operation or {}).get("op") or "")
        if operation is None or carry_out is None:
            raise Misfit
        result = carry_out(result, operation)
    return result


class _Place:
    """An entry of an object or a list, whether it is there or not."""

    def __init__(self, document: Any, operation: Object, field: str = "path") -> None:
        _, slash, path = (operation.get(field) or "").partition("/")
        if not slash:
            raise Misfit
        *parents, self._key = (step.replace("~1", "/").replace("~0", "~") for step in path.split("/"))
        for parent in parents:
            document = _entry(document, parent)
        if not isinstance(document, dict | list):
            raise Misfit
        self._parent = document

    @property
    def value(self) -> Any:
        """What is there; null if no such field is."""
        return _entry(self._parent, self._key)

    def add(self, value: Any) -> None:
        """Set a field, or insert an element."""
        if isinstance(self._parent, dict):
            self._parent[self._key] = value
        elif self._key == "-":
            self._parent.append(value)
        else:
            self._parent.insert(_index(self._key, len(self._parent) + 1), value)

    def set(self, value: Any) -> None:
        """Set a field, or an element that is there."""
        if isinstance(self._parent, dict):
            self._parent[self._key] = value
        else:
            self._parent[_index(self._key, len(self._parent))] = value

    def remove(self) -> None:
        """Take a field or an element away, which has to be there."""
        if isinstance(self._parent, list):
            del self._parent[_index(self._key, len(self._parent))]
        elif self._key in self._parent:
            del self._parent[self._key]
        else:
            raise Misfit


def _entry(parent: Any, key: str) -> Any:
    if isinstance(parent, dict):
        return parent.get(key)
    if isinstance(parent, list):
        return parent[_index(key, len(parent))]
    raise Misfit


def _index(key: str, size: int) -> int:
    if not _INDEX.fullmatch(key) or not -size <= int(key) < size:
        raise Misfit
    return int(key) % size


def _add(document: Any, operation: Object) -> Any:
    _Place(document, operation).add(clone(operation.get("value")))
    return document


def _remove(document: Any, operation: Object) -> Any:
    _Place(document, operation).remove()
    return document


def _replace(document: Any, operation: Object) -> Any:
    if operation.get("path") == "":
        return clone(operation.get("value"))
    _Place(document, operation).set(clone(operation.get("value")))
    return document


def _move(document: Any, operation: Object) -> Any:
    source = _Place(document, operation, "from")
    value = source.value
    source.remove()
    _Place(document, operation).add(value)
    return document


def _copy(document: Any, operation: Object) -> Any:
    value = clone(_Place(document, operation, "from").value)
    _Place(document, operation).add(value)
    return document


def _test(document: Any, operation: Object) -> Any:
    found = document if operation.get("path") == "" else _Place(document, operation).value
    if _text(found) != _text(operation.get("value")):
        raise Misfit
    return document


def _text(value: Any) -> str:
    """What tells values apart: true is not 1, and 1 is not 1.0."""
    return json.dumps(value, sort_keys=True)


_OPERATIONS: dict[str, Callable[[Any, Object], Any]] = {
    "add": _add,
    "remove": _remove,
    "replace": _replace,
    "move": _move,
    "copy": _copy,
    "test": _test,
}
