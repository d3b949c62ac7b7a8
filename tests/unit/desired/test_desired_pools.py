"""Which SpiderIPPools an inventory asks for."""

from __future__ import annotations

import dataclasses
import ipaddress
from collections.abc import Iterable
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spidercli import addresses, desired
from spidercli.desired.addressing import Exclusions, reserved
from spidercli.errors import AddressClaimedTwice, ConfigInvalid, FactsInvalid, FamilyGap
from spidercli.model import Family, IPAddress

V4, V6 = "10.0.0.0/24", "2408:4005::/64"


def texts(pools: Iterable[desired.DesiredPool]) -> list[list[str]]:
    return [addresses.collapse(pool.addresses) for pool in pools]


def test_pool_says_where_it_comes_from(make: SimpleNamespace) -> None:
    """A pool has its node's, NIC's and subnet's facts, and the reference of its SpiderMultusConfig."""
    (pool,) = desired.pools(make.one_nic(V4, "10.0.0.10", "10.0.0.12"), make.config(spiderpool={"namespace": "spider"}))

    assert pool == desired.DesiredPool(
        name="worker-eth0",
        node="worker",
        nic="eth0",
        family=Family.IPV4,
        subnet=ipaddress.ip_network(V4),
        gateway=make.ip("10.0.0.253"),
        addresses=addresses.gathered([make.ip("10.0.0.10"), make.ip("10.0.0.12")]),
        eni_id="eni-eth0",
        instance_id="i-worker",
        vswitch_id="vsw-1",
        multus_name="spider/ipvlan-eth0",
        default=True,
    )


def test_nic_without_addresses_has_no_pool(make: SimpleNamespace) -> None:
    """A block that has no address gives no pool."""
    assert desired.pools(make.one_nic(V4), make.config()) == ()


def test_nothing_left_after_exclusion_is_no_pool(make: SimpleNamespace) -> None:
    """A block whose addresses are all excluded gives no pool."""
    inventory = make.one_nic(V4, "10.0.0.10-10.0.0.12")

    assert desired.pools(inventory, make.config(pools={"exclude": ["10.0.0.0/28"]})) == ()


def test_excluded_addresses_are_left_out(make: SimpleNamespace) -> None:
    """Addresses, ranges and CIDRs of pools.exclude are in no pool, even where they overlap."""
    inventory = make.one_nic(V4, "10.0.0.10-10.0.0.40")
    excluded = make.config(pools={"exclude": ["10.0.0.10", "10.0.0.16-10.0.0.31", "10.0.0.20/30", "2408::/16"]})

    assert texts(desired.pools(inventory, excluded)) == [["10.0.0.11-10.0.0.15", "10.0.0.32-10.0.0.40"]]


def test_reserved_addresses_are_left_out(make: SimpleNamespace) -> None:
    """The first and the last three addresses of an IPv4 vSwitch belong to the VPC."""
    inventory = make.one_nic("10.0.0.0/29", "10.0.0.0-10.0.0.7")

    assert texts(desired.pools(inventory, make.config())) == [["10.0.0.1-10.0.0.4"]]


def test_reserved_ipv6_addresses_are_left_out(make: SimpleNamespace) -> None:
    """The first and the last nine addresses of an IPv6 vSwitch belong to the VPC."""
    last = "2408:4005::ffff:ffff:ffff"
    inventory = make.one_nic(V6, "2408:4005::-2408:4005::1", f"{last}:fff0-{last}:ffff")

    assert texts(desired.pools(inventory, make.config())) == [["2408:4005::1", f"{last}:fff0-{last}:fff6"]]


def test_primary_address_of_any_eni_is_left_out(make: SimpleNamespace) -> None:
    """An address that is the primary one of another node's ENI is in no pool."""
    found = make.inventory(
        make.node("a", make.nic("eth0", make.block(V4, "10.0.0.10-10.0.0.12"))),
        make.node("b", make.nic("eth0", primary_ip="10.0.0.11")),
    )

    assert texts(desired.pools(found, make.config())) == [["10.0.0.10", "10.0.0.12"]]


def test_gateway_is_left_out(make: SimpleNamespace) -> None:
    """An address that is the gateway is in no pool."""
    inventory = make.one_nic(V4, "10.0.0.1-10.0.0.3", gateway="10.0.0.1")

    assert texts(desired.pools(inventory, make.config())) == [["10.0.0.2-10.0.0.3"]]


@pytest.mark.parametrize(
    ("subnet", "address", "expected"),
    [
        ("172.31.192.0/20", "172.31.192.9", "172.31.207.253"),
        ("192.168.0.0/24", "192.168.0.9", "192.168.0.253"),
        (V6, "2408:4005::9", "2408:4005::ffff:ffff:ffff:fff7"),
    ],
)
def test_gateway_by_the_rule_of_the_vpc(make: SimpleNamespace, subnet: str, address: str, expected: str) -> None:
    """Without better knowledge the gateway is the lowest of the last reserved addresses."""
    (pool,) = desired.pools(make.one_nic(subnet, address), make.config())

    assert str(pool.gateway) == expected


@pytest.mark.parametrize(
    ("gateways", "expected"),
    [
        ({}, "10.0.0.5"),
        ({"10.1.0.0/24": "10.1.0.1"}, "10.0.0.5"),
        ({"10.0.0.0/24": "10.0.0.6"}, "10.0.0.6"),
        ({"10.0.0.0/24": "10.0.0.6", "vsw-1": "10.0.0.7"}, "10.0.0.7"),
        ({"vsw-1": "2408:4005::1"}, "10.0.0.5"),
    ],
)
def test_gateway_precedence(make: SimpleNamespace, gateways: dict[str, str], expected: str) -> None:
    """A gateway configured for the vSwitch wins over one for the CIDR, and that over the inventory's."""
    inventory = make.one_nic(V4, "10.0.0.10", gateway="10.0.0.5")

    (pool,) = desired.pools(inventory, make.config(pools={"gateways": gateways}))

    assert str(pool.gateway) == expected


def test_configured_gateway_outside_the_subnet(make: SimpleNamespace) -> None:
    """A gateway that is configured for a vSwitch has to be in its subnet."""
    wrong = make.config(pools={"gateways": {"vsw-1": "10.0.1.1"}})

    with pytest.raises(ConfigInvalid, match=r"^pools.gateways: the gateway 10.0.1.1 is outside 10.0.0.0/24.*worker"):
        desired.pools(make.one_nic(V4, "10.0.0.10"), wrong)


def test_known_gateway_outside_the_subnet(make: SimpleNamespace) -> None:
    """A gateway of the inventory has to be in its subnet too."""
    with pytest.raises(FactsInvalid, match=r"the gateway 10.0.1.1 is outside"):
        desired.pools(make.one_nic(V4, "10.0.0.10", gateway="10.0.1.1"), make.config())


def test_both_families_make_two_pools(make: SimpleNamespace) -> None:
    """A NIC with addresses of both families gets two pools, IPv4 first."""
    found = make.inventory(
        make.node("a", make.nic("eth0", make.block(V4, "10.0.0.10"), make.block(V6, "2408:4005::10")))
    )

    assert [pool.name for pool in desired.pools(found, make.config())] == ["a-eth0", "a-eth0-v6"]


@pytest.mark.parametrize(("choice", "expected"), [("ipv4", ["a-eth0", "b-eth0"]), ("ipv6", ["a-eth0-v6"])])
def test_one_family_alone_has_no_gaps(make: SimpleNamespace, choice: str, expected: list[str]) -> None:
    """A configured family is the only one that gets pools, wherever there are addresses for it."""
    found = make.inventory(
        make.node("a", make.nic("eth0", make.block(V4, "10.0.0.10"), make.block(V6, "2408:4005::10"))),
        make.node("b", make.nic("eth0", make.block(V4, "10.0.0.11"))),
    )

    assert [pool.name for pool in desired.pools(found, make.config(pools={"families": choice}))] == expected


def test_ipv6_on_some_nics_is_a_gap(make: SimpleNamespace) -> None:
    """IPv6 on one NIC and none on another would fail the pods of the other."""
    found = make.inventory(
        make.node("a", make.nic("eth0", make.block(V4, "10.0.0.10"), make.block(V6, "2408:4005::10"))),
        make.node(
            "b",
            make.nic("eth0", make.block(V4, "10.0.0.11")),
            make.nic("eth1", make.block(V4, "10.0.0.12"), make.block(V6)),
        ),
    )

    with pytest.raises(FamilyGap) as caught:
        desired.pools(found, make.config())
    assert caught.value.message.endswith(
        ": eth0 of b has no IPv6 address for pods, eth1 of b has no IPv6 address for pods"
    )
    assert "pools.families: ipv4, with --prune where there are IPv6 pools already" in str(caught.value.hint)


def test_missing_ipv4_is_a_gap_too(make: SimpleNamespace) -> None:
    """A NIC with IPv6 alone is a gap beside one that has both."""
    found = make.inventory(
        make.node("a", make.nic("eth0", make.block(V4, "10.0.0.10"), make.block(V6, "2408:4005::10"))),
        make.node("b", make.nic("eth0", make.block(V4), make.block(V6, "2408:4005::11"))),
    )

    with pytest.raises(FamilyGap, match="eth0 of b has no IPv4 address"):
        desired.pools(found, make.config())


def test_ipv6_only_cluster_has_no_gap(make: SimpleNamespace) -> None:
    """IPv6 everywhere and IPv4 nowhere is complete."""
    assert len(desired.pools(make.one_nic(V6, "2408:4005::10"), make.config())) == 1


def test_dual_demands_both_families(make: SimpleNamespace) -> None:
    """With families: dual a cluster of IPv4 alone is one large gap."""
    with pytest.raises(FamilyGap, match="eth0 of worker has no IPv6 address"):
        desired.pools(make.one_nic(V4, "10.0.0.10"), make.config(pools={"families": "dual"}))


def test_nic_without_any_address_is_no_gap(make: SimpleNamespace) -> None:
    """A NIC that no pod can use needs no pools of either family."""
    found = make.inventory(
        make.node(
            "a",
            make.nic("eth0", make.block(V4), make.block(V6)),
            make.nic("eth1", make.block(V4, "10.0.0.10"), make.block(V6, "2408:4005::10")),
        )
    )

    assert len(desired.pools(found, make.config())) == 2


def test_ten_gaps_are_named(make: SimpleNamespace) -> None:
    """Of many gaps ten are named, and the rest counted."""
    gaps = [make.node(f"n{index:02}", make.nic("eth0", make.block(V4, f"10.0.0.{index + 10}"))) for index in range(13)]
    whole = make.node("whole", make.nic("eth0", make.block(V4, "10.0.0.9"), make.block(V6, "2408:4005::10")))

    with pytest.raises(FamilyGap, match=r"eth0 of n09 [^,]* and 3 more$"):
        desired.pools(make.inventory(*gaps, whole), make.config())


def test_address_on_two_nics(make: SimpleNamespace) -> None:
    """One address on two NICs is an error that names both."""
    found = make.inventory(
        make.node("a", make.nic("eth0", make.block(V4, "10.0.0.10-10.0.0.12"))),
        make.node("b", make.nic("eth1", make.block(V4, "10.0.0.11"))),
    )

    with pytest.raises(AddressClaimedTwice, match=r"10.0.0.11 is listed by eth0 \(eni-eth0\) of a and by eth1 .* of b"):
        desired.pools(found, make.config())


def test_every_field_of_a_name(make: SimpleNamespace) -> None:
    """All documented fields can be in a pool's name."""
    pattern = "{node}.{nic}.{family}.{octet}.{instance}.{eni}.{vswitch}"

    (pool,) = desired.pools(make.one_nic("172.31.0.0/20", "172.31.0.9"), make.config(pools={"name": pattern}))

    assert pool.name == "worker.eth0.4.172.i-worker.eni-eth0.vsw-1"


def test_octet_of_an_ipv6_subnet(make: SimpleNamespace) -> None:
    """{octet} of an IPv6 subnet is its first group."""
    names = make.config(pools={"nameIPv6": "{node}-{octet}-v{family}"})

    (pool,) = desired.pools(make.one_nic(V6, "2408:4005::10"), names)

    assert pool.name == "worker-2408-v6"


@pytest.mark.parametrize("pattern", ["{node.__class__}", "{node[0]}", "{node!r}", "{node:>9}", "{0}", "{}", "{other}"])
def test_pattern_reaches_into_nothing(make: SimpleNamespace, pattern: str) -> None:
    """A field of a pattern is a bare documented name; the configuration refuses everything else."""
    with pytest.raises(ValueError, match="unknown field"):
        make.config(pools={"name": pattern})


def test_invalid_object_name(make: SimpleNamespace) -> None:
    """A name that Kubernetes would refuse is an error of the configuration that names the NIC."""
    found = make.inventory(make.node("Web_01", make.nic("eth0", make.block(V4, "10.0.0.10"))))

    with pytest.raises(ConfigInvalid, match=r"pools.name names eth0 of Web_01 .* no RFC 1123 subdomain"):
        desired.pools(found, make.config())


def test_name_of_254_characters(make: SimpleNamespace) -> None:
    """An object's name has at most 253 characters."""
    too_long = make.config(pools={"name": "a" * 248 + "{node}"})

    with pytest.raises(ConfigInvalid, match=r"pools.name names eth0 of worker .* no RFC 1123 subdomain"):
        desired.pools(make.one_nic(V4, "10.0.0.10"), too_long)


def test_two_pools_of_one_name(make: SimpleNamespace) -> None:
    """Two NICs whose pools would have the same name are both named."""
    found = make.inventory(
        make.node(
            "a", make.nic("eth0", make.block(V4, "10.0.0.10")), make.nic("eth1", make.block("10.1.0.0/24", "10.1.0.10"))
        ),
    )

    with pytest.raises(ConfigInvalid, match=r"eth0 of a \(10.0.0.0/24\) and eth1 of a \(10.1.0.0/24\) the same name"):
        desired.pools(found, make.config(pools={"name": "{node}-{octet}"}))


ADDRESS = st.integers(0, 300).map(lambda number: ipaddress.ip_address("10.0.0.0") + number)
RANGE = st.tuples(ADDRESS, ADDRESS).map(sorted).map(lambda ends: f"{ends[0]}-{ends[1]}")


@given(st.lists(RANGE, max_size=6), ADDRESS)
def test_exclusions_are_their_ranges(ranges: list[str], address: IPAddress) -> None:
    """An address is excluded if and only if one of the ranges has it."""
    expected = any(address in addresses.expand([text]) for text in ranges)

    assert (address in Exclusions(ranges)) is expected


@given(st.integers(16, 29), st.integers(0, 2**32 - 1))
def test_reserved_are_the_first_and_the_last_three(length: int, number: int) -> None:
    """The reserved addresses of an IPv4 vSwitch are those that the VPC documents."""
    subnet = ipaddress.IPv4Network((number, length), strict=False)

    assert sorted(reserved(subnet)) == [int(subnet[at]) for at in (0, -3, -2, -1)]


def test_what_no_pool_can_list_is_told(make: SimpleNamespace) -> None:
    """A gateway that somebody wrote among the addresses is left out, but not without a word."""
    inventory = make.one_nic(V4, "10.0.0.250-10.0.0.254")
    made = desired.pools(inventory, make.config())

    (told,) = desired.left_out(inventory, made, make.config())
    assert told.startswith("eth0 of worker: pods can't take 10.0.0.253-10.0.0.254: ")


def test_what_was_excluded_is_not_told(make: SimpleNamespace) -> None:
    """Nobody is warned of what the configuration asks for."""
    inventory = make.one_nic(V4, "10.0.0.10-10.0.0.12")
    config = make.config(pools={"exclude": ["10.0.0.11"]})

    assert list(desired.left_out(inventory, desired.pools(inventory, config), config)) == []


def test_nics_without_an_address_for_pods_are_idle(make: SimpleNamespace) -> None:
    """Their pools should be empty: a NIC that has none, or whose addresses are all excluded, of a wanted family."""
    found = make.inventory(
        make.node(
            "a",
            make.nic("eth0", make.block(V4, "10.0.0.10"), make.block(V6)),
            make.nic("eth1", make.block(V4), make.block(V6)),
            make.nic("eth2", make.block(V4, "10.0.0.20"), make.block(V6)),
        )
    )
    excluding = {"exclude": ["10.0.0.20"]}

    assert list(desired.idle(found, make.config(pools={**excluding, "families": "ipv4"}))) == [
        ("eni-eth1", 4),
        ("eni-eth2", 4),
    ]
    assert ("eni-eth0", 6) in desired.idle(found, make.config(pools=excluding))


def test_an_eni_that_nobody_named_is_not_idle(make: SimpleNamespace) -> None:
    """Facts that were written by hand may lack ENI ids; all of these would look the same."""
    nameless = dataclasses.replace(make.nic("eth0", make.block(V4)), eni_id="")

    assert list(desired.idle(make.inventory(make.node("a", nameless)), make.config())) == []
