"""Trees of owned fields (FieldsV1), prepared for telling quickly that an object is as it was applied.

Thousands of objects are owned in the same way: their one tree is prepared once, and then an object takes a look at
every level instead of one at every field.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

_KEPT: Final = 64  # trees; thousands of objects have a handful


class FieldTree:
    """A tree in which every key is a field's name: whoever owns an element of a list has to walk."""

    __slots__ = ("_branches", "_size", "_values")

    def __init__(self, fields: Mapping[str, Any]) -> None:
        """Prepare a tree.

        Raises:
            ValueError: a key means an element of a list, or the object itself.
        """
        if not all(key.startswith("f:") for key in fields):
            raise ValueError(f"not only fields: {', '.join(fields)}")
        leaves = [key[2:] for key, below in fields.items() if not below]
        self._size = len(fields)
        self._values: Callable[[Any], object] = operator.itemgetter(*leaves) if leaves else _nothing
        self._branches = tuple((key[2:], FieldTree(below)) for key, below in fields.items() if below)

    def agree(self, desired: Any, live: Any) -> bool:
        """Whether these are just the fields that are desired, and all of them are live."""
        try:
            if len(desired) != self._size or self._values(desired) != self._values(live):
                return False
            return all(below.agree(desired[name], live[name]) for name, below in self._branches)
        except (KeyError, TypeError):  # one of them is no mapping, or has no such field
            return False


class FieldTrees:
    """The trees that were prepared, told apart by identity: comparing them would take as long as comparing objects."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Mapping[str, Any], FieldTree | None]] = {}

    def of(self, fields: Mapping[str, Any]) -> FieldTree | None:
        """The tree, None if it has more than fields. It must not be changed any more."""
        found = self._known.get(id(fields))
        return found[1] if found else self._prepared(fields)

    def _prepared(self, fields: Mapping[str, Any]) -> FieldTree | None:
        try:
            tree = FieldTree(fields)
        except ValueError:
            tree = None
        if len(self._known) >= _KEPT:
            self._known.clear()
        self._known[id(fields)] = fields, tree  # kept with it, so that its identity stays its own
        return tree


def _nothing(_: object) -> None:
    """The values of no leaves."""
