"""How much has been read."""

from __future__ import annotations

import time
from collections.abc import Callable

from spidercli.progress.remarks import Remarks

_SILENCE = 10.0  # seconds without a page that are worth a word: as long as a log waits between two lines


class Tally:
    """Counts what the pages of a reading bring, from any thread."""

    def __init__(self, what: str, remarks: Remarks, clock: Callable[[], float] = time.monotonic) -> None:
        """Prepare.

        Args:
            what: what is done, until the first page is there: "Reading SpiderIPPools".
            remarks: what is in the way.
            clock: seconds of a monotonic clock.
        """
        self._what = what
        self._remarks = remarks
        self._clock = clock
        self._heard = clock()
        self._read: dict[str, tuple[int, int | None]] = {}

    def page(self, things: str, count: int, total: int | None) -> None:
        """So many more of them are here, of so many, if that is known."""
        self._read[things] = (self._read.get(things, (0, None))[0] + count, total)
        self._heard = self._clock()

    def text(self) -> str:
        """What is in the way, else what was read so far."""
        return self._remarks.current() or f"{self._counts() or self._what}{self._silence()}"

    def share(self) -> float | None:
        """Nobody knows what is still to be read."""
        return None

    def _counts(self) -> str:
        read = [_counted(things, count, total) for things, (count, total) in list(self._read.items())]
        return f"read so far: {', '.join(read)}" if read else ""

    def _silence(self) -> str:
        seconds = self._clock() - self._heard
        return f"; no answer for {seconds:.0f} s" if seconds >= _SILENCE else ""


def _counted(things: str, count: int, total: int | None) -> str:
    of_all = f" of {total:,}" if total is not None and total >= count else ""
    return f"{count:,}{of_all} {things}"
