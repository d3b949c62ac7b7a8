"""Many nodes with two ENIs each, in as many vSwitches as it takes: for rehearsals and measurements at scale."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network

from spidercli.model import Manifest
from spidercli.sandbox.cloud.resources import VSwitch
from spidercli.sandbox.cloud.world import World
from spidercli.sandbox.scenarios import cluster
from spidercli.sandbox.scenarios.scenario import Scenario
from spidercli.sandbox.scenarios.site import REGION, Interface, Site

NAME = "large"
NODES = 500
MOST_NODES = 20_000
VPC = f"vpc-{NAME}"

CONFIG_TEXT = f"""\
region: {REGION}
"""

_NETWORK = IPv4Network("10.0.0.0/8")
_NICS = 2
_PER_VSWITCH = 100  # nodes
_VSWITCH_LENGTH = 20


def build(nodes: int = NODES, addresses: int = 10) -> Scenario:
    """A cloud and cluster of any size.

    Args:
        nodes: how many, 20,000 at most; each has two ENIs.
        addresses: secondary private IPs of each ENI, 29 at most.
    """
    world = _world(nodes, addresses)
    return Scenario(name=NAME, world=world, manifests=tuple(_manifests(world)), config_text=CONFIG_TEXT)


def _world(nodes: int, addresses: int) -> World:
    site = Site(NAME, _NETWORK)
    cidrs = _NETWORK.subnets(new_prefix=_VSWITCH_LENGTH)
    for first in range(0, nodes, _PER_VSWITCH):
        group = f"{first // _PER_VSWITCH:03}"
        pair = [site.add_vswitch(f"{NAME}-eth{nic}-{group}", next(cidrs)) for nic in range(_NICS)]
        for number in range(first, min(first + _PER_VSWITCH, nodes)):
            site.add_node(f"node-{number:05}", *(_interface(number, vswitch, addresses) for vswitch in pair))
    return site.world


def _interface(number: int, vswitch: VSwitch, addresses: int) -> Interface:
    primary = vswitch.cidr.network_address + 1 + (number % _PER_VSWITCH) * (addresses + 1)
    secondary = tuple(primary + offset for offset in range(1, addresses + 1))
    return Interface(vswitch=vswitch, primary=primary, secondary=secondary)


def _manifests(world: World) -> Iterator[Manifest]:
    yield cluster.namespace("default")
    yield cluster.namespace(cluster.SYSTEM)
    yield from cluster.nodes(world)
    yield cluster.kubeadm_config()
    yield from cluster.spiderpool("ipvlan-eth0", nodes=len(world.instances))
