"""The reading actions of ECS 2014-05-26."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping

from spidercli.sandbox.cloud import ecs_shapes, filters, regions
from spidercli.sandbox.cloud.errors import ApiError
from spidercli.sandbox.cloud.filters import Condition
from spidercli.sandbox.cloud.operations import Context, Operation
from spidercli.sandbox.cloud.paging import page_of
from spidercli.sandbox.cloud.params import Params
from spidercli.sandbox.cloud.world import World

_PAGING = frozenset({"MaxResults", "NextToken", "PageNumber", "PageSize"})
_LEAST = 10  # a smaller page of instances or ENIs is not given
_MOST_INSTANCES = 100
_MOST_ENIS = 500
_MOST_SECURITY_GROUPS = 100
_MOST_INSTANCE_TYPES = 1600
_MOST_VALUES = 100

_INSTANCE_FIELDS = {
    "InstanceType": "instance_type",
    "Status": "status",
    "VSwitchId": "vswitch_id",
    "VpcId": "vpc_id",
    "ZoneId": "zone_id",
}
_ENI_FIELDS = {
    "InstanceId": "instance_id",
    "NetworkInterfaceName": "name",
    "PrimaryIpAddress": "primary_ip",
    "Status": "status",
    "Type": "kind",
    "VSwitchId": "vswitch_id",
    "VpcId": "vpc_id",
}
_SECURITY_GROUP_FIELDS = {
    "SecurityGroupId": "security_group_id",
    "SecurityGroupType": "kind",
    "VpcId": "vpc_id",
}


def describe_instances(context: Context) -> dict[str, object]:
    """DescribeInstances; a dry run looks at the parameters and the permission only, and always ends in an error."""
    world, params = context.world, context.params
    if params.flag("DryRun"):
        raise ApiError(400, "DryRunOperation", "Request validation has been passed with DryRun flag set.")
    attributes = params.numbered("AdditionalAttributes", most=20)
    found = filters.select(world.instances.values(), _instance_conditions(world, params), params)
    page, fields = page_of(
        found, context, order=lambda item: world.arrival(item.instance_id), most=_MOST_INSTANCES, least=_LEAST
    )
    shapes = [ecs_shapes.instance(instance, world, attributes) for instance in page]
    return {**fields, "Instances": {"Instance": shapes}}


def _instance_conditions(world: World, params: Params) -> Iterator[Condition]:
    yield from filters.equal(params, _INSTANCE_FIELDS)
    yield from filters.among("instance_id", params.listed("InstanceIds", most=_MOST_VALUES))
    addresses = params.listed("PrivateIpAddresses", most=_MOST_VALUES)
    if addresses:
        yield lambda instance: _primary_ip(world, instance.instance_id) in addresses
    pattern = params.text("InstanceName")
    if pattern:
        yield lambda instance: fnmatch.fnmatchcase(instance.name, pattern)


def _primary_ip(world: World, instance_id: str) -> str:
    return next((str(eni.primary_ip) for eni in world.enis_of(instance_id)), "")


def describe_network_interfaces(context: Context) -> dict[str, object]:
    """DescribeNetworkInterfaces."""
    world, params = context.world, context.params
    found = filters.select(world.enis.values(), _eni_conditions(params), params)
    page, fields = page_of(found, context, order=lambda eni: world.arrival(eni.eni_id), most=_MOST_ENIS, least=_LEAST)
    return {**fields, "NetworkInterfaceSets": {"NetworkInterfaceSet": [ecs_shapes.eni(eni, world) for eni in page]}}


def _eni_conditions(params: Params) -> Iterator[Condition]:
    yield from filters.equal(params, _ENI_FIELDS)
    yield from filters.among("eni_id", params.numbered("NetworkInterfaceId", most=_MOST_VALUES))
    yield from filters.holding("private_ips", params.numbered("PrivateIpAddress", most=_MOST_VALUES))
    yield from filters.holding("ipv6_addresses", params.numbered("Ipv6Address", most=_MOST_VALUES))
    yield from filters.holding("security_group_ids", {params.text("SecurityGroupId")} - {""})
    managed = params.flag("ServiceManaged")
    if managed is not None:
        yield lambda eni: eni.service_managed is managed


def describe_instance_types(context: Context) -> dict[str, object]:
    """DescribeInstanceTypes."""
    world, params = context.world, context.params
    wanted = filters.among("instance_type_id", params.numbered("InstanceTypes", most=10))
    page, fields = page_of(
        filters.select(world.instance_types.values(), wanted, params),
        context,
        order=lambda item: world.arrival(item.instance_type_id),
        most=_MOST_INSTANCE_TYPES,
        default=_MOST_INSTANCE_TYPES,
    )
    shapes = [ecs_shapes.instance_type(item) for item in page]
    return {"InstanceTypes": {"InstanceType": shapes}, "NextToken": fields["NextToken"]}


def describe_security_groups(context: Context) -> dict[str, object]:
    """DescribeSecurityGroups."""
    world, params = context.world, context.params
    page, fields = page_of(
        filters.select(world.security_groups.values(), _security_group_conditions(params), params),
        context,
        order=lambda group: world.arrival(group.security_group_id),
        most=_MOST_SECURITY_GROUPS,
    )
    shapes = [ecs_shapes.security_group(group) for group in page]
    return {**fields, "RegionId": world.region_id, "SecurityGroups": {"SecurityGroup": shapes}}


def _security_group_conditions(params: Params) -> Iterator[Condition]:
    yield from filters.equal(params, _SECURITY_GROUP_FIELDS)
    yield from filters.among("security_group_id", params.listed("SecurityGroupIds", most=_MOST_VALUES))


def describe_regions(context: Context) -> dict[str, object]:
    """DescribeRegions; names are in Chinese unless AcceptLanguage says en-US."""
    english = context.params.text("AcceptLanguage") == "en-US"
    return {"Regions": {"Region": [regions.shape(region, english=english) for region in regions.REGIONS]}}


ACTIONS: Mapping[str, Operation] = {
    "DescribeInstances": Operation(
        handler=describe_instances,
        parameters=_PAGING
        | _INSTANCE_FIELDS.keys()
        | {"AdditionalAttributes", "DryRun", "InstanceIds", "InstanceName", "PrivateIpAddresses", "Tag"},
    ),
    "DescribeNetworkInterfaces": Operation(
        handler=describe_network_interfaces,
        parameters=_PAGING
        | _ENI_FIELDS.keys()
        | {"Ipv6Address", "NetworkInterfaceId", "PrivateIpAddress", "SecurityGroupId", "ServiceManaged", "Tag"},
    ),
    "DescribeInstanceTypes": Operation(
        handler=describe_instance_types,
        parameters=frozenset({"InstanceTypes", "MaxResults", "NextToken"}),
        regional=False,
    ),
    "DescribeSecurityGroups": Operation(
        handler=describe_security_groups,
        parameters=_PAGING | _SECURITY_GROUP_FIELDS.keys() | {"SecurityGroupIds", "Tag"},
    ),
    "DescribeRegions": Operation(
        handler=describe_regions, parameters=frozenset({"AcceptLanguage", "ResourceType"}), regional=False
    ),
}
