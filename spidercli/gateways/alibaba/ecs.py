"""ECS: which calls to make, and what their answers say. API version 2014-05-26."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from spidercli import addresses
from spidercli.gateways.alibaba.calls import Call, Product
from spidercli.gateways.alibaba.fields import Fields
from spidercli.model import Addresses, Eni, Instance

INSTANCES_PER_PAGE = 100
ENIS_PER_PAGE = 500
IDS_PER_CALL = 100


def describe_instances(
    *, vpc_id: str | None = None, ids: Sequence[str] = (), private_ips: Collection[IPv4Address] = ()
) -> Call:
    """DescribeInstances: at most 100 ids or addresses, as JSON arrays; without MaxResults a page has 10."""
    parameters = {"MaxResults": str(INSTANCES_PER_PAGE)}
    if vpc_id:
        parameters["VpcId"] = vpc_id
    if ids:
        parameters["InstanceIds"] = json.dumps(list(ids))
    if private_ips:
        parameters["PrivateIpAddresses"] = json.dumps([str(address) for address in private_ips])
    return Call(product=Product.ECS, action="DescribeInstances", parameters=parameters)


def describe_enis(*, vpc_id: str) -> Call:
    """DescribeNetworkInterfaces of a VPC, 500 a page (the most; the default is 10)."""
    parameters = {"MaxResults": str(ENIS_PER_PAGE), "VpcId": vpc_id}
    return Call(product=Product.ECS, action="DescribeNetworkInterfaces", parameters=parameters)


def instances(page: Fields) -> list[Instance]:
    """The instances of a DescribeInstances answer, `Instances.Instance[]`.

    Raises:
        CloudAnswerInvalid: something that the API promises is missing or odd.
    """
    return [_instance(item) for item in page.objects("Instances", "Instance")]


def enis(page: Fields) -> list[Eni]:
    """The ENIs of a DescribeNetworkInterfaces answer, `NetworkInterfaceSets.NetworkInterfaceSet[]`.

    Raises:
        CloudAnswerInvalid: something that the API promises is missing or odd.
    """
    return [_eni(item) for item in page.objects("NetworkInterfaceSets", "NetworkInterfaceSet")]


def _instance(item: Fields) -> Instance:
    instance_id = item.text("InstanceId")
    instance = Fields(label=f"instance {instance_id}", values=item.values)
    vpc = instance.nested("VpcAttributes")
    return Instance(
        instance_id=instance_id,
        name=instance.optional_text("InstanceName"),
        hostname=instance.optional_text("HostName"),
        instance_type=instance.text("InstanceType"),
        region_id=instance.text("RegionId"),
        zone_id=instance.text("ZoneId"),
        vpc_id=vpc.optional_text("VpcId"),  # an instance of the classic network has none
        status=instance.text("Status"),
        private_ips=_private_ips(vpc),
        tags=instance.tags("TagKey", "TagValue"),
    )


def _private_ips(vpc: Fields) -> tuple[IPv4Address, ...]:
    texts = vpc.optional_items("PrivateIpAddress", "IpAddress")
    items = [Fields(label=vpc.label, values={"PrivateIpAddress.IpAddress": text}) for text in texts]
    return tuple(item.ipv4("PrivateIpAddress.IpAddress") for item in items)


def _eni(item: Fields) -> Eni:
    eni_id = item.text("NetworkInterfaceId")
    eni = Fields(label=f"ENI {eni_id}", values=item.values)
    attachment = eni.nested("Attachment")
    kind = eni.text("Type")
    primary_ip = eni.ipv4("PrivateIpAddress") if eni.optional_text("PrivateIpAddress") else None
    return Eni(
        eni_id=eni_id,
        name=eni.optional_text("NetworkInterfaceName"),
        instance_id=eni.optional_text("InstanceId") or attachment.optional_text("InstanceId"),
        primary=kind == "Primary",
        kind=kind,
        status=eni.text("Status"),
        mac=eni.text("MacAddress").lower(),
        vpc_id=eni.text("VpcId"),
        vswitch_id=eni.text("VSwitchId"),
        zone_id=eni.text("ZoneId"),
        primary_ip=primary_ip,
        secondary_ips=_secondary_ips(eni, primary_ip),
        ipv4_prefixes=tuple(
            sorted(item.ipv4_network("Ipv4Prefix") for item in eni.optional_objects("Ipv4PrefixSets", "Ipv4PrefixSet"))
        ),
        ipv6_addresses=_ipv6_addresses(eni),
        ipv6_prefixes=tuple(
            sorted(item.ipv6_network("Ipv6Prefix") for item in eni.optional_objects("Ipv6PrefixSets", "Ipv6PrefixSet"))
        ),
        device_index=attachment.optional_number("DeviceIndex"),
        created_at=eni.optional_text("CreationTime"),
        service_managed=eni.optional_flag("ServiceManaged"),
        traffic_mode=eni.optional_text("NetworkInterfaceTrafficMode") or "Standard",
        tags=eni.tags("TagKey", "TagValue"),
    )


def _secondary_ips(eni: Fields, primary_ip: IPv4Address | None) -> Addresses[IPv4Address]:
    """The addresses that pods may take.

    The list has to hold the primary address, and to call it so: a list that was cut short must not look like an ENI
    that lost its addresses, and a primary address must never reach a pool.
    """
    if primary_ip is None:
        return Addresses(IPv4Address, ())
    try:
        return _usual_secondary_ips(eni.items("PrivateIpSets", "PrivateIpSet"), primary_ip)
    except (KeyError, TypeError, ValueError, OSError):
        return _checked_secondary_ips(eni.objects("PrivateIpSets", "PrivateIpSet"), eni, primary_ip)


def _usual_secondary_ips(items: list[Any], primary_ip: IPv4Address) -> Addresses[IPv4Address]:
    """The quick way, for there are ten times as many addresses as ENIs; any error means that something is odd."""
    [primary] = [item["PrivateIpAddress"] for item in items if item["Primary"] is True]
    secondary = [item["PrivateIpAddress"] for item in items if item["Primary"] is False]
    found = Addresses(IPv4Address, addresses.ipv4_numbers(secondary))
    is_usual = addresses.ipv4_bytes(primary) == primary_ip.packed and len(found) + 1 == len(items)
    if not is_usual or int(primary_ip) in found.numbers:
        raise ValueError
    return found


def _checked_secondary_ips(items: list[Fields], eni: Fields, primary_ip: IPv4Address) -> Addresses[IPv4Address]:
    """The same by the whole book, which says what is odd."""
    primary: list[IPv4Address] = []
    secondary: list[IPv4Address] = []
    for item in items:
        address = item.ipv4("PrivateIpAddress")
        (primary if item.flag("Primary") else secondary).append(address)
    if primary != [primary_ip]:
        raise eni.invalid("PrivateIpSets", f"without {primary_ip} as its one primary address")
    if len({primary_ip, *secondary}) != len(items):
        raise eni.invalid("PrivateIpSets", "a list with one address twice")
    return Addresses(IPv4Address, map(int, secondary))


def _ipv6_addresses(eni: Fields) -> Addresses[IPv6Address]:
    """All IPv6 addresses but the primary one, which only an ENI without IPv4 has."""
    items = eni.optional_objects("Ipv6Sets", "Ipv6Set")
    secondary = (item.ipv6("Ipv6Address") for item in items if not item.optional_flag("Primary"))
    return Addresses(IPv6Address, map(int, secondary))
