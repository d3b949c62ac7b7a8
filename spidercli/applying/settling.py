"""Between the pools that shrink and the pools that grow: wait until deleted pools are gone, and see what stayed.

Spiderpool goes on blocking the addresses of a pool that is being deleted until its finalizer is removed, which happens
once no pod holds an address of it.
"""

from __future__ import annotations

import dataclasses
import functools
import ipaddress
import itertools
import threading
import time
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import Protocol, cast

from spidercli import addresses, kinds
from spidercli.errors import FactsInvalid
from spidercli.model import IPAddress, IPNetwork, Manifest
from spidercli.planning.live import LivePool
from spidercli.planning.plan import Verb, Write
from spidercli.ports import Cluster

_MANY = 3

Pools = Mapping[str, Manifest]
"""SpiderIPPools by name."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Waiting:
    """How long to wait for deleted pools, and how often to look."""

    timeout: float = 60.0  # seconds
    first: float = 0.2  # seconds between the first two looks; doubled each time
    longest: float = 5.0
    sleep: Callable[[float], object] = time.sleep  # an Event's `wait` can be interrupted
    clock: Callable[[], float] = time.monotonic


class Tells(Protocol):
    """Somebody who is told what is waited for."""

    def waiting(self, text: str) -> None:
        """Something is still there."""
        ...


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settled:
    """What the pools that had to shrink or go look like now."""

    hanging: Mapping[str, str]  # deleted pools that are still there, with the reason
    unheld: Container[str]  # those of them that no pod keeps
    listed: Mapping[IPAddress, str]  # addresses that stayed, with the pool that lists them
    subnets: Mapping[IPNetwork, Sequence[str]]  # of the pools that stayed, with their names

    def obstacle(self, write: Write) -> str:
        """Why a pool can't be written yet; empty if it can."""
        for address in _listed_by(write.body) if self.listed else ():
            pool = self.listed.get(address, write.name)
            if pool != write.name:
                return f"{address} is still listed by SpiderIPPool {pool}"
        wanted = _subnet(write.body) if self.subnets else None
        for subnet in self._clashing(wanted) if wanted else ():
            for other in self.subnets[subnet]:
                if other != write.name:
                    return f"subnet {wanted} overlaps {subnet} of SpiderIPPool {other}, which is still there"
        return ""

    @functools.cached_property
    def _clashing(self) -> Callable[[IPNetwork], Sequence[IPNetwork]]:
        """The subnets of pools that stayed beside which Spiderpool refuses a pool with another one."""
        return functools.cache(lambda wanted: [subnet for subnet in self.subnets if _clash(wanted, subnet)])


NOTHING_LEFT = Settled(hanging={}, unheld=(), listed={}, subnets={})


def settle(
    cluster: Cluster,
    *,
    deleted: Sequence[Write],
    undone: Sequence[Write],
    wait: Waiting,
    progress: Tells,
    stop: threading.Event,
) -> Settled:
    """Wait for the deleted pools, then look at them and at those whose write was not made.

    A pool that can't be read is there all the same, and blocks what can be read of it.

    Args:
        cluster: where to look.
        deleted: deletes that were accepted.
        undone: writes that were not made; their pools list what they listed before.
        wait: how long.
        progress: told about each look that found something.
        stop: once set, waiting ends.

    Raises:
        ClusterError: the pools can't be listed.
    """
    if not deleted and not undone:
        return NOTHING_LEFT
    concerned = {write.name for write in (*deleted, *undone)}
    uids = {write.name: write.uid for write in deleted}
    live = _wait(cluster, concerned, uids, wait, progress, stop)
    hanging = _there(live, uids)
    staying = {**hanging, **{write.name: live[write.name] for write in undone if write.name in live}}
    holders = {name: _holders(pool) for name, pool in hanging.items()}
    return Settled(
        hanging={name: f"still being deleted: {_held(held)}" for name, held in holders.items()},
        unheld=frozenset(name for name, held in holders.items() if not held),
        listed={address: name for name, pool in staying.items() for address in _listed_by(pool)},
        subnets=_by_subnet(staying),
    )


def concerns_pools(write: Write) -> bool:
    """Whether a write is about a SpiderIPPool."""
    return write.kind == kinds.IP_POOL


def is_delete(write: Write) -> bool:
    """Whether a write ends with its object gone, some time later."""
    return write.verb is Verb.DELETE


def _wait(
    cluster: Cluster,
    concerned: Container[str],
    deleted: Mapping[str, str | None],
    wait: Waiting,
    progress: Tells,
    stop: threading.Event,
) -> Pools:
    """The pools in question as they are when the deleted ones are gone, or time is up."""
    deadline, pause = wait.clock() + wait.timeout, wait.first
    while True:
        live = {name: pool for pool in cluster.list(kinds.IP_POOL) if (name := kinds.name(pool)) in concerned}
        there = _there(live, deleted)
        if not there or stop.is_set() or wait.clock() >= deadline:
            return live
        progress.waiting(_told(there))
        wait.sleep(pause)
        pause = min(pause * 2, wait.longest)


def _there(live: Pools, deleted: Mapping[str, str | None]) -> Pools:
    """The deleted pools that are still there; a pool of the same name with another uid is a new one."""
    found = {name: live[name] for name in deleted if name in live}
    return {name: pool for name, pool in found.items() if deleted[name] in (None, kinds.metadata(pool).get("uid"))}


def _told(pools: Pools) -> str:
    told = [f"{name} ({_held(_holders(pool))})" for name, pool in itertools.islice(pools.items(), _MANY)]
    more = f" and {len(pools) - _MANY} more" if len(pools) > _MANY else ""
    return f"waiting for deleted pools to go: {', '.join(told)}{more}"


def _holders(manifest: Manifest) -> Sequence[str]:
    """What pods hold in a pool, in words, or why nobody can tell."""
    try:
        pool = LivePool(manifest)
    except FactsInvalid as error:
        return [error.message]
    return [f"pod {pod} holds {pool.address(number)}" for number, pod in sorted(pool.holders.items())]


def _held(holders: Sequence[str]) -> str:
    return ", ".join(holders[:_MANY]) or "no pod holds an address; is spiderpool-controller running?"


def _by_subnet(pools: Pools) -> Mapping[IPNetwork, Sequence[str]]:
    found: dict[IPNetwork, list[str]] = {}
    for name, pool in pools.items():
        if subnet := _subnet(pool):
            found.setdefault(subnet, []).append(name)
    return found


def _subnet(manifest: Manifest | None) -> IPNetwork | None:
    try:
        return ipaddress.ip_network(str(kinds.spec(manifest or {}).get("subnet")))
    except ValueError:  # as below
        return None


def _clash(one: IPNetwork, other: IPNetwork) -> bool:
    """Whether Spiderpool refuses to create a pool with one subnet beside a pool with the other."""
    return one != other and one.version == other.version and one.overlaps(other)


def _listed_by(manifest: Manifest | None) -> Iterable[IPAddress]:
    """The addresses of a pool that Spiderpool compares with those of other pools."""
    spec = cast("Mapping[str, list[str] | None]", kinds.spec(manifest or {}))
    try:
        excluded = set(addresses.expand(spec.get("excludeIPs") or ()))
        return [address for address in addresses.expand(spec.get("ips") or ()) if address not in excluded]
    except ValueError:  # not a pool that Spiderpool would have accepted: nothing to say about it
        return []
