"""Address ranges as Spiderpool's webhook reads them (pkg/ip): "a" or "a-b", computed on as intervals of integers."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

Interval = tuple[int, int]
"""The first and the last address of a range."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_MAKE = {4: ipaddress.IPv4Address, 6: ipaddress.IPv6Address}
_CIDR = re.compile(r"[^/%]+/[0-9]+")
_MAPPED = 96  # the bits before an IPv4 address that is mapped into IPv6


def network(text: str) -> Network:
    """The subnet of a CIDR, as Go's net.IPNet prints it: without host bits, and as IPv4 if it is mapped into IPv6.

    Raises:
        ValueError: it is none; a lone address and one with a netmask are none either.
    """
    if not _CIDR.fullmatch(text):
        raise ValueError(f"invalid CIDR address: {text}")
    found = ipaddress.ip_network(text, strict=False)
    mapped = getattr(found.network_address, "ipv4_mapped", None)
    return found if mapped is None else ipaddress.IPv4Network((mapped, found.prefixlen - _MAPPED))


def version_of(text: str) -> int:
    """The IP version of a CIDR, which is that of its address, even if so many bits are host bits that none is left.

    Raises:
        ValueError: it is none.
    """
    network(text)
    return parsed(text.partition("/")[0]).version


def network_of(version: int, text: str) -> Network:
    """The subnet of a CIDR of one IP version.

    Raises:
        ValueError: it is none, in Spiderpool's words.
    """
    try:
        fits = version_of(text) == version
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(f"invalid CIDR format in IPv{version} '{text}'")
    return network(text)


def address(version: int, text: str) -> int:
    """An address of one IP version.

    Raises:
        ValueError: it is none, in Spiderpool's words.
    """
    try:
        return _number(version, text)
    except ValueError:
        raise ValueError(f"invalid IP format in IPv{version} '{text}'") from None


def _number(version: int, text: str) -> int:
    found = parsed(text)
    if found.version != version:
        raise ValueError(text)
    return int(found)


def parsed(text: str) -> Address:
    """An address as Go's net.ParseIP reads it: no zone, and one of IPv4 that is mapped into IPv6 is IPv4.

    Raises:
        ValueError: it is none.
    """
    found = ipaddress.ip_address(text)
    if "%" in text:
        raise ValueError(text)
    return getattr(found, "ipv4_mapped", None) or found


def ends(version: int, text: str) -> Interval:
    """The interval of one range; one that runs backwards is empty, as the agents read it.

    Raises:
        ValueError: not a range of that IP version, in Spiderpool's words.
    """
    first, dash, last = text.partition("-")
    try:
        return _number(version, first), _number(version, last if dash else first)
    except ValueError:
        raise _no_range(version, text) from None


def parse(version: int, text: str) -> Interval:
    """The interval of one range.

    Raises:
        ValueError: not a range of that IP version, or it runs backwards, in Spiderpool's words.
    """
    first, last = ends(version, text)
    if first > last:
        raise _no_range(version, text)
    return first, last


def _no_range(version: int, text: str) -> ValueError:
    return ValueError(f"invalid IP range format in IPv{version} '{text}'")


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


def holds(intervals: Iterable[Interval], number: int) -> bool:
    """Whether an address is in one of the intervals."""
    return any(first <= number <= last for first, last in intervals)


def texts(version: int, intervals: Iterable[Interval]) -> list[str]:
    """Intervals as Spiderpool writes them."""
    make = _MAKE[version]
    return [str(make(first)) if first == last else f"{make(first)}-{make(last)}" for first, last in intervals]


def merge_texts(version: int, listed: list[str]) -> list[str]:
    """Ranges sorted and merged; a single one stays as it was typed.

    Raises:
        ValueError: one of several is no range of that IP version.
    """
    return listed if len(listed) <= 1 else texts(version, merged(parse(version, text) for text in listed))
