"""When and how long after a failure a call is tried again: our own rules, because those of both SDKs are unsafe.

The legacy SDK repeats CreateNetworkInterface without a ClientToken and never repeats Throttling.User; the Tea SDK
ignores the retry options of a call.
"""

from __future__ import annotations

import dataclasses
import random
import threading
import time
from collections.abc import Callable
from typing import TypeVar, cast

import tenacity

from spidercli.errors import Interrupted
from spidercli.gateways.alibaba.calls import Call, Cause, Failure
from spidercli.gateways.alibaba.errors import Remedy, meaning
from spidercli.gateways.alibaba.limiter import Limiter

T = TypeVar("T")

BUDGET = 75.0
"""Seconds after which the next failure is final: a quota refuses until the next minute, so one has to pass.

It is more where `Retrier.patience` is. A call is tried twice in any case, for an answer that got lost is known to be
late only when all of this is over.
"""
NETWORK_BUDGET = 15.0
"""The same for a network that gives no answer; nobody should wait a minute for a wrong host name."""
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 16.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class RetryNote:
    """One retry that is about to wait, as `-v` shows it."""

    call: str  # PRODUCT:ACTION
    number: int  # 1 for the first retry
    reason: str  # the error code, or the failure's words
    wait: float  # seconds
    throttled: bool = False  # whether everybody has to wait, not only this call

    @property
    def obstacle(self) -> str:
        """What is in the way, for those who did not ask for details."""
        return f"Alibaba Cloud throttles {self.call}" if self.throttled else f"{self.call}: {self.reason}"

    def __str__(self) -> str:
        """For example `retry 2 of ecs:DescribeInstances in 3.1 s: Throttling.User`."""
        return f"retry {self.number} of {self.call} in {self.wait:.1f} s: {self.reason}"


class Stop:
    """Ends all waiting at once, for Ctrl-C: threads that sleep would hold the process up for minutes."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        """Wake up every sleeper and let nobody sleep again."""
        self._event.set()

    def sleep(self, seconds: float) -> None:
        """Sleep.

        Raises:
            Interrupted: `set` was called.
        """
        if self._event.wait(seconds):
            raise Interrupted("stopped; an answer of Alibaba Cloud was still to come")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Retrier:
    """Tries calls until they succeed, the budget is spent, or trying again can't help. Thread-safe."""

    limiter: Limiter
    notify: Callable[[RetryNote], None] = lambda _: None
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[float, float], float] = random.uniform
    patience: float = 0.0  # seconds; where more than the budget, it is the budget

    def run(self, call: Call, attempt: Callable[[], T]) -> T:
        """The result of the first attempt that succeeds.

        Raises:
            Failure: the last one.
            Interrupted: `sleep` did not want to wait; it says for what, after a failure.
        """
        started = self.clock()
        reasons: list[str] = []
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(lambda error: _helps(call, error)),
            stop=lambda state: state.attempt_number > 1 and self.clock() - started >= self._budget(_failure(state)),
            wait=self._wait,
            sleep=self.sleep,
            before=lambda _: self.limiter.acquire(call.name),
            before_sleep=lambda state: reasons.append(self._before_sleep(call, state)),
            reraise=True,
        )
        try:
            return retrying(attempt)
        except Interrupted as interruption:
            if not reasons:
                raise
            raise Interrupted(f"stopped while {call.name} was waited for: {reasons[-1]}") from interruption

    def _budget(self, failure: Failure) -> float:
        return max(self.patience, NETWORK_BUDGET if failure.cause is Cause.NETWORK else BUDGET)

    def _wait(self, state: tenacity.RetryCallState) -> float:
        """Full jitter (anything from 0 to a ceiling that doubles), but never less than the API asks for."""
        ceiling = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (state.attempt_number - 1))
        return max(self.jitter(0.0, ceiling), _failure(state).retry_after or 0.0)

    def _before_sleep(self, call: Call, state: tenacity.RetryCallState) -> str:
        """Let others wait too, where that is due, and tell why; the reason."""
        failure = _failure(state)
        throttled = meaning(failure).remedy is Remedy.SLOW_DOWN
        if throttled:
            self.limiter.pause(call.name, state.upcoming_sleep)
        reason = failure.code or failure.message
        number, wait = state.attempt_number, state.upcoming_sleep
        self.notify(RetryNote(call=call.name, number=number, reason=reason, wait=wait, throttled=throttled))
        return reason


def _helps(call: Call, error: BaseException) -> bool:
    return isinstance(error, Failure) and call.repeatable and meaning(error).remedy is not Remedy.NONE


def _failure(state: tenacity.RetryCallState) -> Failure:
    assert state.outcome is not None
    return cast("Failure", state.outcome.exception())
