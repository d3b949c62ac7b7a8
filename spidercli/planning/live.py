"""SpiderIPPools as the cluster has them, read into what a plan asks about."""

from __future__ import annotations

import bisect
import dataclasses
import functools
import ipaddress
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import cast

from spidercli import addresses, kinds
from spidercli.errors import FactsInvalid
from spidercli.model import IPAddress, IPNetwork, Manifest

Interval = tuple[int, int]


@dataclasses.dataclass(frozen=True, eq=False)
class LivePool:
    """One SpiderIPPool of the cluster. Addresses are integers: a pool has one family, its subnet tells which."""

    manifest: Manifest

    @functools.cached_property
    def name(self) -> str:
        return kinds.name(self.manifest)

    @functools.cached_property
    def ours(self) -> bool:
        return kinds.is_ours(self.manifest)

    @functools.cached_property
    def subnet(self) -> IPNetwork:
        """The pool's subnet.

        Raises:
            FactsInvalid: the object was stored without Spiderpool's webhook looking at it.
        """
        try:
            return network(str(kinds.spec(self.manifest).get("subnet")))
        except ValueError as error:
            raise self._unreadable("spec.subnet", error) from error

    @functools.cached_property
    def intervals(self) -> list[Interval]:
        """What the pool lists, ascending; a pool that is not ours may list more than could be enumerated."""
        return merged(self._intervals("ips"))

    @functools.cached_property
    def excluded(self) -> list[Interval]:
        """What the pool lists and excludes, ascending."""
        return merged(self._intervals("excludeIPs"))

    @functools.cached_property
    def listed(self) -> frozenset[int]:
        """Every address of the pool; only for pools of ours, which are small."""
        return frozenset(number for first, last in self.intervals for number in range(first, last + 1))

    @functools.cached_property
    def holders(self) -> Mapping[int, str]:
        """Which pod holds which address, as NAMESPACE/NAME (status.allocatedIPs, a JSON text; absent when empty)."""
        status = cast("Mapping[str, object]", self.manifest.get("status") or {})
        text = status.get("allocatedIPs")
        if not text:
            return {}
        try:
            allocated = json.loads(str(text))
            return {int(ipaddress.ip_address(ip)): str(entry.get("pod", "?")) for ip, entry in allocated.items()}
        except (ValueError, AttributeError, RecursionError) as error:
            raise self._unreadable("status.allocatedIPs", error) from error

    @property
    def held(self) -> frozenset[int]:
        """The addresses of the pool that pods hold; only for pools of ours, which are small."""
        return self.listed & self.holders.keys() if self.holders else frozenset()

    @property
    def terminating(self) -> bool:
        return "deletionTimestamp" in kinds.metadata(self.manifest)

    def lists(self, number: int) -> bool:
        """Whether the pool lists an address and does not exclude it."""
        return _covers(self.intervals, number) and not _covers(self.excluded, number)

    def address(self, number: int) -> IPAddress:
        """The address that an integer of this pool stands for."""
        return address_in(self.subnet, number)

    def _intervals(self, field: str) -> Iterator[Interval]:
        for text in cast("Iterable[object]", kinds.spec(self.manifest).get(field) or ()):
            try:
                first, last = addresses.ends(str(text))
            except ValueError as error:
                raise self._unreadable(f"spec.{field}", error) from error
            if int(first) <= int(last):  # the webhook lets a single reversed range pass, and it yields nothing
                yield int(first), int(last)

    def _unreadable(self, field: str, error: Exception) -> FactsInvalid:
        return FactsInvalid(
            f"SpiderIPPool {self.name}: {field} can't be read: {error}",
            hint="was it stored while Spiderpool's webhook was away? Mend or delete the object, then run again",
        )


@functools.lru_cache(maxsize=4096)  # thousands of pools share their vSwitches
def network(text: str) -> IPNetwork:
    """A subnet, host bits dropped.

    Raises:
        ValueError: it is none.
    """
    return ipaddress.ip_network(text, strict=False)


def address_in(subnet: IPNetwork, number: int) -> IPAddress:
    """The address with this integer in the family of a subnet."""
    return ipaddress.IPv4Address(number) if subnet.version == 4 else ipaddress.IPv6Address(number)  # noqa: PLR2004


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """The same numbers as ascending intervals that neither touch nor overlap."""
    found: list[Interval] = []
    for first, last in sorted(intervals):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return found


def _covers(intervals: list[Interval], number: int) -> bool:
    at = bisect.bisect_right(intervals, (number, _BEYOND)) - 1
    return at >= 0 and intervals[at][0] <= number <= intervals[at][1]


_BEYOND = 1 << 129
