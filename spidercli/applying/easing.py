"""As many requests at a time as a server answers quickly."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

_FEWEST = 4
# Seconds for an answer; where a webhook works off one request after the other, it takes the longer, the more there are
# at a time. The API server gives a webhook up after 10 s, and refuses the write.
_QUICK = 0.5
_SLOW = 2.0


class Easing:
    """Begins with a few requests, lets more go while answers are quick, and fewer when one is slow. Thread-safe."""

    def __init__(self, most: int, clock: Callable[[], float]) -> None:
        """Allow at most so many at a time; `clock` counts seconds."""
        self._fewest = min(_FEWEST, most)
        self._most = most
        self._clock = clock
        self._limit = float(self._fewest)
        self._busy = 0
        self._free = threading.Condition()

    @property
    def limit(self) -> int:
        """How many may be on their way now."""
        return int(self._limit)

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for one's turn; the answer has come when the block ends."""
        with self._free:
            self._free.wait_for(lambda: self._busy < self.limit)
            self._busy += 1
        began = self._clock()
        try:
            yield
        finally:
            self._answered(self._clock() - began)

    def _answered(self, seconds: float) -> None:
        with self._free:
            self._busy -= 1
            if seconds > _SLOW:
                self._limit = max(self._fewest, self._limit / 2)
            elif seconds < _QUICK:
                self._limit = min(self._most, self._limit + 1 / self._limit)  # one more after a round of all
            self._free.notify_all()
