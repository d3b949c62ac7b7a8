from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spidercli.jsontext import loads

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=12
)


def outcome(parse: Callable[[bytes], Any], body: bytes) -> str:
    """What a parser makes of a body, types and order included (and NaN, which equals nothing)."""
    try:
        return repr(parse(body))
    except ValueError:
        return "no JSON"


@given(value=values, escaped=st.booleans())
def test_json_is_read_as_the_standard_library_reads_it(value: object, *, escaped: bool) -> None:
    """Values, their types, and the order of keys are the same."""
    body = json.dumps(value, ensure_ascii=escaped).encode(errors="surrogatepass")

    assert outcome(loads, body) == outcome(json.loads, body)


@given(body=st.binary(max_size=20) | st.text(alphabet='{}[]":,019-.eE \\u', max_size=12).map(str.encode))
def test_what_is_no_json_is_refused(body: bytes) -> None:
    """Being quick takes nothing that the standard library refuses."""
    assert outcome(loads, body) == outcome(json.loads, body)


@pytest.mark.parametrize(
    "body",
    [
        b"-0",
        b"-0.0",
        b"1e400",
        b"123456789012345678901234567890",
        b'{"a": 1, "b": 2, "a": 3}',
        b'{"cut": "\\ud83d"}',
        b'\xef\xbb\xbf{"a": 1}',
        '{"a": 1}'.encode("utf-16"),
        b"[" * 300 + b"]" * 300,
        b"[NaN, -Infinity]",
    ],
    ids=["-0", "-0.0", "huge", "long", "twice", "half an emoji", "BOM", "UTF-16", "deep", "no numbers"],
)
def test_odd_json_is_read_all_the_same(body: bytes) -> None:
    """What the standard library takes is not refused by being quick."""
    assert repr(loads(body)) == repr(json.loads(body))
