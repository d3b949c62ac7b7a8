"""Changing the world from outside of its API."""

from __future__ import annotations

import dataclasses
from ipaddress import IPv4Address, IPv4Network, IPv6Network
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies

from spidercli.sandbox import scenarios
from spidercli.sandbox.cloud.addressbook import AddressBook
from spidercli.sandbox.cloud.errors import ApiError
from spidercli.sandbox.cloud.resources import VSwitch
from spidercli.sandbox.cloud.world import World
from spidercli.sandbox.scenarios import guide

SMALL = VSwitch(vswitch_id="vsw", vpc_id="vpc", zone_id="z", name="small", cidr=IPv4Network("10.0.0.0/28"))


def test_move(world: World) -> None:
    """An address moves between ENIs of one vSwitch."""
    world.move("172.31.199.187", to=guide.WORKER_ETH0)

    assert world.owner("172.31.199.187") == guide.WORKER_ETH0
    assert IPv4Address("172.31.199.187") not in world.eni(guide.MASTER_ETH0).secondary_ips


def test_move_of_a_free_address(world: World) -> None:
    """An address that nobody holds can't move."""
    with pytest.raises(ApiError, match="No ENI holds"):
        world.move("172.31.199.200", to=guide.WORKER_ETH0)


def test_removed_eni_frees_its_addresses(world: World) -> None:
    """The addresses of an ENI that is gone can be given again."""
    world.remove_eni(guide.MASTER_ETH1)
    world.assign(guide.WORKER_ETH1, "192.168.0.155", "192.168.0.156")

    assert world.owner("192.168.0.156") == guide.WORKER_ETH1


def test_removed_instance_takes_its_enis_along(world: World, ecs: Any) -> None:
    """A released instance leaves nothing behind."""
    world.remove_instance(guide.WORKER)

    assert set(world.enis) == {guide.MASTER_ETH0, guide.MASTER_ETH1}
    assert ecs("DescribeNetworkInterfaces", InstanceId=guide.WORKER).body["NetworkInterfaceSets"] == {
        "NetworkInterfaceSet": []
    }


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda world: world.eni("eni-none"), "EniId"),
        (lambda world: world.instance("i-none"), "InstanceId"),
        (lambda world: world.add_eni(dataclasses.replace(world.eni(guide.WORKER_ETH0), eni_id="eni-x")), "IpAssigned"),
    ],
)
def test_impossible_changes(call: Any, message: str, world: World) -> None:
    """What the cloud could not hold is refused with the cloud's own error."""
    with pytest.raises(ApiError, match=message):
        call(world)


def test_eni_order(world: World) -> None:
    """An instance's primary ENI comes first, however it was added."""
    world.change_eni(guide.WORKER_ETH0, device_index=7)

    assert [eni.eni_id for eni in world.enis_of(guide.WORKER)] == [guide.WORKER_ETH0, guide.WORKER_ETH1]


@hypothesis.given(strategies.lists(strategies.tuples(strategies.booleans(), strategies.integers(0, 15)), max_size=60))
def test_address_book_keeps_its_promise(steps: list[tuple[bool, int]]) -> None:
    """Whatever is taken and released, an address has one owner, and free plus taken is all there is."""
    book, taken = AddressBook(SMALL), set[int]()
    usable = set(range(1, 13))  # of 16: not the first, not the last three
    for wanted, number in steps:
        address = SMALL.cidr.network_address + number
        if wanted and number in usable - taken:
            book.take(address, "eni")
            taken.add(number)
        elif wanted:
            with pytest.raises(ApiError, match="IpAssigned" if number in taken else "IpInvalid"):
                book.take(address, "eni")
        elif number in taken:
            book.release(address)
            taken.remove(number)
    free = {int(address) & 15 for address in book.free(4, book.available())}
    assert free == usable - taken


def test_failed_eni_takes_nothing(world: World) -> None:
    """An ENI that can't be added leaves no address taken."""
    eni = dataclasses.replace(world.eni(guide.WORKER_ETH0), eni_id="eni-x", primary_ip=IPv4Address("172.31.199.250"))
    with pytest.raises(ApiError, match="IpAssigned"):
        world.add_eni(eni)

    assert (world.owner("172.31.199.250"), "eni-x" in world.enis) == (None, False)


def test_vswitch_learns_ipv6(world: World) -> None:
    """IPv6 can be turned on for a vSwitch that is in use."""
    world.change_vswitch(guide.VSWITCH_ETH0, ipv6_cidr=IPv6Network("2408::/64"))
    world.assign(guide.WORKER_ETH0, "2408::5")

    assert (world.owner("2408::5"), world.owner("172.31.199.190")) == (guide.WORKER_ETH0, guide.WORKER_ETH0)


def test_scenarios_are_fresh() -> None:
    """Building a scenario twice gives two worlds."""
    first, second = scenarios.build("guide"), scenarios.build("guide")
    first.world.remove_instance(guide.WORKER)

    assert guide.WORKER in second.world.instances
