"""The addresses that pods may take from an ENI, by IP family.

IPv4: the secondary private addresses, and all 16 addresses of each /28 prefix. IPv6: the ENI's addresses, and the
first 16 of each /80 prefix, ::0 to ::f, because Spiderpool holds every address of a range in memory (its guide for AWS
does the same). Left out are the ENI's primary address and the node's own InternalIPs, which an IPv6 address of the
ENI may be.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address

from spidercli.errors import FactsInvalid
from spidercli.facts.problems import listed
from spidercli.model import AddressBlock, Addresses, Eni, Family, IPAddress, IPNetwork, VSwitch

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
    found = _numbers(eni)
    for address in (eni.primary_ip, *own):
        if address:
            found[type(address)].discard(int(address))
    subnets: Sequence[tuple[type[IPAddress], IPNetwork | None]] = (
        (IPv4Address, vswitch.cidr),
        (IPv6Address, vswitch.ipv6_cidr),
    )
    return tuple(
        AddressBlock(
            subnet=subnet,
            gateway=gateways.get((eni.eni_id, Family(subnet.version))),
            addresses=Addresses(kind, found[kind]),
        )
        for kind, subnet in subnets
        if subnet is not None
    )


def numbers_with_primary(eni: Eni) -> Mapping[type[IPAddress], set[int]]:
    """Every address of an ENI as a number, by family."""
    found = _numbers(eni)
    if eni.primary_ip:
        found[IPv4Address].add(int(eni.primary_ip))
    return found


def problems(owner: str, eni: Eni, vswitch: VSwitch | None) -> Iterator[FactsInvalid]:
    """What keeps an ENI's blocks from being made: its vSwitch was not read, or does not hold an address."""
    if vswitch is None:
        yield FactsInvalid(f"{owner}: its vSwitch {eni.vswitch_id} was not found")
        return
    strangers = [
        *_outside(vswitch.cidr, [eni.primary_ip] if eni.primary_ip else [], ()),
        *_outside(vswitch.cidr, eni.secondary_ips, eni.ipv4_prefixes),
        *_outside(vswitch.ipv6_cidr, eni.ipv6_addresses, eni.ipv6_prefixes),
    ]
    if strangers:
        cidrs = " and ".join(str(cidr) for cidr in (vswitch.cidr, vswitch.ipv6_cidr) if cidr)
        yield FactsInvalid(f"{owner}: its vSwitch {vswitch.vswitch_id} ({cidrs}) does not hold {listed(strangers)}")


def _numbers(eni: Eni) -> dict[type[IPAddress], set[int]]:
    """Every address of an ENI besides the primary one, as numbers, by family."""
    ipv4, ipv6 = set(eni.secondary_ips.numbers), set(eni.ipv6_addresses.numbers)
    for prefix in eni.ipv4_prefixes:
        ipv4.update(range(int(prefix[0]), int(prefix[-1]) + 1))
    for prefix6 in eni.ipv6_prefixes:
        ipv6.update(map(int, itertools.islice(prefix6, _OF_PREFIX)))
    return {IPv4Address: ipv4, IPv6Address: ipv6}


def _outside(subnet: IPNetwork | None, found: Sequence[IPAddress], prefixes: Iterable[IPNetwork]) -> Iterator[str]:
    """What a subnet does not hold of ascending addresses and of prefixes, as text."""
    if found and (subnet is None or found[0] not in subnet or found[-1] not in subnet):
        yield from (str(address) for address in found if subnet is None or address not in subnet)
    for prefix in prefixes:
        if subnet is None or not _within(prefix, subnet):
            yield str(prefix)


def _within(prefix: IPNetwork, subnet: IPNetwork) -> bool:
    return prefix.network_address in subnet and prefix.prefixlen >= subnet.prefixlen
