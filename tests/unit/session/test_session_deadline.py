"""What ends when the time that --timeout gives is over."""

from __future__ import annotations

import threading

from spidercli.session.deadline import Deadline

NO_TIME = 1e-6
LONG = 30.0


def test_everything_ends_with_the_time() -> None:
    """Waiting ends, and so does what was registered to."""
    deadline, ended = Deadline(NO_TIME), threading.Event()
    deadline.at_end(ended.set)

    with deadline.running():
        assert ended.wait(LONG)

    assert (deadline.stop.is_set(), deadline.expired) == (True, True)


def test_what_begins_too_late_ends_at_once() -> None:
    """What is built after the time is over does not even begin to wait."""
    deadline, calls = Deadline(NO_TIME), []
    with deadline.running():
        deadline.stop.wait(LONG)

    deadline.at_end(lambda: calls.append("ended"))

    assert calls == ["ended"]


def test_work_that_is_done_in_time_is_not_ended() -> None:
    """The clock stops with the work."""
    deadline, before = Deadline(LONG), threading.enumerate()

    with deadline.running():
        clocks = [thread for thread in threading.enumerate() if thread not in before]
    for clock in clocks:
        clock.join(LONG)

    assert (len(clocks), deadline.stop.is_set(), deadline.expired) == (1, False, False)


def test_no_limit_has_no_clock() -> None:
    """Without --timeout nothing ever ends by itself."""
    before = set(threading.enumerate())

    with Deadline(0.0).running():
        assert set(threading.enumerate()) <= before
