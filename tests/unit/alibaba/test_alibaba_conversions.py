from __future__ import annotations

import json
import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spidercli.addresses import gathered
from spidercli.errors import CloudAnswerInvalid
from spidercli.gateways.alibaba import ecs, vpc
from spidercli.gateways.alibaba.fields import Fields
from spidercli.model import Eni, Instance, VSwitch

MISSING = object()


def enis(*items: Any) -> list[Eni]:
    return ecs.enis(Fields(label="answer", values={"NetworkInterfaceSets": {"NetworkInterfaceSet": list(items)}}))


def instances(*items: Any) -> list[Instance]:
    return ecs.instances(Fields(label="answer", values={"Instances": {"Instance": list(items)}}))


def vswitches(*items: Any) -> list[VSwitch]:
    return vpc.vswitches(Fields(label="answer", values={"VSwitches": {"VSwitch": list(items)}}))


def change(item: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """A copy of an item with one value replaced or taken out."""
    copy: dict[str, Any] = json.loads(json.dumps(item))
    *parents, name = path.split(".")
    target = copy
    for parent in parents:
        target = target[int(parent)] if isinstance(target, list) else target[parent]
    if value is MISSING:
        del target[name]
    else:
        target[name] = value
    return copy


def test_an_eni_is_read(eni_item: dict[str, Any]) -> None:
    """Every field of an ENI arrives, addresses ascending and without the primary one."""
    assert enis(eni_item) == [
        Eni(
            eni_id="eni-worker-1",
            name="pods",
            instance_id="i-worker",
            primary=False,
            kind="Secondary",
            status="InUse",
            mac="00:16:3e:00:00:02",
            vpc_id="vpc-1",
            vswitch_id="vsw-192",
            zone_id="cn-hangzhou-i",
            primary_ip=IPv4Address("192.168.0.160"),
            secondary_ips=gathered([IPv4Address("192.168.0.161"), IPv4Address("192.168.0.162")]),
            ipv4_prefixes=(IPv4Network("192.168.0.16/28"),),
            ipv6_addresses=gathered([IPv6Address("2408::1")]),
            ipv6_prefixes=(),
            device_index=1,
            created_at="2026-01-02T03:04:05Z",
            service_managed=False,
            traffic_mode="Standard",
            tags={"team": "net"},
        )
    ]


def test_enis_of_one_page_do_not_mix(eni_item: dict[str, Any]) -> None:
    """Whatever one of them lacks or has more of than the others, each is what it would be alone."""
    only_ipv6 = {**eni_item, "NetworkInterfaceId": "eni-ipv6", "PrivateIpAddress": "", "PrivateIpSets": {}}
    bare = {**change(eni_item, "Attachment", MISSING), "NetworkInterfaceId": "eni-bare", "InstanceId": "", "Tags": None}
    items = [eni_item, only_ipv6, bare, {**eni_item, "NetworkInterfaceId": "eni-last"}]

    assert enis(*items) == [eni for item in items for eni in enis(item)]


def test_the_odd_eni_of_a_page_is_named(eni_item: dict[str, Any]) -> None:
    """The message is about the one ENI that has it."""
    odd = {**eni_item, "NetworkInterfaceId": "eni-odd", "MacAddress": 7}

    with pytest.raises(CloudAnswerInvalid, match="ENI eni-odd: field MacAddress is '7'"):
        enis(eni_item, odd, eni_item)


def test_an_instance_is_read(instance_item: dict[str, Any]) -> None:
    """Every field of an instance arrives."""
    assert instances(instance_item) == [
        Instance(
            instance_id="i-worker",
            name="worker-1",
            hostname="worker",
            instance_type="ecs.g6e.large",
            region_id="cn-hangzhou",
            zone_id="cn-hangzhou-i",
            vpc_id="vpc-1",
            status="Running",
            private_ips=(IPv4Address("172.31.199.184"),),
            tags={"team": ""},
        )
    ]


def test_a_vswitch_is_read(vswitch_item: dict[str, Any]) -> None:
    """Every field of a vSwitch arrives; an empty Ipv6CidrBlock means none."""
    expected = VSwitch(
        vswitch_id="vsw-192",
        vpc_id="vpc-1",
        zone_id="cn-hangzhou-i",
        cidr=IPv4Network("192.168.0.0/24"),
        ipv6_cidr=None,
        free_addresses=200,
    )

    assert vswitches(vswitch_item) == [expected]
    with_ipv6 = vswitches({**vswitch_item, "Ipv6CidrBlock": "2408::/64"})
    assert with_ipv6[0].ipv6_cidr == IPv6Network("2408::/64")


def test_the_attachment_may_know_the_instance_alone(eni_item: dict[str, Any]) -> None:
    """An empty InstanceId does not mean that the ENI is free."""
    assert enis({**eni_item, "InstanceId": ""})[0].instance_id == "i-worker"


def test_an_eni_with_ipv6_only(eni_item: dict[str, Any]) -> None:
    """It has no IPv4 address at all, and its primary IPv6 address is the node's own."""
    sets = {"Ipv6Set": [{"Ipv6Address": "2408::2", "Primary": True}, {"Ipv6Address": "2408::3", "Primary": False}]}

    eni = enis({**eni_item, "PrivateIpAddress": "", "PrivateIpSets": {"PrivateIpSet": []}, "Ipv6Sets": sets})[0]

    assert eni.primary_ip is None
    assert eni.secondary_ips == ()
    assert eni.ipv6_addresses == (IPv6Address("2408::3"),)


def test_what_is_optional_may_be_missing(eni_item: dict[str, Any]) -> None:
    """A free ENI without IPv6, prefixes, tags and name is an ENI."""
    optional = [
        "NetworkInterfaceName",
        "InstanceId",
        "Attachment",
        "Ipv6Sets",
        "Ipv4PrefixSets",
        "Tags",
        "ServiceManaged",
        "CreationTime",
        "NetworkInterfaceTrafficMode",
    ]
    for name in optional:
        del eni_item[name]

    eni = enis(eni_item)[0]

    assert (eni.instance_id, eni.device_index, eni.ipv4_prefixes, eni.tags) == ("", None, (), {})
    assert eni.traffic_mode == "Standard"


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("NetworkInterfaceId", MISSING, "answer: field NetworkInterfaceId is missing"),
        ("MacAddress", "", "ENI eni-worker-1: field MacAddress is ''"),
        ("VSwitchId", MISSING, "ENI eni-worker-1: field VSwitchId is missing"),
        ("Status", 3, "ENI eni-worker-1: field Status is '3'"),
        ("PrivateIpAddress", "192.168.0.999", "ENI eni-worker-1: field PrivateIpAddress is '192.168.0.999'"),
        ("PrivateIpSets", MISSING, "ENI eni-worker-1: field PrivateIpSets is missing"),
        ("PrivateIpSets.PrivateIpSet", MISSING, "field PrivateIpSets.PrivateIpSet is missing"),
        ("PrivateIpSets.PrivateIpSet", "192.168.0.1", "field PrivateIpSets.PrivateIpSet is"),
        ("PrivateIpSets.PrivateIpSet", ["192.168.0.1"], "field PrivateIpSets.PrivateIpSet is"),
        ("PrivateIpSets.PrivateIpSet", [], "field PrivateIpSets is 'without 192.168.0.160"),
        ("PrivateIpSets.PrivateIpSet.1.Primary", False, "without 192.168.0.160 as its one primary"),
        ("PrivateIpSets.PrivateIpSet.0.Primary", True, "without 192.168.0.160 as its one primary"),
        ("PrivateIpSets.PrivateIpSet.0.PrivateIpAddress", "192.168.0.160", "a list with one address twice"),
        ("PrivateIpSets.PrivateIpSet.0.Primary", MISSING, "field Primary is missing"),
        ("PrivateIpSets.PrivateIpSet.0.PrivateIpAddress", "x", "field PrivateIpAddress is 'x'"),
        ("Ipv6Sets.Ipv6Set.0.Ipv6Address", "10.0.0.1", "field Ipv6Address is '10.0.0.1'"),
        ("Ipv4PrefixSets.Ipv4PrefixSet.0.Ipv4Prefix", "192.168.0.17/28", "field Ipv4Prefix is '192.168.0.17/28'"),
        ("Attachment.DeviceIndex", "1", "ENI eni-worker-1.Attachment: field DeviceIndex is '1'"),
        ("Attachment", ["i-1"], "field Attachment is"),
        ("ServiceManaged", "false", "field ServiceManaged is 'false'"),
        ("Tags.Tag.0.TagKey", MISSING, "field TagKey is missing"),
        ("InstanceId", 7, "field InstanceId is '7'"),
    ],
)
def test_an_odd_eni_is_an_error(eni_item: dict[str, Any], path: str, value: object, expected: str) -> None:
    """What the API promises and does not deliver is named by object and field."""
    with pytest.raises(CloudAnswerInvalid, match=re.escape(expected)):
        enis(change(eni_item, path, value))


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("InstanceId", MISSING, "answer: field InstanceId is missing"),
        ("InstanceType", MISSING, "instance i-worker: field InstanceType is missing"),
        ("VpcAttributes.PrivateIpAddress.IpAddress", ["x"], "PrivateIpAddress.IpAddress is 'x'"),
        ("VpcAttributes.PrivateIpAddress.IpAddress", [3], "PrivateIpAddress.IpAddress is '3'"),
    ],
)
def test_an_odd_instance_is_an_error(instance_item: dict[str, Any], path: str, value: object, expected: str) -> None:
    """The same holds for instances."""
    with pytest.raises(CloudAnswerInvalid, match=re.escape(expected)):
        instances(change(instance_item, path, value))


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("CidrBlock", "192.168.0.1/24", "vSwitch vsw-192: field CidrBlock is '192.168.0.1/24'"),
        ("Ipv6CidrBlock", "2408::/64/1", "vSwitch vsw-192: field Ipv6CidrBlock is '2408::/64/1'"),
        ("AvailableIpAddressCount", True, "vSwitch vsw-192: field AvailableIpAddressCount is 'True'"),
    ],
)
def test_an_odd_vswitch_is_an_error(vswitch_item: dict[str, Any], path: str, value: object, expected: str) -> None:
    """The same holds for vSwitches."""
    with pytest.raises(CloudAnswerInvalid, match=re.escape(expected)):
        vswitches(change(vswitch_item, path, value))


@pytest.mark.parametrize("values", [{}, {"NetworkInterfaceSets": None}, {"NetworkInterfaceSets": {}}])
def test_an_answer_without_its_list_is_an_error(values: dict[str, Any]) -> None:
    """No list is not the same as an empty list."""
    with pytest.raises(CloudAnswerInvalid, match="answer: field NetworkInterfaceSets"):
        ecs.enis(Fields(label="answer", values=values))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    name=st.sampled_from(
        [
            "NetworkInterfaceId",
            "InstanceId",
            "Type",
            "Status",
            "MacAddress",
            "PrivateIpAddress",
            "PrivateIpSets",
            "Ipv6Sets",
            "Ipv4PrefixSets",
            "Attachment",
            "Tags",
            "CreationTime",
            "ServiceManaged",
        ]
    ),
    value=json_values,
)
def test_no_answer_breaks_the_reading(name: str, value: object) -> None:
    """Whatever stands in a field, the outcome is an ENI or an error that is ours."""
    item = {
        "NetworkInterfaceId": "eni-1",
        "Type": "Primary",
        "Status": "InUse",
        "MacAddress": "00:16:3e:00:00:01",
        "VpcId": "vpc-1",
        "VSwitchId": "vsw-1",
        "ZoneId": "z",
        "PrivateIpAddress": "10.0.0.1",
        "PrivateIpSets": {"PrivateIpSet": [{"PrivateIpAddress": "10.0.0.1", "Primary": True}]},
        name: value,
    }

    try:
        found = enis(item)
    except CloudAnswerInvalid as error:
        assert "field" in error.message  # noqa: PT017 - both outcomes are right
    else:
        assert len(found) == 1


private_ips = st.fixed_dictionaries(
    {
        "PrivateIpAddress": st.sampled_from([*(f"10.0.{last % 2}.{last}" for last in range(12)), "10.0.0.01", "x", 7]),
        "Primary": st.sampled_from([False, False, False, False, True, 0, None]),
    }
)


@given(items=st.lists(private_ips | st.sampled_from([None, {}, "10.0.0.1"]), max_size=6), usual=st.booleans())
def test_secondary_addresses_are_all_of_the_list_or_an_error(items: list[Any], *, usual: bool) -> None:
    """Each is said once, beside the one primary address; anything else is no list of an ENI."""
    sets = [{"PrivateIpAddress": "10.0.1.1", "Primary": True}, *items] if usual else items
    texts = [item["PrivateIpAddress"] for item in sets if isinstance(item, dict) and item]
    flags = [item["Primary"] for item in sets if isinstance(item, dict) and item]
    is_right = (
        len(texts) == len(sets)
        and len(set(texts)) == len(texts)
        and not {"10.0.0.01", "x", 7} & set(texts)
        and all(isinstance(flag, bool) for flag in flags)
        and [text for text, flag in zip(texts, flags, strict=True) if flag] == ["10.0.1.1"]
    )
    item = {
        "NetworkInterfaceId": "eni-1",
        "Type": "Secondary",
        "Status": "InUse",
        "MacAddress": "00:16:3e:00:00:01",
        "VpcId": "vpc-1",
        "VSwitchId": "vsw-1",
        "ZoneId": "z",
        "PrivateIpAddress": "10.0.1.1",
        "PrivateIpSets": {"PrivateIpSet": sets},
    }

    if is_right:
        assert enis(item)[0].secondary_ips == tuple(sorted(map(IPv4Address, set(texts) - {"10.0.1.1"})))
    else:
        with pytest.raises(CloudAnswerInvalid):
            enis(item)


def test_calls_as_they_go_over_the_wire() -> None:
    """Parameters are spelled, encoded and sized as the APIs want them."""
    by_id = ecs.describe_instances(ids=["i-1", "i-2"])
    by_ip = ecs.describe_instances(vpc_id="vpc-1", private_ips=[IPv4Address("10.0.0.1")])

    assert by_id.parameters == {"MaxResults": "100", "InstanceIds": '["i-1", "i-2"]'}
    assert by_ip.parameters == {"MaxResults": "100", "VpcId": "vpc-1", "PrivateIpAddresses": '["10.0.0.1"]'}
    assert ecs.describe_enis(vpc_id="vpc-1").parameters == {"MaxResults": "500", "VpcId": "vpc-1"}
    assert vpc.describe_vswitches(region_id="cn-hangzhou", vpc_id="vpc-1").parameters == {
        "RegionId": "cn-hangzhou",
        "VpcId": "vpc-1",
        "PageSize": "50",
    }
