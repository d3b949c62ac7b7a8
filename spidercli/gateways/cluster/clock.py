"""The API server's clock: by it, runs on machines whose own clocks differ agree on when a Lease expires."""

from __future__ import annotations

import email.utils
import time
from collections.abc import Callable
from datetime import UTC, datetime

# Seconds that go on while a machine sleeps, where the system counts such; never set back.
_steady = (lambda: time.clock_gettime(time.CLOCK_BOOTTIME)) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic


def _local() -> datetime:
    return datetime.now(UTC)


class ServerClock:
    """Tells the server's time as the Date headers of its answers have it (RFC 9110, 6.6.1), to about a second.

    Until a first Date was heard, it is this machine's time.
    """

    def __init__(self, *, local: Callable[[], datetime] = _local, seconds: Callable[[], float] = _steady) -> None:
        """Prepare.

        Args:
            local: this machine's time, in UTC.
            seconds: of a clock that nobody sets, for what lies between two moments.
        """
        self._local = local
        self._ahead: float | None = None  # of the seconds, in seconds since the epoch
        self.seconds = seconds

    def now(self) -> datetime:
        """The server's time, in UTC."""
        if self._ahead is None:
            return self._local()
        return datetime.fromtimestamp(self._ahead + self.seconds(), UTC)

    def hear(self, date: str | None) -> None:
        """Take the time from an answer's Date header as it arrives; one that is missing or none tells nothing."""
        try:
            told = email.utils.parsedate_to_datetime(date or "")
        except ValueError:
            return
        self._ahead = told.replace(tzinfo=UTC).timestamp() - self.seconds()
