"""Whatever a value is, YAML gives it back."""

from __future__ import annotations

import json
from collections import UserString

import jinja2
import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from spidercli import yamltext
from spidercli.rendering.quoting import Yaml, block, finalize, quote

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(TEXT)
@example("\x00\x07\x1b\x7f\x85\xa0\u2028\u2029\ufeff\ufffe\uffff\U0001f577\U0010ffff")
@example('"\n- injected: {true}\n')
@example("trailing \\")
def test_any_text_survives(text: str) -> None:
    """Any text comes back from PyYAML, and from the reader that we check templates with, as it was."""
    document = f"key: {quote(text)} # comment\n"

    assert yaml.safe_load(document) == {"key": text}
    assert yamltext.load_all(document) == [{"key": text}]


@given(VALUE)
def test_any_value_survives(value: object) -> None:
    """Lists and mappings come back too, quoted all the way down, on one line."""
    text = finalize(value)

    assert "\n" not in text
    assert yaml.load(f"- {text}", yaml.CSafeLoader) == [value]


@pytest.mark.parametrize(
    "text",
    [
        "y",
        "n",
        "yes",
        "on",
        "null",
        "~",
        "1e3",
        "5e5",
        "0o7",
        "0b11",
        "1_000",
        "010",
        "1:30",
        "=",
        "<<",
        "2024-01-01",
        "",
    ],
)
def test_words_that_readers_disagree_on_are_quoted(text: str) -> None:
    """What YAML 1.1, YAML 1.2 or Go's YAML reads as something else is in double quotes."""
    assert finalize(text) == f'"{text}"'


@given(TEXT, st.integers(1, 6))
@example(json.dumps({"Global": {"region": "cn-hangzhou"}}, indent=4), 4)
@example("first\n  second\n\nthird", 2)
@example("ends with a line break\n", 2)
@example("  starts with spaces", 2)
@example("a\n---\nb: c", 2)
def test_any_block_survives(text: str, indent: int) -> None:
    """A literal block gives its text back; one that would not is quoted instead."""
    document = f"key: {block(text, indent)}\nnext: 1\n"

    assert yaml.safe_load(document) == {"key": text, "next": 1}


def test_json_is_readable_as_a_block() -> None:
    """Lines of JSON stay lines."""
    assert block('{\n    "a": 1\n}', 2) == '|-\n  {\n      "a": 1\n  }'


@pytest.mark.parametrize("value", [1.5, b"bytes", object(), UserString("text").data.encode(), {1, 2}])
def test_values_without_a_place_in_yaml(value: object) -> None:
    """A value that YAML readers would not agree on is refused."""
    with pytest.raises(TypeError, match="can't be written as YAML"):
        quote(value)


def test_half_a_character_is_refused() -> None:
    """A lone surrogate is no character, and no YAML could carry it."""
    with pytest.raises(ValueError, match=r"U\+D83D is half a surrogate pair"):
        quote("\ud83d")


def test_quoted_once() -> None:
    """What a filter quoted is not quoted again."""
    assert finalize(quote("a")) == '"a"'


def test_text_made_of_yaml_is_text() -> None:
    """Joining YAML to something gives ordinary text, which is quoted."""
    assert finalize(Yaml("a") + ": b") == '"a: b"'


def test_undefined_says_its_name() -> None:
    """A strict undefined value raises the error that names it."""
    with pytest.raises(jinja2.UndefinedError, match="'missing' is undefined"):
        quote(jinja2.StrictUndefined(name="missing"))
