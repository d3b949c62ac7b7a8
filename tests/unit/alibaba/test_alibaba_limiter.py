from __future__ import annotations

import threading
from typing import Any

import pytest

from spidercli.gateways.alibaba.limiter import BURST, Limiter


@pytest.fixture
def limiter(clock: Any) -> Limiter:
    return Limiter({"ecs:Describe": 60.0}, clock=clock, sleep=clock.sleep)


def test_a_burst_is_free(limiter: Limiter, clock: Any) -> None:
    """The first calls of a run wait for nothing."""
    for _ in range(BURST):
        limiter.acquire("ecs:DescribeInstances")

    assert clock.slept == []


def test_after_the_burst_calls_come_at_their_rate(limiter: Limiter, clock: Any) -> None:
    """60 calls a minute are one a second once the burst is used up."""
    for _ in range(BURST + 3):
        limiter.acquire("ecs:DescribeInstances")

    assert clock.slept == [1.0, 1.0, 1.0]


def test_actions_do_not_share_a_bucket(limiter: Limiter, clock: Any) -> None:
    """Quotas are per action, so one action's burst costs another nothing."""
    for action in ("ecs:DescribeInstances", "ecs:DescribeNetworkInterfaces"):
        for _ in range(BURST):
            limiter.acquire(action)

    assert clock.slept == []


@pytest.mark.parametrize(
    ("action", "per_call"),
    [
        ("ecs:DescribeInstances", 60 / 400),
        ("ecs:AssignPrivateIpAddresses", 60 / 200),
        ("vpc:DescribeVSwitches", 60 / 150),
        ("sts:GetCallerIdentity", 1.0),
    ],
)
def test_default_rates(clock: Any, action: str, per_call: float) -> None:
    """Each family of actions has its rate; what is not listed has the lowest."""
    limiter = Limiter(clock=clock, sleep=clock.sleep)

    for _ in range(BURST + 1):
        limiter.acquire(action)

    assert clock.slept == [pytest.approx(per_call)]


def test_a_pause_holds_everybody(limiter: Limiter, clock: Any) -> None:
    """After a refusal, nobody calls the action until the pause is over; other actions go on."""
    limiter.pause("ecs:DescribeInstances", 7.0)

    limiter.acquire("ecs:DescribeNetworkInterfaces")
    limiter.acquire("ecs:DescribeInstances")

    assert clock.slept == [7.0]


def test_a_pause_that_begins_during_the_wait_counts(clock: Any) -> None:
    """A thread that was waiting for its token learns of the refusal that another thread met meanwhile."""

    def sleep(seconds: float) -> None:
        if not clock.slept:
            pausing.pause("x", 5.0)
        clock.sleep(seconds)

    pausing = Limiter({"x": 60.0}, clock=clock, sleep=sleep)
    for _ in range(BURST + 1):
        pausing.acquire("x")

    assert clock.slept == [1.0, 4.0]


def test_threads_never_take_the_same_token(clock: Any) -> None:
    """Many threads together get no more than the burst for free."""
    limiter = Limiter({"x": 60.0}, clock=lambda: 0.0, sleep=lambda _: clock.slept.append(1))

    def worker() -> None:
        for _ in range(50):
            limiter.acquire("x")

    threads = [threading.Thread(target=worker) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(clock.slept) == 8 * 50 - BURST
