"""Ages as kubectl's tables show them (k8s.io/apimachinery, pkg/util/duration)."""

from __future__ import annotations

import datetime as dt

_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
_YEAR = 365 * _DAY

# (shorter than this, large unit, its letter, small unit, its letter); no small unit: whole large units only.
_STEPS = (
    (2 * _MINUTE, 1, "s", 0, ""),
    (10 * _MINUTE, _MINUTE, "m", 1, "s"),
    (3 * _HOUR, _MINUTE, "m", 0, ""),
    (8 * _HOUR, _HOUR, "h", _MINUTE, "m"),
    (2 * _DAY, _HOUR, "h", 0, ""),
    (8 * _DAY, _DAY, "d", _HOUR, "h"),
    (2 * _YEAR, _DAY, "d", 0, ""),
    (8 * _YEAR, _YEAR, "y", _DAY, "d"),
)


def age(since: str | None, now: dt.datetime) -> str:
    """How long ago an RFC 3339 time was: 16s, 10m, 2d12h; <unknown> without one."""
    if not since:
        return "<unknown>"
    return human((now - dt.datetime.fromisoformat(since)).total_seconds())


def human(seconds: float) -> str:
    """A duration in one or two units."""
    if seconds < 0:
        return "<invalid>" if seconds <= -2 else "0s"  # noqa: PLR2004 (clocks may differ by a second)
    whole = int(seconds)
    for limit, large, letter, small, small_letter in _STEPS:
        if whole < limit:
            rest = whole % large // small if small else 0
            return f"{whole // large}{letter}" + (f"{rest}{small_letter}" if rest else "")
    return f"{whole // _YEAR}y"
