"""All pools' subnets and addresses, kept up to date write by write, so that a review need not list every pool."""

from __future__ import annotations

import collections
import contextlib
import ipaddress

from spidercli.sandbox.kube.store import DELETED, Change
from spidercli.sandbox.kube.webhooks import pools, ranges
from spidercli.sandbox.kube.webhooks.ranges import Interval

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
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
        self._spans[pool.subnet] = _span(ipaddress.ip_network(pool.subnet, strict=False))
        self._by_subnet[pool.subnet][pool.name] = pool

    def overlapping_subnet(self, name: str, network: _Network) -> tuple[str, str] | None:
        """A pool whose subnet overlaps a network without being equal to it, with that subnet."""
        version, first, last = span = _span(network)
        for subnet, other in self._spans.items():
            if other[1] <= last and first <= other[2] and other[0] == version and other != span:
                for pool in self._by_subnet[subnet]:
                    if pool != name:
                        return pool, subnet
        return None

    def get(self, name: str) -> pools.Pool | None:
        """A pool; None for one whose ranges can't be parsed, which only seeding brings about."""
        return self._by_subnet.get(self._subnets.get(name, ""), {}).get(name)

    def listing(self, address: str) -> list[str]:
        """The pools that list an address."""
        return [pool.name for found in self._by_subnet.values() for pool in found.values() if pool.lists(address)]

    def overlapping_addresses(self, pool: pools.Pool) -> tuple[str, list[Interval]] | None:
        """Another pool of the same subnet that lists some of a pool's addresses, with the shared ones."""
        for other in self._by_subnet.get(pool.subnet, {}).values():
            if other.name != pool.name and _touch(pool.addresses, other.addresses):
                return other.name, ranges.common(pool.addresses, other.addresses)
        return None


def _span(network: _Network) -> _Span:
    return network.version, int(network.network_address), int(network.broadcast_address)


def _touch(one: tuple[Interval, ...], other: tuple[Interval, ...]) -> bool:
    for first, last in other:
        for start, end in one:
            if first <= end and start <= last:
                return True
    return False
