"""Every kind of fault at every call of a run: how it ends, what it leaves behind, and that the next run settles it.

The calls are those that an undisturbed run makes, so that a new call is covered by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from spidercli.sandbox.faults import Kind
from tests.faults.judging import Undisturbed, complaints
from tests.faults.rules import Case
from tests.faults.scenes import COMMANDS

Runs = Callable[[str], Undisturbed]


def judged(cases: Iterable[Case], usual: Undisturbed) -> tuple[int, list[str]]:
    """How many cases there were, and what was wrong."""
    verdicts = [verdict for case in cases if (verdict := complaints(case, usual)) is not None]
    return len(verdicts), [text for verdict in verdicts for text in verdict]


@pytest.mark.faults
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("cases", [Undisturbed.struck_once, Undisturbed.struck_for_good], ids=["once", "for-good"])
def test_whatever_goes_wrong(
    undisturbed: Runs,
    command: str,
    kind: Kind,
    cases: Callable[[Undisturbed, Kind], Iterable[Case]],
    record_property: Callable[[str, object], None],
) -> None:
    """What passes is waited for; what does not ends the run with the code of its class; nothing half done is lost."""
    usual = undisturbed(command)
    count, wrong = judged(cases(usual, kind), usual)

    record_property("cases", count)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("kind", [Kind.LOST, Kind.FORBIDDEN])
def test_a_few_of_the_cases(undisturbed: Runs, command: str, kind: Kind) -> None:
    """Some of all this with every run of the tests: every third call."""
    usual = undisturbed(command)
    cases = list(usual.struck_once(kind))
    count, wrong = judged(cases[::3], usual)

    assert len(usual.calls) == len(cases)  # both make sense at every call
    assert count == len(cases[::3])
    assert not wrong, "\n".join(wrong)
