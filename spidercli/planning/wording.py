"""Addresses, pods and values in the words of a plan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from spidercli.model import IPNetwork
from spidercli.planning.addresssets import AddressSet
from spidercli.planning.live import LivePool, texts_of
from spidercli.planning.ownership import Difference, Drift

_MANY = 5
_SHORT = 40


def held(pool: LivePool, numbers: Iterable[int], what: str) -> str:
    """Which pods hold addresses of a pool."""
    return f"addresses in use {what}: {holders(pool, numbers)}"


def holders(pool: LivePool, numbers: Iterable[int]) -> str:
    """Addresses of a pool, each with the pod that holds it."""
    return first_few([f"{pool.address(number)} of pod {pool.holders[number]}" for number in sorted(numbers)])


def first_few(texts: Sequence[str]) -> str:
    """A list as a line has room for it."""
    more = f" and {len(texts) - _MANY} more" if len(texts) > _MANY else ""
    return ", ".join(texts[:_MANY]) + more


def listing(subnet: IPNetwork, numbers: AddressSet) -> str:
    """Addresses as a pool lists them, with their number."""
    return f"{first_few(texts_of(subnet, numbers))} ({numbers.size})"


def difference(subnet: IPNetwork, before: AddressSet, after: AddressSet) -> str:
    """What joins and what leaves, with the numbers before and after."""
    parts = []
    for sign, numbers in (("+", after - before), ("-", before - after)):
        if numbers:
            parts.append(first_few([sign + text for text in texts_of(subnet, numbers)]))
    return f"{' '.join(parts)} ({before.size} → {after.size})" if parts else ""


def drift(found: Difference) -> str:
    """How a field differs, with both values where they are short."""
    before, after = short(found.live), short(found.desired)
    if found.kind is Drift.CHANGED and before and after:
        return f"{found.field}: {before} → {after}"
    return str(found)


def loss(found: Difference) -> str:
    """How a field gives way to another value, or goes."""
    if found.kind is not Drift.EXTRA:
        return drift(found)
    value = short(found.live)
    return f"{found.field}: {value} goes" if value else f"{found.field} goes"


def short(value: object) -> str | None:
    """A value, or a list of a few, as a line has room for it; None if it has not."""
    values = value if isinstance(value, list) else [value]
    if not values or not all(isinstance(each, str | int) and each != "" for each in values):
        return None
    text = ", ".join(str(each).lower() if isinstance(each, bool) else str(each) for each in values)
    return text if len(text) <= _SHORT and text.isprintable() else None
