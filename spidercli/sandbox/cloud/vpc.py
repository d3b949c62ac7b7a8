"""The actions of VPC 2016-04-28 that read networks."""

from __future__ import annotations

from collections.abc import Mapping

from spidercli.sandbox.cloud import filters
from spidercli.sandbox.cloud.errors import invalid, missing, not_found
from spidercli.sandbox.cloud.operations import Context, Operation
from spidercli.sandbox.cloud.paging import numbered
from spidercli.sandbox.cloud.resources import Vpc, VSwitch
from spidercli.sandbox.cloud.world import World

Shape = dict[str, object]

_MOST = 50  # a page
_MOST_VPC_IDS = 20
_PAGING = frozenset({"PageNumber", "PageSize"})
_VSWITCH_FIELDS = {"VSwitchId": "vswitch_id", "VSwitchName": "name", "VpcId": "vpc_id", "ZoneId": "zone_id"}


def describe_vpcs(context: Context) -> Shape:
    """DescribeVpcs."""
    world, params = context.world, context.params
    ids = [vpc_id for vpc_id in params.text("VpcId").split(",") if vpc_id]
    if len(ids) > _MOST_VPC_IDS:
        raise invalid("VpcId", f"it has more than {_MOST_VPC_IDS} entries")
    conditions = [*filters.among("vpc_id", ids), *filters.equal(params, {"VpcName": "name"})]
    found = list(filters.select(world.vpcs.values(), conditions, params))
    page, fields = numbered(found, params, most=_MOST)
    return {**fields, "Vpcs": {"Vpc": [_vpc(vpc, world) for vpc in page]}}


def describe_vswitches(context: Context) -> Shape:
    """DescribeVSwitches; RegionId may be left out where VpcId is given."""
    world, params = context.world, context.params
    if not params.text("RegionId") and not params.text("VpcId"):
        raise missing("RegionId")
    found = list(filters.select(world.vswitches.values(), filters.equal(params, _VSWITCH_FIELDS), params))
    page, fields = numbered(found, params, most=_MOST)
    return {**fields, "VSwitches": {"VSwitch": [_vswitch(vswitch, world) for vswitch in page]}}


def describe_vswitch_attributes(context: Context) -> Shape:
    """DescribeVSwitchAttributes."""
    vswitch_id = context.params.required("VSwitchId")
    if vswitch_id not in context.world.vswitches:
        raise not_found("VSwitchId", vswitch_id)
    return _vswitch(context.world.vswitches[vswitch_id], context.world)


def _tags(values: Mapping[str, str]) -> Shape:
    return {"Tag": [{"Key": key, "Value": value} for key, value in values.items()]}


def _vpc(vpc: Vpc, world: World) -> Shape:
    vswitch_ids = [vswitch.vswitch_id for vswitch in world.vswitches.values() if vswitch.vpc_id == vpc.vpc_id]
    ipv6 = "" if vpc.ipv6_cidr is None else str(vpc.ipv6_cidr)
    return {
        "VpcId": vpc.vpc_id,
        "VpcName": vpc.name,
        "Description": "",
        "RegionId": world.region_id,
        "Status": "Available",
        "CidrBlock": str(vpc.cidr),
        "SecondaryCidrBlocks": {"SecondaryCidrBlock": [str(cidr) for cidr in vpc.secondary_cidrs]},
        "UserCidrs": {"UserCidr": []},
        "EnabledIpv6": vpc.ipv6_cidr is not None,
        "Ipv6CidrBlock": ipv6,
        "Ipv6CidrBlocks": {"Ipv6CidrBlock": [{"Ipv6CidrBlock": ipv6, "Ipv6Isp": "BGP"}] if ipv6 else []},
        "VSwitchIds": {"VSwitchId": vswitch_ids},
        "VRouterId": vpc.vpc_id.replace("vpc-", "vrt-", 1),
        "RouterTableIds": {"RouterTableIds": [vpc.vpc_id.replace("vpc-", "vtb-", 1)]},
        "NatGatewayIds": {"NatGatewayIds": []},
        "CenStatus": "",
        "DhcpOptionsSetId": "",
        "DhcpOptionsSetStatus": "",
        "DnsHostnameStatus": "DISABLED",
        "IsDefault": False,
        "OwnerId": int(world.account.account_id),
        "ResourceGroupId": "",
        "Tags": _tags(vpc.tags),
        "CreationTime": vpc.created_at,
    }


def _vswitch(vswitch: VSwitch, world: World) -> Shape:
    return {
        "VSwitchId": vswitch.vswitch_id,
        "VSwitchName": vswitch.name,
        "Description": "",
        "VpcId": vswitch.vpc_id,
        "ZoneId": vswitch.zone_id,
        "Status": "Available",
        "CidrBlock": str(vswitch.cidr),
        "AvailableIpAddressCount": world.book(vswitch.vswitch_id).available(),
        "EnabledIpv6": vswitch.ipv6_cidr is not None,
        "Ipv6CidrBlock": "" if vswitch.ipv6_cidr is None else str(vswitch.ipv6_cidr),
        "RouteTable": {"RouteTableId": vswitch.vpc_id.replace("vpc-", "vtb-", 1), "RouteTableType": "System"},
        "NetworkAclId": "",
        "IsDefault": False,
        "OwnerId": int(world.account.account_id),
        "ResourceGroupId": "",
        "ShareType": "",
        "Tags": _tags(vswitch.tags),
        "CreationTime": vswitch.created_at,
    }


ACTIONS: Mapping[str, Operation] = {
    "DescribeVpcs": Operation(handler=describe_vpcs, parameters=_PAGING | {"Tag", "VpcId", "VpcName"}),
    "DescribeVSwitches": Operation(
        handler=describe_vswitches, parameters=_PAGING | _VSWITCH_FIELDS.keys() | {"Tag"}, regional=False
    ),
    "DescribeVSwitchAttributes": Operation(
        handler=describe_vswitch_attributes, parameters=frozenset({"VSwitchId"}), regional=False
    ),
}
