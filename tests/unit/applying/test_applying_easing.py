"""Requests at a time: more while answers are quick, fewer when one is slow."""

from __future__ import annotations

import contextlib
import threading

import pytest

from spidercli.applying.easing import Easing


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(name="clock")
def _clock() -> Clock:
    """A clock that stands still."""
    return Clock()


def answered(easing: Easing, clock: Clock, seconds: float, times: int = 1) -> int:
    """The limit after so many answers, one after the other, of so many seconds."""
    for _ in range(times):
        with easing.turn():
            clock.now += seconds
    return easing.limit


def test_quick_answers_allow_more(clock: Clock) -> None:
    """It begins with four, gains one after a round of all, and ends with what is allowed."""
    easing = Easing(16, clock)

    assert 4 == easing.limit
    assert 5 == answered(easing, clock, 0.1, times=5)
    assert 16 == answered(easing, clock, 0.1, times=200)


def test_slow_answers_allow_fewer(clock: Clock) -> None:
    """One that takes seconds halves the limit, down to four; in between it stays."""
    easing = Easing(16, clock)
    answered(easing, clock, 0.1, times=200)

    assert 16 == answered(easing, clock, 1.0, times=5)
    assert 8 == answered(easing, clock, 2.5)
    assert 4 == answered(easing, clock, 2.5, times=3)


def test_few_threads_are_never_exceeded(clock: Clock) -> None:
    """Who allows two at a time gets two."""
    assert 2 == answered(Easing(2, clock), clock, 0.1, times=50)


def test_who_is_over_the_limit_waits(clock: Clock) -> None:
    """The fifth goes once one of the four has its answer, be it an error."""
    easing, gone = Easing(16, clock), threading.Event()

    def fifth() -> None:
        with easing.turn():
            gone.set()

    thread = threading.Thread(target=fifth)
    with contextlib.ExitStack() as others:
        for _ in range(3):
            others.enter_context(easing.turn())
        with contextlib.suppress(RuntimeError), easing.turn():
            thread.start()
            assert not gone.wait(0.05)
            clock.now += 1.0
            raise RuntimeError
        assert gone.wait(10)
    thread.join()
