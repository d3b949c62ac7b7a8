"""Address ranges as Spiderpool writes them: "a" or "a-b", sorted, adjacent ones merged.

The canonical form is that of Spiderpool's webhook (pkg/ip, MergeIPRanges), so that a pool which we render
is stored as it was sent and a second comparison finds nothing to do.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator

from spidercli.model import IPAddress, IPNetwork

_LARGEST_RANGE = 1 << 16


def collapse(addresses: Iterable[IPAddress]) -> list[str]:
    """Join consecutive addresses of one family: .185, .186 and .187 become '.185-.187'."""
    return [_text(first, last) for first, last in runs(addresses)]


def runs(addresses: Iterable[IPAddress]) -> list[tuple[IPAddress, IPAddress]]:
    """The first and last address of every run of consecutive addresses, ascending."""
    found: list[tuple[IPAddress, IPAddress]] = []
    for address in sorted(set(addresses), key=int):
        if found and int(address) == int(found[-1][1]) + 1:
            found[-1] = (found[-1][0], address)
        else:
            found.append((address, address))
    return found


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
    head, dash, tail = text.partition("-")
    first = ipaddress.ip_address(head)
    last = ipaddress.ip_address(tail) if dash else first
    if first.version != last.version:
        raise ValueError(f"{text!r} mixes IPv4 and IPv6")
    return first, last


def parse_range(text: str) -> tuple[IPAddress, IPAddress]:
    """The two ends of "a" or "a-b", ascending.

    Raises:
        ValueError: see `expand`.
    """
    first, last = ends(text)
    size = int(last) - int(first) + 1
    if size < 1:
        raise ValueError(f"{text!r} runs backwards")
    if size > _LARGEST_RANGE:
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


def _text(first: IPAddress, last: IPAddress) -> str:
    return str(first) if first == last else f"{first}-{last}"
