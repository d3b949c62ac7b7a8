"""How far the writes of a plan are."""

from __future__ import annotations

import collections
import time
from collections.abc import Callable, Iterator

from spidercli import applying
from spidercli.applying import Outcome
from spidercli.planning.plan import Plan, Write
from spidercli.progress.remarks import Remarks
from spidercli.progress.tempo import Left, Tempo

_SILENCE = 10.0  # seconds without an answer that are worth a word
_WORDS = {Outcome.SKIPPED: "not sent"}


class Writes:
    """An `applying.Progress` that puts into words what it is told."""

    def __init__(
        self,
        plan: Plan,
        remarks: Remarks,
        *,
        say: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare.

        Args:
            plan: what is going to be done.
            remarks: what is in the way.
            say: told what a log should have at once.
            clock: seconds of a monotonic clock.
        """
        self._remarks = remarks
        self._say = say
        self._clock = clock
        self._total = sum(1 for _ in plan.writes)
        self._changes = sum(1 for change in plan.changes if change.writes)
        self._creates = {id(write) for write in applying.creates(plan)}
        self._tempos = {
            False: Tempo(self._total - len(self._creates), growing=False),
            True: Tempo(len(self._creates), growing=True),
        }
        self._outcomes: collections.Counter[Outcome] = collections.Counter()
        self._heard = clock()
        self._begun = self._growing = self._stopping = False
        self._waiting = ""

    def started(self, total: int) -> None:
        """Say how much there is to do."""
        self._begun, self._heard = True, self._clock()
        writes = f"{total:,} write{'s' if total != 1 else ''}"
        changes = f"{self._changes:,} change{'s' if self._changes != 1 else ''} in "
        self._say(f"Applying {changes if self._changes != total else ''}{writes}…")

    def finished(self, write: Write, outcome: Outcome) -> None:
        """Count it."""
        now = self._clock()
        self._growing = id(write) in self._creates
        self._tempos[self._growing].made(now - self._heard)
        self._outcomes[outcome] += 1
        self._heard, self._waiting = now, ""

    def waiting(self, text: str) -> None:
        """Say what is waited for; a log hears it once."""
        if not self._waiting:
            self._say(text)
        self._waiting, self._heard = text, self._clock()

    def stopping(self) -> None:
        """Nothing new will be sent, so that there is nothing to estimate."""
        self._stopping = True

    def text(self) -> str:
        """What is in the way, else how far it is."""
        if not self._begun:
            return self._remarks.current() or "; ".join(("Taking the Lease", *self._silence()))
        return self._waiting or "; ".join(self._parts())

    def share(self) -> float | None:
        """How much of it is through."""
        return self._through / self._total if self._total and not self._waiting else None

    @property
    def _through(self) -> int:
        return self._outcomes.total()

    def _parts(self) -> Iterator[str]:
        undone = [(outcome, count) for outcome, count in self._outcomes.items() if outcome is not Outcome.DONE]
        others = "".join(f", {count:,} {_WORDS.get(outcome, outcome)}" for outcome, count in undone)
        made = self._outcomes[Outcome.DONE]
        yield f"{'stopping: ' if self._stopping else ''}{made:,} of {self._total:,} writes{others}"
        in_the_way = self._remarks.current()
        if in_the_way:
            yield in_the_way
            return
        silence = self._silence() if self._through < self._total else []
        yield from silence
        if not silence and not self._stopping and self._through:
            yield from self._speed(self._clock() - self._heard)

    def _silence(self) -> list[str]:
        seconds = self._clock() - self._heard
        return [f"no answer for {seconds:.0f} s"] if seconds >= _SILENCE else []

    def _speed(self, silence: float) -> Iterator[str]:
        rate = self._tempos[self._growing].rate(silence)
        yield f"{rate:.{0 if rate >= 10 else 1}f} per second"  # noqa: PLR2004
        left = self._left(silence)
        if left:
            yield str(left)

    def _left(self, silence: float) -> Left | None:
        """The rest of all sorts, with no upper bound where nothing is known of one."""
        silences = {self._growing: silence, not self._growing: 0.0}  # nothing is to come of the other sort
        todo = [tempo.left(silences[growing]) for growing, tempo in self._tempos.items() if tempo.remaining]
        known = [left for left in todo if left]
        if not known:
            return None
        most = [left.most for left in known if left.most is not None]
        unknown = len(most) < len(todo)
        return Left(least=sum(left.least for left in known), most=None if unknown else sum(most))
