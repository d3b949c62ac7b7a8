"""Which addresses of a vSwitch are taken, and which come next."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from spidercli.model import Family, IPAddress, IPNetwork
from spidercli.sandbox.cloud.errors import ApiError
from spidercli.sandbox.cloud.resources import Assignable, VSwitch, reserved_at_end

PREFIX_LENGTHS: Mapping[int, int] = {Family.IPV4: 28, Family.IPV6: 80}
"""How long a prefix is, by IP version."""


def parse(text: str) -> Assignable:
    """An address, or a prefix where there is a slash.

    Raises:
        ValueError: it is neither.
    """
    return _network(text) if "/" in text else _address(text)


def _network(text: str) -> IPNetwork:
    return IPv6Network(text) if ":" in text else IPv4Network(text)


def _address(text: str) -> IPAddress:
    return IPv6Address(text) if ":" in text else IPv4Address(text)


class AddressBook:
    """The addresses and prefixes of one vSwitch and the ENIs that hold them.

    Attributes:
        vswitch: the vSwitch as it is now.
    """

    def __init__(self, vswitch: VSwitch) -> None:
        self.vswitch = vswitch
        self._owners: dict[int, dict[int, str]] = {version: {} for version in PREFIX_LENGTHS}  # by IP version
        self._prefixes: dict[IPNetwork, str] = {}

    def owner(self, address: IPAddress) -> str | None:
        """The ENI that holds an address, by itself or within a prefix."""
        return self._owners[address.version].get(int(address)) or self._prefix_owner(address)

    def take(self, item: Assignable, eni_id: str) -> None:
        """Note that an ENI holds an address or a prefix.

        Raises:
            ApiError: it lies outside the vSwitch, is the cloud's own, or is held already.
        """
        if isinstance(item, IPv4Network | IPv6Network):
            self._check_prefix(item)
            self._prefixes[item] = eni_id
        else:
            self._check_address(item)
            self._owners[item.version][int(item)] = eni_id

    def take_all(self, items: Iterable[Assignable], eni_id: str) -> None:
        """Note that an ENI holds all of these; none of them where one can't be had."""
        taken: list[Assignable] = []
        try:
            for item in items:
                self.take(item, eni_id)
                taken.append(item)
        except ApiError:
            for item in taken:
                self.release(item)
            raise

    def release(self, item: Assignable) -> None:
        """Forget who holds an address or a prefix."""
        if isinstance(item, IPv4Network | IPv6Network):
            del self._prefixes[item]
        else:
            del self._owners[item.version][int(item)]

    def free(self, version: int, count: int) -> list[IPAddress]:
        """The lowest free addresses, outside of prefixes and reservations.

        Raises:
            ApiError: there are fewer than `count`.
        """
        subnet = self._subnet(version)
        found = list(itertools.islice(self._free_numbers(subnet), count))
        if len(found) < count:
            raise self._exhausted(len(found), count)
        make = IPv4Address if version == Family.IPV4 else IPv6Address
        return [make(number) for number in found]

    def free_prefixes(self, version: int, count: int) -> list[IPNetwork]:
        """The lowest free prefixes of the vSwitch's reservations.

        Raises:
            ApiError: there are fewer than `count`.
        """
        found = list(itertools.islice(self._free_prefixes(version), count))
        if len(found) < count:
            raise ApiError(403, "IpPrefixNotEnough", f"The reserved blocks have {len(found)} free prefixes of {count}.")
        return found

    def available(self) -> int:
        """How many IPv4 addresses are left, as DescribeVSwitches counts them."""
        version, cidr = Family.IPV4, self.vswitch.cidr
        in_prefixes = sum(prefix.num_addresses for prefix in self._of_version(self._prefixes, version))
        return cidr.num_addresses - 1 - reserved_at_end(version) - len(self._owners[version]) - in_prefixes

    def _subnet(self, version: int) -> IPNetwork:
        subnet = self.vswitch.subnet(version)
        if subnet is None:
            raise ApiError(403, "InvalidVSwitch.Ipv6NotTurnOn", f"{self.vswitch.vswitch_id} has no IPv6 CIDR block.")
        return subnet

    def _usable(self, subnet: IPNetwork) -> range:
        return range(
            int(subnet.network_address) + 1, int(subnet.broadcast_address) + 1 - reserved_at_end(subnet.version)
        )

    def _free_numbers(self, subnet: IPNetwork) -> Iterator[int]:
        closed = [*self._of_version(self._prefixes, subnet.version), *self._reservations(subnet.version)]
        spans = [_span(block) for block in closed]
        owners = self._owners[subnet.version]
        for number in self._usable(subnet):
            if number not in owners and not any(number in span for span in spans):
                yield number

    def _free_prefixes(self, version: int) -> Iterator[IPNetwork]:
        for block in self._reservations(version):
            for prefix in block.subnets(new_prefix=PREFIX_LENGTHS[version]):
                if not self._occupied(prefix):
                    yield prefix

    def _reservations(self, version: int) -> list[IPNetwork]:
        return self._of_version(self.vswitch.reservations, version)

    @staticmethod
    def _of_version(blocks: Iterable[IPNetwork], version: int) -> list[IPNetwork]:
        return [block for block in blocks if block.version == version]

    def _prefix_owner(self, address: IPAddress) -> str | None:
        return next((eni_id for prefix, eni_id in self._prefixes.items() if address in prefix), None)

    def _occupied(self, prefix: IPNetwork) -> bool:
        few, many = sorted((_span(prefix), self._owners[prefix.version]), key=len)
        return prefix in self._prefixes or any(number in many for number in few)

    def _check_address(self, address: IPAddress) -> None:
        if int(address) not in self._usable(self._subnet(address.version)):
            raise self._outside(address)
        if self.owner(address) is not None:
            raise self._assigned(address)

    def _check_prefix(self, prefix: IPNetwork) -> None:
        reserved = any(_within(prefix, block) for block in self._reservations(prefix.version))
        if prefix.prefixlen != PREFIX_LENGTHS[prefix.version] or not reserved:
            raise self._outside(prefix)
        if self._occupied(prefix):
            raise self._assigned(prefix)

    def _outside(self, item: Assignable) -> ApiError:
        where = self.vswitch.subnet(item.version)
        return ApiError(403, "InvalidVSwitchId.IpInvalid", f'"{item}" can\'t be assigned from the CIDR block {where}.')

    @staticmethod
    def _assigned(item: Assignable) -> ApiError:
        return ApiError(403, "InvalidIp.IpAssigned", f'The specified IP "{item}" is assigned already.')

    def _exhausted(self, free: int, wanted: int) -> ApiError:
        text = f"{self.vswitch.vswitch_id} has {free} free addresses, {wanted} are wanted."
        return ApiError(403, "InvalidVSwitchId.IpNotEnough", text)


def _span(block: IPNetwork) -> range:
    return range(int(block.network_address), int(block.broadcast_address) + 1)


def _within(prefix: IPNetwork, block: IPNetwork) -> bool:
    return prefix.network_address in block and prefix.broadcast_address in block
