"""What goes to which stream, and in which form."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

import spidercli
from spidercli.errors import Declined, NodeUnknown, UsageProblem
from spidercli.output import Output


class Tty(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


Make = Callable[..., Output]


@pytest.fixture(name="make")
def output_on_strings() -> Make:
    """An output on three strings; `terminal` makes terminals of them."""

    def build(*, terminal: bool = False, answer: str = "", **given: Any) -> Output:
        kind = Tty if terminal else io.StringIO
        return Output(stdout=kind(), stderr=kind(), stdin=kind(answer), **given)

    return build


def said(output: Output) -> tuple[str, str]:
    """What went to stdout and to stderr."""
    assert isinstance(output.stdout, io.StringIO)
    assert isinstance(output.stderr, io.StringIO)
    return output.stdout.getvalue(), output.stderr.getvalue()


def test_columns_are_aligned(make: Make) -> None:
    """Columns are two spaces apart, wide characters count twice, and no line ends with spaces."""
    output = make()
    output.table(("NAME", "X"), [("a", "1"), ("名字", ""), ("long-name", "2")])

    assert said(output) == ("NAME       X\na          1\n名字\nlong-name  2\n", "")


def test_an_empty_table(make: Make) -> None:
    """Nothing in, nothing out."""
    output = make()
    output.table((), [])

    assert said(output) == ("", "")


def test_a_cell_is_one_line(make: Make) -> None:
    """Line breaks and control characters of a value are shown and not obeyed."""
    output = make()
    output.table((), [("a\nb\x1b[31m\u202e", "c")])

    assert said(output)[0] == "a\\nb\\x1b[31m\\x202e  c\n"


def test_rows_have_styles_on_a_terminal(make: Make) -> None:
    """Colour repeats what symbols say, up to the end of the text and no further."""
    output = make(terminal=True)
    output.lines([("+ a", ""), ("- bcd", "")], styles=["green", "red"])

    assert said(output)[0] == "\x1b[32m+ a\x1b[0m\n\x1b[31m- bcd\x1b[0m\n"


@pytest.mark.parametrize(
    ("given", "coloured"),
    [
        ({}, False),
        ({"terminal": True}, True),
        ({"terminal": True, "environ": {"NO_COLOR": "1"}}, False),
        ({"terminal": True, "environ": {"NO_COLOR": ""}}, True),
        ({"terminal": True, "color": "never"}, False),
        ({"color": "always", "environ": {"NO_COLOR": "1"}}, True),
        ({"environ": {"FORCE_COLOR": "1"}}, True),
    ],
)
def test_when_colours_are_used(make: Make, given: dict[str, Any], coloured: bool) -> None:
    """--color beats NO_COLOR, which beats FORCE_COLOR, which beats the kind of stream."""
    output = make(**given)
    output.warn("careful")

    assert ("\x1b[33m" in said(output)[1]) == coloured


@pytest.mark.parametrize(
    ("verbosity", "expected"),
    [
        (-1, ["warning: w"]),
        (0, ["n", "warning: w"]),
        (1, ["n", "d1", "warning: w"]),
        (2, ["n", "d1", "d2", "warning: w"]),
    ],
)
def test_how_much_is_told(make: Make, verbosity: int, expected: list[str]) -> None:
    """-q leaves warnings, -v and -vv add details."""
    output = make(verbosity=verbosity)
    output.note("n")
    output.detail("d1")
    output.detail("d2", level=2)
    output.warn("w")

    assert said(output)[1].splitlines() == expected


def test_an_error_for_people(make: Make) -> None:
    """Code and message, then the hint, then what the cloud's support asks for."""
    output = make()
    output.error(NodeUnknown("no instance for x", hint="look", request_id="R-1"))

    assert said(output) == ("", "error SPC201: no instance for x\n  hint: look\n  request id: R-1\n")


def test_an_error_for_programs(make: Make) -> None:
    """One line of JSON on stderr; what is unknown is left out."""
    output = make(form="json")
    output.error(NodeUnknown("no instance\nfor \x9bx"))

    assert said(output) == ("", '{"error": {"code": "SPC201", "message": "no instance\\nfor \\u009bx"}}\n')


def test_json_keeps_letters_and_escapes_controls(make: Make) -> None:
    """Chinese stays readable; what a terminal would obey is escaped, and the value stays the same."""
    output = make(form="json")
    output.data({"a": "名\x7f\x9b\u202e\U000e0001"})

    assert json.loads(said(output)[0]) == {"a": "名\x7f\x9b\u202e\U000e0001"}
    assert '"名\\u007f\\u009b\\u202e' in said(output)[0]


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("table", "NAME  FREE\na     -\nb     true\n"),
        ("wide", "NAME  FREE  MORE\na     -     1\nb     true  2\n"),
        ("name", "pool/a\npool/b\n"),
    ],
)
def test_records_for_people(make: Make, form: str, expected: str) -> None:
    """Lists have columns by form; what is unknown is a dash."""
    output = make(form=form)
    rows: list[dict[str, object]] = [{"name": "a", "free": None, "more": 1}, {"name": "b", "free": True, "more": 2}]
    output.records(rows, ("name", "free"), wide=("name", "free", "more"), name=lambda row: f"pool/{row['name']}")

    assert said(output)[0] == expected


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_records_for_programs(make: Make, form: str) -> None:
    """Programs get every key, whatever the columns."""
    output = make(form=form)
    output.records([{"name": "a", "more": None}], ("name",), name=str)

    assert yaml.safe_load(said(output)[0]) == [{"name": "a", "more": None}]


def test_one_record(make: Make) -> None:
    """A single record is a key and a value a line."""
    output = make()
    output.record({"pool": "a", "pod": None})

    assert said(output)[0] == "pool:  a\npod:   -\n"


def test_text_ends_with_one_line_break(make: Make) -> None:
    """A result is a text file."""
    output = make()
    output.text("a")
    output.text("b\n")

    assert said(output)[0] == "a\nb\n"


def test_words_are_harmless(make: Make) -> None:
    """A result in words, and its errors and warnings, show what a terminal would obey."""
    output = make()
    output.text("refused: \x1b[2J\x07 by 名\u202e\nnext\tline\r")
    output.names(["pod/\x1b]0;x\x07"])

    assert said(output)[0] == "refused: \\x1b[2J\\x07 by 名\\x202e\nnext\\x09line\\x0d\npod/\\x1b]0;x\\x07\n"


def test_no_names(make: Make) -> None:
    """An empty list is an empty file."""
    output = make()
    output.names([])
    output.text("")

    assert said(output) == ("", "")


def test_nothing_goes_around_it() -> None:
    """No other module writes to the streams: what is shown is made harmless in one place."""
    package = Path(spidercli.__file__).parent
    writers = [
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if re.search(r"std(out|err)\.write|\bprint\(", path.read_text(encoding="utf-8"))
    ]

    assert writers == ["output.py"]


@pytest.mark.parametrize("answer", ["y\n", "Y\n", "yes\n", " yes \n"])
def test_yes(make: Make, answer: str) -> None:
    """These are a yes."""
    output = make(terminal=True, answer=answer)
    output.confirm("Apply?")

    assert said(output)[1] == "Apply? [y/N] "


@pytest.mark.parametrize("answer", ["n\n", "\n", "yess\n", ""])
def test_no(make: Make, answer: str) -> None:
    """Everything else is a no."""
    with pytest.raises(Declined, match="nothing was written"):
        make(terminal=True, answer=answer).confirm("Apply?")


def test_nobody_to_ask(make: Make) -> None:
    """Without a terminal a question is a usage problem that names --yes."""
    with pytest.raises(UsageProblem) as caught:
        make(answer="y\n").confirm("Apply?")

    assert "--yes" in str(caught.value.hint)


def test_assume_yes(make: Make) -> None:
    """--yes asks nothing."""
    output = make(assume_yes=True)
    output.confirm("Apply?")

    assert said(output) == ("", "")


@pytest.mark.parametrize(("quiet", "expected"), [(False, "Reading…\n"), (True, "")])
def test_a_step_in_a_log(make: Make, quiet: bool, expected: str) -> None:
    """A plain line is told, with -q none."""
    output = make(verbosity=-1 if quiet else 0)
    output.line("Reading…")

    assert said(output)[1] == expected


def test_a_quiet_plan_is_shown_when_a_question_follows(make: Make) -> None:
    """-q hides the plan only from those who are not asked about it."""
    asked, unasked = make(verbosity=-1), make(verbosity=-1, assume_yes=True)
    for output in (asked, unasked):
        output.note_lines([("+ a",)], styles=[""])

    assert (said(asked)[1], said(unasked)[1]) == ("+ a\n", "")
