"""What the sandbox's cloud is made of. Every value is frozen: a change is a new value in the World."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from spidercli.model import Family, IPAddress, IPNetwork

Assignable = IPAddress | IPNetwork
"""What an ENI can be given: an address, or a prefix."""

CREATED_AT = "2023-07-18T08:00:00Z"

AVAILABLE = "Available"
IN_USE = "InUse"
PRIMARY = "Primary"
SECONDARY = "Secondary"
RUNNING = "Running"
STOPPED = "Stopped"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Vpc:
    """A virtual private cloud."""

    vpc_id: str
    name: str
    cidr: IPv4Network
    secondary_cidrs: tuple[IPv4Network, ...] = ()
    ipv6_cidr: IPv6Network | None = None
    tags: Mapping[str, str] = dataclasses.field(default_factory=dict)
    created_at: str = CREATED_AT


@dataclasses.dataclass(frozen=True, kw_only=True)
class VSwitch:
    """A subnet of a VPC, in one zone."""

    vswitch_id: str
    vpc_id: str
    zone_id: str
    name: str
    cidr: IPv4Network
    ipv6_cidr: IPv6Network | None = None
    reservations: tuple[IPNetwork, ...] = ()  # blocks that prefixes are cut from (CreateVSwitchCidrReservation)
    tags: Mapping[str, str] = dataclasses.field(default_factory=dict)
    created_at: str = CREATED_AT

    def subnet(self, version: int) -> IPNetwork | None:
        """The vSwitch's CIDR block of an IP version, None where it has none."""
        return self.cidr if version == Family.IPV4 else self.ipv6_cidr

    def gateway(self, version: int) -> IPAddress | None:
        """The address of the VPC's router: the first of those that are reserved at the subnet's end."""
        subnet = self.subnet(version)
        return None if subnet is None else subnet.broadcast_address - (reserved_at_end(version) - 1)


def reserved_at_end(version: int) -> int:
    """How many addresses at a subnet's end are the cloud's own: three of IPv4, nine of IPv6."""
    return 3 if version == Family.IPV4 else 9


@dataclasses.dataclass(frozen=True, kw_only=True)
class SecurityGroup:
    """A security group."""

    security_group_id: str
    vpc_id: str
    name: str
    kind: str = "normal"  # or enterprise
    service_managed: bool = False
    tags: Mapping[str, str] = dataclasses.field(default_factory=dict)
    created_at: str = CREATED_AT


@dataclasses.dataclass(frozen=True, kw_only=True)
class InstanceType:
    """An instance type and how many ENIs and addresses it carries."""

    instance_type_id: str
    cores: int
    memory_gib: float
    eni_quantity: int  # the primary ENI included
    ipv4_per_eni: int  # the primary address included; a prefix counts as one
    ipv6_per_eni: int
    architecture: str = "X86"
    tags: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def family(self) -> str:
        """The family, for example ecs.g7 of ecs.g7.xlarge."""
        return self.instance_type_id.rpartition(".")[0]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Instance:
    """An ECS instance; its network is its ENIs'."""

    instance_id: str
    name: str
    hostname: str
    instance_type: str
    zone_id: str
    vpc_id: str
    vswitch_id: str
    serial_number: str
    security_group_ids: tuple[str, ...] = ()
    status: str = RUNNING
    http_tokens: str = "optional"  # metadata without a token; "required" closes it
    http_endpoint: str = "enabled"  # "disabled" closes the metadata service
    ram_role: str | None = None
    tags: Mapping[str, str] = dataclasses.field(default_factory=dict)
    created_at: str = CREATED_AT


@dataclasses.dataclass(frozen=True, kw_only=True)
class NetworkInterface:
    """An elastic network interface."""

    eni_id: str
    name: str
    mac: str
    vpc_id: str
    vswitch_id: str
    zone_id: str
    primary_ip: IPv4Address | None  # an IPv6-only ENI has none
    instance_id: str = ""  # "" while it is not attached
    device_index: int | None = None
    kind: str = SECONDARY  # the API's Type; also Trunk and Member
    status: str = IN_USE
    secondary_ips: tuple[IPv4Address, ...] = ()
    ipv4_prefixes: tuple[IPv4Network, ...] = ()
    ipv6_addresses: tuple[IPv6Address, ...] = ()
    ipv6_prefixes: tuple[IPv6Network, ...] = ()
    security_group_ids: tuple[str, ...] = ()
    description: str = ""
    service_managed: bool = False
    delete_on_release: bool = True
    traffic_mode: str = "Standard"  # HighPerformance is RDMA
    tags: Mapping[str, str] = dataclasses.field(default_factory=dict)
    created_at: str = CREATED_AT

    @property
    def private_ips(self) -> tuple[IPv4Address, ...]:
        """All single IPv4 addresses, the primary one first."""
        return self.secondary_ips if self.primary_ip is None else (self.primary_ip, *self.secondary_ips)

    def holdings(self) -> Iterator[Assignable]:
        """Every address and prefix that the ENI occupies in its vSwitch."""
        yield from self.private_ips
        yield from self.ipv4_prefixes
        yield from self.ipv6_addresses
        yield from self.ipv6_prefixes

    def used(self, version: int) -> int:
        """How much of the instance type's limit per ENI is taken: addresses and prefixes count alike."""
        if version == Family.IPV4:
            return len(self.private_ips) + len(self.ipv4_prefixes)
        return len(self.ipv6_addresses) + len(self.ipv6_prefixes)
