"""What the sandbox makes of protobuf, and what it refuses rather than lose."""

from __future__ import annotations

from typing import Any

import pytest

from spidercli.sandbox.kube import protobuf
from spidercli.sandbox.kube.api import KubeApi
from spidercli.sandbox.kube.requests import Answer, Request


def _field(number: int, value: int | bytes | str) -> bytes:
    """A field of a message; all numbers and lengths in these tests need one byte."""
    if isinstance(value, int):
        return bytes([number << 3, value])
    data = value.encode() if isinstance(value, str) else value
    return bytes([number << 3 | 2, len(data)]) + data


def _envelope(kind: str, *fields: bytes) -> bytes:
    return b"k8s\0" + _field(1, _field(1, "v1") + _field(2, kind)) + _field(2, b"".join(fields))


def test_zero_of_a_pointer_is_a_value() -> None:
    """What is a pointer in Go keeps its zero, what is none has lost it already."""
    found = protobuf.decode(_envelope("ServiceAccount", _field(1, _field(1, "")), _field(4, 0)))

    assert {"apiVersion": "v1", "kind": "ServiceAccount", "automountServiceAccountToken": False} == found


def test_empty_entries_of_a_map() -> None:
    """An entry without a value has the empty one; without a key it has the empty key."""
    found = protobuf.decode(_envelope("ConfigMap", _field(2, _field(1, "a")), _field(3, b"")))

    assert ({"a": ""}, {"": ""}) == (found["data"], found["binaryData"])


@pytest.mark.parametrize(
    ("port", "expected"),
    [(_field(2, 80), 80), (_field(1, 1) + _field(3, "http"), "http"), (b"", 0)],
    ids=["number", "name", "zero"],
)
def test_number_or_text(port: bytes, expected: Any) -> None:
    """A value that is a number or a text tells which."""
    update = _field(2, _field(1, port))

    found = protobuf.decode(_envelope("Deployment", _field(2, _field(4, update))))

    assert expected == found["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"]


def test_negative_number() -> None:
    """Numbers are signed."""
    minus_one = b"\xff" * 9 + b"\x01"

    found = protobuf.decode(_envelope("DeleteOptions", bytes([1 << 3]) + minus_one))

    assert -1 == found["gracePeriodSeconds"]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (_envelope("ConfigMap", b"\x0d\0\0\0\0"), "proto: illegal wireType 5"),
        (_envelope("ConfigMap", _field(1, 5)), "proto: wrong wireType"),
        (_envelope("ServiceAccount", _field(4, "yes")), "proto: wrong wireType"),
        (_envelope("ConfigMap", _field(1, _field(1, b"\xff"))), "proto: invalid UTF-8"),
        (_envelope("ConfigMap", b"\x80" * 11), "unexpected EOF"),
    ],
)
def test_malformed_message(body: bytes, problem: str) -> None:
    """Bytes that fit no message are refused, whatever is wrong with them."""
    with pytest.raises(protobuf.Malformed, match=problem):
        protobuf.decode(body)


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (_envelope("ConfigMap", _field(1, _field(9, ""))), "no field 9 of ObjectMeta"),
        (_envelope("ConfigMap", _field(1, _field(8, _field(1, 5)))), "no field 1 of Time"),
        (_envelope("Lease"), "no Lease"),
        (_envelope(""), "no object without a kind"),
    ],
)
def test_what_is_unknown_is_refused(body: bytes, what: str) -> None:
    """A field or a kind that would get lost is named, and how to do without protobuf."""
    request = Request(
        method="POST",
        path="/api/v1/namespaces/default/configmaps",
        query={},
        headers={"content-type": "application/vnd.kubernetes.protobuf"},
        body=body,
    )

    answer = KubeApi().handle(request)

    assert isinstance(answer, Answer)
    assert (415, "UnsupportedMediaType") == (answer.status, answer.body["reason"])
    assert "accepted media types include: application/json, application/yaml (" in answer.body["message"]
    assert f"the sandbox knows {what} in protobuf" in answer.body["message"]
    assert "--dry-run=client -o yaml | kubectl create -f -" in answer.body["message"]


def test_every_message_can_be_read() -> None:
    """Every type that a field names is known."""
    simple = {"bool", "bytes", "int", "string"}
    tables = protobuf._messages()

    assert {field.type for fields in tables.values() for field in fields.values()} <= simple | tables.keys()
    assert {field.form for fields in tables.values() for field in fields.values()} == {"", "list", "map", "optional"}
