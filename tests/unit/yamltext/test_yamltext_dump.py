"""What `yamltext` writes is read back as it was, by us and by others."""

from __future__ import annotations

import datetime as dt
import enum
import ipaddress
import textwrap

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from spidercli import yamltext

MISREAD = [
    *("y", "n", "yes", "NO", "on", "Off", "true", "False", "null", "~", "=", "<<", ""),
    *("1e3", "5e5", "1e-3", "0o7", "010", "0b11", "0x1f", "1_000", "+1", "-2", ".5", "1:30", "2024-01-01"),
    *(
        ".inf",
        "-.INF",
        ".nan",
        "- a",
        "# a",
        "a: b",
        "a #b",
        "@a",
        "`a",
        "%a",
        "!a",
        "&a",
        "*a",
        "?",
        "|",
        ">",
        "[",
        "}",
    ),
]
WHITE = [
    " a",
    "a ",
    "a\n",
    "\na",
    "a\n\n",
    "a\n b\n",
    " a\nb",
    "a \nb",
    "a\tb",
    "\ta\nb",
    "\n",
    "a\r\nb",
    "---\na",
    "...\n",
]
UNPRINTABLE = ["\x85", "a\u2028b\nc", "\ufeffa", "\x00", "\x7f\n", "a\xa0\nb", "中\n文"]

texts = (
    st.sampled_from(MISREAD + WHITE + UNPRINTABLE)
    | st.text()
    | st.text(alphabet="ab0 \n\t:#-\r\x85\u2028\ufeff", max_size=12)
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
documents = st.dictionaries(texts, values, max_size=5)


@settings(deadline=None)
@given(documents)
def test_load_gives_back_what_was_dumped(document: dict[str, object]) -> None:
    """Any JSON-like value survives a dump and a load."""
    assert document == yamltext.load(yamltext.dump(document), where="x").data


@settings(deadline=None)
@given(st.lists(documents, max_size=3))
def test_load_all_gives_back_what_was_dumped(written: list[dict[str, object]]) -> None:
    """Any documents survive a dump and the reader that follows kubectl."""
    assert written == yamltext.load_all(yamltext.dump_all(written))


@settings(deadline=None)
@given(documents)
def test_yaml_1_1_reads_what_was_dumped(document: dict[str, object]) -> None:
    """PyYAML's YAML 1.1 reads the same value, dates and sexagesimals included."""
    assert document == yaml.load(yamltext.dump(document), Loader=yaml.CSafeLoader)


@pytest.mark.parametrize("text", [text for text in MISREAD[:26] if text], ids=repr)
def test_misread_words_are_quoted(text: str) -> None:
    """A word that some YAML reader takes for another type is in double quotes."""
    assert f'a: "{text}"\n' == yamltext.dump({"a": text})


def test_no_text_is_not_null() -> None:
    """An empty text has quotes, and nothing has a word."""
    assert yamltext.dump({"": None, "a": ""}) == "'': null\na: ''\n"


def test_layout_is_that_of_kubectl() -> None:
    """Keys keep their order, lists start below their key, documents are separated by three dashes."""
    pool = {"kind": "SpiderIPPool", "spec": {"subnet": "172.31.192.0/20", "nodeName": ["worker"], "default": True}}

    expected = """\
        kind: SpiderIPPool
        spec:
          subnet: "172.31.192.0/20"
          nodeName:
          - worker
          default: true
        ---
        a: {}
        """
    assert textwrap.dedent(expected) == yamltext.dump_all([pool, {"a": {}}])


def test_lines_are_a_literal_block() -> None:
    """Text of several lines stays readable."""
    assert yamltext.dump({"a": "one\ntwo: 2\n"}) == "a: |\n  one\n  two: 2\n"


def test_long_text_is_not_folded() -> None:
    """A value stays on its line, however long it is."""
    text = "word " * 1000 + "end"

    assert f"a: {text}\n" == yamltext.dump({"a": text})


def test_repeated_values_have_no_aliases() -> None:
    """The same list in two places is written twice."""
    shared = ["x"]

    assert yamltext.dump({"a": shared, "b": shared}) == "a:\n- x\nb:\n- x\n"


def test_text_enums_are_text() -> None:
    """A member of a StrEnum is written as its value, and quoted like any other text."""
    colour = enum.StrEnum("colour", {"NONE": "no"})

    assert yamltext.dump({"a": colour("no")}) == 'a: "no"\n'


@pytest.mark.parametrize("value", [ipaddress.ip_address("10.0.0.1"), object()], ids=["address", "object"])
def test_other_objects_are_refused(value: object) -> None:
    """What JSON has no place for is a TypeError that names its type."""
    with pytest.raises(TypeError, match=type(value).__name__):
        yamltext.dump({"a": value})


def test_dates_are_not_written_silently() -> None:
    """A date would come back as text, so it is refused."""
    with pytest.raises(TypeError, match="date"):
        yamltext.dump({"a": dt.date(2024, 1, 1)})
