"""Kubernetes' protobuf, as far as kubectl posts it: `kubectl create` and `kubectl auth` know no other encoding.

client-go's clients for built-in kinds send it whatever the server prefers, and don't fall back to JSON (its rest.Client
does so for CBOR only). A message is an envelope that names the kind, around the object
(k8s.io/apimachinery, pkg/runtime/serializer/protobuf) in the wire format of protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

import base64
import dataclasses
import functools
import importlib.resources
from collections.abc import Iterator
from typing import Any, TypeVar

import yaml

from spidercli.sandbox.kube.values import Object

_MAGIC = b"k8s\x00"
_VARINT, _BYTES = 0, 2
_SIGN = 1 << 63

_Raw = TypeVar("_Raw", int, bytes)


class Malformed(Exception):
    """Bytes that are no message; the words are those of Go where that is short."""


class Unknown(Exception):
    """A kind or a field that messages.yaml has not: what it says would be lost."""


@dataclasses.dataclass(frozen=True)
class _Field:
    name: str
    form: str  # optional, list, map or ""
    type: str

    @classmethod
    def of(cls, text: str) -> _Field:
        """Read NAME [FORM] TYPE."""
        name, *form, type_name = text.split()
        return cls(name, "".join(form), type_name)


def decode(body: bytes) -> Object:
    """The object in an envelope, as JSON would have it.

    Raises:
        Malformed: the body is no such message.
        Unknown: it is of a kind, or has a field, that can't be read.
    """
    if not body:
        raise Malformed("empty data")
    if not body.startswith(_MAGIC):
        prefix = " ".join(map(str, _MAGIC))
        raise Malformed(f"provided data does not appear to be a protobuf message, expected prefix [{prefix}]")
    envelope = _message("Unknown", body.removeprefix(_MAGIC))
    identity = envelope.get("typeMeta") or {}
    raw = base64.b64decode(envelope.get("raw", ""))
    return {**_message(identity.get("kind", ""), raw), **identity}


@functools.cache
def _messages() -> dict[str, dict[int, _Field]]:
    text = importlib.resources.files(__package__).joinpath("messages.yaml").read_bytes()
    tables = yaml.load(text, Loader=yaml.CSafeLoader)
    return {name: {number: _Field.of(written) for number, written in fields.items()} for name, fields in tables.items()}


def _message(type_name: str, data: bytes) -> Object:
    fields = _messages().get(type_name)
    if fields is None:
        raise Unknown(f"no {type_name or 'object without a kind'}")
    found: Object = {}
    for number, value in _wire(data):
        if number not in fields:
            raise Unknown(f"no field {number} of {type_name}")
        _put(found, fields[number], value)
    return found


def _put(found: Object, field: _Field, raw: int | bytes) -> None:
    match field.form:
        case "list":
            found.setdefault(field.name, []).append(_value(field.type, raw))
        case "map":
            entry = dict(_wire(_checked(raw, bytes)))
            key, value = entry.get(1, b""), entry.get(2, b"")
            found.setdefault(field.name, {})[_value("string", key)] = _value(field.type, value)
        case "optional":
            found[field.name] = _value(field.type, raw)
        case _:
            if value := _value(field.type, raw):
                found[field.name] = value


def _value(type_name: str, raw: int | bytes) -> Any:
    match type_name:
        case "bool":
            return bool(_checked(raw, int))
        case "int":
            number = _checked(raw, int)
            return number - 2 * _SIGN if number >= _SIGN else number
        case "bytes":
            return base64.b64encode(_checked(raw, bytes)).decode()
        case "string":
            return _text(_checked(raw, bytes))
        case "IntOrString":
            parts = _message(type_name, _checked(raw, bytes))
            return parts.get("strVal", "") if parts.get("type") else parts.get("intVal", 0)
        case _:
            return _message(type_name, _checked(raw, bytes))


def _checked(raw: int | bytes, wanted: type[_Raw]) -> _Raw:
    if not isinstance(raw, wanted):
        raise Malformed("proto: wrong wireType")
    return raw


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise Malformed("proto: invalid UTF-8") from error


def _wire(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a message by number; numbers and what has a length are all that Kubernetes writes."""
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        value, position = _varint(data, position)
        if tag & 7 == _VARINT:
            yield tag >> 3, value
            continue
        if tag & 7 != _BYTES:
            raise Malformed(f"proto: illegal wireType {tag & 7}")
        if position + value > len(data):
            raise Malformed("unexpected EOF")
        yield tag >> 3, data[position : position + value]
        position += value


def _varint(data: bytes, position: int) -> tuple[int, int]:
    """A number of seven bits a byte, the lowest first, and where it ends."""
    number = shift = 0
    while position < len(data) and shift < 64:  # noqa: PLR2004 (bits)
        byte = data[position]
        number |= (byte & 127) << shift
        position, shift = position + 1, shift + 7
        if byte < 128:  # noqa: PLR2004 (the highest bit: more to come)
            return number, position
    raise Malformed("unexpected EOF")
