"""The objects of a template's texts, with the parser asked once for each shape that the texts have.

Ten thousand pools differ in their values and in hardly anything else. So a template is rendered once more with marks in
place of the values, and that text is parsed: a mould. A text that is the mould's with other values between the same
pieces holds the mould's object with these values in place of the marks, because every value is one quoted scalar that
stands alone (see `quoting` and `placement`). Each text is compared with its mould in full; what a template decides by
looking at a value makes another text, which is left to the parser.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeGuard

from spidercli import yamltext
from spidercli.errors import TemplateInvalid
from spidercli.model import Manifest
from spidercli.rendering import quoting

_PREFIX = uuid.uuid4().hex  # in no template
_QUOTED = re.compile(rf'"{_PREFIX}-([0-9]+)"')


class Moulds:
    """The moulds of one template, made as they are needed."""

    def __init__(self, render: Callable[[Mapping[str, object]], str]) -> None:
        """Take the template: `render` gives its text for some values, or raises TemplateInvalid."""
        self._render = render
        self._made: dict[tuple[object, ...], _Mould | None] = {}

    def cast(self, text: str, values: Mapping[str, object]) -> Manifest | None:
        """The one object of a text, which the template gave for these values; None if it has to be parsed."""
        shape = tuple(_shape(value) for value in values.values())
        if shape not in self._made:
            self._made[shape] = self._make(values)
        mould = self._made[shape]
        return mould.cast(text, list(_texts(values))) if mould else None

    def _make(self, values: Mapping[str, object]) -> _Mould | None:
        marks = (f"{_PREFIX}-{number}" for number in range(len(list(_texts(values)))))
        marked = {name: _marked(value, marks) for name, value in values.items()}
        try:
            text = self._render(marked)
            [document] = yamltext.load_all(text)
            return _Mould(text, document)
        except (TemplateInvalid, ValueError):  # no object, several ones, or a mark in an odd place
            return None


class _Mould:
    """A text with marks, and the object that it holds."""

    def __init__(self, text: str, document: object) -> None:
        """Prepare to fill it.

        Raises:
            ValueError: it holds no mapping, or a mark is in a key or in the middle of a longer text.
        """
        if not isinstance(document, dict):
            raise ValueError("a mapping is expected")  # noqa: TRY004 - see above
        self._first, *rest = _QUOTED.split(text)
        self._pieces = [(int(mark), piece) for mark, piece in zip(rest[::2], rest[1::2], strict=True)]
        self._document = _with_slots(document)

    def cast(self, text: str, values: Sequence[str]) -> Manifest | None:
        """The object of a text, if it is this one with other values."""
        expected = self._first + "".join(quoting.quote(values[mark]) + piece for mark, piece in self._pieces)
        return _filled(self._document, values) if text == expected else None


class _Slot(int):
    """Where a value belongs in an object: its number."""


def _shape(value: object) -> object:
    """What a value has to have in common with another one to use the same mould."""
    if isinstance(value, str):
        return str
    return len(value) if _is_list(value) else (type(value), value)


def _is_list(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _texts(values: Mapping[str, object]) -> Iterator[str]:
    """The texts among the values, those in lists too, in the order of their marks."""
    for value in values.values():
        if isinstance(value, str):
            yield value
        elif _is_list(value):
            yield from value


def _marked(value: object, marks: Iterator[str]) -> object:
    if isinstance(value, str):
        return next(marks)
    return [next(marks) for _ in value] if _is_list(value) else value


def _with_slots(node: object) -> object:
    if isinstance(node, dict):
        if any(_PREFIX in key for key in node):
            raise ValueError("a key is no place for a value")
        return {key: _with_slots(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_with_slots(item) for item in node]
    if isinstance(node, str) and _PREFIX in node:
        return _Slot(node.removeprefix(f"{_PREFIX}-"))  # a ValueError where there is more than the mark
    return node


def _filled(node: Any, values: Sequence[str]) -> Any:
    kind = type(node)
    if kind is dict:
        return {key: _filled(value, values) for key, value in node.items()}
    if kind is list:
        return [_filled(item, values) for item in node]
    return values[node] if kind is _Slot else node
