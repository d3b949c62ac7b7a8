"""How far a run is: a bar on a terminal, a line now and then elsewhere, nothing with -q."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

from spidercli.applying import Outcome, Progress
from spidercli.output import Output
from spidercli.planning.plan import Write

_EVERY = 10.0  # seconds between two lines in a log


@contextlib.contextmanager
def progress_on(output: Output) -> Iterator[Progress]:
    """The progress that suits whoever reads stderr."""
    if output.verbosity < 0:
        yield Silent()
    elif output.animated:
        with _bar(output) as bar:
            yield bar
    else:
        yield Lines(output.note)


class Silent:
    """Tells nothing."""

    def started(self, total: int) -> None:
        """Ignore it."""

    def finished(self, write: Write, outcome: Outcome) -> None:
        """Ignore it."""

    def waiting(self, text: str) -> None:
        """Ignore it."""


class Lines:
    """A line at the start, one every ten seconds, and one for everything that is waited for."""

    def __init__(self, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._say = say
        self._clock = clock
        self._began = self._last = clock()
        self._total = self._made = 0

    def started(self, total: int) -> None:
        """Say how much there is to do."""
        self._total = total
        self._say(f"Applying {total} write{'s' if total != 1 else ''}…")

    def finished(self, write: Write, outcome: Outcome) -> None:
        """Count, and say now and then how long the rest may take."""
        self._made += 1
        now = self._clock()
        if now - self._last >= _EVERY and self._made < self._total:
            self._last = now
            rate = self._made / (now - self._began)
            left = (self._total - self._made) / rate
            self._say(f"{self._made} of {self._total} writes, {rate:.0f} per second, about {left:.0f} s left")

    def waiting(self, text: str) -> None:
        """Say what is waited for."""
        self._say(text)


class _Bar:
    """rich's progress bar behind our words."""

    def __init__(self, output: Output) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
        self.rich = RichProgress(*columns, TimeRemainingColumn(), console=output.console(output.stderr), transient=True)
        self._task = self.rich.add_task("Applying", total=None)

    def started(self, total: int) -> None:
        """Set the bar's length."""
        self.rich.update(self._task, total=total)

    def finished(self, write: Write, outcome: Outcome) -> None:
        """Move it on."""
        self.rich.update(self._task, description="Applying")
        self.rich.advance(self._task)

    def waiting(self, text: str) -> None:
        """Say it in front of the bar."""
        self.rich.update(self._task, description=text)


@contextlib.contextmanager
def _bar(output: Output) -> Iterator[Progress]:
    bar = _Bar(output)
    with bar.rich:
        yield bar
