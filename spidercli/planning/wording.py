"""Addresses and pods in the words of a plan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from spidercli import addresses
from spidercli.model import IPNetwork
from spidercli.planning.live import LivePool, address_in

_MANY = 5


def held(pool: LivePool, numbers: Iterable[int], what: str) -> str:
    """Which pods hold addresses of a pool."""
    holders = [f"{pool.address(number)} of pod {pool.holders[number]}" for number in sorted(numbers)]
    return f"addresses in use {what}: {first_few(holders)}"


def first_few(texts: Sequence[str]) -> str:
    """A list as a line has room for it."""
    more = f" and {len(texts) - _MANY} more" if len(texts) > _MANY else ""
    return ", ".join(texts[:_MANY]) + more


def listing(subnet: IPNetwork, numbers: Iterable[int]) -> str:
    """Addresses as a pool lists them, with their number."""
    found = list(numbers)
    texts = addresses.collapse(address_in(subnet, number) for number in found)
    return f"{first_few(texts)} ({len(found)})"


def difference(subnet: IPNetwork, before: frozenset[int], after: frozenset[int]) -> str:
    """What joins and what leaves, with the numbers before and after."""
    parts = []
    for sign, numbers in (("+", after - before), ("-", before - after)):
        texts = addresses.collapse(address_in(subnet, number) for number in numbers)
        if texts:
            parts.append(first_few([sign + text for text in texts]))
    return f"{' '.join(parts)} ({len(before)} → {len(after)})" if parts else ""
