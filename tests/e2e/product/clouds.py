"""Changes to the guide's cloud that more than one test makes."""

from __future__ import annotations

import dataclasses
from ipaddress import IPv4Address, IPv4Network, IPv6Network

from spidercli.sandbox.cloud.world import World
from spidercli.sandbox.scenarios import guide

_OTHER = "vsw-other"
_IPV6 = {guide.VSWITCH_ETH0: "2408:4005:3b3:1a00::/64", guide.VSWITCH_ETH1: "2408:4005:3b3:1a01::/64"}


def change_vswitch(world: World) -> None:
    """Let the worker's eth1 be in another vSwitch, 192.168.1.0/24, with the addresses .10 to .12."""
    former = world.eni(guide.WORKER_ETH1)
    vswitch = world.vswitches[former.vswitch_id]
    world.add_vswitch(dataclasses.replace(vswitch, vswitch_id=_OTHER, cidr=IPv4Network("192.168.1.0/24")))
    world.remove_eni(former.eni_id)
    addresses = tuple(IPv4Address(f"192.168.1.{number}") for number in (10, 11, 12))
    primary = IPv4Address("192.168.1.9")
    world.add_eni(dataclasses.replace(former, vswitch_id=_OTHER, primary_ip=primary, secondary_ips=addresses))


def turn_ipv6_on(world: World) -> None:
    """Give the VPC and its vSwitches IPv6, and no ENI an address yet."""
    world.add_vpc(dataclasses.replace(world.vpcs[guide.VPC], ipv6_cidr=IPv6Network("2408:4005:3b3:1a00::/56")))
    for vswitch, cidr in _IPV6.items():
        world.change_vswitch(vswitch, ipv6_cidr=IPv6Network(cidr))


def assign_ipv6(world: World, eni: str, *numbers: int) -> None:
    """Give an ENI addresses with these numbers in its vSwitch's IPv6 block."""
    network = IPv6Network(_IPV6[world.eni(eni).vswitch_id])
    world.assign(eni, *(str(network[number]) for number in numbers))
