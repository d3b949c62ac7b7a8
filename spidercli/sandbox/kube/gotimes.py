"""Times as Go parses them: by a layout, and with the words of its errors (package time, func Parse)."""

from __future__ import annotations

import datetime as dt
import re

_DATE = (("2006", r"\d{4}"), ("-", "-"), ("01", r"\d\d"), ("-", "-"), ("02", r"\d\d"), ("T", "T"))
_CLOCK = (("15", r"\d\d"), (":", ":"), ("04", r"\d\d"), (":", ":"))
_ZONE = ("Z07:00", r"Z|[+-]\d\d:\d\d")

SECONDS = (*_DATE, *_CLOCK, ("05", r"\d\d(\.\d+)?"), _ZONE)
"""The layout of creation times and the like (RFC 3339)."""

MICROSECONDS = (*_DATE, *_CLOCK, ("05", r"\d\d"), (".000000", r"\.\d{6}(?!\d)"), _ZONE)
"""The layout of a Lease's times: exactly six digits after the point."""

Layout = tuple[tuple[str, str], ...]


def problem(text: str, layout: Layout) -> str | None:
    """What Go says of a text that is no time; None if it is one."""
    rest = text
    for name, pattern in layout:
        found = re.match(pattern, rest)
        if found is None:
            whole = "".join(name for name, _ in layout)
            return f'parsing time "{text}" as "{whole}": cannot parse "{rest}" as "{name}"'
        rest = rest[found.end() :]
    if rest:
        return f'parsing time "{text}": extra text: "{rest}"'
    return _out_of_range(text)


def _out_of_range(text: str) -> str | None:
    month, day, hour, minute, second = (int(text[start : start + 2]) for start in (5, 8, 11, 14, 17))
    ranges = (("month", month, 1, 12), ("hour", hour, 0, 23), ("minute", minute, 0, 59), ("second", second, 0, 59))
    for name, value, first, last in ranges:
        if not first <= value <= last:
            return f'parsing time "{text}": {name} out of range'
    try:
        dt.date(int(text[:4]) or 1, month, day)
    except ValueError:
        return f'parsing time "{text}": day out of range'
    return None


def in_utc(text: str) -> str:
    """A time with microseconds, as Go writes it again."""
    moment = dt.datetime.fromisoformat(text).astimezone(dt.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
