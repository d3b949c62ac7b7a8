"""Many addresses as one value."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spidercli import addresses
from spidercli.model import Addresses

NUMBERS = st.lists(st.integers(0, 2**32 - 1), max_size=40)


@given(numbers=NUMBERS, index=st.integers(-50, 50))
def test_addresses_are_the_sorted_tuple_of_them(numbers: list[int], index: int) -> None:
    """Length, order, slices, membership, equality and hash are those of the sorted tuple without repetitions."""
    together = Addresses(IPv4Address, numbers)
    alone = tuple(sorted(set(map(IPv4Address, numbers))))

    assert together == alone
    assert hash(together) == hash(alone)
    assert (len(together), tuple(together[index:])) == (len(alone), alone[index:])
    assert all(together[place] == address and address in together for place, address in enumerate(alone))
    assert together == addresses.gathered(reversed(alone))


def test_addresses_of_two_families_differ() -> None:
    """The same number is another address in the other family, but nothing is nothing in both."""
    ipv4, ipv6 = Addresses(IPv4Address, [1]), Addresses(IPv6Address, [1])

    assert ipv4 != ipv6
    assert ipv6[0] not in ipv4
    assert Addresses(IPv4Address, ()) == Addresses(IPv6Address, ())


def test_addresses_are_shown_as_people_write_them() -> None:
    """A failing test or a debugger shows addresses, not numbers."""
    assert repr(Addresses(IPv6Address, [2, 1])) == "Addresses(::1, ::2)"


@given(numbers=NUMBERS)
def test_many_texts_are_read_at_once(numbers: list[int]) -> None:
    """Every text becomes its number, in the order of the texts."""
    assert addresses.ipv4_numbers([str(IPv4Address(number)) for number in numbers]) == tuple(numbers)


@pytest.mark.parametrize("text", ["10.0.0", "010.0.0.1", "10.0.0.1 ", "10.0.0.256", "fd00::1", "10.0.0.1\0", ""])
def test_one_bad_text_among_many_is_refused(text: str) -> None:
    """What ipaddress would refuse is refused among good ones too."""
    with pytest.raises((ValueError, OSError)):
        addresses.ipv4_numbers(["10.0.0.1", text, "10.0.0.2"])
