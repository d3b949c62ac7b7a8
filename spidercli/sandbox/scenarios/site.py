"""What scenarios build their cloud with: one VPC, its vSwitches, and nodes with an ENI in each of some of them."""

from __future__ import annotations

import dataclasses
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from spidercli.sandbox.cloud import resources
from spidercli.sandbox.cloud.world import World

REGION = "cn-hangzhou"
ZONE = "cn-hangzhou-i"

_TYPE = resources.InstanceType(
    instance_type_id="ecs.g7.4xlarge", cores=16, memory_gib=64.0, eni_quantity=8, ipv4_per_eni=30, ipv6_per_eni=30
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Interface:
    """An ENI that a node gets: where it is, and its addresses."""

    vswitch: resources.VSwitch
    primary: IPv4Address
    secondary: tuple[IPv4Address, ...] = ()
    ipv6: tuple[IPv6Address, ...] = ()


class Site:
    """A VPC of a scenario.

    Attributes:
        world: the cloud with this VPC in it.
        vpc_id: the VPC's id, vpc-NAME.
    """

    def __init__(self, name: str, cidr: IPv4Network, *, ipv6_cidr: IPv6Network | None = None) -> None:
        self.world = World(region_id=REGION)
        self.vpc_id = f"vpc-{name}"
        self.world.add_instance_type(_TYPE)
        self.world.add_vpc(resources.Vpc(vpc_id=self.vpc_id, name=name, cidr=cidr, ipv6_cidr=ipv6_cidr))

    def add_vswitch(self, name: str, cidr: IPv4Network, *, ipv6_cidr: IPv6Network | None = None) -> resources.VSwitch:
        """Add a vSwitch, vsw-NAME."""
        vswitch = resources.VSwitch(
            vswitch_id=f"vsw-{name}", vpc_id=self.vpc_id, zone_id=ZONE, name=name, cidr=cidr, ipv6_cidr=ipv6_cidr
        )
        self.world.add_vswitch(vswitch)
        return vswitch

    def add_node(self, name: str, *interfaces: Interface) -> None:
        """Add an instance, i-NAME without dashes, with ENIs eni-NAME-0, eni-NAME-1 and so on, the primary one first."""
        self.world.add_instance(
            resources.Instance(
                instance_id=instance_id(name),
                name=name,
                hostname=name,
                instance_type=_TYPE.instance_type_id,
                zone_id=ZONE,
                vpc_id=self.vpc_id,
                vswitch_id=interfaces[0].vswitch.vswitch_id,
                serial_number=f"00000000-0000-4000-8000-{len(self.world.instances):012}",
            )
        )
        for index, interface in enumerate(interfaces):
            self.world.add_eni(_eni(name, index, interface))


def instance_id(node: str) -> str:
    """The id of a node's instance; the real ones have no dashes either."""
    return f"i-{node.replace('-', '')}"


def _eni(node: str, index: int, interface: Interface) -> resources.NetworkInterface:
    return resources.NetworkInterface(
        eni_id=f"eni-{node}-{index}",
        name=f"{node}-eth{index}",
        mac=f"00:16:{interface.primary.packed.hex(':')}",
        vpc_id=interface.vswitch.vpc_id,
        vswitch_id=interface.vswitch.vswitch_id,
        zone_id=ZONE,
        primary_ip=interface.primary,
        instance_id=instance_id(node),
        device_index=index,
        kind=resources.SECONDARY if index else resources.PRIMARY,
        secondary_ips=interface.secondary,
        ipv6_addresses=interface.ipv6,
    )
