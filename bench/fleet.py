"""Inventories of any size."""

from __future__ import annotations

import ipaddress

from spidercli import addresses, desired
from spidercli.config.schema import Config
from spidercli.model import AddressBlock, Inventory, Manifest, MatchedBy, NamedBy, Nic, Node, Source
from spidercli.rendering.renderer import Renderer

_ADDRESSES = 10
_SUBNETS = (ipaddress.IPv4Network("10.0.0.0/12"), ipaddress.IPv4Network("10.16.0.0/12"))


def inventory(nodes: int) -> Inventory:
    """Nodes with two NICs of ten secondary addresses each."""
    return Inventory(source=Source.FILE, region_id="cn-hangzhou", nodes=tuple(_node(number) for number in range(nodes)))


def pools(count: int) -> list[Manifest]:
    """So many rendered SpiderIPPools, two for each node."""
    return Renderer().pools(desired.pools(inventory(count // 2), Config()))


def _node(number: int) -> Node:
    return Node(
        name=f"node-{number:05}",
        uid="",
        provider_id="",
        instance_id=f"i-bp{number:018}",
        instance_type="ecs.g7.xlarge",
        region_id="cn-hangzhou",
        zone_id="cn-hangzhou-i",
        vpc_id="vpc-bp1",
        matched_by=MatchedBy.CLOUD,
        nics=tuple(_nic(number, index) for index in range(2)),
    )


def _nic(number: int, index: int) -> Nic:
    subnet = _SUBNETS[index]
    first = int(subnet.network_address) + 16 * (number + 1)
    secondary = addresses.in_family(subnet, range(first + 1, first + _ADDRESSES + 1))
    return Nic(
        name=f"eth{index}",
        named_by=NamedBy.PRIMARY if index == 0 else NamedBy.DEVICE_INDEX,
        eni_id=f"eni-bp{number:017}{index}",
        mac=f"00:16:3e:{number >> 8:02x}:{number & 255:02x}:{index:02x}",
        vswitch_id=f"vsw-bp{index}",
        primary=index == 0,
        primary_ip=ipaddress.IPv4Address(first),
        free_addresses=1000,
        blocks=(AddressBlock(subnet=subnet, gateway=None, addresses=secondary),),
    )
