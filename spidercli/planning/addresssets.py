"""Sets of addresses, kept as ranges: equal ones are told at once, and how many addresses there are costs nothing."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Self, TypeVar

Interval = tuple[int, int]
"""The first and the last number of a range."""
_BEYOND = 1 << 129
T = TypeVar("T")


class AddressSet(AbstractSet[int]):  # noqa: PLW1641 (no hash, as its base class)
    """Addresses of one family as integers; never changed.

    Attributes:
        intervals: ascending, neither touching nor overlapping, so that equal sets have equal ones.
    """

    __slots__ = ("intervals",)

    def __init__(self, intervals: Iterable[Interval] = ()) -> None:
        self.intervals = tuple(_merged(intervals))

    @classmethod
    def of(cls, numbers: Iterable[int]) -> Self:
        """A set of single addresses."""
        return cls((number, number) for number in numbers)

    @classmethod
    def _from_iterable(cls, it: Iterable[int]) -> Self:  # type: ignore[override]  # what `^` makes
        return cls.of(it)

    @property
    def size(self) -> int:
        """How many addresses there are; unlike `len`, of any IPv6 subnet too."""
        return sum(last - first + 1 for first, last in self.intervals)

    def __len__(self) -> int:
        return self.size

    def __bool__(self) -> bool:
        return bool(self.intervals)

    def __iter__(self) -> Iterator[int]:
        for first, last in self.intervals:
            yield from range(first, last + 1)

    def __contains__(self, number: object) -> bool:
        at = bisect.bisect_right(self.intervals, (number, _BEYOND)) - 1
        return at >= 0 and self.intervals[at][0] <= number <= self.intervals[at][1]  # type: ignore[operator]

    def __eq__(self, other: object) -> bool:
        return self.intervals == other.intervals if isinstance(other, AddressSet) else super().__eq__(other)

    def __sub__(self, other: AbstractSet[int]) -> AddressSet:
        return AddressSet(_without(self.intervals, _intervals(other)))

    def __and__(self, other: AbstractSet[int]) -> AddressSet:
        return self - (self - other)

    def __or__(self, other: AbstractSet[int]) -> AddressSet:  # type: ignore[override]
        return AddressSet(itertools.chain(self.intervals, _intervals(other)))

    def __repr__(self) -> str:
        return f"AddressSet({list(self.intervals)})"


def heaps(spans: Iterable[tuple[int, int, int, T]]) -> Iterator[AbstractSet[T]]:
    """Whose ranges lie between two gaps, so that they overlap, directly or by way of others.

    Args:
        spans: the IP version, first and last number of each range, and what it belongs to; in any order.
    """
    heap: set[T] = set()
    end = (0, 0)
    for version, first, last, owner in sorted(spans):
        if (version, first) > end:
            yield heap
            heap = set()
        heap.add(owner)
        end = max(end, (version, last))
    yield heap


def _intervals(numbers: AbstractSet[int]) -> Sequence[Interval]:
    return numbers.intervals if isinstance(numbers, AddressSet) else AddressSet.of(numbers).intervals


def _without(mine: Iterable[Interval], theirs: Sequence[Interval]) -> Iterator[Interval]:
    """What is left of some ranges; both ascend."""
    at = 0
    for first, last in mine:
        left = first
        while at < len(theirs) and theirs[at][1] < left:
            at += 1
        for other_first, other_last in itertools.takewhile(lambda other: other[0] <= last, theirs[at:]):  # noqa: B023
            if other_first > left:
                yield left, other_first - 1
            left = other_last + 1
        if left <= last:
            yield left, last


def _merged(intervals: Iterable[Interval]) -> list[Interval]:
    found: list[Interval] = []
    for first, last in sorted(intervals):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return found
