"""The time as an API server tells it."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from spidercli.gateways.cluster.clock import ServerClock

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@dataclasses.dataclass
class Machine:
    """A machine whose clock is an hour ahead."""

    second: float = 7.0

    @property
    def clock(self) -> ServerClock:
        return ServerClock(local=lambda: NOON + timedelta(hours=1), seconds=lambda: self.second)


def test_the_servers_time_goes_on() -> None:
    """Between two answers the time is the last one's and what has passed since."""
    machine = Machine()
    clock = machine.clock
    clock.hear("Sun, 22 Nov 2026 12:00:00 GMT")

    machine.second += 2.5

    assert NOON + timedelta(seconds=2.5) == clock.now()


def test_each_answer_sets_the_clock() -> None:
    """What a server says later counts more."""
    clock = Machine().clock
    clock.hear("Sun, 22 Nov 2026 11:00:00 GMT")
    clock.hear("Sun, 22 Nov 2026 12:00:00 GMT")

    assert NOON == clock.now()


@pytest.mark.parametrize("date", [None, "", "noon", "Sun, 99 Nov 2026 12:00:00 GMT"])
def test_without_a_date_it_is_this_machines_time(date: str | None) -> None:
    """A server that tells no time, or none that can be read, changes nothing."""
    clock = Machine().clock
    clock.hear(date)

    assert NOON + timedelta(hours=1) == clock.now()


def test_seconds_pass() -> None:
    """The clock that nobody sets never goes back."""
    clock = ServerClock()

    assert clock.seconds() <= clock.seconds()
