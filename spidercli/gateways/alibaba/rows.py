"""Taking one field out of many objects of an answer at once.

What is looked at together costs a third. Whatever looks odd is left to `fields`, which names the object and the field.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from spidercli.gateways.alibaba.fields import LONGEST_TEXT, Fields

T = TypeVar("T")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rows:
    """Objects of one kind; a method gives a value for each of them, in their order, and raises what `Fields` does."""

    labels: Sequence[str]  # for example "ENI eni-1"
    values: Sequence[Mapping[str, Any]]
    suffix: str = ""  # of all labels

    def each(self, read: Callable[[Fields], T]) -> list[T]:
        """What is read from each object alone."""
        return [read(self._fields(*row)) for row in zip(self.labels, self.values, strict=True)]

    def texts(self, name: str) -> list[str]:
        """`Fields.text` of each."""
        found: list[Any] = [values.get(name) for values in self.values]
        joined = _joined(found)
        is_usual = (
            joined is not None
            and joined.isprintable()
            and all(found)
            and max(map(len, found), default=0) <= LONGEST_TEXT
        )
        return found if is_usual else self.each(lambda fields: fields.text(name))

    def optional_texts(self, name: str) -> list[str]:
        """`Fields.optional_text` of each."""
        found = [values.get(name) or "" for values in self.values]
        return self.each(lambda fields: fields.optional_text(name)) if _joined(found) is None else found

    def optional_numbers(self, name: str) -> list[int | None]:
        """`Fields.optional_number` of each."""
        found = [values.get(name) for values in self.values]
        is_usual = {*map(type, found)} <= {int, type(None)}
        return found if is_usual else self.each(lambda fields: fields.optional_number(name))

    def optional_flags(self, name: str) -> list[bool]:
        """`Fields.optional_flag` of each."""
        found = [values.get(name, False) for values in self.values]
        return found if {*map(type, found)} <= {bool} else self.each(lambda fields: fields.optional_flag(name))

    def nested(self, name: str) -> Rows:
        """`Fields.nested` of each."""
        found = [values.get(name) or {} for values in self.values]
        if not {*map(type, found)} <= {dict}:
            found = self.each(lambda fields: fields.nested(name).values)
        return dataclasses.replace(self, values=found, suffix=f"{self.suffix}.{name}")

    def lists(self, container: str, name: str, read: Callable[[Fields], T], nothing: T) -> list[T]:
        """What is read from each object; `nothing` where its list is empty, as most are."""
        empty: dict[str, list[Any]] = {name: []}
        return [
            nothing if values.get(container) == empty else read(self._fields(label, values))
            for label, values in zip(self.labels, self.values, strict=True)
        ]

    def _fields(self, label: str, values: Mapping[str, Any]) -> Fields:
        return Fields(label=label + self.suffix, values=values)


def _joined(values: list[Any]) -> str | None:
    """All the values in one text, if they are texts: the quickest way to find out."""
    try:
        return "".join(values)
    except TypeError:
        return None
