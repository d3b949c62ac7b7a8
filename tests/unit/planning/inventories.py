"""Inventories of one node, as far as a plan for pools asks about them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from spidercli import addresses
from spidercli.model import AddressBlock, EniInTransit, Inventory, MatchedBy, NamedBy, Nic, Node, Source
from spidercli.planning.nics import Nics


def nic(name: str, eni: str, *ips: str, named_by: NamedBy = NamedBy.PRIMARY) -> Nic:
    """A NIC with these addresses for pods."""
    found = addresses.gathered(ipaddress.ip_address(ip) for ip in ips)
    return Nic(
        name=name,
        named_by=named_by,
        eni_id=eni,
        mac="",
        vswitch_id="",
        primary=named_by is NamedBy.PRIMARY,
        primary_ip=None,
        free_addresses=None,
        blocks=(AddressBlock(subnet=ipaddress.ip_network("10.0.0.0/24"), gateway=None, addresses=found),),
    )


def on_node(nics: Iterable[Nic], moving: Iterable[EniInTransit] = ()) -> Nics:
    """What is known of the node "node" with these NICs, and ENIs that are on their way."""
    node = Node(
        name="node",
        uid="",
        provider_id="",
        instance_id="i-1",
        instance_type="",
        region_id="r",
        zone_id="z",
        vpc_id="vpc-1",
        matched_by=MatchedBy.PROVIDER_ID,
        nics=tuple(nics),
        in_transit=tuple(moving),
    )
    return Nics(Inventory(source=Source.OPENAPI, region_id="r", nodes=(node,)))
