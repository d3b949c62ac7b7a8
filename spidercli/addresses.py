"""Address ranges as Spiderpool writes them: "a" or "a-b", sorted, adjacent ones merged.

The canonical form is that of Spiderpool's webhook (pkg/ip, MergeIPRanges), so that a pool which we render
is stored as it was sent and a second comparison finds nothing to do.
"""

from __future__ import annotations

import functools
import ipaddress
import itertools
import socket
import struct
from collections.abc import Callable, Collection, Iterable, Iterator
from ipaddress import IPv4Address
from typing import TypeVar, cast

from spidercli.model import Addresses, IPAddress, IPNetwork

A = TypeVar("A", bound=IPAddress)
_LARGEST_RANGE = 1 << 16

ipv4_bytes: Callable[[str], bytes] = functools.partial(socket.inet_pton, socket.AF_INET)
"""The four bytes of an IPv4 address; raises what `ipv4` raises."""


def collapse(addresses: Iterable[IPAddress]) -> list[str]:
    """Join consecutive addresses of one family: .185, .186 and .187 become '.185-.187'."""
    found = gathered(addresses)
    return [_text(found.kind(first), found.kind(last)) for first, last in _runs(found.numbers)]


def gathered(addresses: Iterable[A]) -> Addresses[A]:
    """Addresses of one family, in whatever order they come."""
    if isinstance(addresses, Addresses):
        return addresses
    found = list(addresses)
    kind = type(found[0]) if found else cast("type[A]", IPv4Address)  # nobody asks what there is none of
    return Addresses(kind, map(int, found))


def in_family(subnet: IPNetwork, numbers: Iterable[int]) -> Addresses[IPAddress]:
    """The addresses with these numbers in the family of a subnet."""
    return Addresses(type(subnet.network_address), numbers)


def expand(ranges: Iterable[str]) -> Iterator[IPAddress]:
    """Every address of ranges in Spiderpool's grammar.

    Raises:
        ValueError: a range is malformed, mixes families, runs backwards, or has more than 65,536 addresses.
    """
    for text in ranges:
        first, last = parse_range(text)
        make = type(first)
        for number in range(int(first), int(last) + 1):
            yield make(number)


def ends(text: str) -> tuple[IPAddress, IPAddress]:
    """The two ends of "a" or "a-b", in the order in which they are written.

    Raises:
        ValueError: an end is no address, or the families differ.
    """
    if "%" in text:
        raise ValueError(f"{text!r} has a zone, which is one host's business")
    head, dash, tail = text.partition("-")
    first = _address(head)
    last = _address(tail) if dash else first
    if first.version != last.version:
        raise ValueError(f"{text!r} mixes IPv4 and IPv6")
    return first, last


def ascending(text: str) -> tuple[IPAddress, IPAddress]:
    """The two ends of "a" or "a-b" of any size, the lower one first.

    Raises:
        ValueError: the range is malformed, mixes families or runs backwards.
    """
    first, last = ends(text)
    if int(first) > int(last):
        raise ValueError(f"{text!r} runs backwards")
    return first, last


def parse_range(text: str) -> tuple[IPAddress, IPAddress]:
    """The same for a range that is going to be expanded.

    Raises:
        ValueError: see `expand`.
    """
    first, last = ascending(text)
    if int(last) - int(first) >= _LARGEST_RANGE:
        raise ValueError(f"{text!r} has more than {_LARGEST_RANGE} addresses")
    return first, last


def span(text: str) -> tuple[int, int]:
    """The same as numbers, and of IPv4 many times faster.

    Raises:
        ValueError: see `expand`.
    """
    head, dash, tail = text.partition("-")
    try:
        first = int.from_bytes(ipv4_bytes(head), "big")
        last = int.from_bytes(ipv4_bytes(tail), "big") if dash else first
    except (ValueError, OSError):
        last, first = -1, 0
    if 0 <= last - first < _LARGEST_RANGE:
        return first, last
    one, other = parse_range(text)  # reads IPv6, and says what is wrong
    return int(one), int(other)


def last_of(subnet: IPNetwork, back: int) -> IPAddress:
    """The address `back` places before the subnet's last one."""
    return subnet.broadcast_address - back


def is_loopback(host: str) -> bool:
    """Whether a URL's host (IPv6 without brackets) is this machine, so that plain http can't be overheard."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def ipv4(text: str) -> IPv4Address:
    """An IPv4 address: as strict as ipaddress (no octal, no short forms), and four times as fast.

    Raises:
        ValueError: it is none.
        OSError: likewise.
    """
    return IPv4Address(ipv4_bytes(text))


def ipv4_numbers(texts: Collection[str]) -> tuple[int, ...]:
    """Many IPv4 addresses as numbers, in their order: the quickest way there is.

    Raises:
        ValueError: one of them is none.
        OSError: likewise.
    """
    packed = map(socket.inet_pton, itertools.repeat(socket.AF_INET), texts)
    return struct.unpack(f"!{len(texts)}I", b"".join(packed))


def _address(text: str) -> IPAddress:
    try:
        return ipv4(text)
    except (ValueError, OSError):
        return ipaddress.ip_address(text)


def _runs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """The first and last of every run of consecutive numbers, which ascend."""
    found: list[tuple[int, int]] = []
    for number in numbers:
        if found and number - 1 == found[-1][1]:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def _text(first: IPAddress, last: IPAddress) -> str:
    return str(first) if first == last else f"{first}-{last}"
