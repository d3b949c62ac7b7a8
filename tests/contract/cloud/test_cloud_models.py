"""Every answer of the sandbox's cloud is one that the official response models know, down to the last field."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network
from typing import Any

import alibabacloud_ecs20140526.models as ecs
import alibabacloud_vpc20160428.models as vpc
import pytest

from spidercli.sandbox.cloud.gateway import SERVICES
from spidercli.sandbox.cloud.world import World
from spidercli.sandbox.scenarios import guide

ENI = {"NetworkInterfaceId": "eni-full"}
ATTRIBUTES = {"AdditionalAttributes__1": "NETWORK_PRIMARY_ENI_IP", "AdditionalAttributes__2": "META_OPTIONS"}

CASES = [
    ("Ecs", "DescribeInstances", ATTRIBUTES, ecs.DescribeInstancesResponseBody),
    ("Ecs", "DescribeInstanceTypes", {}, ecs.DescribeInstanceTypesResponseBody),
    ("Ecs", "DescribeNetworkInterfaces", {}, ecs.DescribeNetworkInterfacesResponseBody),
    ("Ecs", "DescribeSecurityGroups", {}, ecs.DescribeSecurityGroupsResponseBody),
    ("Ecs", "DescribeRegions", {}, ecs.DescribeRegionsResponseBody),
    ("Ecs", "AssignPrivateIpAddresses", {**ENI, "Ipv4PrefixCount": 1}, ecs.AssignPrivateIpAddressesResponseBody),
    (
        "Ecs",
        "UnassignPrivateIpAddresses",
        {**ENI, "PrivateIpAddress__1": "172.31.0.2"},
        ecs.UnassignPrivateIpAddressesResponseBody,
    ),
    ("Ecs", "AssignIpv6Addresses", {**ENI, "Ipv6AddressCount": 1}, ecs.AssignIpv6AddressesResponseBody),
    (
        "Ecs",
        "UnassignIpv6Addresses",
        {**ENI, "Ipv6Address__1": "2408:4005:3c5:6e00::1"},
        ecs.UnassignIpv6AddressesResponseBody,
    ),
    ("Vpc", "DescribeVpcs", {}, vpc.DescribeVpcsResponseBody),
    ("Vpc", "DescribeVSwitches", {"VpcId": guide.VPC}, vpc.DescribeVSwitchesResponseBody),
    ("Vpc", "DescribeVSwitchAttributes", {"VSwitchId": "vsw-full"}, vpc.DescribeVSwitchAttributesResponseBody),
]


@pytest.fixture(autouse=True)
def _everything(world: World) -> None:
    """An ENI with all that an ENI can have, so that no list in an answer is empty for want of something to list."""
    world.add_vpc(dataclasses.replace(world.vpcs[guide.VPC], ipv6_cidr=IPv6Network("2408:4005:3c5:6e00::/56")))
    vswitch = dataclasses.replace(
        world.vswitches[guide.VSWITCH_ETH0],
        vswitch_id="vsw-full",
        cidr=IPv4Network("172.31.0.0/24"),
        ipv6_cidr=IPv6Network("2408:4005:3c5:6e00::/64"),
        reservations=(IPv4Network("172.31.0.32/27"), IPv6Network("2408:4005:3c5:6e00:8000::/79")),
        tags={"team": "network"},
    )
    world.add_vswitch(vswitch)
    template = world.eni(guide.WORKER_ETH1)
    first = vswitch.cidr.network_address + 1
    world.add_eni(
        dataclasses.replace(template, eni_id="eni-full", vswitch_id="vsw-full", primary_ip=first, secondary_ips=())
    )
    world.assign("eni-full", "172.31.0.2", "172.31.0.32/28", "2408:4005:3c5:6e00::1", "2408:4005:3c5:6e00:8000::/80")


@pytest.mark.parametrize(("product", "action", "params", "model"), CASES, ids=[case[1] for case in CASES])
def test_models_know_every_field(
    product: str, action: str, params: dict[str, object], model: Any, call: Callable[..., dict[str, Any]]
) -> None:
    """An answer that goes through its official model comes out as it went in."""
    answer = call(product, action, **params)

    assert model().from_map(answer).to_map() == answer


def test_every_action_has_a_case() -> None:
    """No action is left out, but GetCallerIdentity, whose models are in a package of their own."""
    actions = {action for service in SERVICES.values() for action in service}

    assert actions - {case[1] for case in CASES} == {"GetCallerIdentity"}


def test_caller_identity(call: Callable[..., dict[str, Any]]) -> None:
    """GetCallerIdentity has the fields that its documentation lists."""
    assert call("Sts", "GetCallerIdentity").keys() == {
        "RequestId",
        "AccountId",
        "Arn",
        "IdentityType",
        "PrincipalId",
        "UserId",
    }


def test_eni_has_every_field(call: Callable[..., dict[str, Any]], world: World) -> None:
    """The description of an ENI, one that a service manages, leaves no field of the official model out."""
    world.change_eni("eni-full", service_managed=True)
    [eni] = call("Ecs", "DescribeNetworkInterfaces", NetworkInterfaceId__1="eni-full")["NetworkInterfaceSets"][
        "NetworkInterfaceSet"
    ]
    model = ecs.DescribeNetworkInterfacesResponseBodyNetworkInterfaceSetsNetworkInterfaceSet()

    fields = vars(model.from_map(eni))
    assert [name for name, value in fields.items() if value is None and not name.startswith("_")] == []
