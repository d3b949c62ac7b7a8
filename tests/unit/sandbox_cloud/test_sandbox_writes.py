"""Giving addresses to ENIs and taking them back."""

from __future__ import annotations

import dataclasses
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any

import pytest

from spidercli.sandbox.cloud import resources
from spidercli.sandbox.cloud.world import World
from spidercli.sandbox.scenarios import guide

ETH0, ETH1 = guide.WORKER_ETH0, guide.WORKER_ETH1
BLOCK6 = IPv6Network("2408:4005:3c5:6e00::/64")


@pytest.fixture(name="six")
def _six(world: World) -> str:
    """The id of an ENI in a vSwitch with IPv6 and reservations for prefixes."""
    vswitch = resources.VSwitch(
        vswitch_id="vsw-six",
        vpc_id=guide.VPC,
        zone_id=guide.ZONE,
        name="six",
        cidr=IPv4Network("172.31.0.0/24"),
        ipv6_cidr=BLOCK6,
        reservations=(IPv4Network("172.31.0.32/27"), IPv6Network("2408:4005:3c5:6e00:8000::/79")),
    )
    world.add_vswitch(vswitch)
    eni = dataclasses.replace(
        world.eni(ETH1), eni_id="eni-six", vswitch_id="vsw-six", primary_ip=IPv4Address("172.31.0.1"), secondary_ips=()
    )
    world.add_eni(eni)
    return eni.eni_id


def _given(answer: Any) -> list[str]:
    found: list[str] = answer.body["AssignedPrivateIpAddressesSet"]["PrivateIpSet"]["PrivateIpAddress"]
    return found


def test_assign_by_count(ecs: Any, world: World) -> None:
    """The cloud chooses free addresses, tells them, and the ENI has them at once."""
    answer = ecs("AssignPrivateIpAddresses", NetworkInterfaceId=ETH1, SecondaryPrivateIpAddressCount=2)

    assert _given(answer) == ["192.168.0.1", "192.168.0.2"]
    assert world.eni(ETH1).secondary_ips[-2:] == (IPv4Address("192.168.0.1"), IPv4Address("192.168.0.2"))


def test_assign_listed(ecs: Any, world: World) -> None:
    """Addresses may be chosen by the caller."""
    answer = ecs(
        "AssignPrivateIpAddresses",
        NetworkInterfaceId=ETH0,
        PrivateIpAddress__1="172.31.199.200",
        PrivateIpAddress__2="172.31.199.195",
    )

    assert _given(answer) == ["172.31.199.200", "172.31.199.195"]
    assert world.owner("172.31.199.195") == ETH0


def test_unassign(ecs: Any, world: World) -> None:
    """An address that is taken back can be given to another ENI."""
    first = ecs("UnassignPrivateIpAddresses", NetworkInterfaceId=ETH0, PrivateIpAddress__1="172.31.199.190")
    second = ecs("AssignPrivateIpAddresses", NetworkInterfaceId=guide.MASTER_ETH0, PrivateIpAddress__1="172.31.199.190")

    assert (first.code, second.code, world.owner("172.31.199.190")) == ("", "", guide.MASTER_ETH0)


@pytest.mark.parametrize(
    ("params", "status", "code"),
    [
        ({}, 400, "MissingParameter"),
        ({"NetworkInterfaceId": ""}, 400, "MissingParameter"),
        ({"NetworkInterfaceId": "eni-none", "SecondaryPrivateIpAddressCount": 1}, 404, "InvalidEniId.NotFound"),
        ({"SecondaryPrivateIpAddressCount": 0}, 400, "InvalidParameter"),
        ({"SecondaryPrivateIpAddressCount": 50}, 400, "InvalidParameter"),
        ({"SecondaryPrivateIpAddressCount": 1, "Ipv4PrefixCount": 1}, 400, "InvalidParameter.Conflict"),
        ({"SecondaryPrivateIpAddressCount": 10}, 403, "InvalidOperation.Ipv4CountExceeded"),
        ({"PrivateIpAddress__1": "172.31.199"}, 403, "InvalidIp.Address"),
        ({"PrivateIpAddress__1": "2408::1"}, 403, "InvalidIp.Address"),
        ({"PrivateIpAddress__1": "172.31.199.184"}, 403, "InvalidIp.IpAssigned"),
        ({"PrivateIpAddress__1": "172.31.199.187"}, 403, "InvalidIp.IpAssigned"),
        ({"PrivateIpAddress__1": "192.168.0.7"}, 403, "InvalidVSwitchId.IpInvalid"),
        ({"PrivateIpAddress__1": "172.31.192.0"}, 403, "InvalidVSwitchId.IpInvalid"),
        ({"PrivateIpAddress__1": "172.31.207.253"}, 403, "InvalidVSwitchId.IpInvalid"),
        ({"PrivateIpAddress__1": "172.31.199.7", "PrivateIpAddress__2": "172.31.199.7"}, 403, "InvalidIp.IpRepeated"),
        ({"Ipv4PrefixCount": 1}, 403, "IpPrefixNotEnough"),
        ({"Ipv4Prefix__1": "172.31.200.0/28"}, 403, "InvalidVSwitchId.IpInvalid"),
        ({"Ipv4Prefix__1": "172.31.200.1/28"}, 403, "InvalidIp.Address"),
        ({"SecondaryPrivateIpAddressCount": 1, "ClientToken": "x" * 65}, 400, "InvalidParameter"),
    ],
)
def test_refused_assignments(params: dict[str, str], status: int, code: str, ecs: Any, world: World) -> None:
    """What can't be assigned is refused under the cloud's own code, and nothing changes."""
    before = world.eni(ETH0)

    answer = ecs("AssignPrivateIpAddresses", **{"NetworkInterfaceId": ETH0, **params})

    assert (answer.status, answer.code) == (status, code)
    assert world.eni(ETH0) == before


def test_all_or_nothing(ecs: Any, world: World) -> None:
    """One bad address spoils the call, and leaves the good ones free."""
    ecs(
        "AssignPrivateIpAddresses",
        NetworkInterfaceId=ETH0,
        PrivateIpAddress__1="172.31.199.200",
        PrivateIpAddress__2="172.31.199.187",
    )

    assert world.owner("172.31.199.200") is None


def test_exhausted_vswitch(ecs: Any, world: World) -> None:
    """A vSwitch without free addresses says so."""
    vswitch = dataclasses.replace(
        world.vswitches[guide.VSWITCH_ETH1], vswitch_id="vsw-small", cidr=IPv4Network("192.168.9.0/29")
    )
    world.add_vswitch(vswitch)
    eni = dataclasses.replace(
        world.eni(ETH1),
        eni_id="eni-small",
        vswitch_id="vsw-small",
        primary_ip=IPv4Address("192.168.9.1"),
        secondary_ips=(),
    )
    world.add_eni(eni)

    codes = [
        ecs("AssignPrivateIpAddresses", NetworkInterfaceId="eni-small", SecondaryPrivateIpAddressCount=count).code
        for count in (4, 3, 1)
    ]

    assert codes == ["InvalidVSwitchId.IpNotEnough", "", "InvalidVSwitchId.IpNotEnough"]


@pytest.mark.parametrize(
    ("eni", "instance", "code"),
    [
        ({"status": "Detaching"}, {}, "InvalidOperation.InvalidEniState"),
        ({"service_managed": True}, {}, "InvalidOperation.EniServiceManaged"),
        ({}, {"status": "Stopping"}, "InvalidOperation.InvalidEcsState"),
        ({}, {"status": "Stopped"}, ""),
    ],
)
def test_states(eni: dict[str, Any], instance: dict[str, Any], code: str, ecs: Any, world: World) -> None:
    """An ENI takes addresses only in a settled state."""
    world.change_eni(ETH0, **eni)
    world.change_instance(guide.WORKER, **instance)

    answer = ecs("AssignPrivateIpAddresses", NetworkInterfaceId=ETH0, SecondaryPrivateIpAddressCount=1)

    assert answer.code == code


def test_detached_eni_has_limits_of_its_own(ecs: Any, world: World) -> None:
    """An ENI that is not attached takes 49 secondary addresses, 32 of them named in one call."""
    detached = dataclasses.replace(
        world.eni(ETH1),
        eni_id="eni-free",
        instance_id="",
        status=resources.AVAILABLE,
        primary_ip=IPv4Address("192.168.0.200"),
        secondary_ips=(),
    )
    world.add_eni(detached)
    named = {f"PrivateIpAddress__{number}": f"192.168.0.{number}" for number in range(1, 34)}

    too_many = ecs("AssignPrivateIpAddresses", NetworkInterfaceId="eni-free", **named)
    all_at_once = ecs("AssignPrivateIpAddresses", NetworkInterfaceId="eni-free", SecondaryPrivateIpAddressCount=49)
    one_more = ecs("AssignPrivateIpAddresses", NetworkInterfaceId="eni-free", SecondaryPrivateIpAddressCount=1)

    codes = [too_many.code, all_at_once.code, one_more.code]
    assert codes == ["InvalidParameter", "", "InvalidOperation.Ipv4CountExceeded"]


@pytest.mark.parametrize("address", ["172.31.199.187", "172.31.199.184", "172.31.199.250"])
def test_only_own_secondary_addresses_can_be_taken_back(address: str, ecs: Any, world: World) -> None:
    """Another ENI's address, the primary one and a free one are all "unassigned" to the cloud."""
    answer = ecs(
        "UnassignPrivateIpAddresses",
        NetworkInterfaceId=ETH0,
        PrivateIpAddress__1="172.31.199.190",
        PrivateIpAddress__2=address,
    )

    assert (answer.status, answer.code) == (403, "InvalidIp.IpUnassigned")
    assert world.owner("172.31.199.190") == ETH0


def test_unassign_nothing(ecs: Any) -> None:
    """Without an address there is nothing to take back."""
    assert ecs("UnassignPrivateIpAddresses", NetworkInterfaceId=ETH0).code == "MissingParameter"


def test_client_token(ecs: Any, world: World) -> None:
    """The same token and parameters are done once and answered twice."""
    request = {"NetworkInterfaceId": ETH1, "SecondaryPrivateIpAddressCount": 1, "ClientToken": "once"}

    answers = [_given(ecs("AssignPrivateIpAddresses", **request)) for _ in range(2)]

    assert answers == [["192.168.0.1"]] * 2
    assert len(world.eni(ETH1).secondary_ips) == 6


def test_client_token_of_another_request(ecs: Any) -> None:
    """A token stands for one request only."""
    codes = [
        ecs(
            "AssignPrivateIpAddresses",
            NetworkInterfaceId=eni_id,
            SecondaryPrivateIpAddressCount=1,
            ClientToken="once",
        ).code
        for eni_id in (ETH0, ETH1)
    ]

    assert codes == ["", "IdempotentParameterMismatch"]


def test_client_token_after_an_error(ecs: Any, world: World) -> None:
    """A call that failed may be repeated with its token."""
    request = {"NetworkInterfaceId": ETH1, "SecondaryPrivateIpAddressCount": 1, "ClientToken": "again"}
    world.change_eni(ETH1, status="Attaching")
    first = ecs("AssignPrivateIpAddresses", **request)
    world.change_eni(ETH1, status="InUse")

    assert (first.code, _given(ecs("AssignPrivateIpAddresses", **request))) == (
        "InvalidOperation.InvalidEniState",
        ["192.168.0.1"],
    )


def test_ipv4_prefixes(ecs: Any, world: World, six: str) -> None:
    """Prefixes are cut from the vSwitch's reservations, which single addresses leave alone."""
    prefixes = ecs("AssignPrivateIpAddresses", NetworkInterfaceId=six, Ipv4PrefixCount=1)
    more = ecs("AssignPrivateIpAddresses", NetworkInterfaceId=six, Ipv4Prefix__1="172.31.0.48/28")
    none_left = ecs("AssignPrivateIpAddresses", NetworkInterfaceId=six, Ipv4PrefixCount=1)

    given = [
        answer.body["AssignedPrivateIpAddressesSet"]["Ipv4PrefixSet"]["Ipv4Prefixes"] for answer in (prefixes, more)
    ]
    assert (given, none_left.code) == ([["172.31.0.32/28"], ["172.31.0.48/28"]], "IpPrefixNotEnough")
    assert world.owner("172.31.0.40") == six


def test_prefix_over_taken_addresses(ecs: Any, world: World, six: str) -> None:
    """A prefix with a taken address in it can't be had; the next one is."""
    world.assign(six, "172.31.0.33")

    named = ecs("AssignPrivateIpAddresses", NetworkInterfaceId=six, Ipv4Prefix__1="172.31.0.32/28")
    counted = ecs("AssignPrivateIpAddresses", NetworkInterfaceId=six, Ipv4PrefixCount=1)

    assert (named.code, counted.code) == ("InvalidIp.IpAssigned", "")
    assert world.eni(six).ipv4_prefixes == (IPv4Network("172.31.0.48/28"),)


def test_prefixes_are_taken_back(ecs: Any, world: World, six: str) -> None:
    """A prefix is given up as a whole."""
    world.assign(six, "172.31.0.32/28")

    answer = ecs("UnassignPrivateIpAddresses", NetworkInterfaceId=six, Ipv4Prefix__1="172.31.0.32/28")

    assert (answer.code, world.eni(six).ipv4_prefixes, world.owner("172.31.0.40")) == ("", (), None)


def test_ipv6(ecs: Any, world: World, six: str) -> None:
    """IPv6 addresses come from the vSwitch's IPv6 block and go back to it."""
    given = ecs("AssignIpv6Addresses", NetworkInterfaceId=six, Ipv6AddressCount=2).body["Ipv6Sets"]["Ipv6Address"]
    taken = ecs("UnassignIpv6Addresses", NetworkInterfaceId=six, Ipv6Address__1=given[0])

    assert (given, taken.code) == (["2408:4005:3c5:6e00::1", "2408:4005:3c5:6e00::2"], "")
    assert world.eni(six).ipv6_addresses == (IPv6Address(given[1]),)


def test_ipv6_prefixes(ecs: Any, six: str) -> None:
    """IPv6 prefixes are /80."""
    answer = ecs("AssignIpv6Addresses", NetworkInterfaceId=six, Ipv6PrefixCount=2)

    assert answer.body["Ipv6PrefixSets"]["Ipv6Prefix"] == [
        "2408:4005:3c5:6e00:8000::/80",
        "2408:4005:3c5:6e00:8001::/80",
    ]


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"NetworkInterfaceId": ETH0, "Ipv6AddressCount": 1}, "InvalidVSwitch.Ipv6NotTurnOn"),
        ({"NetworkInterfaceId": ETH0, "Ipv6Address__1": "2408::1"}, "InvalidVSwitch.Ipv6NotTurnOn"),
        ({"NetworkInterfaceId": "eni-six", "Ipv6AddressCount": 11}, "InvalidParameter"),
        ({"NetworkInterfaceId": "eni-six", "Ipv6Address__1": "2409::1"}, "InvalidVSwitchId.IpInvalid"),
        ({"NetworkInterfaceId": "eni-six", "Ipv6Address__1": str(BLOCK6[-9])}, "InvalidVSwitchId.IpInvalid"),
        ({"NetworkInterfaceId": "eni-six", "Ipv6Address__1": str(BLOCK6[-10])}, ""),
    ],
)
@pytest.mark.usefixtures("six")
def test_refused_ipv6(params: dict[str, str], code: str, ecs: Any) -> None:
    """IPv6 needs a vSwitch that has it; its first address and its last nine are the cloud's own."""
    assert ecs("AssignIpv6Addresses", **params).code == code


@pytest.mark.parametrize(
    ("limit", "code"), [(0, "InvalidOperation.Ipv6NotSupport"), (1, "InvalidOperation.Ipv6CountExceeded")]
)
def test_ipv6_limit_of_the_instance_type(limit: int, code: str, ecs: Any, world: World, six: str) -> None:
    """The instance type says how many IPv6 addresses an ENI carries."""
    kind = world.instance_types["ecs.g7.xlarge"]
    world.add_instance_type(dataclasses.replace(kind, ipv6_per_eni=limit))

    assert ecs("AssignIpv6Addresses", NetworkInterfaceId=six, Ipv6AddressCount=2).code == code
