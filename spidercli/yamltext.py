"""YAML in and out: quoted so that every reader agrees, and read back with the line of every key.

Two kinds of text are read, by two rules for plain (unquoted) words:

- `load` reads what people write. It follows YAML 1.2's core schema, minus what surprises people: only `true`,
  `false`, `null`, `~`, decimal integers and floats with a point are not text. `on`, `yes`, `010`, `1:30`, `0x1f`, `5e5`
  and `2024-01-01` stay text as typed.
- `load_all` reads manifests, plain words as kubectl does (Go's YAML 1.1: `yes` is true, `0644` is octal, `5e5` is a
  number), because that is whom manifests are written for. Dates stay text there too.

Both refuse duplicate keys, keys that are not text, tags other than `!!str !!seq !!map`, nesting deeper than
`MAX_DEPTH` and aliases that blow a small text up. The parser is libyaml; its composer is not used, because it is
recursive C that crashes the process on deep nesting.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, NoReturn

import yaml

from spidercli import yamlwords

MAX_DEPTH = 64
MAX_ALIASED = 10_000
"""How many values aliases may repeat in one text, all together."""

_NEVER_FOLD = 1 << 30
_LONGEST_SHOWN = 60
_MISREAD = re.compile(r"[-+.]?[0-9]|[-+]?\.(inf|nan)|(y|n|yes|no|on|off|true|false|null|~|=|<<)$", re.IGNORECASE)
_TAGS = {
    yaml.ScalarEvent: (None, "tag:yaml.org,2002:str"),
    yaml.SequenceStartEvent: (None, "tag:yaml.org,2002:seq"),
    yaml.MappingStartEvent: (None, "tag:yaml.org,2002:map"),
}
_MAPPING = yaml.MappingStartEvent(None, None, implicit=True, flow_style=False)
_MAPPING_END = yaml.MappingEndEvent()
_SEQUENCE = yaml.SequenceStartEvent(None, None, implicit=True, flow_style=False)
_SEQUENCE_END = yaml.SequenceEndEvent()
_WORDS = (type(None), bool, int, float)
_PLAIN = yaml.representer.SafeRepresenter()


class YamlInvalid(ValueError):
    """A text is not YAML, or not of the kind that we read; str() is "WHERE:LINE:COLUMN: problem"."""

    def __init__(self, problem: str, *, where: str, line: int, column: int = 1) -> None:
        super().__init__(f"{where}:{line}:{column}: {problem}")
        self.problem = problem
        self.line = line
        self.column = column


class LineTree(NamedTuple):
    """The line of a value (of its key, in a mapping), and those of the values in it."""

    line: int
    below: Mapping[str | int, LineTree] = MappingProxyType({})


@dataclasses.dataclass(frozen=True, kw_only=True)
class Loaded:
    """A document as plain Python values, and where each of them stands."""

    data: Any
    lines: LineTree

    def line(self, path: Sequence[str | int]) -> int:
        """The 1-based line of a key path, or of its nearest parent that exists."""
        at = self.lines
        for step in path:
            if step not in at.below:
                break
            at = at.below[step]
        return at.line


def dump(document: Mapping[str, object]) -> str:
    """One document as block-style YAML; see `dump_all`."""
    return dump_all([document])


def dump_all(documents: Iterable[Mapping[str, object]]) -> str:
    """Documents as block-style YAML, `---` between them, keys in insertion order, lists as kubectl shows them.

    Strings that YAML 1.1, YAML 1.2 or Go's YAML would read as something else are in double quotes.

    Raises:
        TypeError: a value has no place in JSON: an address object, a date.
    """
    return _escaped(yaml.emit(_events(documents), Dumper=yaml.CSafeDumper, allow_unicode=True, width=_NEVER_FOLD))


def load(text: str, *, where: str) -> Loaded:
    """The one document that a person wrote; an empty text is None.

    Raises:
        YamlInvalid: it is not YAML, or something that the module docstring refuses; the message starts with `where`.
    """
    documents = _Reader(text, where=where, plain=yamlwords.as_typed).documents()
    first = next(documents, _Piece(None, LineTree(1), 1))
    for second in documents:
        raise YamlInvalid("a second document starts here, one is expected", where=where, line=second.lines.line)
    return Loaded(data=first.value, lines=first.lines)


def load_all(text: str, *, where: str = "YAML") -> list[Any]:
    """Every document of a text of manifests, plain words read as kubectl reads them.

    Raises:
        YamlInvalid: see `load`.
    """
    return [piece.value for piece in _Reader(text, where=where, plain=yamlwords.as_kubectl).documents()]


def _events(documents: Iterable[object]) -> Iterator[yaml.Event]:
    """What libyaml's emitter is told: PyYAML's own way there, over nodes, takes three times as long."""
    yield yaml.StreamStartEvent()
    for document in documents:
        yield yaml.DocumentStartEvent(explicit=False)
        events: list[yaml.Event] = []
        _add(document, events)
        yield from events
        yield yaml.DocumentEndEvent(explicit=False)
    yield yaml.StreamEndEvent()


def _add(value: object, events: list[yaml.Event]) -> None:
    if isinstance(value, str):
        events.append(_text(str(value)))  # str(): a member of an enum is no plain text
    elif isinstance(value, dict):
        events.append(_MAPPING)
        for key, inner in value.items():
            _add(key, events)
            _add(inner, events)
        events.append(_MAPPING_END)
    elif isinstance(value, list | tuple):
        events.append(_SEQUENCE)
        for inner in value:
            _add(inner, events)
        events.append(_SEQUENCE_END)
    else:
        events.append(_word(value))


@functools.lru_cache(maxsize=1024)
def _text(text: str) -> yaml.ScalarEvent:
    """Text so that no reader takes it for anything else; most of it is keys, which are the same over and over."""
    return yaml.ScalarEvent(None, None, (text != "", True), text, style=_style(text))


def _word(value: object) -> yaml.ScalarEvent:
    if type(value) not in _WORDS:
        raise TypeError(f"{type(value).__name__} is not a value for YAML")
    return yaml.ScalarEvent(None, None, (True, False), _PLAIN.represent_data(value).value)


def _style(text: str) -> str | None:
    if "\n" not in text:
        return '"' if _MISREAD.match(text) or not text.isprintable() else None
    return "|" if not _MISREAD.match(text) and _fits_literal_block(text) else '"'


def _escaped(text: str) -> str:
    """YAML without the characters that libyaml prints and terminals obey, such as those that turn the direction.

    They stand in double quotes, by `_style`.
    """
    if text.replace("\n", "").isprintable():
        return text
    return "".join(char if char.isprintable() or char == "\n" else f"\\U{ord(char):08x}" for char in text)


def _fits_literal_block(text: str) -> bool:
    """Whether a block keeps every character: nothing to escape, no space that is lost or taken for indentation."""
    lines = text.removesuffix("\n").split("\n")
    return lines[0][:1].strip() != "" and all(line.isprintable() and line == line.rstrip() for line in lines)


class _Piece(NamedTuple):
    value: Any
    lines: LineTree
    size: int  # values in it, with what aliases repeat


class _Reader:
    """Builds values and their lines from the parser's events."""

    def __init__(self, text: str, *, where: str, plain: Callable[[str], object]) -> None:
        self._text = text
        self._where = where
        self._plain = plain
        self._events: Iterator[Any] = iter(())
        self._anchors: dict[str, _Piece] = {}
        self._aliased = 0

    def documents(self) -> Iterator[_Piece]:
        """Every document of the text, in turn."""
        try:
            self._events = yaml.parse(self._text, Loader=yaml.CSafeLoader)
            for event in self._events:
                if isinstance(event, yaml.DocumentStartEvent):
                    self._anchors.clear()
                    yield self._piece(next(self._events), 0)
        except yaml.MarkedYAMLError as error:
            raise self._syntax_error(error) from error
        except (yaml.reader.ReaderError, UnicodeEncodeError) as error:
            raise self._character_error(error) from error

    def _piece(self, event: Any, depth: int) -> _Piece:
        if depth > MAX_DEPTH:
            self._refuse(event, f"nested deeper than {MAX_DEPTH} levels")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if event.tag not in _TAGS[type(event)]:
            self._refuse(event, f"the tag {_short(event.tag)} is not supported")
        piece = self._untagged_piece(event, depth)
        if event.anchor:
            self._anchors[event.anchor] = piece
        return piece

    def _untagged_piece(self, event: Any, depth: int) -> _Piece:
        if isinstance(event, yaml.ScalarEvent):
            return _Piece(self._scalar(event), LineTree(_line(event)), 1)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(event, depth)
        return self._mapping(event, depth)

    def _scalar(self, event: Any) -> object:
        if not event.implicit[0]:
            return event.value
        try:
            return self._plain(event.value)
        except ValueError:
            self._refuse(event, "a number with too many digits")

    def _sequence(self, event: Any, depth: int) -> _Piece:
        pieces = []
        while not isinstance(item := next(self._events), yaml.SequenceEndEvent):
            pieces.append(self._piece(item, depth + 1))
        below: dict[str | int, LineTree] = {index: piece.lines for index, piece in enumerate(pieces)}
        return _Piece([piece.value for piece in pieces], LineTree(_line(event), below), 1 + _total(pieces))

    def _mapping(self, event: Any, depth: int) -> _Piece:
        pieces: dict[str, _Piece] = {}
        below: dict[str | int, LineTree] = {}
        while not isinstance(key_event := next(self._events), yaml.MappingEndEvent):
            key = self._key(key_event, depth)
            if key in pieces:
                self._refuse(key_event, f"the key {_short(key)!r} is already on line {below[key].line}")
            pieces[key] = self._piece(next(self._events), depth + 1)
            below[key] = LineTree(_line(key_event), pieces[key].lines.below)
        values = {key: piece.value for key, piece in pieces.items()}
        return _Piece(values, LineTree(_line(event), below), 1 + _total(pieces.values()))

    def _key(self, event: Any, depth: int) -> str:
        key = self._piece(event, depth + 1).value
        if not isinstance(key, str):
            self._refuse(event, f"the key {_shown(key)} is not text; put it in quotes")
        return key

    def _alias(self, event: Any) -> _Piece:
        anchor: str = event.anchor
        if anchor not in self._anchors:
            self._refuse(event, f"the alias *{_short(anchor)} has no anchor before it")
        piece = self._anchors[anchor]
        self._aliased += piece.size
        if self._aliased > MAX_ALIASED:
            self._refuse(event, f"aliases repeat more than {MAX_ALIASED} values")
        return piece

    def _refuse(self, event: Any, problem: str) -> NoReturn:
        raise YamlInvalid(problem, where=self._where, line=_line(event), column=event.start_mark.column + 1)

    def _syntax_error(self, error: yaml.MarkedYAMLError) -> YamlInvalid:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        rows = self._text.split("\n")
        if line < len(rows) and rows[line][column : column + 1] == "\t":
            problem = "a tab can't indent, use spaces"
        else:
            problem = ", ".join(str(part) for part in (error.problem, error.context) if part)
        return YamlInvalid(problem, where=self._where, line=line + 1, column=column + 1)

    def _character_error(self, error: yaml.reader.ReaderError | UnicodeEncodeError) -> YamlInvalid:
        """Where the character stands: libyaml counts bytes, Python's encoder characters."""
        if isinstance(error, UnicodeEncodeError):
            before, character = self._text[: error.start], ord(self._text[error.start])
        else:
            before = self._text.encode()[: error.position].decode(errors="ignore")
            character = int(error.character)
        problem = f"the character U+{character:04X} is not allowed"
        line = before.count("\n") + 1
        return YamlInvalid(problem, where=self._where, line=line, column=len(before) - before.rfind("\n"))


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _total(pieces: Iterable[_Piece]) -> int:
    return sum(piece.size for piece in pieces)


def _shown(key: object) -> str:
    return "null" if key is None else str(key).lower() if isinstance(key, bool) else _short(str(key))


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"
