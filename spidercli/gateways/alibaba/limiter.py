"""Client-side call limits: a token bucket per API action.

Alibaba Cloud counts calls per action, region and account, for all tools together, and refuses those over the quota
until the next minute. The rates are half of those that terway (Alibaba's own CNI plugin) allows itself, so that both
can run beside each other.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

BURST = 20
DEFAULT_RATE = 60.0
RATES: Mapping[str, float] = {
    "ecs:Describe": 400.0,
    "ecs:Assign": 200.0,
    "ecs:Unassign": 200.0,
    "ecs:Create": 200.0,
    "ecs:Attach": 200.0,
    "ecs:Detach": 200.0,
    "ecs:Delete": 200.0,
    "vpc:Describe": 150.0,
}
"""Calls per minute by the beginning of PRODUCT:ACTION; anything else has DEFAULT_RATE."""


class _Bucket:
    """Tokens of one action; a debt is paid by waiting."""

    def __init__(self, per_second: float, now: float) -> None:
        self._per_second = per_second
        self._tokens = float(BURST)
        self._filled_at = now
        self._paused_until = now

    def take(self, now: float) -> float:
        """Take one token; the seconds to wait until it is really there."""
        self._tokens = min(float(BURST), self._tokens + (now - self._filled_at) * self._per_second)
        self._filled_at = now
        self._tokens -= 1
        return max(0.0, -self._tokens / self._per_second, self.paused(now))

    def pause(self, until: float) -> None:
        self._paused_until = max(self._paused_until, until)

    def paused(self, now: float) -> float:
        return max(0.0, self._paused_until - now)


class Limiter:
    """Makes callers wait so that no action is called faster than its rate. Thread-safe."""

    def __init__(
        self,
        rates: Mapping[str, float] = RATES,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._rates = rates
        self._clock = clock
        self._sleep = sleep
        self._buckets: dict[str, _Bucket] = {}
        self._lock = threading.Lock()

    def acquire(self, action: str) -> None:
        """Wait until PRODUCT:ACTION may be called; a pause that begins meanwhile is waited for too."""
        with self._lock:
            wait = self._bucket(action).take(self._clock())
        while wait > 0:
            self._sleep(wait)
            with self._lock:
                wait = self._bucket(action).paused(self._clock())

    def pause(self, action: str, seconds: float) -> None:
        """Let nobody call PRODUCT:ACTION for a while: the quota is shared by all threads, so is the refusal."""
        with self._lock:
            now = self._clock()
            self._bucket(action).pause(now + seconds)

    def _bucket(self, action: str) -> _Bucket:
        if action not in self._buckets:
            self._buckets[action] = _Bucket(self._rate(action) / 60, self._clock())
        return self._buckets[action]

    def _rate(self, action: str) -> float:
        return next((rate for prefix, rate in self._rates.items() if action.startswith(prefix)), DEFAULT_RATE)
