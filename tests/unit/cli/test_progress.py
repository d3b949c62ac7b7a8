"""Progress in a log, by a clock of our own."""

from __future__ import annotations

import io
from typing import Any

import pytest

from spidercli import kinds
from spidercli.applying import Outcome
from spidercli.output import Output
from spidercli.planning.plan import Phase, Verb, Write
from spidercli.progress import Lines, Silent, progress_on

WRITE = Write(phase=Phase.GROW, verb=Verb.APPLY, kind=kinds.IP_POOL, name="a", namespace=None, body={})


def make_output(stderr: io.StringIO, **given: Any) -> Output:
    return Output(stdout=io.StringIO(), stderr=stderr, stdin=io.StringIO(), **given)


def test_a_line_every_ten_seconds() -> None:
    """A long run says now and then how far it is, and how long the rest may take."""
    said: list[str] = []
    now = 0.0
    lines = Lines(said.append, clock=lambda: now)
    lines.started(100)
    for _ in range(100):
        now += 0.3
        lines.finished(WRITE, Outcome.DONE)

    assert said == [
        "Applying 100 writes…",
        "34 of 100 writes, 3 per second, about 20 s left",
        "68 of 100 writes, 3 per second, about 10 s left",
    ]


def test_a_short_run_says_little() -> None:
    """One line is enough for what takes a moment."""
    said: list[str] = []
    lines = Lines(said.append, clock=lambda: 0.0)
    lines.started(1)
    lines.finished(WRITE, Outcome.DONE)

    assert said == ["Applying 1 write…"]


def test_waiting_is_told() -> None:
    """What is waited for is always said."""
    said: list[str] = []
    Lines(said.append, clock=lambda: 0.0).waiting("waiting for a pool")

    assert said == ["waiting for a pool"]


@pytest.mark.parametrize(("verbosity", "kind"), [(-1, Silent), (0, Lines)])
def test_who_is_told_how(verbosity: int, kind: type) -> None:
    """A log gets lines, -q nothing."""
    with progress_on(make_output(io.StringIO(), verbosity=verbosity)) as progress:
        assert isinstance(progress, kind)


def test_a_bar_on_a_terminal() -> None:
    """A terminal gets a bar that counts and names what is waited for."""
    screen = io.StringIO()
    screen.isatty = lambda: True  # type: ignore[method-assign]
    with progress_on(make_output(screen)) as progress:
        progress.started(2)
        progress.finished(WRITE, Outcome.DONE)
        progress.waiting("waiting for a pool")
        progress.finished(WRITE, Outcome.DONE)

    assert "2/2" in screen.getvalue()
