"""The end of the time that --timeout gives: whatever waits then, ends."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

from spidercli import signals

WINDING_UP = 5.0
"""Seconds that a command may take to end in good order once the time that --timeout gives is over."""


class Deadline:
    """Ends all waiting once the time is over, and soon after it what can't be told to end.

    Attributes:
        seconds: what --timeout gives, 0 for no limit.
        stop: set when the time is over, and by Ctrl-C: nothing new is begun, and all waiting ends.
        expired: whether the time was over before the work was.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.stop = threading.Event()
        self.expired = False
        self._ends: list[Callable[[], None]] = []

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Let the time pass while the block lasts."""
        if not self.seconds:
            yield
            return
        clock = threading.Timer(self.seconds, self._expire)
        clock.daemon = True
        clock.start()
        try:
            with signals.alarm(self.seconds + WINDING_UP):
                yield
        finally:
            clock.cancel()

    def at_end(self, end: Callable[[], None]) -> None:
        """Have something called when the time is over, from another thread; at once if it is over already.

        It may be called twice, where both happens at the same moment.
        """
        self._ends.append(end)
        if self.expired:
            end()

    def _expire(self) -> None:
        self.expired = True
        self.stop.set()
        for end in self._ends:
            end()
