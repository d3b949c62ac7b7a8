"""What is told of a run that takes a while, by a clock of our own."""

from __future__ import annotations

import io
import threading
from typing import Any

import pytest

from spidercli import kinds
from spidercli.applying import Outcome
from spidercli.output import Output
from spidercli.planning.plan import Action, Change, Phase, Plan, Verb, Write
from spidercli.progress import Remarks, Tally, Writes, shown


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(name="clock")
def _clock() -> Clock:
    """The time."""
    return Clock()


@pytest.fixture(name="remarks")
def _remarks(clock: Clock) -> Remarks:
    """What is in the way."""
    return Remarks(clock)


def plan_of(count: int, action: Action = Action.UPDATE) -> Plan:
    names = [f"p{at:05}" for at in range(count)]
    writes = [
        Write(phase=Phase.GROW, verb=Verb.APPLY, kind=kinds.IP_POOL, name=name, namespace=None, body={})
        for name in names
    ]
    return Plan(changes=tuple(Change(action=action, kind=w.kind, name=w.name, writes=(w,)) for w in writes))


def test_a_reading_counts(remarks: Remarks) -> None:
    """The first page ends the announcement; totals are told where they are known."""
    tally = Tally("Reading SpiderIPPool objects", remarks)
    before = tally.text()
    tally.page("ENIs", 500, None)
    tally.page("ENIs", 500, None)
    tally.page("instances", 100, 5000)

    assert (before, tally.text()) == (
        "Reading SpiderIPPool objects",
        "read so far: 1,000 ENIs, 100 of 5,000 instances",
    )


def test_a_reading_that_hangs_is_no_slow_one(clock: Clock, remarks: Remarks) -> None:
    """A server that does not answer shows before the request's time is over."""
    tally = Tally("Reading", remarks, clock)
    tally.page("ENIs", 500, None)
    clock.now += 18

    assert tally.text() == "read so far: 500 ENIs; no answer for 18 s"


def test_silence_before_the_first_page_is_told(clock: Clock, remarks: Remarks) -> None:
    """A call that hangs from the start is no reading that is merely slow; an answer ends the silence."""
    tally = Tally("Reading SpiderIPPool objects", remarks, clock)
    clock.now += 9
    soon = tally.text()
    clock.now += 11

    assert (soon, tally.text()) == (
        "Reading SpiderIPPool objects",
        "Reading SpiderIPPool objects; no answer for 20 s",
    )
    tally.page("SpiderIPPool objects", 5, 5)
    assert tally.text() == "read so far: 5 of 5 SpiderIPPool objects"


def test_silence_before_the_lease_is_had_is_told(clock: Clock, remarks: Remarks) -> None:
    """A run that has not begun may hang as well."""
    writes = Writes(plan_of(1), remarks, clock=clock)
    clock.now += 20

    assert writes.text() == "Taking the Lease; no answer for 20 s"


def test_a_pause_is_told_with_what_is_left_of_it(clock: Clock, remarks: Remarks) -> None:
    """What is in the way comes before anything else, and is forgotten when it is over."""
    tally = Tally("Reading", remarks)
    remarks.pausing("Alibaba Cloud throttles ecs:DescribeInstances", 12.0)
    clock.now += 3.5
    told = tally.text()
    clock.now += 9

    assert told == "Alibaba Cloud throttles ecs:DescribeInstances, going on in 9 s"
    assert tally.text() == "Reading"


def run(plan: Plan, clock: Clock, remarks: Remarks, seconds: Any, *, made: int) -> Writes:
    """A run whose n-th write takes seconds(n), after some of its writes."""
    writes = Writes(plan, remarks, clock=clock)
    every = list(plan.writes)
    writes.started(len(every))
    for number, write in enumerate(every[:made], start=1):
        clock.now += seconds(number)
        writes.finished(write, Outcome.DONE)
    return writes


def test_updates_take_as_long_as_before(clock: Clock, remarks: Remarks) -> None:
    """The rate is that of the last half minute, not the one since the start."""
    writes = run(plan_of(1000), clock, remarks, lambda number: 0.1 if number <= 500 else 0.5, made=600)

    assert writes.text() == "600 of 1,000 writes; 2.0 per second; about 3 min left"


def test_creates_take_ever_longer(clock: Clock, remarks: Remarks) -> None:
    """Each create of a pool costs time in proportion to the pools that exist: what the rate says is a lower bound."""
    writes = run(plan_of(10_000, Action.CREATE), clock, remarks, lambda n: 0.005 + 0.0001 * n, made=1000)

    # The rest takes 9,000 * 5 ms and 0.1 ms times the sum from 1,001 to 10,000: 4,995 s. Each took 90 ms lately.
    assert writes.text().endswith("13 min to 83 min left")


def test_bounds_that_are_close_are_told_as_one(clock: Clock, remarks: Remarks) -> None:
    """Towards the end the rate says nearly as much as how it changed."""
    writes = run(plan_of(10_000, Action.CREATE), clock, remarks, lambda n: 0.005 + 0.0001 * n, made=9000)

    # 1,000 * 5 ms and 0.1 ms times the sum from 9,001 to 10,000: 955 s
    assert writes.text().endswith("about 16 min left")


def test_the_first_creates_show_a_bound_only(clock: Clock, remarks: Remarks) -> None:
    """While nobody knows how the cost grows, the estimate says what is known."""
    writes = run(plan_of(10_000, Action.CREATE), clock, remarks, lambda _: 0.01, made=100)

    assert writes.text() == "100 of 10,000 writes; 100 per second; at least 2 min left"


def test_few_writes_say_nothing_about_the_rest(clock: Clock, remarks: Remarks) -> None:
    """An estimate needs more than a handful of answers."""
    assert run(plan_of(100), clock, remarks, lambda _: 1.0, made=3).text() == "3 of 100 writes; 1.0 per second"


def test_what_was_not_done_is_counted(clock: Clock, remarks: Remarks) -> None:
    """Refused and blocked writes show before the end, and are not taken for made ones."""
    plan = plan_of(4)
    writes = Writes(plan, remarks, clock=clock)
    writes.started(4)
    for write, outcome in zip(plan.writes, [Outcome.DONE, Outcome.REFUSED, Outcome.BLOCKED], strict=False):
        clock.now += 1
        writes.finished(write, outcome)

    assert writes.text().startswith("1 of 4 writes, 1 refused, 1 blocked;")
    assert writes.share() == 0.75


def test_sorts_that_take_turns_are_told_apart(clock: Clock, remarks: Remarks) -> None:
    """In a run of many batches each sort is as fast as while it was its turn, waits left out."""
    updates, creates = list(plan_of(600).changes), list(plan_of(600, Action.CREATE).changes)
    writes = Writes(Plan(changes=(*updates, *creates)), remarks, clock=clock)
    writes.started(1200)
    for first in range(0, 300, 100):
        for seconds, changes in ((0.1, updates), (1.0, creates)):
            for change in changes[first : first + 100]:
                clock.now += seconds
                writes.finished(change.writes[0], Outcome.DONE)
            clock.now += 60
            writes.waiting("waiting for deleted pools to go")

    writes.finished(updates[300].writes[0], Outcome.DONE)
    # 299 updates of 0.1 s, and 300 creates of 1 s
    assert writes.text() == "601 of 1,200 writes; 10 per second; about 5 min left"


def test_silence_is_told(clock: Clock, remarks: Remarks) -> None:
    """A server that hangs does not look like a slow one."""
    writes = run(plan_of(100), clock, remarks, lambda _: 0.1, made=20)
    clock.now += 40

    assert writes.text() == "20 of 100 writes; no answer for 40 s"


def test_a_stopped_run_estimates_nothing(clock: Clock, remarks: Remarks) -> None:
    """After Ctrl-C the rest will not be made."""
    writes = run(plan_of(100), clock, remarks, lambda _: 0.1, made=20)
    writes.stopping()

    assert writes.text() == "stopping: 20 of 100 writes"


def test_a_stopped_run_counts_what_was_made(clock: Clock, remarks: Remarks) -> None:
    """Writes that were not sent are through, and not made."""
    plan = plan_of(400)
    writes = run(plan, clock, remarks, lambda _: 0.1, made=12)
    writes.stopping()
    for write in list(plan.writes)[12:]:
        writes.finished(write, Outcome.SKIPPED)

    assert writes.text() == "stopping: 12 of 400 writes, 388 not sent"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ([1], "Applying 1 write…"),
        ([1, 1], "Applying 2 writes…"),
        ([2], "Applying 1 change in 2 writes…"),
        ([1, 2, 0], "Applying 2 changes in 3 writes…"),
        ([1] * 4000, "Applying 4,000 writes…"),
    ],
    ids=["one", "as-many", "twice", "some", "thousands"],
)
def test_changes_are_told_where_writes_are_more(remarks: Remarks, changes: list[int], told: str) -> None:
    """The result counts changes; who reads both should not wonder about the difference."""
    [write] = plan_of(1).writes
    update = [Change(action=Action.UPDATE, kind=write.kind, name="p", writes=(write,) * count) for count in changes]
    said: list[str] = []
    Writes(Plan(changes=tuple(update)), remarks, say=said.append).started(sum(changes))

    assert said == [told]


def test_a_log_hears_of_a_wait_once(clock: Clock, remarks: Remarks) -> None:
    """The first look that finds something is told at once; the later ones show with the time."""
    said: list[str] = []
    writes = Writes(plan_of(2), remarks, say=said.append, clock=clock)
    before = writes.text()
    writes.started(2)
    writes.waiting("waiting for a")
    writes.waiting("waiting for b")

    assert said == ["Applying 2 writes…", "waiting for a"]
    assert (before, writes.text(), writes.share()) == ("Taking the Lease", "waiting for b", None)


def make_output(stderr: io.StringIO, **given: Any) -> Output:
    return Output(stdout=io.StringIO(), stderr=stderr, stdin=io.StringIO(), **given)


class Terminal(io.StringIO):
    """A screen that tells when something was drawn on it."""

    def __init__(self) -> None:
        super().__init__()
        self.drawn = threading.Event()

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        length = super().write(text)
        if "Reading" in self.getvalue():
            self.drawn.set()
        return length


@pytest.mark.parametrize(("verbosity", "expected"), [(0, "Reading\nReading\n"), (-1, "")])
def test_a_log_has_a_line_every_ten_seconds(remarks: Remarks, verbosity: int, expected: str) -> None:
    """Lines come with the time, and none with -q."""
    stderr, looked, waits = io.StringIO(), threading.Event(), []

    def wait(over: threading.Event, seconds: float) -> bool:
        waits.append(seconds)
        if len(waits) <= 2:
            return False
        looked.set()
        return over.wait(10)

    with shown(make_output(stderr, verbosity=verbosity), Tally("Reading", remarks), wait=wait):
        assert verbosity < 0 or looked.wait(10)

    assert stderr.getvalue() == expected
    assert set(waits) <= {10.0}


PLAIN: list[dict[str, Any]] = [{"environ": {"NO_COLOR": "1"}}, {"color": "never"}]


@pytest.mark.parametrize("given", [{}, *PLAIN], ids=str)
def test_a_terminal_shows_a_line_that_goes_away(remarks: Remarks, given: dict[str, Any]) -> None:
    """What moves is wiped at the end, in colours or not; what is told meanwhile stays."""
    screen = Terminal()
    output = make_output(screen, **given)

    def wait(over: threading.Event, seconds: float) -> bool:
        return False if seconds < 1 else over.wait(10)

    with shown(output, Tally("Reading", remarks), wait=wait):
        assert screen.drawn.wait(10)
        output.note("a note", style="dim")

    assert ("\x1b[2ma note\x1b[0m\n" if not given else "a note\n") in screen.getvalue()
    assert screen.getvalue().endswith("\x1b[2K")


@pytest.mark.parametrize("given", PLAIN, ids=str)
def test_what_moves_needs_no_colour(given: dict[str, Any]) -> None:
    """Who wants no colour gets none, neither as a colour nor as bold or dim text."""
    screen = Terminal()
    output = make_output(screen, **given)
    output.note("a note", style="dim")
    output.warn("careful")

    assert output.animated
    assert screen.getvalue() == "a note\nwarning: careful\n"


@pytest.mark.parametrize("term", ["dumb", "unknown"])
def test_a_plain_terminal_is_a_log(term: str) -> None:
    """Nothing moves where escapes can't be shown."""
    assert not make_output(Terminal(), environ={"TERM": term}).animated
