"""What a report says and how a command ends after it."""

from __future__ import annotations

from typing import Any

import pytest

from spidercli.applying import Outcome, Report, Result
from spidercli.errors import (
    AddressInUse,
    ApplyIncomplete,
    ClusterError,
    ClusterForbidden,
    ClusterUnauthorized,
    ClusterUnreachable,
    Interrupted,
    RunInProgress,
    SpiderError,
    WriteConflict,
    WriteRefused,
)
from spidercli.planning.plan import Phase


@pytest.fixture(name="done")
def _done(writing: Any) -> Result:
    """A write that was made."""
    return Result(write=writing(Phase.GROW, "fine"), outcome=Outcome.DONE)


def failed(writing: Any, error: ClusterError, name: str = "p") -> Result:
    return Result.of_error(writing(Phase.GROW, name), error)


def test_what_nobody_knows_is_not_counted_as_not_made(done: Result) -> None:
    """A write that nobody waited for may have been made: the message says so."""
    left = Result(write=done.write, outcome=Outcome.UNKNOWN, reason="left")
    unsent = Result.skipped(done.write, "stopped")

    with pytest.raises(Interrupted) as caught:
        Report(results=(done, left, unsent), stopped=True).raise_if_incomplete()
    assert "stopped: 1 of 3 writes were not made, 1 may or may not have been" == caught.value.message


def test_all_done_is_ok(done: Result) -> None:
    """Nothing is raised when everything was done."""
    report = Report(results=(done,))

    report.raise_if_incomplete()

    assert report.ok
    assert ["1 done"] == list(report.lines())
    assert {"done": 1, "refused": 0, "blocked": 0, "unknown": 0, "skipped": 0} == report.summary


@pytest.mark.parametrize(
    ("error", "outcome", "reason"),
    [
        (WriteRefused("bad field"), Outcome.REFUSED, "bad field"),
        (WriteConflict("stale"), Outcome.REFUSED, "changed meanwhile, run again"),
        (AddressInUse("pod ns/a holds 10.0.0.1"), Outcome.BLOCKED, "pod ns/a holds 10.0.0.1"),
        (WriteRefused("can't apply SpiderIPPool p: bad: field"), Outcome.REFUSED, "bad: field"),
        (ClusterUnreachable("no answer in time", in_doubt=True), Outcome.UNKNOWN, "no answer in time"),
        (ClusterUnreachable("its webhook is away"), Outcome.REFUSED, "its webhook is away"),
    ],
    ids=["refused", "conflict", "in-use", "names-the-object", "no-answer", "out-of-order"],
)
def test_an_error_becomes_an_outcome(writing: Any, error: ClusterError, outcome: Outcome, reason: str) -> None:
    """An address in use blocks; a conflict says what helps; the rest says why."""
    result = failed(writing, error)

    assert (outcome, reason, error) == (result.outcome, result.reason, result.error)


def test_equal_reasons_share_a_line(writing: Any, done: Result) -> None:
    """A thousand pools that were skipped for one reason are one line."""
    skipped = [Result.skipped(writing(Phase.GROW, f"p{at}"), "gone") for at in range(5)]

    assert [
        "refused: SpiderIPPool q: bad",
        "skipped: SpiderIPPool p0, SpiderIPPool p1, SpiderIPPool p2 and 2 more: gone",
        "1 done, 1 refused, 5 skipped",
    ] == list(Report(results=(done, failed(writing, WriteRefused("bad"), "q"), *skipped)).lines())


@pytest.mark.parametrize(
    ("errors", "stopped", "expected"),
    [
        ([WriteRefused("a")], False, ApplyIncomplete),
        ([WriteRefused("a")], True, Interrupted),
        ([WriteRefused("a"), ClusterForbidden("b")], False, ClusterForbidden),
        ([WriteRefused("a"), ClusterUnauthorized("b")], True, ClusterUnauthorized),
        ([WriteRefused("a"), ClusterUnreachable("b")], False, ClusterUnreachable),
    ],
    ids=["refused", "stopped", "forbidden", "unauthorized", "unreachable"],
)
def test_the_worst_error_ends_the_command(
    writing: Any, errors: list[ClusterError], stopped: bool, expected: type[SpiderError]
) -> None:
    """The exit code is that of the error which says most."""
    report = Report(results=tuple(failed(writing, error) for error in errors), stopped=stopped)

    with pytest.raises(SpiderError) as caught:
        report.raise_if_incomplete()
    assert expected is type(caught.value)


@pytest.mark.parametrize("trouble", [RunInProgress("another"), ClusterForbidden("list")], ids=["lease", "forbidden"])
def test_trouble_ends_the_command_though_all_was_done(done: Result, trouble: ClusterError) -> None:
    """What casts doubt on the whole run is not hidden by writes that went well."""
    with pytest.raises(type(trouble)):
        Report(results=(done,), trouble=trouble).raise_if_incomplete()


def test_what_is_missing_is_counted(writing: Any, done: Result) -> None:
    """The last message says how much was not made, with the first hint there is."""
    report = Report(results=(done, failed(writing, WriteRefused("bad", hint="upgrade"))))

    with pytest.raises(ApplyIncomplete, match="1 of 2 writes were not made") as caught:
        report.raise_if_incomplete()
    assert "upgrade" == caught.value.hint


def test_without_a_hint_the_lines_are_pointed_at(writing: Any) -> None:
    """There always is something to do next."""
    with pytest.raises(ApplyIncomplete) as caught:
        Report(results=(failed(writing, WriteRefused("bad")),)).raise_if_incomplete()

    assert "the lines above say why; run again once that is settled" == caught.value.hint
