"""Sets of addresses kept as ranges behave as sets of numbers."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spidercli import addresses
from spidercli.planning.addresssets import AddressSet, Interval

INTERVALS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 6)).map(lambda pair: (pair[0], sum(pair))))
ADDRESSES = st.sampled_from(["10.0.0.1", "10.0.0.9", "10.9.0.0", "fd00::1", "::ffff:10.0.0.1", "fe80::1%eth0"])
ODD = st.sampled_from(["", "010.0.0.1", "10.0.0", "10.0.0.1 ", "10.0.0.256", "\u0661.2.3.4", "x", "10.0.0.1\x00"])


def numbers(intervals: list[Interval]) -> set[int]:
    return {number for first, last in intervals for number in range(first, last + 1)}


@given(INTERVALS)
def test_ranges_hold_their_numbers(intervals: list[Interval]) -> None:
    """Overlapping and adjacent ranges become one, and no number comes or goes."""
    found = AddressSet(intervals)

    assert found == numbers(intervals)
    assert list(found) == sorted(numbers(intervals))
    assert (len(found), bool(found)) == (len(numbers(intervals)), bool(intervals))
    assert [number for number in range(70) if number in found] == sorted(numbers(intervals))
    assert all(one[1] + 1 < other[0] for one, other in itertools.pairwise(found.intervals))


@given(INTERVALS, INTERVALS)
def test_sets_are_combined_and_compared(one: list[Interval], other: list[Interval]) -> None:
    """The operators do what they do with sets, also where one side is such a one."""
    mine, theirs = AddressSet(one), AddressSet(other)

    assert (mine == theirs) == (numbers(one) == numbers(other))
    assert mine & theirs == mine & numbers(other) == numbers(one) & numbers(other)
    assert mine | theirs == mine | numbers(other) == numbers(one) | numbers(other)
    assert mine - theirs == mine - numbers(other) == numbers(one) - numbers(other)


def test_any_size_is_told() -> None:
    """A subnet of IPv6 has more addresses than `len` may return."""
    assert AddressSet([(0, (1 << 64) - 1)]).size == 1 << 64


def outcome(read: Callable[[str], tuple[Any, Any]], text: str) -> object:
    """Two numbers, or the words of the refusal."""
    try:
        first, last = read(text)
    except ValueError as error:
        return str(error)
    return int(first), int(last)


@given(ADDRESSES | ODD, st.none() | ADDRESSES | ODD)
def test_a_span_is_the_range_as_numbers(head: str, tail: str | None) -> None:
    """The quick reading takes and refuses what the thorough one does."""
    text = head if tail is None else f"{head}-{tail}"

    assert outcome(addresses.span, text) == outcome(addresses.parse_range, text)


def test_a_span_is_bounded() -> None:
    """More addresses than a pool may list are refused, also by the quick reading."""
    assert addresses.span("10.0.0.0-10.0.255.255") == (0x0A000000, 0x0A00FFFF)
    with pytest.raises(ValueError, match="more than 65536 addresses"):
        addresses.span("10.0.0.0-10.1.0.0")
