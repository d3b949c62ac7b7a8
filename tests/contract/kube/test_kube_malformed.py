"""Bodies that are no JSON and no YAML: the answer says what is wrong with them."""

from __future__ import annotations

from typing import Any

import pytest

Manifest = dict[str, Any]

_APPLY = "application/apply-patch+yaml"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"a"', "unexpected end of JSON input"),
        ('{"a": "x', "unexpected end of JSON input"),
        ("tru", "invalid character ' ' in literal true (expecting 'e')"),
        ('{"a":}', "invalid character '}' looking for beginning of value"),
        ('{"a":1,}', "invalid character '}' looking for beginning of object key string"),
        ("{a:1}", "invalid character 'a' looking for beginning of object key string"),
        ("{'a':1}", r"invalid character '\'' looking for beginning of object key string"),
        ('{"a" 1}', "invalid character '1' after object key"),
        ('{"a":"[" "b":2}', "invalid character '\"' after object key:value pair"),
        ("[{}, 1 2]", "invalid character '2' after array element"),
        ("[1,]", "invalid character ']' looking for beginning of value"),
        ('{"a":1} x', "invalid character 'x' after top-level value"),
        ("01", "invalid character '1' after top-level value"),
        ("nonsense", "invalid character 'o' in literal null (expecting 'u')"),
        ('{"a":tru}', "invalid character '}' in literal true (expecting 'e')"),
        ("-", "invalid character ' ' in numeric literal"),
        ('{"a":"\x01"}', r"invalid character '\x01' in string literal"),
    ],
)
def test_malformed_json(client: Any, config_map: Manifest, text: str, told: str) -> None:
    """The sign that does not fit is named, and where it stands, in a create as in a patch."""
    path = client.path(config_map, collection=True)

    created = client.call("POST", path, text)

    assert (400, f"json parse error: {told} (") == (created.status, _part(created, "json parse error"))
    client.create(config_map)
    patched = client.patch(config_map, text)
    assert (400, f"error decoding patch: {told}") == (patched.status, patched.body["message"])


def _part(reply: Any, start: str) -> str:
    """A message from a word on, up to the excerpt of the body."""
    message: str = reply.body["message"]
    return message[message.index(start) : message.rindex("(") + 1]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: b: c", "mapping values are not allowed in this context"),
        ("x: 1\ny: 2\n x: 3", "line 3: mapping values are not allowed in this context"),
        ("\t a", "found character that cannot start any token"),
        ("a: [1", "line 1: did not find expected ',' or ']'"),
        ('{"a":', "line 1: did not find expected node content"),
        ('a: "x', "found unexpected end of stream"),
        ("%", "could not find expected directive name"),
        ("a: *x", "unknown anchor 'x' referenced"),
        ("a: &a 1\nb: [*a, *other-one_2]", "unknown anchor 'other-one_2' referenced"),
        ("é: *x:y", "unknown anchor 'x' referenced"),
        ("a: &a [1, {b: *a}]", "anchor 'a' value contains itself"),
        ("<<: 1", "map merge requires map or sequence of maps as the value"),
        ("<<: [1]", "map merge requires map or sequence of maps as the value"),
    ],
)
def test_malformed_yaml(client: Any, config_map: Manifest, text: str, told: str) -> None:
    """What the YAML parser missed is told, with its line from the second one on."""
    path = client.path(config_map, collection=True)

    applied = client.call("PATCH", client.path(config_map), text, kind=_APPLY, fieldManager="one")
    created = client.call("POST", path, text, kind="application/yaml")

    wrong = f"error decoding YAML: error converting YAML to JSON: yaml: {told}"
    assert (400, wrong) == (applied.status, applied.body["message"])
    assert (400, f"ConfigMap): yaml: {told} (") == (created.status, _part(created, "ConfigMap)"))
