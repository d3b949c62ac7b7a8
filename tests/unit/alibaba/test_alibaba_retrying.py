from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from spidercli.errors import Interrupted
from spidercli.gateways.alibaba.calls import Call, Cause, Failure, Product
from spidercli.gateways.alibaba.limiter import Limiter
from spidercli.gateways.alibaba.retrying import BUDGET, Retrier, RetryNote, Stop

READ = Call(product=Product.ECS, action="DescribeInstances")
WRITE = Call(product=Product.ECS, action="CreateNetworkInterface", write=True)
SAFE_WRITE = Call(
    product=Product.ECS, action="CreateNetworkInterface", write=True, parameters={"ClientToken": "token-1"}
)


def api(code: str, status: int = 400, **fields: Any) -> Failure:
    return Failure("No.", cause=Cause.API, code=code, status=status, **fields)


THROTTLED = api("Throttling.User")
UNREACHABLE = Failure("the connection was refused", cause=Cause.NETWORK)


class Script:
    """An API that fails as it is told to, then answers "done"."""

    def __init__(self, *failures: Failure) -> None:
        self.failures = list(failures)
        self.attempts = 0

    def __call__(self) -> str:
        self.attempts += 1
        if self.failures:
            raise self.failures.pop(0)
        return "done"


@pytest.fixture
def notes() -> list[RetryNote]:
    return []


@pytest.fixture
def retrier(clock: Any, notes: list[RetryNote]) -> Retrier:
    """A retrier whose jitter always picks the ceiling."""
    limiter = Limiter(clock=clock, sleep=clock.sleep)
    return Retrier(limiter=limiter, notify=notes.append, clock=clock, sleep=clock.sleep, jitter=lambda _, high: high)


def test_waits_double_up_to_sixteen_seconds(retrier: Retrier, clock: Any) -> None:
    """The ceiling of the jitter is 1, 2, 4, 8, 16, 16 seconds."""
    assert retrier.run(READ, Script(*[THROTTLED] * 6)) == "done"
    assert clock.slept == [1, 2, 4, 8, 16, 16]


def test_jitter_is_full(clock: Any) -> None:
    """A wait is anything from nothing to the ceiling, so that parallel runs don't meet again."""
    ranges: list[tuple[float, float]] = []

    def jitter(low: float, high: float) -> float:
        ranges.append((low, high))
        return low

    limiter = Limiter(clock=clock, sleep=clock.sleep)
    Retrier(limiter=limiter, clock=clock, sleep=clock.sleep, jitter=jitter).run(READ, Script(THROTTLED, THROTTLED))

    assert ranges == [(0.0, 1.0), (0.0, 2.0)]


def test_throttling_is_retried_until_a_quota_minute_has_passed(retrier: Retrier, clock: Any) -> None:
    """The last attempt comes after the budget, and the last failure is what the caller gets."""
    script = Script(*[THROTTLED] * 100)

    with pytest.raises(Failure) as caught:
        retrier.run(READ, script)

    assert caught.value is THROTTLED
    assert BUDGET <= clock.now < BUDGET + 16
    assert script.attempts == len(clock.slept) + 1


def test_a_dead_network_is_given_up_sooner(retrier: Retrier, clock: Any) -> None:
    """Nobody waits a minute for a host name that is wrong."""
    with pytest.raises(Failure):
        retrier.run(READ, Script(*[UNREACHABLE] * 100))

    assert clock.slept == [1, 2, 4, 8]


@pytest.mark.parametrize("failure", [THROTTLED, UNREACHABLE])
def test_more_patience_where_it_is_asked_for(retrier: Retrier, clock: Any, failure: Failure) -> None:
    """A user who has four minutes gets them, for a quota as for a network."""
    with pytest.raises(Failure):
        dataclasses.replace(retrier, patience=240.0).run(READ, Script(*[failure] * 100))

    assert 240 <= clock.now < 240 + 17


def test_a_late_answer_is_waited_for_twice(retrier: Retrier, clock: Any) -> None:
    """A call that took the whole budget for no answer is made once more, and not twice more."""

    def hang() -> str:
        clock.now += 20
        raise Failure("no answer in time", cause=Cause.NETWORK)

    with pytest.raises(Failure):
        retrier.run(READ, hang)

    assert clock.slept == [1]


def test_the_api_may_ask_for_more_time(retrier: Retrier, clock: Any) -> None:
    """x-acs-retry-after is a minimum."""
    retrier.run(READ, Script(api("Throttling", retry_after=3.5), api("Throttling", retry_after=0.5)))

    assert clock.slept == [3.5, 2]


@pytest.mark.parametrize(
    "failure",
    [
        THROTTLED,
        api("Throttling"),
        api("OperationFailed.Throttling"),
        api("Rejected.Throttling"),
        api("ServiceUnavailable", 503),
        api("InternalError", 500),
        api("UnknownError"),
        api("", 502),
        api("Whatever", 429),
        api("Operation.Conflict", 403),
        UNREACHABLE,
    ],
    ids=str,
)
@pytest.mark.parametrize("call", [READ, SAFE_WRITE], ids=["read", "write with token"])
def test_transient_failures_are_retried(retrier: Retrier, call: Call, failure: Failure) -> None:
    """What may pass is tried again: reads always, writes with a ClientToken."""
    script = Script(failure)

    assert retrier.run(call, script) == "done"
    assert script.attempts == 2


@pytest.mark.parametrize("failure", [THROTTLED, api("", 503), UNREACHABLE], ids=str)
def test_a_write_without_token_is_never_repeated(retrier: Retrier, failure: Failure) -> None:
    """Nobody knows whether it was done, and a second one could make a second ENI."""
    script = Script(failure)

    with pytest.raises(Failure):
        retrier.run(WRITE, script)
    assert script.attempts == 1


@pytest.mark.parametrize(
    "failure",
    [
        api("Forbidden.RAM", 403),
        api("InvalidAccessKeyId.NotFound", 404),
        api("InvalidVpcId.NotFound", 404),
        api("InvalidParameter"),
        Failure("bad certificate", cause=Cause.TLS),
        Failure("odd answer", cause=Cause.LOCAL),
    ],
    ids=str,
)
def test_final_failures_are_not_retried(retrier: Retrier, failure: Failure) -> None:
    """What a second try can't mend is reported at once."""
    script = Script(failure)

    with pytest.raises(Failure):
        retrier.run(READ, script)
    assert script.attempts == 1


def test_other_errors_pass(retrier: Retrier) -> None:
    """An error that is no failure of the call is nobody's business here."""

    def broken() -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        retrier.run(READ, broken)


def test_each_retry_is_noted(retrier: Retrier, notes: list[RetryNote]) -> None:
    """`-v` can say which call waits for what, and how long."""
    retrier.run(READ, Script(THROTTLED, UNREACHABLE))

    assert [str(note) for note in notes] == [
        "retry 1 of ecs:DescribeInstances in 1.0 s: Throttling.User",
        "retry 2 of ecs:DescribeInstances in 2.0 s: the connection was refused",
    ]


@pytest.mark.parametrize(("failure", "paused"), [(THROTTLED, True), (api("", 503), False)], ids=["throttled", "busy"])
def test_throttling_pauses_the_action_for_all_threads(clock: Any, failure: Failure, paused: bool) -> None:
    """While one thread waits out a refusal, no other one runs into it; a broken server concerns nobody else."""
    limiter = Limiter(clock=clock, sleep=clock.sleep)
    other_waited: list[float] = []

    def sleep_and_let_another_thread_try(seconds: float) -> None:
        before = len(clock.slept)
        limiter.acquire(READ.name)
        other_waited.extend(clock.slept[before:])
        clock.sleep(seconds)

    retrier = Retrier(limiter=limiter, clock=clock, sleep=sleep_and_let_another_thread_try, jitter=lambda _, high: high)
    retrier.run(READ, Script(failure))

    assert other_waited == ([1.0] if paused else [])


def test_stop_ends_a_wait() -> None:
    """After Ctrl-C nobody sleeps on."""
    stop = Stop()
    stop.sleep(0)
    stop.set()

    with pytest.raises(Interrupted):
        stop.sleep(3600)


def test_a_stopped_retrier_gives_up(clock: Any) -> None:
    """The interruption comes out of the call that was waiting."""
    stop = Stop()
    limiter = Limiter(clock=clock, sleep=stop.sleep)
    retrier = Retrier(limiter=limiter, clock=clock, sleep=stop.sleep, notify=lambda _: stop.set())
    script: Callable[[], str] = Script(*[THROTTLED] * 9)

    with pytest.raises(Interrupted):
        retrier.run(READ, script)
