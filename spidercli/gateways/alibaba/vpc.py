"""VPC: which calls to make, and what their answers say. API version 2016-04-28."""

from __future__ import annotations

from spidercli.gateways.alibaba.calls import Call, Product
from spidercli.gateways.alibaba.fields import Fields
from spidercli.model import VSwitch

VSWITCHES_PER_PAGE = 50


def describe_vswitches(*, region_id: str, vpc_id: str) -> Call:
    """DescribeVSwitches of a VPC, 50 a page (the most); a VPC has 150 vSwitches at most unless the quota was raised."""
    parameters = {"RegionId": region_id, "VpcId": vpc_id, "PageSize": str(VSWITCHES_PER_PAGE)}
    return Call(product=Product.VPC, action="DescribeVSwitches", parameters=parameters)


def vswitches(page: Fields) -> list[VSwitch]:
    """The vSwitches of a DescribeVSwitches answer, `VSwitches.VSwitch[]`.

    Raises:
        CloudAnswerInvalid: something that the API promises is missing or odd.
    """
    return [_vswitch(item) for item in page.objects("VSwitches", "VSwitch")]


def _vswitch(item: Fields) -> VSwitch:
    vswitch_id = item.text("VSwitchId")
    vswitch = Fields(label=f"vSwitch {vswitch_id}", values=item.values)
    has_ipv6 = bool(vswitch.optional_text("Ipv6CidrBlock"))  # "" without IPv6
    return VSwitch(
        vswitch_id=vswitch_id,
        vpc_id=vswitch.text("VpcId"),
        zone_id=vswitch.text("ZoneId"),
        cidr=vswitch.ipv4_network("CidrBlock"),
        ipv6_cidr=vswitch.ipv6_network("Ipv6CidrBlock") if has_ipv6 else None,
        free_addresses=vswitch.optional_number("AvailableIpAddressCount"),
    )
