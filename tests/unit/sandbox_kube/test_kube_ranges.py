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
    """Merging and difference are those of sets."""
    assert _members(one) == _members(ranges.merged(one))
    assert _members(one) - _members(other) == _members(ranges.without(one, other))


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


def test_backward_range() -> None:
    """A range that runs backwards is no range where it is checked, and has no address where agents read it."""
    with pytest.raises(ValueError, match=r"invalid IP range format in IPv4 '10.0.0.9-10.0.0.1'"):
        ranges.parse(4, "10.0.0.9-10.0.0.1")
    assert [] == ranges.merged([ranges.ends(4, "10.0.0.9-10.0.0.1")])


@pytest.mark.parametrize("text", ["10.0.0.0", "", "10.0.0.0/255.0.0.0", "10.0.0.0/33", "fe80::%eth0/64", "x/8"])
def test_malformed_cidrs(text: str) -> None:
    """A subnet is an address, a slash and a length."""
    with pytest.raises(ValueError, match=r"."):
        ranges.network(text)


def test_membership() -> None:
    """Both ends belong to an interval."""
    assert [False, True, True, False] == [ranges.holds([(2, 3)], number) for number in (1, 2, 3, 4)]
