"""Address ranges as Spiderpool's webhook reads them (pkg/ip): "a" or "a-b", computed on as intervals of integers."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

Interval = tuple[int, int]
"""The first and the last address of a range."""

_MAKE = {4: ipaddress.IPv4Address, 6: ipaddress.IPv6Address}


def parse(version: int, text: str) -> Interval:
    """The interval of one range; one that runs backwards is empty, as Spiderpool lets it pass.

    Raises:
        ValueError: not a range of that IP version.
    """
    first, dash, last = text.partition("-")
    make = _MAKE.get(version)
    if make is None:
        raise ValueError(f"there is no IPv{version}")
    return int(make(first)), int(make(last if dash else first))


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """Intervals in ascending order, with overlapping and adjacent ones joined."""
    found: list[Interval] = []
    for first, last in sorted(intervals):
        if first > last:
            continue
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


def without(intervals: Iterable[Interval], excluded: Iterable[Interval]) -> list[Interval]:
    """What is left of intervals when others are taken out."""
    left = merged(intervals)
    for first, last in merged(excluded):
        left = [part for start, end in left for part in ((start, min(end, first - 1)), (max(start, last + 1), end))]
        left = [(start, end) for start, end in left if start <= end]
    return left


def common(one: Iterable[Interval], other: Iterable[Interval]) -> list[Interval]:
    """The addresses that two sets of intervals share."""
    others = list(other)
    found = [(max(first, start), min(last, end)) for first, last in one for start, end in others]
    return merged((first, last) for first, last in found if first <= last)


def count(intervals: Iterable[Interval]) -> int:
    """The number of addresses."""
    return sum(last - first + 1 for first, last in merged(intervals))


def holds(intervals: Iterable[Interval], address: int) -> bool:
    """Whether an address is in one of the intervals."""
    return any(first <= address <= last for first, last in intervals)


def texts(version: int, intervals: Iterable[Interval]) -> list[str]:
    """Intervals as Spiderpool writes them."""
    make = _MAKE[version]
    return [str(make(first)) if first == last else f"{make(first)}-{make(last)}" for first, last in intervals]
