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
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from spidercli.model import IPNetwork
from spidercli.planning.live import Interval, LivePool

Addresses = frozenset[int]
Key = tuple[int, int]  # (IP version, address)
_NOTHING: Addresses = frozenset()


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
    listed_elsewhere = _listed_elsewhere(by_name.values(), live.values())
    obstacles: dict[str, tuple[Obstacle, ...]] = {}
    claimed: dict[str, set[int]] = collections.defaultdict(set)
    for name, rivals in listed_elsewhere.items():
        blocked = []
        for number, others in sorted(rivals.items()):
            kept_by = next((other for other in others if _keeps(other, number, fates, by_name)), None)
            if kept_by is not None:
                blocked.append(Obstacle(address=number, pool=kept_by.name, pod=kept_by.holders.get(number)))
            else:
                _claim(claimed, others, number)
        if blocked:
            obstacles[name] = tuple(blocked)
    settled = {name: frozenset(numbers) for name, numbers in claimed.items()}
    return Movement(final=dict(_final(by_name, live, fates, obstacles, settled)), obstacles=obstacles, claimed=settled)


def _listed_elsewhere(
    wanted: Collection[Wanted], live: Iterable[LivePool]
) -> Mapping[str, Mapping[int, Sequence[LivePool]]]:
    """By wanted pool: its addresses that other live pools list, with these pools."""
    sought = {version: _Sought(pool for pool in wanted if pool.subnet.version == version) for version in (4, 6)}
    found: dict[str, dict[int, list[LivePool]]] = collections.defaultdict(dict)
    for pool in live:
        for number, name in sought[pool.subnet.version].among(pool.intervals):
            if name != pool.name and pool.lists(number):
                found[name].setdefault(number, []).append(pool)
    return found


class _Sought:
    """Wanted addresses in order, each with the pool that wants it: a live pool may list too many to go through."""

    def __init__(self, wanted: Iterable[Wanted]) -> None:
        pairs = sorted((number, pool.name) for pool in wanted for number in pool.addresses)
        self._numbers = [number for number, _ in pairs]
        self._pairs = pairs

    def among(self, intervals: Iterable[Interval]) -> Iterator[tuple[int, str]]:
        """The addresses in some intervals, with who wants them."""
        for first, last in intervals:
            start = bisect.bisect_left(self._numbers, first)
            yield from self._pairs[start : bisect.bisect_right(self._numbers, last, start)]


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
        held = live[name].held if fates.get(name) is Fate.RESIZE else _NOTHING
        yield name, (want.addresses - blocked) | held
    for name, pool in live.items():
        leaving = claimed.get(name, _NOTHING) - pool.holders.keys()
        if fates[name] is Fate.GO:
            yield name, pool.held
        elif fates[name] is Fate.ORPHAN or (fates[name] is Fate.RENEW and pool.holders):
            yield name, pool.listed - leaving
