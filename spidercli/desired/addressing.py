"""Which addresses of a NIC pods may take, and through which gateway.

Reserved addresses, Alibaba Cloud VPC: the first and the last three of an IPv4 vSwitch, the first and the last nine of
an IPv6 one. The gateway is the lowest of the last ones: broadcast - 2 for IPv4, ...:fff7 for IPv6.
"""

from __future__ import annotations

import bisect
import dataclasses
import functools
import ipaddress
import itertools
from collections.abc import Iterable, Mapping

from spidercli import addresses
from spidercli.errors import ConfigInvalid, FactsInvalid
from spidercli.model import AddressBlock, Addresses, Family, IPAddress, IPNetwork, Nic, Node

_GATEWAY_BACK = {Family.IPV4: 2, Family.IPV6: 8}


@functools.cache
def reserved(subnet: IPNetwork) -> frozenset[int]:
    """The addresses of a vSwitch, as numbers, that the VPC keeps for itself."""
    kept = _GATEWAY_BACK[Family(subnet.version)] + 1
    last = {int(addresses.last_of(subnet, back)) for back in range(min(kept, subnet.num_addresses))}
    return frozenset(last | {int(subnet.network_address)})


class Exclusions:
    """The addresses of `pools.exclude`, as sorted ranges: a whole IPv6 vSwitch costs no more than one address."""

    def __init__(self, texts: Iterable[str]) -> None:
        """Read addresses, ranges a-b and CIDRs."""
        found: dict[int, list[tuple[int, int]]] = {4: [], 6: []}
        for text in texts:
            first, last = _ends(text)
            found[first.version].append((int(first), int(last)))
        self._firsts = {version: sorted(first for first, _ in ranges) for version, ranges in found.items()}
        self._reach = {
            version: list(itertools.accumulate((last for _, last in sorted(ranges)), max))
            for version, ranges in found.items()
        }

    def __bool__(self) -> bool:
        """Whether there are any."""
        return any(self._firsts.values())

    def __contains__(self, address: IPAddress) -> bool:
        """Whether a range that starts at or before the address reaches it."""
        before = bisect.bisect_right(self._firsts[address.version], int(address))
        return before > 0 and self._reach[address.version][before - 1] >= int(address)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Gateways:
    """The gateways of `pools.gateways`."""

    by_vswitch: Mapping[str, IPAddress]
    by_subnet: Mapping[IPNetwork, IPAddress]

    @classmethod
    def of(cls, configured: Mapping[str, IPAddress]) -> Gateways:
        """Tell CIDRs from vSwitch ids."""
        by_subnet = {ipaddress.ip_network(key): gateway for key, gateway in configured.items() if "/" in key}
        by_vswitch = {key: gateway for key, gateway in configured.items() if "/" not in key}
        return cls(by_vswitch=by_vswitch, by_subnet=by_subnet)

    def choose(self, node: Node, nic: Nic, block: AddressBlock) -> IPAddress:
        """The gateway of a block: configured for its vSwitch, then for its CIDR, then known, then by the VPC's rule.

        Raises:
            ConfigInvalid: a configured gateway is outside the subnet.
            FactsInvalid: the inventory's gateway is outside the subnet.
        """
        configured = self._configured(nic, block)
        gateway = configured or block.gateway or addresses.last_of(block.subnet, _GATEWAY_BACK[block.family])
        if gateway not in block.subnet:
            problem = f"the gateway {gateway} is outside {block.subnet}, the subnet of {nic.name} on {node.name}"
            if configured:
                raise ConfigInvalid(f"pools.gateways: {problem}")
            raise FactsInvalid(problem, hint="set pools.gateways for this subnet")
        return gateway

    def _configured(self, nic: Nic, block: AddressBlock) -> IPAddress | None:
        gateway = self.by_vswitch.get(nic.vswitch_id)
        if gateway is not None and gateway.version == block.subnet.version:
            return gateway
        return self.by_subnet.get(block.subnet)


def usable(
    block: AddressBlock, *, gateway: IPAddress, primaries: frozenset[int], excluded: Exclusions
) -> Addresses[IPAddress]:
    """The addresses of a block that a pool may list; `primaries` are those of the block's family."""
    kind = block.addresses.kind
    free = set(block.addresses.numbers) - reserved(block.subnet) - primaries - {int(gateway)}
    return Addresses(kind, (number for number in free if kind(number) not in excluded) if excluded else free)


def _ends(text: str) -> tuple[IPAddress, IPAddress]:
    if "/" not in text:
        return addresses.ascending(text)
    network = ipaddress.ip_network(text)
    return network.network_address, network.broadcast_address
