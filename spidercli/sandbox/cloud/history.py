"""What the last change of the world replaced: some of the cloud's readings lag behind its writes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, TypeVar

V = TypeVar("V")

_ABSENT = object()


class Journal:
    """Changes tables, and remembers the values that the last change replaced; the values themselves never change."""

    def __init__(self) -> None:
        self._replaced: list[tuple[dict[str, Any], str, Any]] = []
        self._depth = 0
        self._begins = True

    @contextlib.contextmanager
    def change(self) -> Iterator[None]:
        """Count everything until the end of the block, other changes included, as one change."""
        self._begins = self._begins or not self._depth
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1

    def put(self, table: dict[str, V], key: str, value: V) -> None:
        """Set a value."""
        self._note(table, key)
        table[key] = value

    def drop(self, table: dict[str, V], key: str) -> None:
        """Delete a value."""
        self._note(table, key)
        del table[key]

    def forget(self) -> None:
        """Let everything be as if it had always been so."""
        self._replaced.clear()

    def before(self, table: dict[str, V]) -> dict[str, V]:
        """A copy of a table from before the last change."""
        former = dict(table)
        for changed, key, value in reversed(self._replaced):
            if changed is table and value is _ABSENT:
                former.pop(key, None)
            elif changed is table:
                former[key] = value
        return former

    def _note(self, table: dict[str, V], key: str) -> None:
        if self._begins:
            self._replaced.clear()
            self._begins = False
        self._replaced.append((table, key, table.get(key, _ABSENT)))
