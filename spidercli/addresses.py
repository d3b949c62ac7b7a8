"""Address ranges as Spiderpool writes them: "a" or "a-b", sorted, adjacent ones merged.

The canonical form is that of Spiderpool's webhook (pkg/ip, MergeIPRanges), so that a pool which we render
is stored as it was sent and a second comparison finds nothing to do.
"""

from __future__ import annotations

import functools
import ipaddress
import socket
from collections.abc import Callable, Iterable, Iterator
from ipaddress import IPv4Address
from typing import TypeVar

from spidercli.model import IPAddress, IPNetwork

A = TypeVar("A", bound=IPAddress)
_LARGEST_RANGE = 1 << 16

ipv4_bytes: Callable[[str], bytes] = functools.partial(socket.inet_pton, socket.AF_INET)
"""The four bytes of an IPv4 address, which sort as addresses do but faster; raises what `ipv4` raises."""


def collapse(addresses: Iterable[IPAddress]) -> list[str]:
    """Join consecutive addresses of one family: .185, .186 and .187 become '.185-.187'."""
    return [_text(first, last) for first, last in runs(addresses)]


def runs(addresses: Iterable[IPAddress]) -> list[tuple[IPAddress, IPAddress]]:
    """The first and last address of every run of consecutive addresses, ascending."""
    found: list[tuple[IPAddress, IPAddress]] = []
    before = None
    for number, address in sorted(by_number(addresses).items()):
        if found and number - 1 == before:
            found[-1] = (found[-1][0], address)
        else:
            found.append((address, address))
        before = number
    return found


def by_number(addresses: Iterable[A]) -> dict[int, A]:
    """Addresses of one family by their numbers, which are many times faster to hash than they are."""
    return {int(address): address for address in addresses}


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


def _address(text: str) -> IPAddress:
    try:
        return ipv4(text)
    except (ValueError, OSError):
        return ipaddress.ip_address(text)


def _text(first: IPAddress, last: IPAddress) -> str:
    return str(first) if first == last else f"{first}-{last}"
