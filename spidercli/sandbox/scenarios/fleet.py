"""Many nodes with two ENIs each, in as many vSwitches as it takes: for rehearsals and measurements at scale."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network

from spidercli.model import Manifest
from spidercli.sandbox.cloud import resources
from spidercli.sandbox.cloud.world import World
from spidercli.sandbox.scenarios import cluster
from spidercli.sandbox.scenarios.scenario import Scenario

NAME = "fleet"

REGION = "cn-hangzhou"
ZONE = "cn-hangzhou-i"
VPC = "vpc-fleet"

CONFIG_TEXT = """\
region: cn-hangzhou
"""

_TYPE = resources.InstanceType(
    instance_type_id="ecs.g7.4xlarge", cores=16, memory_gib=64.0, eni_quantity=8, ipv4_per_eni=30, ipv6_per_eni=30
)
_NETWORK = IPv4Network("10.0.0.0/8")
_NICS = 2
_PER_VSWITCH = 100  # nodes
_VSWITCH_LENGTH = 20


def build(nodes: int = 50, addresses: int = 10) -> Scenario:
    """A cloud and cluster of any size.

    Args:
        nodes: how many; each has two ENIs.
        addresses: secondary private IPs of each ENI, 29 at most.
    """
    world = _world(nodes, addresses)
    return Scenario(name=NAME, world=world, manifests=tuple(_manifests(world)), config_text=CONFIG_TEXT)


def _world(nodes: int, addresses: int) -> World:
    world = World(region_id=REGION)
    world.add_instance_type(_TYPE)
    world.add_vpc(resources.Vpc(vpc_id=VPC, name=NAME, cidr=_NETWORK))
    vswitches = _NETWORK.subnets(new_prefix=_VSWITCH_LENGTH)
    for first in range(0, nodes, _PER_VSWITCH):
        pair = [_vswitch(next(vswitches), nic, first // _PER_VSWITCH) for nic in range(_NICS)]
        for vswitch in pair:
            world.add_vswitch(vswitch)
        for number in range(first, min(first + _PER_VSWITCH, nodes)):
            _add_node(world, number, pair, addresses)
    return world


def _vswitch(cidr: IPv4Network, nic: int, group: int) -> resources.VSwitch:
    name = f"{NAME}-eth{nic}-{group:03}"
    return resources.VSwitch(vswitch_id=f"vsw-{name}", vpc_id=VPC, zone_id=ZONE, name=name, cidr=cidr)


def _add_node(world: World, number: int, vswitches: list[resources.VSwitch], addresses: int) -> None:
    name = f"node-{number:05}"
    world.add_instance(
        resources.Instance(
            instance_id=f"i-fleet{number:05}",
            name=name,
            hostname=name,
            instance_type=_TYPE.instance_type_id,
            zone_id=ZONE,
            vpc_id=VPC,
            vswitch_id=vswitches[0].vswitch_id,
            serial_number=f"00000000-0000-4000-8000-{number:012}",
        )
    )
    for nic, vswitch in enumerate(vswitches):
        world.add_eni(_eni(number, nic, vswitch, addresses))


def _eni(number: int, nic: int, vswitch: resources.VSwitch, addresses: int) -> resources.NetworkInterface:
    first = vswitch.cidr.network_address + 1 + (number % _PER_VSWITCH) * (addresses + 1)
    return resources.NetworkInterface(
        eni_id=f"eni-fleet{number:05}-{nic}",
        name=f"node-{number:05}-eth{nic}",
        mac=f"00:16:{nic:02x}:{number >> 16:02x}:{number >> 8 & 255:02x}:{number & 255:02x}",
        vpc_id=VPC,
        vswitch_id=vswitch.vswitch_id,
        zone_id=ZONE,
        primary_ip=first,
        instance_id=f"i-fleet{number:05}",
        device_index=nic,
        kind=resources.SECONDARY if nic else resources.PRIMARY,
        secondary_ips=tuple(first + offset for offset in range(1, addresses + 1)),
    )


def _manifests(world: World) -> Iterator[Manifest]:
    yield cluster.namespace("default")
    yield cluster.namespace(cluster.SYSTEM)
    for instance in world.instances.values():
        yield cluster.node(instance.hostname, _address(world, instance.instance_id))
    yield cluster.kubeadm_config()
    yield from cluster.spiderpool("ipvlan-eth0", nodes=len(world.instances))


def _address(world: World, instance_id: str) -> IPv4Address:
    address = world.enis_of(instance_id)[0].primary_ip
    assert address is not None
    return address
