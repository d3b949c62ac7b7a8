"""What `yamltext` reads, what it refuses, and where it says the problem is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spidercli import yamltext

TEXT = """\
region: cn-hangzhou

pools:
  exclude:
  - 10.0.0.1
  -   cidr: 10.0.0.0/24
      note: |
        one
  name: x
"""
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 1),
        (("region",), 1),
        (("pools",), 3),
        (("pools", "exclude", 0), 5),
        (("pools", "exclude", 1, "note"), 7),
        (("pools", "name"), 9),
        (("pools", "gateways", "x"), 3),
        (("nodes", "ids", 3), 1),
        (("region", "x"), 1),
    ],
    ids=str,
)
def test_line_of_a_key_path(path: tuple[str | int, ...], line: int) -> None:
    """A path has the line of its key, a missing one that of its nearest parent."""
    assert line == yamltext.load(TEXT, where="x").line(path)


@pytest.mark.parametrize(
    ("word", "value"),
    [
        *(
            (word, word)
            for word in ("on", "yes", "y", "010", "0o7", "0x1f", "1_000", "5e5", "1e3", "1:30", "2024-01-01")
        ),
        *((word, word) for word in ("2024-01-01T00:00:00Z", "+1", ".5", "=", "<<", "1.2.3", "10.0.0.0/8")),
        *((word, None) for word in ("", "~", "null", "Null")),
        *((word, True) for word in ("true", "True", "TRUE")),
        ("false", False),
        ("10", 10),
        ("-7", -7),
        ("1.5", 1.5),
        ("!!str 10", "10"),
        ("'true'", "true"),
        ('"7"', "7"),
    ],
)
def test_plain_words_that_people_write(word: str, value: object) -> None:
    """Only unmistakable words are more than text; quotes and !!str make text of any word."""
    loaded = yamltext.load(f"a: {word}", where="x").data["a"]

    assert (type(value), value) == (type(loaded), loaded)


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("yes", True),
        ("Off", False),
        ("y", True),
        ("0644", 420),
        ("0o17", 15),
        ("-0x1F", -31),
        ("0b11", 3),
        ("1_000", 1000),
        ("5e5", 500000.0),
        (".5", 0.5),
        ("08", 8.0),
        ("1:30", "1:30"),
        ("2024-01-01", "2024-01-01"),
        ("172.31.199.185", "172.31.199.185"),
        ("cn-hangzhou", "cn-hangzhou"),
    ],
)
def test_plain_words_of_manifests(word: str, value: object) -> None:
    """In manifests plain words mean what kubectl reads."""
    (loaded,) = yamltext.load_all(f"a: {word}")

    assert (type(value), value) == (type(loaded["a"]), loaded["a"])


@pytest.mark.parametrize(
    ("text", "line", "column", "problem"),
    [
        ("a: 1\nb:\n  c: 1\n  c: 2", 4, 3, "the key 'c' is already on line 3"),
        ("a:\n\tb: 1", 2, 1, "a tab can't indent, use spaces"),
        ("a: b: c", 1, 5, "mapping values are not allowed in this context"),
        ("a: [1,", 2, 1, "did not find expected node content, while parsing a flow node"),
        ("a: é\n中: x\0", 2, 5, "the character U+0000 is not allowed"),
        ("a:\n- x\ud800", 2, 4, "the character U+D800 is not allowed"),
        ("a: 1\n1: b", 2, 1, "the key 1 is not text; put it in quotes"),
        ("true: b", 1, 1, "the key true is not text; put it in quotes"),
        ("? [a]\n: b", 1, 3, "the key ['a'] is not text; put it in quotes"),
        ("a: !!python/object:os.system x", 1, 4, "the tag tag:yaml.org,2002:python/object:os.system is not supported"),
        ("a: !x {b: 1}", 1, 4, "the tag !x is not supported"),
        ("a: &x [*x]", 1, 8, "the alias *x has no anchor before it"),
        ("a: " + "9" * 5000, 1, 4, "a number with too many digits"),
        ("- " * 200_000, 1, 131, "nested deeper than 64 levels"),
        ("{a: " * 200_000, 1, 258, "nested deeper than 64 levels"),
        (BOMB, 5, 8, "aliases repeat more than 10000 values"),
    ],
)
def test_problems_are_one_line_with_a_place(text: str, line: int, column: int, problem: str) -> None:
    """Whatever is refused, the error says what and where, and never crashes on hostile text."""
    with pytest.raises(yamltext.YamlInvalid) as caught:
        yamltext.load(text, where="my.yaml")

    assert (line, column, problem) == (caught.value.line, caught.value.column, caught.value.problem)
    assert f"my.yaml:{line}:{column}: {problem}" == str(caught.value)


def test_duplicate_keys_of_manifests_are_refused() -> None:
    """A manifest with the same key twice is refused like any other text."""
    with pytest.raises(yamltext.YamlInvalid, match="already on line 1"):
        yamltext.load_all("a: {b: 1, b: 2}", where="pool.yaml.j2")


def test_second_document_is_refused() -> None:
    """A text for `load` is one document."""
    with pytest.raises(yamltext.YamlInvalid, match="a second document"):
        yamltext.load("a: 1\n---\nb: 2", where="x")


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n"], ids=repr)
def test_empty_text_is_none(text: str) -> None:
    """No document and an empty document are both None."""
    assert yamltext.load(text, where="x").data is None


def test_small_aliases_work() -> None:
    """An anchor's value is used again where its alias stands."""
    assert yamltext.load("a: &a [1, 2]\nb: *a", where="x").data == {"a": [1, 2], "b": [1, 2]}


def test_anchors_end_with_their_document() -> None:
    """An alias can't reach into the document before."""
    with pytest.raises(yamltext.YamlInvalid, match="no anchor"):
        yamltext.load_all("a: &a 1\n---\nb: *a")


def problem_of(read: Callable[[], object]) -> str:
    try:
        read()
    except yamltext.YamlInvalid as error:
        return str(error)
    return ""


@settings(deadline=None)
@given(st.text(alphabet=st.sampled_from(list("ab1 \n\t:-#[]{},&*!|>'\"%@?~\0\ud800")), max_size=60) | st.text())
def test_hostile_text_gives_a_value_or_yaml_invalid(text: str) -> None:
    """No text makes any other error than a YamlInvalid of one line."""
    for read in (lambda: yamltext.load(text, where="x"), lambda: yamltext.load_all(text)):
        assert "\n" not in problem_of(read)
