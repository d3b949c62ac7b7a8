"""The keys that spidercli.yaml can have, read off the schema."""

from __future__ import annotations

import dataclasses
import difflib
import enum
import typing
from collections.abc import Iterator, Sequence

from pydantic.fields import FieldInfo

from spidercli.config.schema import Config, Section

_LONGEST_NAME = 64

Path = Sequence[str | int]
"""The way to a value: keys of mappings, and indices of lists."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Key:
    """One key of the file."""

    path: tuple[str, ...]  # as the file spells it
    field: FieldInfo
    section: type[Section] | None  # of the value itself, or of the items of a list
    is_list: bool

    @property
    def about(self) -> str:
        """What the key is for: its own docstring in the schema, else that of its section."""
        return self.field.description or (self.section and self.section.__doc__) or ""

    @property
    def opens_section(self) -> bool:
        """Whether the value is a mapping with keys of its own."""
        return self.section is not None and not self.is_list


def walk(model: type[Section] = Config, parent: Key | None = None) -> Iterator[Key]:
    """Every key, a section before the keys in it; items of lists are not entered."""
    for attribute, field in model.model_fields.items():
        key = Key(
            path=(*(parent.path if parent else ()), field.alias or attribute),
            field=field,
            section=_section_in(field.annotation),
            is_list=typing.get_origin(field.annotation) is list,
        )
        yield key
        if key.section and key.opens_section:
            yield from walk(key.section, key)


def dotted(path: Path) -> str:
    """A path for people: interfaces[0].match.cidr; a step with control characters is quoted."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step if step.isprintable() else repr(step)}"
    return text.removeprefix(".")


def choices(annotation: object) -> list[str]:
    """The texts that a type allows, if they are few: those of an enum or a Literal in it."""
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return [str(member.value) for member in annotation]
    if typing.get_origin(annotation) is typing.Literal:
        return list(typing.get_args(annotation))
    return [choice for inner in typing.get_args(annotation) for choice in choices(inner)]


def suggestion(path: Path) -> str | None:
    """What somebody who wrote an unknown key may have meant: a key beside it, or one of that name elsewhere."""
    wrong = str(path[-1])[:_LONGEST_NAME]
    beside = difflib.get_close_matches(wrong, _names_in(path[:-1]), n=1)
    if beside:
        return beside[0]
    return next((dotted(key.path) for key in walk() if key.path[-1] == wrong), None)


def _names_in(path: Path) -> list[str]:
    """The keys of the section at a path that is known to be one."""
    section: type[Section] = Config
    for step in path:
        inside = (key.section for key in walk(section) if key.path == (step,))
        section = next(inside, None) or section
    return [key.path[0] for key in walk(section) if len(key.path) == 1]


def _section_in(annotation: object) -> type[Section] | None:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return next(filter(None, map(_section_in, typing.get_args(annotation))), None)
