"""Listings: filters and pages."""

from __future__ import annotations

import dataclasses
import json
from ipaddress import IPv4Address, IPv6Network
from typing import Any

import pytest

from spidercli.sandbox.cloud import resources
from spidercli.sandbox.cloud.world import World
from spidercli.sandbox.scenarios import guide

ALL_ENIS = {guide.MASTER_ETH0, guide.MASTER_ETH1, guide.WORKER_ETH0, guide.WORKER_ETH1}


def _enis(answer: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answer.body["NetworkInterfaceSets"]["NetworkInterfaceSet"]
    return found


def _ids(answer: Any) -> set[str]:
    return {eni["NetworkInterfaceId"] for eni in _enis(answer)}


def _instances(answer: Any) -> list[str]:
    return [instance["HostName"] for instance in answer.body["Instances"]["Instance"]]


def _add_enis(world: World, count: int, **fields: Any) -> None:
    for number in range(count):
        template = resources.NetworkInterface(
            eni_id=f"eni-{number:04}",
            name=f"extra-{number}",
            mac="00:16:3e:ff:00:00",
            vpc_id=guide.VPC,
            vswitch_id=guide.VSWITCH_ETH0,
            zone_id=guide.ZONE,
            primary_ip=IPv4Address("172.31.200.0") + number,
            status=resources.AVAILABLE,
        )
        world.add_eni(dataclasses.replace(template, **fields))


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ALL_ENIS),
        ({"VpcId": guide.VPC}, ALL_ENIS),
        ({"VpcId": "vpc-other"}, set()),
        ({"VSwitchId": guide.VSWITCH_ETH1}, {guide.MASTER_ETH1, guide.WORKER_ETH1}),
        ({"InstanceId": guide.WORKER}, {guide.WORKER_ETH0, guide.WORKER_ETH1}),
        ({"Type": "Primary"}, {guide.MASTER_ETH0, guide.WORKER_ETH0}),
        ({"Status": "Available"}, set()),
        ({"ServiceManaged": "true"}, set()),
        ({"ServiceManaged": "false"}, ALL_ENIS),
        ({"NetworkInterfaceName": "worker-eth1"}, {guide.WORKER_ETH1}),
        ({"NetworkInterfaceId__1": guide.MASTER_ETH0, "NetworkInterfaceId__2": "eni-none"}, {guide.MASTER_ETH0}),
        ({"PrivateIpAddress__1": "172.31.199.187"}, {guide.MASTER_ETH0}),
        ({"PrivateIpAddress__1": "172.31.199.184"}, {guide.WORKER_ETH0}),
        ({"PrimaryIpAddress": "192.168.0.155"}, {guide.MASTER_ETH1}),
        ({"Ipv6Address__1": "2408::1"}, set()),
        ({"SecurityGroupId": guide.SECURITY_GROUP}, ALL_ENIS),
        ({"SecurityGroupId": "sg-other"}, set()),
        ({"InstanceId": guide.WORKER, "Type": "Primary"}, {guide.WORKER_ETH0}),
        ({"Tag__1__Key": "kubernetes.io/cluster/guide"}, ALL_ENIS),
        ({"Tag__1__Key": "kubernetes.io/cluster/guide", "Tag__1__Value": "shared"}, set()),
    ],
)
def test_eni_filters(filters: dict[str, str], expected: set[str], ecs: Any) -> None:
    """DescribeNetworkInterfaces gives the ENIs that meet every filter."""
    assert _ids(ecs("DescribeNetworkInterfaces", **filters)) == expected


@pytest.mark.parametrize(
    ("asked", "size"), [({}, 10), ({"MaxResults": 5}, 10), ({"MaxResults": 11}, 11), ({"MaxResults": 501}, 500)]
)
def test_eni_page_size(asked: dict[str, int], size: int, ecs: Any, world: World) -> None:
    """A page holds 10 ENIs unless asked otherwise, and never more than 500."""
    _add_enis(world, 500)

    assert len(_enis(ecs("DescribeNetworkInterfaces", **asked))) == size


def test_pages_are_complete_while_the_world_changes(ecs: Any, world: World) -> None:
    """Following NextToken gives every ENI once, though another one vanishes on the way."""
    _add_enis(world, 30)
    seen: list[str] = []
    token = ""
    while True:
        answer = ecs("DescribeNetworkInterfaces", NextToken=token, MaxResults=10)
        seen += [eni["NetworkInterfaceId"] for eni in _enis(answer)]
        token = answer.body["NextToken"]
        if not token:
            break
        if len(seen) == 10:
            world.remove_eni(seen[-1])

    assert len(seen) == len(set(seen)) == 34


def test_last_page_has_no_token(ecs: Any, world: World) -> None:
    """A full last page ends the listing."""
    _add_enis(world, 6)

    answer = ecs("DescribeNetworkInterfaces", MaxResults=10)

    assert (len(_enis(answer)), answer.body["NextToken"]) == (10, "")


@pytest.mark.parametrize("token", ["nonsense", "YWZ0ZXI6eA==", "b3RoZXI6MQ=="])
def test_made_up_token(token: str, ecs: Any) -> None:
    """A token that was never given out is refused."""
    assert ecs("DescribeNetworkInterfaces", NextToken=token).code == "InvalidParameter"


def test_numbered_pages(ecs: Any) -> None:
    """The deprecated way of paging counts what there is."""
    answer = ecs("DescribeNetworkInterfaces", PageNumber=2, PageSize=3)

    assert (_ids(answer), answer.body["TotalCount"]) == ({guide.WORKER_ETH1}, 4)


def test_tag_filter_sees_a_thousand(ecs: Any, world: World) -> None:
    """A filter by tag silently finds no more than 1,000 ENIs."""
    _add_enis(world, 1001, tags={"role": "pods"})
    pages = [ecs("DescribeNetworkInterfaces", Tag__1__Key="role", MaxResults=500)]
    while pages[-1].body["NextToken"]:
        token = pages[-1].body["NextToken"]
        pages.append(ecs("DescribeNetworkInterfaces", Tag__1__Key="role", MaxResults=500, NextToken=token))

    assert [len(_enis(page)) for page in pages] == [500, 500]


@pytest.mark.parametrize("name", ["NetworkInterfaceId", "PrivateIpAddress", "Ipv6Address"])
def test_batches_have_a_limit(name: str, ecs: Any) -> None:
    """A hundred values are the most."""
    hundred = {f"{name}__{number}": "x" for number in range(1, 101)}

    answers = [
        ecs("DescribeNetworkInterfaces", **hundred),
        ecs("DescribeNetworkInterfaces", **hundred, **{f"{name}__101": "x"}),
    ]

    assert [answer.code for answer in answers] == ["", "InvalidParameter"]


def test_too_many_tags(ecs: Any) -> None:
    """Twenty tags are the most."""
    tags = {f"Tag__{number}__Key": "x" for number in range(1, 22)}

    assert ecs("DescribeInstances", **tags).code == "InvalidParameter"


def test_booleans_are_lower_case(ecs: Any) -> None:
    """Python's True is no boolean of the API."""
    assert ecs("DescribeNetworkInterfaces", ServiceManaged="True").code == "InvalidParameter"


def test_detached_eni(ecs: Any, world: World) -> None:
    """An ENI that is not attached has no instance and an empty attachment."""
    _add_enis(world, 1)

    [eni] = _enis(ecs("DescribeNetworkInterfaces", Status="Available"))

    assert (eni["InstanceId"], eni["Attachment"]) == ("", {})


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ["master", "worker"]),
        ({"InstanceIds": json.dumps([guide.WORKER])}, ["worker"]),
        ({"PrivateIpAddresses": '["172.31.199.183"]'}, ["master"]),
        ({"PrivateIpAddresses": '["172.31.199.187"]'}, []),
        ({"VpcId": guide.VPC, "Status": "Running", "ZoneId": guide.ZONE}, ["master", "worker"]),
        ({"InstanceName": "wor*"}, ["worker"]),
        ({"Tag__1__Key": "kubernetes.io/cluster/guide", "Tag__1__Value": "owned"}, ["master", "worker"]),
        ({"Tag__1__Key": "other"}, []),
    ],
)
def test_instance_filters(filters: dict[str, str], expected: list[str], ecs: Any) -> None:
    """DescribeInstances gives the instances that meet every filter; addresses mean primary ones."""
    assert _instances(ecs("DescribeInstances", **filters)) == expected


@pytest.mark.parametrize("value", ["i-1", '{"a": 1}', "[1]"])
def test_malformed_ids(value: str, ecs: Any) -> None:
    """Instance ids come as a JSON array of strings or not at all."""
    assert ecs("DescribeInstances", InstanceIds=value).code == "InvalidInstanceIds.Malformed"


def test_too_many_ids(ecs: Any) -> None:
    """A hundred instance ids are the most."""
    assert ecs("DescribeInstances", InstanceIds=json.dumps(["i-1"] * 101)).code == "InvalidParameter"


def test_additional_attributes(ecs: Any) -> None:
    """An instance's ENI addresses and metadata options are told only on request."""
    plain = ecs("DescribeInstances").body["Instances"]["Instance"][0]
    asked = {"AdditionalAttributes__1": "NETWORK_PRIMARY_ENI_IP", "AdditionalAttributes__2": "META_OPTIONS"}
    full = ecs("DescribeInstances", **asked).body["Instances"]["Instance"][0]

    assert "PrivateIpSets" not in plain["NetworkInterfaces"]["NetworkInterface"][0]
    assert len(full["NetworkInterfaces"]["NetworkInterface"][0]["PrivateIpSets"]["PrivateIpSet"]) == 6
    assert ("MetadataOptions" in plain, full["MetadataOptions"]["HttpTokens"]) == (False, "optional")


def test_instance_types(ecs: Any) -> None:
    """An instance type says what its ENIs carry; an unknown one is left out."""
    answer = ecs("DescribeInstanceTypes", InstanceTypes__1="ecs.g7.xlarge", InstanceTypes__2="ecs.none")

    [found] = answer.body["InstanceTypes"]["InstanceType"]
    assert (found["EniQuantity"], found["EniPrivateIpAddressQuantity"], found["InstanceTypeFamily"]) == (
        4,
        15,
        "ecs.g7",
    )


def test_security_groups(ecs: Any) -> None:
    """Security groups are found by VPC and by id."""
    by_vpc = ecs("DescribeSecurityGroups", VpcId=guide.VPC).body["SecurityGroups"]["SecurityGroup"]
    by_id = ecs("DescribeSecurityGroups", SecurityGroupIds='["sg-none"]').body["SecurityGroups"]["SecurityGroup"]

    assert ([group["SecurityGroupId"] for group in by_vpc], by_id) == ([guide.SECURITY_GROUP], [])


def test_vswitches(ecs: Any) -> None:
    """A vSwitch knows how many addresses are left: four are the cloud's own, twelve are taken."""
    ecs.version = "2016-04-28"

    found = ecs("DescribeVSwitches", VpcId=guide.VPC).body["VSwitches"]["VSwitch"]

    assert [(each["CidrBlock"], each["AvailableIpAddressCount"]) for each in found] == [
        ("172.31.192.0/20", 4096 - 4 - 12),
        ("192.168.0.0/24", 256 - 4 - 12),
    ]


@pytest.mark.parametrize(
    ("action", "params", "code"),
    [
        ("DescribeVSwitches", {"RegionId": ""}, "MissingParameter"),
        ("DescribeVSwitches", {"VpcId": guide.VPC, "PageSize": 51}, "InvalidParameter"),
        ("DescribeVSwitches", {"VpcId": guide.VPC, "PageNumber": 0}, "InvalidParameter"),
        ("DescribeVSwitches", {"VpcId": guide.VPC, "PageSize": "x"}, "InvalidParameter"),
        ("DescribeVSwitchAttributes", {"VSwitchId": ""}, "MissingParameter"),
        ("DescribeVSwitchAttributes", {"VSwitchId": "vsw-none"}, "InvalidVSwitchId.NotFound"),
        ("DescribeVpcs", {"VpcId": ",".join(["vpc"] * 21)}, "InvalidParameter"),
    ],
)
def test_vpc_refusals(action: str, params: dict[str, str], code: str, ecs: Any) -> None:
    """VPC's listings have limits of their own, and no page beyond them."""
    ecs.version = "2016-04-28"

    assert ecs(action, **params).code == code


def test_vpc_pages(ecs: Any, world: World) -> None:
    """VPC listings are paged by number."""
    for number in range(12):
        vswitch = dataclasses.replace(world.vswitches[guide.VSWITCH_ETH1], vswitch_id=f"vsw-{number}")
        world.add_vswitch(vswitch)
    ecs.version = "2016-04-28"

    pages = [ecs("DescribeVSwitches", VpcId=guide.VPC, PageNumber=number).body for number in (1, 2, 3)]

    assert [len(page["VSwitches"]["VSwitch"]) for page in pages] == [10, 4, 0]
    assert {page["TotalCount"] for page in pages} == {14}


def test_ipv6_of_networks(ecs: Any, world: World) -> None:
    """A network with IPv6 shows its block; the guide's has none."""
    network = IPv6Network("2408:4005:3c5:6e00::/56")
    world.add_vpc(dataclasses.replace(world.vpcs[guide.VPC], vpc_id="vpc-six", ipv6_cidr=network))
    ecs.version = "2016-04-28"

    four, six = ecs("DescribeVpcs").body["Vpcs"]["Vpc"]

    assert (four["Ipv6CidrBlock"], four["Ipv6CidrBlocks"]["Ipv6CidrBlock"]) == ("", [])
    assert (six["Ipv6CidrBlock"], six["EnabledIpv6"]) == (str(network), True)
