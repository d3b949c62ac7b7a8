"""Values into YAML so that every reader gives the same value back, whatever is in it.

A string becomes a double-quoted scalar on one line, which is JSON with more characters escaped: those that YAML refuses
(control characters, U+FFFE, U+FFFF), takes for a line break (U+0085, U+2028, U+2029) or drops (U+FEFF). So nothing in
it can end the scalar, start a comment or be taken for a number, a date or a boolean.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping, Sequence

import jinja2

_PLAIN_ASCII = re.compile(r"[ !#-\[\]-~]*")
_ESCAPED_BEYOND_JSON = re.compile("[\x7f-\xa0\u2028\u2029\ufeff\ufffe\uffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")


class Yaml(str):
    """Text that is YAML already; only the functions of this module make it."""

    __slots__ = ()


def quote(value: object) -> Yaml:
    """A value as YAML on one line: a scalar, a flow list or a flow mapping.

    Raises:
        TypeError: the value has no place in JSON.
        ValueError: a string has half a surrogate pair, which is no character.
    """
    if isinstance(value, str):
        return _quoted(str(value))
    return Yaml(_other(value))


@functools.lru_cache(maxsize=4096)  # a vSwitch's values come back for each of its pools
def _quoted(text: str) -> Yaml:
    return Yaml(_text(text))


def finalize(value: object) -> Yaml:
    """What Jinja prints for `{{ value }}`: quoted, unless a filter of ours did it."""
    return value if isinstance(value, Yaml) else quote(value)


def block(value: str, indent: int) -> Yaml:
    """Text as a YAML literal block with its header, each line indented by a number of spaces.

    For `key: {{ text | block(4) }}`, where the key is indented by less. A text that a block would change is quoted.
    """
    text = str(value)
    lines = text.split("\n")
    if lines[0][:1] in {"", " "} or not lines[-1] or not all(_fits_block(line) for line in lines):
        return quote(text)
    pad = " " * indent
    return Yaml("|-\n" + "\n".join(pad + line if line else "" for line in lines))


def _text(text: str) -> str:
    if _PLAIN_ASCII.fullmatch(text):
        return f'"{text}"'
    half = _SURROGATE.search(text)
    if half:
        raise ValueError(f"U+{ord(half[0]):04X} is half a surrogate pair and no character")
    return _ESCAPED_BEYOND_JSON.sub(_escaped, json.dumps(text, ensure_ascii=False))


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def _other(value: object) -> str:
    if isinstance(value, jinja2.Undefined):
        str(value)  # a strict one raises its own error, which names the variable
    if value is None or isinstance(value, int):
        return json.dumps(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_text(str(key))}: {quote(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return "[" + ", ".join(quote(item) for item in value) + "]"
    raise TypeError(f"a value of type {type(value).__name__} can't be written as YAML")


def _fits_block(line: str) -> bool:
    """Whether a literal block keeps a line as it is: nothing that needs an escape, no trailing space."""
    return line.isprintable() and line == line.rstrip()
