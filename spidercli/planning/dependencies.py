"""Which changes of pools depend on each other, and so have to be carried out together.

Spiderpool's webhook refuses an address that another pool lists, and a new pool whose subnet overlaps another one's
(pkg/ippoolmanager/ippool_validate.go): a pool can't grow before those that make room for it have shrunk.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from spidercli import kinds
from spidercli.model import IPNetwork
from spidercli.planning.addresssets import heaps
from spidercli.planning.live import LivePool
from spidercli.planning.movement import spans
from spidercli.planning.plan import Change, Phase, Verb

Component = Sequence[Change]
"""Changes of pools that depend on each other, and on no others, in the order of their plan."""

_Pools = Mapping[str, LivePool]
_Names = AbstractSet[str]


def components(changes: Iterable[Change]) -> list[Component]:
    """The changes of pools that depend on others, by what they depend on: the smallest components first.

    A pool that grows depends on those that list its addresses until they shrink, or whose subnet is in its way until
    they are gone; one that is deleted and created again depends on itself. What depends on nothing is in no component.
    Where no pool shrinks, or none grows, this costs nothing to speak of.

    Raises:
        FactsInvalid: a pool can't be read.
    """
    pools = {change.name: change for change in changes if change.writes and change.kind == kinds.IP_POOL}
    shrinking = _with_a_write(pools, Phase.SHRINK)
    growing = _with_a_write(pools, Phase.GROW) if shrinking else {}
    if not growing:
        return []
    before = {name: LivePool(dict(change.before)) for name, change in shrinking.items() if change.before is not None}
    after = {name: pool for name, change in growing.items() if (pool := _grown(change))}
    leaving = {name: pool for name, pool in before.items() if _is_deleted(shrinking[name])}
    alone = ({name} for name in shrinking.keys() & growing.keys())
    home = _united(itertools.chain(alone, _by_address(before, after), _by_subnet(leaving, after)))
    found: dict[int, list[Change]] = {}
    for name, change in pools.items():
        if name in home:
            found.setdefault(id(home[name]), []).append(change)
    return sorted(found.values(), key=len)


def _with_a_write(pools: Mapping[str, Change], phase: Phase) -> dict[str, Change]:
    return {change.name: change for change in pools.values() for write in change.writes if write.phase is phase}


def _is_deleted(change: Change) -> bool:
    return any(write.verb is Verb.DELETE for write in change.writes)


def _grown(change: Change) -> LivePool | None:
    """A pool as it is when it has grown."""
    bodies = [write.body for write in change.writes if write.phase is Phase.GROW and write.body is not None]
    return LivePool(bodies[-1]) if bodies else None


def _by_address(before: _Pools, after: _Pools) -> Iterator[_Names]:
    """The names of pools that share addresses: what some list now, others are to list."""
    listed = [(pool, pool.listed) for pool in (*before.values(), *after.values())]
    return (names for names in heaps(spans(listed)) if names & before.keys() and names & after.keys())


def _by_subnet(leaving: _Pools, after: _Pools) -> Iterator[_Names]:
    """The names of pools whose subnets overlap and differ: some are to go before others can be created."""
    owners: dict[IPNetwork, set[str]] = {}
    for name, pool in itertools.chain(leaving.items(), after.items()):
        owners.setdefault(pool.subnet, set()).add(name)
    ranges = ((net.version, int(net.network_address), int(net.broadcast_address), net) for net in owners)
    for subnets in heaps(ranges) if leaving else ():
        names: set[str] = set().union(*(owners[subnet] for subnet in subnets))
        if len(subnets) > 1 and names & leaving.keys() and names & after.keys():
            yield names


def _united(groups: Iterable[_Names]) -> Mapping[str, _Names]:
    """Each name's set, when sets that share a name are made one."""
    home: dict[str, set[str]] = {}
    for group in groups:
        parts = {id(home[name]): home[name] for name in group if name in home}
        largest = max(parts.values(), key=len, default=set())
        for part in (*parts.values(), group):
            if part is not largest:
                largest |= part
                home.update(dict.fromkeys(part, largest))
    return home
