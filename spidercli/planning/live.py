"""SpiderIPPools as the cluster has them, read into what a plan asks about."""

from __future__ import annotations

import functools
import ipaddress
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import cast

from spidercli import addresses, kinds
from spidercli.errors import FactsInvalid
from spidercli.model import IPAddress, IPNetwork, Manifest
from spidercli.planning.addresssets import AddressSet, Interval


class LivePool:
    """One SpiderIPPool of the cluster. Addresses are integers: a pool has one family, its subnet tells which.

    Attributes:
        manifest: the object.
        name: its name.
        ours: whether it carries our label.
        terminating: whether it is being deleted.
        subnet: its subnet.
        listed: every address that it lists; one that is not ours may list more than could be enumerated.
        holders: which pod holds which address, as NAMESPACE/NAME (status.allocatedIPs, a JSON text; absent when empty).
    """

    def __init__(self, manifest: Manifest) -> None:
        """Read what nothing can be planned without.

        Raises:
            FactsInvalid: the object was stored without Spiderpool's webhook looking at it.
        """
        self.manifest = manifest
        self.name = kinds.name(manifest)
        self.ours = kinds.is_ours(manifest)
        self.terminating = "deletionTimestamp" in kinds.metadata(manifest)
        self._spec = kinds.spec(manifest)
        self.subnet = self._read_subnet()
        self.listed = self._read_listed()
        status = cast("Mapping[str, object]", manifest.get("status") or {})
        self.holders = self._read_holders(status.get("allocatedIPs"))

    @functools.cached_property
    def excluded(self) -> AddressSet:
        """What the pool excludes.

        Raises:
            FactsInvalid: it can't be read.
        """
        return AddressSet(self._intervals("excludeIPs"))

    @property
    def default(self) -> bool:
        """Whether pods that ask for no pool use it."""
        return self._spec.get("default") is True

    @property
    def nodes(self) -> Sequence[str]:
        """The nodes that the pool serves; none means every node."""
        return cast("Sequence[str]", self._spec.get("nodeName") or ())

    @property
    def held(self) -> AddressSet:
        """The addresses of the pool that pods hold."""
        return AddressSet.of(number for number in self.holders if number in self.listed)

    def lists(self, number: int) -> bool:
        """Whether the pool lists an address and does not exclude it."""
        return number in self.listed and number not in self.excluded

    def address(self, number: int) -> IPAddress:
        """The address that an integer of this pool stands for."""
        return address_in(self.subnet, number)

    def _read_subnet(self) -> IPNetwork:
        try:
            return network(str(self._spec.get("subnet")))
        except ValueError as error:
            raise self._unreadable("spec.subnet", error) from error

    def _read_listed(self) -> AddressSet:
        try:
            return addresses_of(self.subnet, tuple(self._texts("ips")))
        except ValueError:
            return AddressSet(self._intervals("ips"))

    def _read_holders(self, text: object) -> Mapping[int, str]:
        if not text:
            return {}
        try:
            allocated = json.loads(str(text))
            return {self._number(ip): str(entry.get("pod", "?")) for ip, entry in allocated.items()}
        except (ValueError, AttributeError, RecursionError) as error:
            raise self._unreadable("status.allocatedIPs", error) from error

    def _texts(self, field: str) -> Iterable[str]:
        return cast("Iterable[str]", self._spec.get(field) or ())

    def _intervals(self, field: str) -> Iterator[Interval]:
        for text in self._texts(field):
            try:
                first, last = addresses.ends(text)
                _check_family(self.subnet, text)
            except ValueError as error:
                raise self._unreadable(f"spec.{field}", error) from error
            if int(first) <= int(last):  # the webhook lets a single reversed range pass, and it yields nothing
                yield int(first), int(last)

    def _number(self, text: str) -> int:
        _check_family(self.subnet, text)
        return int(ipaddress.ip_address(text))

    def _unreadable(self, field: str, error: Exception) -> FactsInvalid:
        return FactsInvalid(
            f"SpiderIPPool {self.name}: {field} can't be read: {error}",
            hint="was it stored while Spiderpool's webhook was away? Mend or delete the object, then run again",
        )


@functools.lru_cache(maxsize=4096)  # thousands of pools share their vSwitches
def network(text: str) -> IPNetwork:
    """A subnet, host bits dropped; equal texts give one object.

    Raises:
        ValueError: it is none.
    """
    return ipaddress.ip_network(text, strict=False)


def addresses_of(subnet: IPNetwork, texts: tuple[str, ...]) -> AddressSet:
    """What a pool's list of ranges stands for.

    Raises:
        ValueError: see `ranges`; or a range is of another family than the subnet.
    """
    for text in texts:
        _check_family(subnet, text)
    return ranges(texts)


def _check_family(subnet: IPNetwork, text: str) -> None:
    if (":" in text) is (subnet.version == 4):  # noqa: PLR2004
        raise ValueError(f"{text!r} is not of IPv{subnet.version}, as its subnet {subnet} is")


@functools.lru_cache(maxsize=1 << 16)  # most live pools list what was just read of the desired ones
def ranges(texts: tuple[str, ...]) -> AddressSet:
    """What a list of ranges stands for; equal lists give one object.

    Raises:
        ValueError: a range is malformed, mixes families, runs backwards, or has more than 65,536 addresses.
    """
    return AddressSet(map(addresses.span, texts))


def texts_of(subnet: IPNetwork, numbers: AddressSet) -> list[str]:
    """Addresses as "a" and "a-b", in Spiderpool's canonical form."""
    found = []
    for first, last in numbers.intervals:
        text = str(address_in(subnet, first))
        found.append(text if first == last else f"{text}-{address_in(subnet, last)}")
    return found


def address_in(subnet: IPNetwork, number: int) -> IPAddress:
    """The address with this integer in the family of a subnet."""
    return ipaddress.IPv4Address(number) if subnet.version == 4 else ipaddress.IPv6Address(number)  # noqa: PLR2004
