"""Builders for inventories, as short as a test needs them."""

from __future__ import annotations

import ipaddress
from types import SimpleNamespace

import pytest

from spidercli import addresses
from spidercli.config.schema import Config
from spidercli.model import AddressBlock, Inventory, MatchedBy, NamedBy, Nic, Node, Source


def _block(subnet: str, *ips: str, gateway: str | None = None) -> AddressBlock:
    return AddressBlock(
        subnet=ipaddress.ip_network(subnet),
        gateway=ipaddress.ip_address(gateway) if gateway else None,
        addresses=addresses.gathered(addresses.expand(ips)),
    )


def _nic(name: str, *blocks: AddressBlock, vswitch: str = "vsw-1", primary_ip: str | None = None) -> Nic:
    return Nic(
        name=name,
        named_by=NamedBy.CONFIG,
        eni_id=f"eni-{name}",
        mac="",
        vswitch_id=vswitch,
        primary=name == "eth0",
        primary_ip=ipaddress.IPv4Address(primary_ip) if primary_ip else None,
        free_addresses=None,
        blocks=blocks,
    )


def _node(name: str, *nics: Nic) -> Node:
    return Node(
        name=name,
        uid="",
        provider_id="",
        instance_id=f"i-{name}",
        instance_type="",
        region_id="cn-hangzhou",
        zone_id="cn-hangzhou-i",
        vpc_id="vpc-1",
        matched_by=MatchedBy.CLOUD,
        nics=nics,
    )


def _inventory(*nodes: Node) -> Inventory:
    return Inventory(source=Source.FILE, region_id="cn-hangzhou", nodes=nodes)


def _one_nic(subnet: str, *ips: str, gateway: str | None = None) -> Inventory:
    """A node "worker" whose eth0 has one block."""
    return _inventory(_node("worker", _nic("eth0", _block(subnet, *ips, gateway=gateway))))


def _config(**sections: object) -> Config:
    """A configuration from sections, as the file spells them."""
    return Config.model_validate(sections)


@pytest.fixture
def make() -> SimpleNamespace:
    return SimpleNamespace(
        block=_block,
        config=_config,
        inventory=_inventory,
        nic=_nic,
        node=_node,
        one_nic=_one_nic,
        ip=ipaddress.ip_address,
    )
