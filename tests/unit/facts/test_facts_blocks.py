"""An ENI's blocks list exactly the addresses that pods may take."""

from __future__ import annotations

import ipaddress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from spidercli import addresses
from spidercli.facts import blocks
from spidercli.model import AddressBlock, Eni, Family, VSwitch

SUBNET, SUBNET6 = "172.31.192.0/20", "2408:4005:3b3:1a00::/64"


def ranges(found: tuple[AddressBlock, ...]) -> list[tuple[str, list[str]]]:
    return [(str(block.subnet), addresses.collapse(block.addresses)) for block in found]


def of_eni(eni: Eni, vswitch: VSwitch, **more: Any) -> tuple[AddressBlock, ...]:
    assert not list(blocks.problems("eni-1 of node worker", eni, vswitch))
    return blocks.of_eni(eni, vswitch, **{"own": (), "gateways": {}, **more})


def test_secondary_addresses_are_listed_and_the_primary_is_not(build: Any) -> None:
    """Even an answer that repeats the primary address among the secondary ones does not put it into the block."""
    eni = build.eni("eni-1", "172.31.199.183", ["172.31.199.183-172.31.199.189"])

    (block,) = of_eni(eni, build.vswitch("vsw-1", SUBNET))

    assert ranges((block,)) == [(SUBNET, ["172.31.199.184-172.31.199.189"])]
    assert block.gateway is None


def test_prefix_is_sixteen_addresses(build: Any) -> None:
    """A /28 counts whole, from its first to its last address."""
    eni = build.eni("eni-1", "172.31.192.9", ipv4_prefixes=(IPv4Network("172.31.193.16/28"),))

    assert ranges(of_eni(eni, build.vswitch("vsw-1", SUBNET))) == [(SUBNET, ["172.31.193.16-172.31.193.31"])]


def test_ipv6_addresses_and_the_start_of_prefixes_are_listed(build: Any) -> None:
    """Of a /80, the first sixteen addresses are used."""
    eni = build.eni(
        "eni-1",
        ipv6_addresses=addresses.gathered([IPv6Address("2408:4005:3b3:1a00::5")]),
        ipv6_prefixes=(IPv6Network("2408:4005:3b3:1a00:1::/80"),),
    )

    assert ranges(of_eni(eni, build.vswitch("vsw-1", SUBNET, SUBNET6))) == [
        (SUBNET, []),
        (SUBNET6, ["2408:4005:3b3:1a00::5", "2408:4005:3b3:1a00:1::-2408:4005:3b3:1a00:1::f"]),
    ]


def test_block_without_addresses_is_kept(build: Any) -> None:
    """A NIC without secondary addresses still has its subnet, for every family that the vSwitch has."""
    eni = build.eni("eni-1", "172.31.192.9")

    assert ranges(of_eni(eni, build.vswitch("vsw-1", SUBNET))) == [(SUBNET, [])]
    assert ranges(of_eni(eni, build.vswitch("vsw-1", SUBNET, SUBNET6))) == [(SUBNET, []), (SUBNET6, [])]


def test_addresses_of_the_node_itself_are_left_out(build: Any) -> None:
    """An InternalIP may be an IPv6 address of the ENI; no pod may take it."""
    node = IPv6Address("2408:4005:3b3:1a00::5")
    eni = build.eni("eni-1", ipv6_addresses=addresses.gathered([node, node + 1]))

    _, block6 = of_eni(eni, build.vswitch("vsw-1", SUBNET, SUBNET6), own=(node,))

    assert block6.addresses == (node + 1,)


def test_gateway_is_taken_where_it_is_known(build: Any) -> None:
    """The metadata service knows gateways, by ENI and family."""
    gateways = {
        ("eni-1", Family.IPV4): IPv4Address("172.31.207.253"),
        ("eni-2", Family.IPV6): IPv6Address("2408:4005:3b3:1a00::1"),
    }

    block4, block6 = of_eni(build.eni("eni-1"), build.vswitch("vsw-1", SUBNET, SUBNET6), gateways=gateways)

    assert (block4.gateway, block6.gateway) == (IPv4Address("172.31.207.253"), None)


def test_unknown_vswitch_is_a_problem(build: Any) -> None:
    """Without its vSwitch, an ENI has no subnet."""
    (problem,) = blocks.problems("eni-1 of node worker", build.eni("eni-1"), None)

    assert problem.message == "eni-1 of node worker: its vSwitch vsw-1 was not found"


def test_all_addresses_outside_of_the_vswitch_are_named(build: Any) -> None:
    """Primary, secondary, prefix and IPv6 addresses that the vSwitch does not hold are told in one message."""
    eni = build.eni(
        "eni-1",
        "10.0.0.1",
        ["172.31.192.5", "10.0.0.2"],
        ipv4_prefixes=(IPv4Network("172.31.208.0/28"), IPv4Network("172.31.0.0/16")),
        ipv6_addresses=addresses.gathered([IPv6Address("2408::1")]),
        ipv6_prefixes=(IPv6Network("2408::/80"),),
    )

    (problem,) = blocks.problems("eni-1 of node worker", eni, build.vswitch("vsw-1", SUBNET))

    assert problem.message == (
        "eni-1 of node worker: its vSwitch vsw-1 (172.31.192.0/20) does not hold "
        "10.0.0.1, 10.0.0.2, 172.31.208.0/28, 172.31.0.0/16, 2408::1, 2408::/80"
    )


HOSTS = st.integers(0, 4095).map(IPv4Address("172.31.192.0").__add__)
PREFIXES = st.integers(0, 255).map(
    lambda number: ipaddress.ip_network(f"172.31.{192 + number // 16}.{number % 16 * 16}/28")
)


@given(primary=HOSTS, secondary=st.sets(HOSTS), prefixes=st.sets(PREFIXES, max_size=4), own=st.sets(HOSTS, max_size=3))
def test_block_is_what_the_cloud_assigned_and_nothing_else(
    build: Any, primary: IPv4Address, secondary: set[IPv4Address], prefixes: set[IPv4Network], own: set[IPv4Address]
) -> None:
    """A block is ascending, without repeats, and has every assigned address except the node's own."""
    eni = build.eni("eni-1", str(primary), map(str, secondary), ipv4_prefixes=tuple(prefixes))

    (block,) = of_eni(eni, build.vswitch("vsw-1", SUBNET), own=own)

    assigned = secondary.union(*prefixes)
    assert list(block.addresses) == sorted(assigned - own - {primary})
