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
from collections.abc import Set as AbstractSet

from spidercli.planning.addresssets import AddressSet, Interval, heaps
from spidercli.planning.live import LivePool
from spidercli.planning.targets import Target

NOTHING = AddressSet()


class Fate(enum.Enum):
    """What is to become of a pool that exists."""

    # not ours, or of a node that the run is not about: nothing about it changes
    STAY = enum.auto()
    # desired under the same name and subnet
    RESIZE = enum.auto()
    # desired, but with what can't be changed: delete, wait, create
    RENEW = enum.auto()
    # desired in another way, or under another name, which can't be for now: it stays, and gives up what others need
    STUCK = enum.auto()
    # its NIC has no address for pods
    IDLE = enum.auto()
    # not desired, and --prune was given
    GO = enum.auto()
    # not desired, but --prune was not given
    ORPHAN = enum.auto()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Obstacle:
    """An address that a pool may not list yet."""

    address: int
    pool: str  # the pool that lists it and keeps it
    pod: str | None  # the pod that holds it, None where the pool itself is not ours to change


@dataclasses.dataclass(frozen=True, kw_only=True)
class Movement:
    """The whole picture: what every pool lists at the end, and what is in the way."""

    final: Mapping[str, AddressSet]  # for wanted pools, and for live pools of ours
    obstacles: Mapping[str, tuple[Obstacle, ...]]  # by wanted pool
    claimed: Mapping[str, AddressSet]  # by live pool: addresses that it lists and another pool will list


def movement(
    wanted: Mapping[str, Target],
    live: Mapping[str, LivePool],
    fates: Mapping[str, Fate],
    departed: Mapping[str, AddressSet],
) -> Movement:
    """Settle every address of the wanted pools against the pools that exist; all are named by their keys.

    Stuck pools give up what is in `departed`, even if no other pool wants it.
    """
    obstacles: dict[str, tuple[Obstacle, ...]] = {}
    claimed: dict[str, set[int]] = collections.defaultdict(set)
    for name, rivals in _listed_elsewhere(wanted.values(), live.values()).items():
        blocked = []
        for number, others in sorted(rivals.items()):
            kept_by = next((other for other in others if _keeps(other, number, fates, wanted)), None)
            if kept_by is not None:
                blocked.append(Obstacle(address=number, pool=kept_by.name, pod=kept_by.holders.get(number)))
            else:
                _claim(claimed, others, number)
        if blocked:
            obstacles[name] = tuple(blocked)
    settled = {name: AddressSet.of(numbers) for name, numbers in claimed.items()}
    leaving = {**settled, **{name: settled.get(name, NOTHING) | numbers for name, numbers in departed.items()}}
    return Movement(final=dict(_final(wanted, live, fates, obstacles, leaving)), obstacles=obstacles, claimed=settled)


def _listed_elsewhere(
    wanted: Collection[Target], live: Collection[LivePool]
) -> Mapping[str, Mapping[int, Sequence[LivePool]]]:
    """By wanted pool: its addresses that other live pools list or pods hold in them, with these pools."""
    occupied = {pool.name: _occupied(pool) for pool in live}
    entangled = _entangled(wanted, live, occupied)
    rivals = [pool for pool in wanted if pool.name in entangled]
    sought = {version: _Sought(pool for pool in rivals if pool.subnet.version == version) for version in (4, 6)}
    found: dict[str, dict[int, list[LivePool]]] = collections.defaultdict(dict)
    for pool in live:
        if pool.name in entangled:
            for number, name in sought[pool.subnet.version].among(occupied[pool.name].intervals):
                if name != pool.name and (pool.lists(number) or number in pool.holders):
                    found[name].setdefault(number, []).append(pool)
    return found


def _occupied(pool: LivePool) -> AddressSet:
    """What a pool lists, and what pods hold in it beyond that: somebody took it off while the webhook was away."""
    stray = [number for number in pool.holders if number not in pool.listed]
    return pool.listed | AddressSet.of(stray) if stray else pool.listed


def _entangled(
    wanted: Iterable[Target], live: Iterable[LivePool], occupied: Mapping[str, AddressSet]
) -> AbstractSet[str]:
    """The names of the pools that may share an address with a pool of another name: those worth a closer look."""
    asked = {pool.name: pool.listed for pool in wanted}
    found = [(pool, pool.listed) for pool in wanted]
    there = [(pool, occupied[pool.name]) for pool in live]
    changed = [(pool, numbers) for pool, numbers in there if asked.get(pool.name) is not numbers]  # most are one object
    return {name for heap in heaps(spans([*found, *changed])) if len(heap) > 1 for name in heap}


def spans(pools: Iterable[tuple[Target | LivePool, AddressSet]]) -> Iterator[tuple[int, int, int, str]]:
    """The ranges of some pools' addresses, as `heaps` takes them, each with its pool's name."""
    for pool, numbers in pools:
        for first, last in numbers.intervals:
            yield pool.subnet.version, first, last, pool.name


class _Sought:
    """Wanted addresses in order, each with the pool that wants it: a live pool may list too many to go through."""

    def __init__(self, wanted: Iterable[Target]) -> None:
        pairs = sorted((number, pool.name) for pool in wanted for number in pool.listed)
        self._numbers = [number for number, _ in pairs]
        self._pairs = pairs

    def among(self, intervals: Iterable[Interval]) -> Iterator[tuple[int, str]]:
        """The addresses in some intervals, with who wants them."""
        for first, last in intervals:
            start = bisect.bisect_left(self._numbers, first)
            yield from self._pairs[start : bisect.bisect_right(self._numbers, last, start)]


def _keeps(pool: LivePool, number: int, fates: Mapping[str, Fate], wanted: Mapping[str, Target]) -> bool:
    """Whether a live pool goes on listing an address that another pool wants."""
    fate = fates[pool.name]
    if fate is Fate.STAY or number in pool.holders:
        return True
    if fate is Fate.STUCK:
        return pool.terminating  # an update would be refused
    return fate is Fate.RESIZE and number in wanted[pool.name].listed


def _claim(claimed: dict[str, set[int]], others: Iterable[LivePool], number: int) -> None:
    for other in others:
        claimed[other.name].add(number)


def _final(
    wanted: Mapping[str, Target],
    live: Mapping[str, LivePool],
    fates: Mapping[str, Fate],
    obstacles: Mapping[str, tuple[Obstacle, ...]],
    leaving: Mapping[str, AddressSet],
) -> Iterator[tuple[str, AddressSet]]:
    for name, target in wanted.items():
        numbers = target.listed
        if name in obstacles:
            numbers -= AddressSet.of(obstacle.address for obstacle in obstacles[name])
        if fates.get(name) is Fate.RESIZE and not all(number in numbers for number in live[name].holders):
            numbers |= live[name].held
        yield name, numbers
    for name, pool in live.items():
        fate = fates[name]
        if fate in (Fate.GO, Fate.IDLE):
            yield name, pool.held
        elif fate in (Fate.ORPHAN, Fate.STUCK):
            yield name, pool.listed - (leaving.get(name, NOTHING) - AddressSet.of(pool.holders))
