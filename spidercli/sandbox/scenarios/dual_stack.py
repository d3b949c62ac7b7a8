"""Two nodes whose ENIs all have IPv4 and IPv6 addresses, and a configuration that asks for pools of both families."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network

from spidercli.model import Manifest
from spidercli.sandbox.cloud.resources import VSwitch
from spidercli.sandbox.cloud.world import World
from spidercli.sandbox.scenarios import cluster
from spidercli.sandbox.scenarios.scenario import Scenario
from spidercli.sandbox.scenarios.site import REGION, Interface, Site

NAME = "dual-stack"
VPC = f"vpc-{NAME}"

CONFIG_TEXT = f"""\
region: {REGION}
vpc: {VPC}
pools:
  families: dual
"""

_NODES = ("node-a", "node-b")
_NETWORK = IPv4Network("10.0.0.0/16")
_NETWORK_V6 = IPv6Network("2408:4005:3aa:7c00::/56")
_ADDRESSES = 5  # of each family on each ENI


def build() -> Scenario:
    """The cloud and cluster."""
    world = _world()
    return Scenario(name=NAME, world=world, manifests=tuple(_manifests(world)), config_text=CONFIG_TEXT)


def _world() -> World:
    site = Site(NAME, _NETWORK, ipv6_cidr=_NETWORK_V6)
    cidrs = zip(_NETWORK.subnets(new_prefix=24), _NETWORK_V6.subnets(new_prefix=64), strict=False)
    vswitches = [
        site.add_vswitch(f"{NAME}-eth{nic}", cidr, ipv6_cidr=ipv6_cidr)
        for nic, (cidr, ipv6_cidr) in zip(range(2), cidrs, strict=False)
    ]
    for number, name in enumerate(_NODES):
        site.add_node(name, *(_interface(number, vswitch) for vswitch in vswitches))
    return site.world


def _interface(number: int, vswitch: VSwitch) -> Interface:
    assert vswitch.ipv6_cidr is not None
    first = 16 * (number + 1)
    primary, first_v6 = vswitch.cidr.network_address + first, vswitch.ipv6_cidr.network_address + first
    return Interface(
        vswitch=vswitch,
        primary=primary,
        secondary=tuple(primary + offset for offset in range(1, _ADDRESSES + 1)),
        ipv6=tuple(first_v6 + offset for offset in range(_ADDRESSES)),
    )


def _manifests(world: World) -> Iterator[Manifest]:
    yield cluster.namespace("default")
    yield cluster.namespace(cluster.SYSTEM)
    yield from cluster.nodes(world)
    yield cluster.kubeadm_config()
    yield from cluster.spiderpool("ipvlan-eth0", nodes=len(_NODES))
