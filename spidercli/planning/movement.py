"""Where every address is, where it should be, and what keeps it from getting there.

Spiderpool's webhook refuses an address that another pool lists, terminating pools included, and the removal of an
address that a pod holds. So an address that moves leaves its old pool in one phase and joins the new one in the next;
one that is held, or listed by a pool that is not ours, does not move at all.
"""

from __future__ import annotations

import bisect
import collections
import dataclasses
import enum
from collections.abc import Iterable, Iterator, Mapping

from spidercli.model import IPNetwork
from spidercli.planning.live import LivePool

Addresses = frozenset[int]
Key = tuple[int, int]  # (IP version, address)


class Fate(enum.Enum):
    """What is to become of a pool that exists."""

    STAY = enum.auto()  # not ours: nothing about it changes
    RESIZE = enum.auto()  # desired under the same name and subnet
    RENEW = (
        enum.auto()
    )  # desired, but with what can't be changed: delete, wait, create; not while a pod holds an address
    GO = enum.auto()  # not desired, and --prune was given
    ORPHAN = enum.auto()  # not desired, but --prune was not given


@dataclasses.dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a pool should list, in the family of its subnet."""

    name: str
    subnet: IPNetwork
    addresses: Addresses


@dataclasses.dataclass(frozen=True, kw_only=True)
class Obstacle:
    """An address that a pool may not list yet."""

    address: int
    pool: str  # the pool that lists it and keeps it
    pod: str | None  # the pod that holds it, None where the pool itself is not ours to change


@dataclasses.dataclass(frozen=True, kw_only=True)
class Movement:
    """The whole picture: what every pool lists at the end, and what is in the way."""

    final: Mapping[str, Addresses]  # for wanted pools, and for live pools of ours
    obstacles: Mapping[str, tuple[Obstacle, ...]]  # by wanted pool
    claimed: Mapping[str, Addresses]  # by live pool: addresses that it lists and another pool will list


def movement(wanted: Iterable[Wanted], live: Mapping[str, LivePool], fates: Mapping[str, Fate]) -> Movement:
    """Settle every address of the wanted pools against the pools that exist."""
    by_name = {pool.name: pool for pool in wanted}
    listers = _listers(by_name.values(), live.values())
    obstacles: dict[str, tuple[Obstacle, ...]] = {}
    claimed: dict[str, set[int]] = collections.defaultdict(set)
    for pool in by_name.values():
        blocked = []
        for number in sorted(pool.addresses):
            others = [live[name] for name in listers.get((pool.subnet.version, number), ()) if name != pool.name]
            kept_by = next((other for other in others if _keeps(other, number, fates, by_name)), None)
            if kept_by is not None:
                blocked.append(Obstacle(address=number, pool=kept_by.name, pod=kept_by.holders.get(number)))
            else:
                _claim(claimed, others, number)
        if blocked:
            obstacles[pool.name] = tuple(blocked)
    settled = {name: frozenset(numbers) for name, numbers in claimed.items()}
    return Movement(final=dict(_final(by_name, live, fates, obstacles, settled)), obstacles=obstacles, claimed=settled)


def _listers(wanted: Iterable[Wanted], live: Iterable[LivePool]) -> Mapping[Key, list[str]]:
    """Which live pools list each wanted address."""
    sought: dict[int, list[int]] = {4: [], 6: []}
    for want in wanted:
        sought[want.subnet.version].extend(want.addresses)
    for numbers in sought.values():
        numbers.sort()
    found: dict[Key, list[str]] = collections.defaultdict(list)
    for pool in live:
        version = pool.subnet.version
        for first, last in pool.intervals:
            numbers = sought[version]
            for number in numbers[bisect.bisect_left(numbers, first) : bisect.bisect_right(numbers, last)]:
                if pool.lists(number) and pool.name not in found[version, number]:
                    found[version, number].append(pool.name)
    return found


def _keeps(pool: LivePool, number: int, fates: Mapping[str, Fate], wanted: Mapping[str, Wanted]) -> bool:
    """Whether a live pool goes on listing an address that another pool wants."""
    fate = fates[pool.name]
    if fate is Fate.STAY or number in pool.holders:
        return True
    if fate is Fate.RENEW:
        return pool.terminating and bool(pool.holders)
    return fate is Fate.RESIZE and number in wanted[pool.name].addresses


def _claim(claimed: dict[str, set[int]], others: Iterable[LivePool], number: int) -> None:
    for other in others:
        claimed[other.name].add(number)


def _final(
    wanted: Mapping[str, Wanted],
    live: Mapping[str, LivePool],
    fates: Mapping[str, Fate],
    obstacles: Mapping[str, tuple[Obstacle, ...]],
    claimed: Mapping[str, Addresses],
) -> Iterator[tuple[str, Addresses]]:
    for name, want in wanted.items():
        blocked = {obstacle.address for obstacle in obstacles.get(name, ())}
        held = live[name].listed & live[name].holders.keys() if fates.get(name) is Fate.RESIZE else frozenset()
        yield name, (want.addresses - blocked) | held
    for name, pool in live.items():
        leaving = claimed.get(name, frozenset()) - pool.holders.keys()
        if fates[name] is Fate.GO:
            yield name, pool.listed & pool.holders.keys()
        elif fates[name] is Fate.ORPHAN or (fates[name] is Fate.RENEW and pool.holders):
            yield name, pool.listed - leaving
