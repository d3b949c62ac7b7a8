"""ECS: which calls to make, and what their answers say. API version 2014-05-26."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from types import MappingProxyType
from typing import Any

from spidercli import addresses
from spidercli.gateways.alibaba.calls import Call, Product
from spidercli.gateways.alibaba.fields import Fields
from spidercli.gateways.alibaba.rows import Rows
from spidercli.model import Addresses, Eni, Instance

INSTANCES_PER_PAGE = 100
ENIS_PER_PAGE = 500
DRY_RUN_PASSED = "DryRunOperation"  # the code of the error that a dry run ends with when all is well
IDS_PER_CALL = 100
_NO_IPV4 = Addresses(IPv4Address, ())
_NO_IPV6 = Addresses(IPv6Address, ())
_NO_IPV4_PREFIXES: tuple[IPv4Network, ...] = ()
_NO_IPV6_PREFIXES: tuple[IPv6Network, ...] = ()
_NO_TAGS: Mapping[str, str] = MappingProxyType({})


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


def dry_run_of_instances() -> Call:
    """DescribeInstances that shows nothing: only whether it is allowed, by DRY_RUN_PASSED or a refusal."""
    return Call(product=Product.ECS, action="DescribeInstances", parameters={"DryRun": "true"})


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
    items = page.objects("NetworkInterfaceSets", "NetworkInterfaceSet")
    values = [item.values for item in items]
    ids = Rows(labels=[page.label] * len(values), values=values).texts("NetworkInterfaceId")
    return _enis(ids, Rows(labels=[f"ENI {eni_id}" for eni_id in ids], values=values))


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


def _enis(ids: list[str], rows: Rows) -> list[Eni]:
    """The ENIs with these ids, read field by field."""
    attachments = rows.nested("Attachment")
    kinds = rows.texts("Type")
    own, attached = rows.optional_texts("InstanceId"), attachments.optional_texts("InstanceId")
    ipv4 = list(map(_ipv4_addresses, rows.labels, rows.values))
    fields: dict[str, Iterable[object]] = {
        "eni_id": ids,
        "name": rows.optional_texts("NetworkInterfaceName"),
        "instance_id": [one or other for one, other in zip(own, attached, strict=True)],
        "primary": [kind == "Primary" for kind in kinds],
        "kind": kinds,
        "status": rows.texts("Status"),
        "mac": map(str.lower, rows.texts("MacAddress")),
        "vpc_id": rows.texts("VpcId"),
        "vswitch_id": rows.texts("VSwitchId"),
        "zone_id": rows.texts("ZoneId"),
        "primary_ip": [primary for primary, _ in ipv4],
        "secondary_ips": [secondary for _, secondary in ipv4],
        "ipv4_prefixes": rows.lists("Ipv4PrefixSets", "Ipv4PrefixSet", _ipv4_prefixes, _NO_IPV4_PREFIXES),
        "ipv6_addresses": rows.lists("Ipv6Sets", "Ipv6Set", _ipv6_addresses, _NO_IPV6),
        "ipv6_prefixes": rows.lists("Ipv6PrefixSets", "Ipv6PrefixSet", _ipv6_prefixes, _NO_IPV6_PREFIXES),
        "device_index": attachments.optional_numbers("DeviceIndex"),
        "created_at": rows.optional_texts("CreationTime"),
        "service_managed": rows.optional_flags("ServiceManaged"),
        "traffic_mode": [mode or "Standard" for mode in rows.optional_texts("NetworkInterfaceTrafficMode")],
        "tags": rows.lists("Tags", "Tag", _tags, _NO_TAGS),
    }
    return list(map(Eni._make, zip(*(fields[name] for name in Eni._fields), strict=True)))


def _ipv4_addresses(label: str, values: Mapping[str, Any]) -> tuple[IPv4Address | None, Addresses[IPv4Address]]:
    """An ENI's own address, and those that pods may take: the quick way; any error means that something is odd."""
    try:
        return _usual_ipv4_addresses(values["PrivateIpAddress"], values["PrivateIpSets"]["PrivateIpSet"])
    except (KeyError, TypeError, ValueError, OSError):
        return _checked_ipv4_addresses(Fields(label=label, values=values))


def _usual_ipv4_addresses(primary: str, items: list[Any]) -> tuple[IPv4Address, Addresses[IPv4Address]]:
    """There are ten times as many addresses as ENIs. Each is spelled in one way only, so that texts can be compared."""
    roles = {item["PrivateIpAddress"]: item["Primary"] for item in items}
    is_usual = len(roles) == len(items) and roles.pop(primary) is True and {*map(type, roles.values())} <= {bool}
    if not is_usual or True in roles.values():
        raise ValueError
    own, *secondary = addresses.ipv4_numbers((primary, *roles))
    return IPv4Address(own), Addresses(IPv4Address, secondary)


def _checked_ipv4_addresses(eni: Fields) -> tuple[IPv4Address | None, Addresses[IPv4Address]]:
    """The same by the whole book, which says what is odd; an ENI may have IPv6 only."""
    if not eni.optional_text("PrivateIpAddress"):
        return None, _NO_IPV4
    primary_ip = eni.ipv4("PrivateIpAddress")
    return primary_ip, _checked_secondary_ips(eni.objects("PrivateIpSets", "PrivateIpSet"), eni, primary_ip)


def _checked_secondary_ips(items: list[Fields], eni: Fields, primary_ip: IPv4Address) -> Addresses[IPv4Address]:
    """The addresses that pods may take.

    The list has to hold the primary address, and to call it so: a list that was cut short must not look like an ENI
    that lost its addresses, and a primary address must never reach a pool.
    """
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


def _ipv4_prefixes(eni: Fields) -> tuple[IPv4Network, ...]:
    items = eni.optional_objects("Ipv4PrefixSets", "Ipv4PrefixSet")
    return tuple(sorted(item.ipv4_network("Ipv4Prefix") for item in items))


def _ipv6_prefixes(eni: Fields) -> tuple[IPv6Network, ...]:
    items = eni.optional_objects("Ipv6PrefixSets", "Ipv6PrefixSet")
    return tuple(sorted(item.ipv6_network("Ipv6Prefix") for item in items))


def _ipv6_addresses(eni: Fields) -> Addresses[IPv6Address]:
    """All IPv6 addresses but the primary one, which only an ENI without IPv4 has."""
    items = eni.optional_objects("Ipv6Sets", "Ipv6Set")
    secondary = (item.ipv6("Ipv6Address") for item in items if not item.optional_flag("Primary"))
    return Addresses(IPv6Address, map(int, secondary))


def _tags(eni: Fields) -> Mapping[str, str]:
    return eni.tags("TagKey", "TagValue")
