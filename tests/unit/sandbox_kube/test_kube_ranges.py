"""Interval arithmetic on address ranges."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spidercli.sandbox.kube.webhooks import ranges

_NUMBERS = st.integers(1, 60)
_INTERVALS = st.lists(st.tuples(_NUMBERS, _NUMBERS).map(lambda pair: (min(pair), max(pair))), max_size=6)


def _members(intervals: list[ranges.Interval]) -> set[int]:
    return {number for first, last in intervals for number in range(first, last + 1)}


@given(one=_INTERVALS, other=_INTERVALS)
def test_intervals_are_sets(one: list[ranges.Interval], other: list[ranges.Interval]) -> None:
    """Merging, difference, intersection and counting are those of sets."""
    assert _members(one) == _members(ranges.merged(one))
    assert _members(one) - _members(other) == _members(ranges.without(one, other))
    assert _members(one) & _members(other) == _members(ranges.common(one, other))
    assert len(_members(one)) == ranges.count(one)


@given(intervals=_INTERVALS)
def test_merged_intervals_are_apart(intervals: list[ranges.Interval]) -> None:
    """Merged intervals ascend and leave a gap between each other."""
    merged = ranges.merged(intervals)

    assert all(last + 1 < first for (_, last), (first, _) in itertools.pairwise(merged))


@given(intervals=_INTERVALS)
def test_text_round_trip(intervals: list[ranges.Interval]) -> None:
    """Intervals survive being written and read."""
    merged = ranges.merged(intervals)

    assert merged == [ranges.parse(6, text) for text in ranges.texts(6, merged)]


@pytest.mark.parametrize(
    ("version", "text"), [(4, "::1"), (6, "10.0.0.1"), (5, "10.0.0.1"), (4, "10.0.0.1 - 10.0.0.2")]
)
def test_malformed_ranges(version: int, text: str) -> None:
    """Another family, no family, and spaces are refused."""
    with pytest.raises(ValueError, match=r"."):
        ranges.parse(version, text)


def test_empty_range() -> None:
    """A range that runs backwards has no address."""
    assert 0 == ranges.count([ranges.parse(4, "10.0.0.9-10.0.0.1")])


def test_membership() -> None:
    """Both ends belong to an interval."""
    assert [False, True, True, False] == [ranges.holds([(2, 3)], number) for number in (1, 2, 3, 4)]
