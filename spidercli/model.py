"""The facts we work on: what the cloud and the cluster say, and the Inventory that joins them.

Every value is frozen; addresses are `ipaddress` objects, or many of them together; ids are the cloud's own strings.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import NamedTuple, TypeVar, overload

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network
A_co = TypeVar("A_co", bound=IPAddress, covariant=True)
Manifest = dict[str, object]
"""A Kubernetes object as parsed JSON or YAML."""


class Family(enum.IntEnum):
    """An IP family, with the value that SpiderIPPool's `ipVersion` has for it."""

    IPV4 = 4
    IPV6 = 6


class Addresses(Sequence[A_co]):
    """Addresses of one family, ascending, each once; equal to any tuple of the same addresses.

    A cluster has a hundred thousand of them and hardly looks at one alone, so they are kept as numbers, and become
    objects when they are asked for.
    """

    __slots__ = ("kind", "numbers")

    def __init__(self, kind: type[A_co], numbers: Iterable[int]) -> None:
        self.kind = kind
        self.numbers = tuple(sorted(set(numbers)))

    def __len__(self) -> int:
        return len(self.numbers)

    def __iter__(self) -> Iterator[A_co]:
        return map(self.kind, self.numbers)

    @overload
    def __getitem__(self, index: int) -> A_co: ...
    @overload
    def __getitem__(self, index: slice) -> Addresses[A_co]: ...
    def __getitem__(self, index: int | slice) -> A_co | Addresses[A_co]:
        chosen = self.numbers[index]
        return self.kind(chosen) if isinstance(chosen, int) else Addresses(self.kind, chosen)

    def __contains__(self, address: object) -> bool:
        return isinstance(address, self.kind) and int(address) in self.numbers

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Addresses):
            return self.numbers == other.numbers and (self.kind is other.kind or not self.numbers)
        return tuple(self) == other

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return f"Addresses({', '.join(map(str, self))})"


class Source(enum.StrEnum):
    """Where the facts come from."""

    OPENAPI = "openapi"
    METADATA = "metadata"
    FILE = "file"


class MatchedBy(enum.StrEnum):
    """What tied a Kubernetes node to its instance."""

    PROVIDER_ID = "provider-id"
    INTERNAL_IP = "internal-ip"
    HOSTNAME = "hostname"
    CLOUD = "cloud"  # no cluster was asked: the node was named after its instance, or by hand

    @property
    def words(self) -> str:
        """What tied them, for people."""
        match self:
            case MatchedBy.PROVIDER_ID:
                return "matched by providerID"
            case MatchedBy.INTERNAL_IP:
                return "matched by InternalIP"
            case MatchedBy.HOSTNAME:
                return "matched by hostname"
            case MatchedBy.CLOUD:
                return "matched by name alone"


class NamedBy(enum.StrEnum):
    """How we know a NIC's name; the last two are guesses."""

    CONFIG = "config"
    PRIMARY = "primary"
    DEVICE_INDEX = "device-index"
    MAC = "mac"
    CREATION_ORDER = "creation-order"

    @property
    def is_guess(self) -> bool:
        """Whether the name was counted, so that it depends on the node's other ENIs."""
        return self in (NamedBy.MAC, NamedBy.CREATION_ORDER)


class Transit(enum.StrEnum):
    """Which way an ENI is going that is neither attached nor detached."""

    ATTACHING = "attaching"
    DETACHING = "detaching"

    @property
    def words(self) -> str:
        """What is happening to the ENI, for people."""
        return "being attached to" if self is Transit.ATTACHING else "being detached from"


class Eni(NamedTuple):
    """An elastic network interface as the cloud describes it; make it with keywords.

    There are ten thousand of them, and a frozen dataclass takes twice as long to make.
    """

    eni_id: str
    name: str
    instance_id: str  # "" while it is not attached
    primary: bool
    kind: str  # the API's Type: Primary, Secondary, Trunk, Member
    status: str  # the API's Status; InUse means attached
    mac: str
    vpc_id: str
    vswitch_id: str
    zone_id: str
    primary_ip: IPv4Address | None  # an IPv6-only ENI has none
    secondary_ips: Addresses[IPv4Address]
    ipv4_prefixes: tuple[IPv4Network, ...]
    ipv6_addresses: Addresses[IPv6Address]
    ipv6_prefixes: tuple[IPv6Network, ...]
    device_index: int | None
    created_at: str  # ISO 8601 in UTC, so that text order is time order
    service_managed: bool
    traffic_mode: str  # Standard, or HighPerformance for RDMA
    tags: Mapping[str, str]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Instance:
    """An ECS instance."""

    instance_id: str
    name: str
    hostname: str
    instance_type: str
    region_id: str
    zone_id: str
    vpc_id: str
    status: str
    private_ips: tuple[IPv4Address, ...]  # of the primary ENI, primary address first
    tags: Mapping[str, str]


@dataclasses.dataclass(frozen=True, kw_only=True)
class VSwitch:
    """A subnet of a VPC, in one zone."""

    vswitch_id: str
    vpc_id: str
    zone_id: str
    cidr: IPv4Network
    ipv6_cidr: IPv6Network | None
    free_addresses: int | None  # None where the source does not say


@dataclasses.dataclass(frozen=True, kw_only=True)
class CloudFacts:
    """One complete reading of the cloud; a reading with a missing page does not become one."""

    source: Source
    region_id: str
    instances: tuple[Instance, ...]
    enis: tuple[Eni, ...]
    vswitches: tuple[VSwitch, ...]
    gateways: Mapping[tuple[str, Family], IPAddress]  # (ENI id, family), where the source knows: metadata only


@dataclasses.dataclass(frozen=True, kw_only=True)
class KubeNode:
    """A node as Kubernetes knows it."""

    name: str
    uid: str
    provider_id: str  # "" while it is not set
    internal_ips: tuple[IPAddress, ...]
    hostname: str
    ready: bool = True  # its Ready condition is True: the kubelet reports, and all is well


@dataclasses.dataclass(frozen=True, kw_only=True)
class AddressBlock:
    """The addresses of one family that pods may take from a NIC, with the subnet they live in."""

    subnet: IPNetwork
    gateway: IPAddress | None  # None: derive it from the subnet
    addresses: Addresses[IPAddress]  # never the NIC's primary address

    @property
    def family(self) -> Family:
        return Family.IPV4 if isinstance(self.subnet, IPv4Network) else Family.IPV6


@dataclasses.dataclass(frozen=True, kw_only=True)
class Nic:
    """An ENI of a node under the name that it has on the node."""

    name: str
    named_by: NamedBy
    eni_id: str
    mac: str
    vswitch_id: str
    primary: bool
    primary_ip: IPv4Address | None
    free_addresses: int | None  # of the vSwitch
    blocks: tuple[AddressBlock, ...]  # at most one per family, IPv4 first; a block may have no address

    def block(self, family: Family) -> AddressBlock | None:
        """The NIC's block of a family, if its vSwitch has that family."""
        return next((block for block in self.blocks if block.family is family), None)


@dataclasses.dataclass(frozen=True, kw_only=True)
class EniInTransit:
    """An ENI that a node is getting or losing: until it is settled, pods can't rely on its addresses."""

    eni_id: str
    transit: Transit


@dataclasses.dataclass(frozen=True, kw_only=True)
class Node:
    """A Kubernetes node joined to its instance."""

    name: str
    uid: str  # "" when no cluster was asked
    provider_id: str  # as the cluster has it, "" while it is not set
    instance_id: str
    instance_type: str
    region_id: str
    zone_id: str
    vpc_id: str
    matched_by: MatchedBy
    nics: tuple[Nic, ...]  # in name order, the primary one first
    in_transit: tuple[EniInTransit, ...] = ()  # by id; none of them is a NIC yet, or any more
    own_addresses: tuple[IPAddress, ...] = ()  # InternalIPs besides the NICs' primary addresses, as far as known

    @property
    def expected_provider_id(self) -> str:
        """REGION.INSTANCE, the form that the Cloud Controller Manager itself writes."""
        return f"{self.region_id}.{self.instance_id}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Inventory:
    """All the facts that a plan is made of."""

    source: Source
    region_id: str
    nodes: tuple[Node, ...]  # in name order

    def nics(self) -> Iterator[tuple[Node, Nic]]:
        """Every NIC with its node, in the inventory's order."""
        for node in self.nodes:
            for nic in node.nics:
                yield node, nic

    def addresses(self) -> Iterator[IPAddress]:
        """Every address that pods may take, in the inventory's order."""
        for _, nic in self.nics():
            for block in nic.blocks:
                yield from block.addresses
