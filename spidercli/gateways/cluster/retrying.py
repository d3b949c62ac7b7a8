"""Trying again where that can help, and only there.

Every request that we send may be sent twice. A server-side apply or a patch that arrived already changes nothing the
second time. A PUT carries the resourceVersion that was read, so a second one finds another version and is refused
instead of overwriting somebody; the sender looks whether it was himself. A DELETE carries uid and resourceVersion, so
that it can't hit a successor of the same name; a second one finds nothing, or an object that is being deleted already.
A POST that arrived already is answered with AlreadyExists, and whoever created (only the Lease is) looks whether it was
himself.
"""

from __future__ import annotations

import dataclasses
import random
import time
from collections.abc import Callable
from http import HTTPStatus

import tenacity

from spidercli.errors import ClusterUnreachable
from spidercli.gateways.cluster.statuses import Status
from spidercli.gateways.cluster.wire import Answer, Request

_BUSY = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
# The server gave up, or somebody between it and us did, while the request was being carried out.
_HALFWAY = (HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT)
# A 500 says everything from "a moment, please" to "never": these texts are the former.
_PASSING = (
    "failed calling webhook",
    "context deadline exceeded",
    "leader changed",
    "no leader",
    "request timed out",
    "timeout",
    "connection refused",
    "connection reset",
    "too many requests",
)

# Spiderpool's webhook could not reach the API server itself (pkg/ippoolmanager/ippool_validate.go).
_WEBHOOK_AT_A_LOSS = "failed to list IPPools"
_WRONG_OBJECT = "Precondition failed"  # another uid than the body's: that stays so


class ConnectionLost(ClusterUnreachable):
    """A server that had answered before does not answer, or broke off: it may be back in a moment."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Patience:
    """How often and how long one request is tried again."""

    budget: float = 60.0  # seconds from the first attempt until the last one starts
    first: float = 0.5  # seconds; doubled each time, with jitter, unless the server says how long
    longest: float = 8.0
    sleep: Callable[[float], object] = time.sleep  # an Event's `wait` can be interrupted
    stopped: Callable[[], bool] = lambda: False  # once true, what failed is not tried again
    jitter: Callable[[], float] = random.random
    note: Callable[[str, float], None] = lambda _text, _seconds: None  # told why and for how long, before each sleep
    trace: Callable[[str], None] = lambda _text: None  # told of every answer: METHOD PATH STATUS

    def ask(self, send: Callable[[Request], Answer], request: Request) -> Answer:
        """The first answer that trying again would not mend, or the last one when the budget is spent.

        Raises:
            ClusterUnreachable: there was no answer, until the budget was spent.
        """
        attempts = _Attempts(send)
        try:
            return attempts.first(request) or attempts.marked(self._retrying(request)(attempts, request))
        except ClusterUnreachable as error:
            error.in_doubt = attempts.in_doubt
            if isinstance(error, ConnectionLost):  # else no call would have had an answer
                error.message = f"can't {request.purpose}: {error.message}"
            raise

    def _retrying(self, request: Request) -> tenacity.Retrying:
        return tenacity.Retrying(
            retry=tenacity.retry_if_result(lambda answer: passing(answer, request))
            | tenacity.retry_if_exception_type(ConnectionLost),
            stop=self._enough,
            wait=self._delay,
            sleep=self._rest,
            before_sleep=lambda state: self.note(_told(state, request), state.upcoming_sleep),
            retry_error_callback=lambda state: _outcome(state).result(),
        )

    def _rest(self, seconds: float) -> None:
        self.sleep(seconds)

    def _delay(self, state: tenacity.RetryCallState) -> float:
        outcome = _outcome(state)
        asked = None if outcome.failed else outcome.result().retry_after
        grown = min(self.longest, self.first * 2.0 ** (state.attempt_number - 1))
        return max(asked or 0.0, grown * (0.5 + self.jitter() / 2))

    def _enough(self, state: tenacity.RetryCallState) -> bool:
        if self.stopped():
            return True
        if state.attempt_number == 1 and _outcome(state).failed:  # an answer that got lost may have taken all the time
            return False
        spent = max(state.idle_for, _attempts(state).seconds)
        return spent + state.upcoming_sleep > self.budget


@dataclasses.dataclass(kw_only=False)
class _Attempts:
    """The attempts at one request: whether one of them may have been carried out without anybody being told."""

    send: Callable[[Request], Answer]
    in_doubt: bool = False
    began: float = dataclasses.field(default_factory=time.monotonic)
    kept: Answer | ConnectionLost | None = None  # how the first attempt ended, for the first call

    @property
    def seconds(self) -> float:
        """How long ago the first attempt was made."""
        return time.monotonic() - self.began

    def first(self, request: Request) -> Answer | None:
        """The answer to the first attempt, None if it needs a closer look.

        Nearly all requests end here, and the machinery of trying again costs more than all else that is done for one.
        """
        try:
            self.kept = self._made(request)
        except ConnectionLost as error:
            self.kept = error
            return None
        return self.kept if self.kept.ok else None

    def __call__(self, request: Request) -> Answer:
        kept, self.kept = self.kept, None
        if isinstance(kept, ConnectionLost):
            raise kept
        return kept or self._made(request)

    def _made(self, request: Request) -> Answer:
        try:
            answer = self.send(request)
        except ClusterUnreachable as error:
            self.in_doubt |= error.in_doubt
            raise
        self.in_doubt |= answer.status in _HALFWAY and "failed calling webhook" not in Status.of(answer).message
        return answer

    def marked(self, answer: Answer) -> Answer:
        return dataclasses.replace(answer, in_doubt=True) if self.in_doubt else answer


def passing(answer: Answer, request: Request) -> bool:
    """Whether the same request may get a better answer in a moment."""
    if answer.status in _BUSY:
        return True
    if answer.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        status = Status.of(answer)
        return not status.mistyped and any(text in status.message for text in _PASSING)
    if answer.status == HTTPStatus.UNPROCESSABLE_ENTITY:
        return _WEBHOOK_AT_A_LOSS in Status.of(answer).message
    if answer.status == HTTPStatus.CONFLICT and request.resend_on_conflict:
        status = Status.of(answer)
        return not status.causes and _WRONG_OBJECT not in status.message
    return False


def _told(state: tenacity.RetryCallState, request: Request) -> str:
    outcome = _outcome(state)
    why = str(outcome.exception()) if outcome.failed else _why(outcome.result())
    return f"{request.purpose}: {why}"


def _why(answer: Answer) -> str:
    return Status.of(answer).summary or f"status {answer.status}"


def _attempts(state: tenacity.RetryCallState) -> _Attempts:
    assert isinstance(state.fn, _Attempts)
    return state.fn


def _outcome(state: tenacity.RetryCallState) -> tenacity.Future:
    assert state.outcome is not None
    return state.outcome
