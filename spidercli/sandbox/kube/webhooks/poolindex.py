"""All pools' subnets and addresses, kept up to date write by write, so that a review need not list every pool."""

from __future__ import annotations

import collections
import contextlib

from spidercli.sandbox.kube.store import DELETED, Change
from spidercli.sandbox.kube.webhooks import claims, pools, ranges
from spidercli.sandbox.kube.webhooks.claims import Claim
from spidercli.sandbox.kube.webhooks.ranges import Network

_Span = tuple[int, int, int]  # IP version, first and last address


class PoolIndex:
    """Pools by subnet. Terminating pools are in it until they are gone: their addresses still count."""

    def __init__(self) -> None:
        self._by_subnet: dict[str, dict[str, pools.Pool]] = collections.defaultdict(dict)
        self._spans: dict[str, _Span] = {}
        self._subnets: dict[str, str] = {}

    def follow(self, change: Change) -> None:
        """Take note of a written pool."""
        name = change.object["metadata"]["name"]
        if subnet := self._subnets.pop(name, None):
            del self._by_subnet[subnet][name]
            if not self._by_subnet[subnet]:
                del self._by_subnet[subnet], self._spans[subnet]
        if change.type != DELETED:
            with contextlib.suppress(ValueError):
                self._add(pools.read(change.object))

    def _add(self, pool: pools.Pool) -> None:
        self._subnets[pool.name] = pool.subnet
        self._spans[pool.subnet] = _span(ranges.network(pool.subnet))
        self._by_subnet[pool.subnet][pool.name] = pool

    def overlapping_subnet(self, network: Network) -> pools.Pool | None:
        """The first pool by name whose subnet overlaps a network without being equal to it."""
        version, first, last = span = _span(network)
        found = [
            pool
            for subnet, other in self._spans.items()
            if other[1] <= last and first <= other[2] and other[0] == version and other != span
            for pool in self._by_subnet[subnet].values()
        ]
        return min(found, key=_by_name, default=None)

    def get(self, name: str) -> pools.Pool | None:
        """A pool; None for one whose ranges can't be parsed, which only seeding brings about."""
        return self._by_subnet.get(self._subnets.get(name, ""), {}).get(name)

    def listing(self, address: str) -> list[str]:
        """The pools that list an address."""
        return [pool.name for found in self._by_subnet.values() for pool in found.values() if pool.lists(address)]

    def overlapping_addresses(self, pool: pools.Pool) -> tuple[str, list[str]] | None:
        """The first other pool by name of the same subnet that claims some of a pool's addresses, with its ranges."""
        others = self._by_subnet.get(pool.subnet, {}).values()
        found = [other for other in others if other.name != pool.name and _meet(pool.claims, other.claims)]
        first = min(found, key=_by_name, default=None)
        return None if first is None else (first.name, claims.shared(pool.claims, first.claims))


def _by_name(pool: pools.Pool) -> str:
    return pool.name


def _span(network: Network) -> _Span:
    return network.version, int(network.network_address), int(network.broadcast_address)


def _meet(mine: tuple[Claim, ...], others: tuple[Claim, ...]) -> bool:
    for other in others:
        for claim in mine:
            if claim.first <= other.last and other.first <= claim.last:
                return True
    return False
