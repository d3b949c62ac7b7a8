"""What is in the way at the moment: a call that is throttled, an answer that is asked for again."""

from __future__ import annotations

import math
import time
from collections.abc import Callable


class Remarks:
    """The newest remark, for as long as it is true. Thread-safe, as its one field is replaced at once."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._newest = ("", 0.0)

    def pausing(self, text: str, seconds: float) -> None:
        """Say what a pause is for, and how long it is."""
        self._newest = (text, self._clock() + seconds)

    def current(self) -> str:
        """The remark with the seconds that are left, empty if there is none."""
        text, end = self._newest
        left = math.ceil(end - self._clock())
        return f"{text}, going on in {left} s" if left > 0 else ""
