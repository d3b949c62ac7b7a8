"""The addresses that pods may take from an ENI, by IP family.

IPv4: the secondary private addresses, and all 16 addresses of each /28 prefix. IPv6: the ENI's addresses, and the
first 16 of each /80 prefix, ::0 to ::f, because Spiderpool holds every address of a range in memory (its guide for AWS
does the same). Left out are the ENI's primary address and the node's own InternalIPs, which an IPv6 address of the
ENI may be.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping

from spidercli import addresses
from spidercli.errors import FactsInvalid
from spidercli.facts.problems import listed
from spidercli.model import AddressBlock, Eni, Family, IPAddress, IPNetwork, VSwitch

_OF_PREFIX = 16


def of_eni(
    eni: Eni, vswitch: VSwitch, *, own: Collection[IPAddress], gateways: Mapping[tuple[str, Family], IPAddress]
) -> tuple[AddressBlock, ...]:
    """A block for each family that the vSwitch has, IPv4 first; it may have no address.

    Args:
        eni: an ENI without `problems`.
        vswitch: the ENI's vSwitch.
        own: addresses that the node itself uses.
        gateways: by ENI id and family, where the source knows them.
    """
    subnets: list[tuple[IPNetwork | None, Iterable[IPAddress]]] = [
        (vswitch.cidr, _ipv4(eni)),
        (vswitch.ipv6_cidr, _ipv6(eni)),
    ]
    reserved = [address for address in (eni.primary_ip, *own) if address]
    return tuple(
        AddressBlock(
            subnet=subnet,
            gateway=gateways.get((eni.eni_id, Family(subnet.version))),
            addresses=_without(reserved, found),
        )
        for subnet, found in subnets
        if subnet is not None
    )


def _without(reserved: Iterable[IPAddress], found: Iterable[IPAddress]) -> tuple[IPAddress, ...]:
    """Addresses of one family, ascending, each once."""
    free = addresses.by_number(found)
    for address in reserved:
        if free.get(int(address)) == address:  # one of the other family may have the same number
            del free[int(address)]
    return tuple(free[number] for number in sorted(free))


def problems(owner: str, eni: Eni, vswitch: VSwitch | None) -> Iterator[FactsInvalid]:
    """What keeps an ENI's blocks from being made: its vSwitch was not read, or does not hold an address."""
    if vswitch is None:
        yield FactsInvalid(f"{owner}: its vSwitch {eni.vswitch_id} was not found")
        return
    strangers = [
        *_outside(vswitch.cidr, itertools.chain(_primary(eni), eni.secondary_ips), eni.ipv4_prefixes),
        *_outside(vswitch.ipv6_cidr, eni.ipv6_addresses, eni.ipv6_prefixes),
    ]
    if strangers:
        cidrs = " and ".join(str(cidr) for cidr in (vswitch.cidr, vswitch.ipv6_cidr) if cidr)
        yield FactsInvalid(f"{owner}: its vSwitch {vswitch.vswitch_id} ({cidrs}) does not hold {listed(strangers)}")


def all_addresses(eni: Eni) -> Iterator[IPAddress]:
    """Every address of an ENI, the primary one included."""
    return itertools.chain(_primary(eni), _ipv4(eni), _ipv6(eni))


def _ipv4(eni: Eni) -> Iterator[IPAddress]:
    yield from eni.secondary_ips
    for prefix in eni.ipv4_prefixes:
        yield from prefix


def _ipv6(eni: Eni) -> Iterator[IPAddress]:
    yield from eni.ipv6_addresses
    for prefix in eni.ipv6_prefixes:
        yield from itertools.islice(prefix, _OF_PREFIX)


def _primary(eni: Eni) -> Iterator[IPAddress]:
    if eni.primary_ip:
        yield eni.primary_ip


def _outside(subnet: IPNetwork | None, addresses: Iterable[IPAddress], prefixes: Iterable[IPNetwork]) -> Iterator[str]:
    for address in addresses:
        if subnet is None or address not in subnet:
            yield str(address)
    for prefix in prefixes:
        if subnet is None or not _within(prefix, subnet):
            yield str(prefix)


def _within(prefix: IPNetwork, subnet: IPNetwork) -> bool:
    return prefix.network_address in subnet and prefix.prefixlen >= subnet.prefixlen
