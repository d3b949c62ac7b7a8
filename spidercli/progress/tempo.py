"""How fast writes are made, and between which bounds the rest may take."""

from __future__ import annotations

import bisect
import dataclasses

_WINDOW = 30.0  # seconds that the rate is about
_FEW = 10  # writes that say nothing about the others
_ENOUGH = 50  # writes, and this share of all, that show how their cost grows
_ENOUGH_SHARE = 0.05
_CLOSE = 1.3  # bounds that are told as one


@dataclasses.dataclass(frozen=True, kw_only=True)
class Left:
    """How long the rest may take, in seconds."""

    least: float
    most: float | None  # None: nobody knows yet

    def __str__(self) -> str:
        """For example `about 12 min left`, or `4 min to 12 min left` where that is not to be told yet."""
        if self.most is None:
            return f"at least {_duration(self.least)} left"
        if self.most <= self.least * _CLOSE:
            return f"about {_duration(self.most)} left"
        return f"{_duration(self.least)} to {_duration(self.most)} left"


class Tempo:
    """The moments at which writes of one sort were made, by a clock that stands still while others are."""

    def __init__(self, total: int, *, growing: bool) -> None:
        """Prepare.

        Args:
            total: how many there will be.
            growing: whether each takes longer than the one before. Creates of pools do: Spiderpool's webhook reads
                all pools that exist for each one.
        """
        self._total = total
        self._growing = growing
        self._moments = [0.0]

    @property
    def remaining(self) -> int:
        """How many are still to be made."""
        return max(0, self._total - self._made)

    @property
    def _made(self) -> int:
        return len(self._moments) - 1

    def made(self, seconds: float) -> None:
        """Another one is made, so many seconds after the last news of any sort."""
        self._moments.append(self._moments[-1] + seconds)

    def rate(self, silence: float = 0.0) -> float:
        """Writes per second, lately; there was no news for so many seconds while one of this sort was to come."""
        now = self._moments[-1] + silence
        start = max(0.0, now - _WINDOW)
        lately = len(self._moments) - bisect.bisect_right(self._moments, start)
        return lately / (now - start) if now > start else 0.0

    def left(self, silence: float = 0.0) -> Left | None:
        """The rest, as far as it can be told."""
        rate = self.rate(silence)
        if self._made < _FEW or not rate:
            return None
        seconds = self.remaining / rate
        if not self._growing:
            return Left(least=seconds, most=seconds)
        if self._made < max(_ENOUGH, self._total * _ENOUGH_SHARE):
            return Left(least=seconds, most=None)
        return Left(least=seconds, most=max(self._extrapolated(), seconds))

    def _extrapolated(self) -> float:
        """The rest, if the cost of one goes on growing as it has: after n, the time is base * n + growth * n * n."""
        made, half = self._made, self._made // 2
        average, average_of_half = self._average(made), self._average(half)
        growth = max(0.0, (average - average_of_half) / (made - half))
        base = average - growth * made
        return base * self.remaining + growth * (self._total**2 - made**2)

    def _average(self, count: int) -> float:
        """Seconds for each of the first ones."""
        return self._moments[count] / count


def _duration(seconds: float) -> str:
    if seconds < 90:  # noqa: PLR2004
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"  # noqa: PLR2004
