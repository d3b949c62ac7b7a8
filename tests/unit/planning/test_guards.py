"""Limits on what one run may take away."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spidercli.errors import GuardTripped
from spidercli.model import Inventory, Manifest, Source
from spidercli.planning import guards
from spidercli.planning.gathering import gather
from spidercli.planning.guards import Loss, Losses
from spidercli.planning.live import LivePool
from spidercli.planning.pools import plan_of, plan_pools

Build = Callable[..., Manifest]


def count(desired: list[Manifest], live: list[Manifest], *, prune: bool = True) -> Losses:
    return guards.losses(map(LivePool, live), plan_pools(desired, live, prune=prune))


def test_a_deleted_pool_takes_its_addresses(pool: Build, live: Build) -> None:
    """Pools and addresses are counted."""
    found = count([pool("a", "10.0.0.1-10.0.0.5")], [live(pool("a", "10.0.0.1-10.0.0.5")), live(pool("b", "10.0.0.9"))])

    assert found == Losses(pools=2, lost={Loss.DELETED: 1}, addresses=6, addresses_going=1, largest=5)


def test_an_address_that_moves_does_not_go(pool: Build, live: Build) -> None:
    """It is in a pool of ours before and after."""
    found = count(
        [pool("a", "10.0.0.1"), pool("b", "10.0.0.2-10.0.0.3")],
        [live(pool("a", "10.0.0.1-10.0.0.2")), live(pool("b", "10.0.0.3"))],
    )

    assert found.addresses_going == 0


def test_a_pool_that_is_made_anew_is_one(pool: Build, live: Build) -> None:
    """Another subnet means delete and create: the pool does not go, but it is not what it was."""
    found = count([pool("a", "10.0.0.1", subnet="10.0.0.0/25")], [live(pool("a", "10.0.0.1"))])

    assert (found.lost, found.addresses_going) == ({Loss.RENEWED: 1}, 0)


def test_a_pool_that_somebody_deletes_is_not_lost_by_us(pool: Build, live: Build) -> None:
    """It is created again as it was, however many there are."""
    found = count([pool("a", "10.0.0.1")], [live(pool("a", "10.0.0.1"), terminating=True)])

    assert found.lost == {}


def test_pools_that_go_over_to_others_are_counted(pool: Build, live: Build) -> None:
    """To another ENI, or to another node; who had none before, or tells none, changes nothing."""
    current = [
        live(pool("a", "10.0.0.1", eni="eni-1")),
        live(pool("b", "10.0.0.2", node="one")),
        live(pool("c", "10.0.0.3", eni="")),
    ]
    desired = [
        pool("a", "10.0.0.11", eni="eni-2"),
        pool("b", "10.0.0.2", node="two"),
        pool("c", "10.0.0.3", eni="eni-3"),
    ]

    assert count(desired, current).lost[Loss.REASSIGNED] == 2


def test_pools_of_enis_that_get_pools_of_other_names_are_counted(pool: Build, live: Build) -> None:
    """Be the other pool new or that of another ENI so far; what is left of an earlier change is not counted again."""
    old = live(pool("old", "10.0.0.1-10.0.0.2", eni="eni-1"))
    new = pool("new", "10.0.0.1-10.0.0.2", eni="eni-1")

    def renamed(*others: Manifest) -> int:
        current = [old, *others]
        facts = gather([new], current, prune=False, adopt=False)
        return guards.losses(map(LivePool, current), plan_of(facts), supplanted=facts.supplanted).lost[Loss.RENAMED]

    assert renamed() == 1
    assert renamed(live(pool("new", "10.0.0.9", eni="eni-2"))) == 1
    assert renamed(live(pool("new", "10.0.0.9", eni="eni-1"))) == 0


def test_pools_that_tell_no_eni_are_known_by_their_place(pool: Build, live: Build) -> None:
    """Nodes, networks and family tell the NIC; where two pools share them, or none are told, nothing does."""
    old = live(pool("old", "10.0.0.1-10.0.0.2", network="ns/ipvlan-eth1"))

    def renamed(*desired: Manifest, former: Manifest = old, also: Iterable[Manifest] = ()) -> int:
        current = [former, *also]
        facts = gather(desired, current, prune=True, adopt=False)
        return guards.losses(map(LivePool, current), plan_of(facts), supplanted=facts.supplanted).lost[Loss.RENAMED]

    new = pool("new", "10.0.0.1-10.0.0.2", network="ns/ipvlan-eth1")
    assert renamed(new) == 1
    assert renamed(pool("new", "10.0.0.1-10.0.0.2", network="ns/ipvlan-eth1", eni="eni-1")) == 1
    assert renamed(new, also=[live(pool("new", "10.0.0.9", network="ns/ipvlan-eth2"))]) == 1
    assert renamed(new, also=[live(pool("new", "10.0.0.9", network="ns/ipvlan-eth1"))]) == 0
    assert renamed(new, pool("newer", "10.0.0.9", network="ns/ipvlan-eth1")) == 0
    assert renamed(pool("new", "10.0.0.1-10.0.0.2", network="ns/ipvlan-eth2")) == 0
    assert renamed(pool("new", "10.0.0.1-10.0.0.2", network="ns/ipvlan-eth1", node="other")) == 0
    assert renamed(new, former=live(pool("old", "10.0.0.1", network="ns/ipvlan-eth1", eni="eni-1"))) == 0
    assert renamed(pool("new", "10.0.0.1"), former=live(pool("old", "10.0.0.1"))) == 0


def test_an_address_that_moves_between_enis_is_no_loss(pool: Build, live: Build) -> None:
    """Secondary addresses are assigned to other ENIs every day."""
    a, b = pool("a", "10.0.0.1-10.0.0.2", eni="eni-1"), pool("b", "10.0.0.3", eni="eni-2")
    desired = [pool("a", "10.0.0.1", eni="eni-1"), pool("b", "10.0.0.2-10.0.0.3", eni="eni-2")]

    assert count(desired, [live(a), live(b)]).lost == {}


@pytest.mark.parametrize(
    ("lost", "told"),
    [
        ({Loss.RENAMED: 3}, "3 of 10 pools would give their addresses to pools of other names for the same ENIs, "),
        ({Loss.RENEWED: 3}, "3 of 10 pools would be deleted and created again, "),
        ({Loss.REASSIGNED: 3}, "3 of 10 pools would go over to other ENIs or nodes, "),
        (
            {Loss.DELETED: 1, Loss.RENEWED: 2},
            "2 of 10 pools would be deleted and created again, 1 would be deleted",
        ),
    ],
)
def test_pools_that_are_not_what_they_were_are_limited(lost: dict[Loss, int], told: str) -> None:
    """All kinds of loss count together; with another configuration every pool would be another one's."""
    found = Losses(pools=10, lost=lost, addresses=100, addresses_going=0, largest=10)
    guards.check_losses(found, "30%")

    with pytest.raises(GuardTripped) as caught:
        guards.check_losses(found, "20%")
    assert caught.value.message.startswith(told)
    assert "config show --origin" in str(caught.value.hint)


def test_strangers_are_not_counted(pool: Build, live: Build) -> None:
    """Only what we manage can be lost by us."""
    assert count([], [live(pool("a", "10.0.0.1", ours=False))]).pools == 0


def test_the_same_number_in_two_families_is_two_addresses(pool: Build, live: Build) -> None:
    """10.0.0.1 and ::a00:1 are different."""
    live_pools = [live(pool("a", "10.0.0.1")), live(pool("b", "::a00:1", subnet="::/64", gateway="::fff0:1"))]

    assert count([live_pools[0]], live_pools).addresses_going == 1


@pytest.mark.parametrize(
    ("limit", "deleted", "addresses_going", "passes"),
    [
        ("20%", 2, 20, True),
        ("20%", 3, 0, False),
        ("20%", 0, 21, False),
        ("0%", 1, 0, False),
        ("0", 0, 1, False),
        ("0", 0, 0, True),
        ("3", 3, 30, True),
        ("3", 4, 0, False),
        ("3", 0, 31, False),
        ("100%", 10, 100, True),
    ],
)
def test_limits(limit: str, deleted: int, addresses_going: int, passes: bool) -> None:
    """A share of pools and of addresses, or a number of pools and what so many hold; what would do is told."""
    found = Losses(pools=10, lost={Loss.DELETED: deleted}, addresses=100, addresses_going=addresses_going, largest=10)
    if passes:
        guards.check_losses(found, limit)
    else:
        with pytest.raises(GuardTripped, match="nothing was written") as caught:
            guards.check_losses(found, limit)
        told = re.search(r"raise --max-delete \(here: to (\d+)\)$", str(caught.value.hint))
        assert told
        guards.check_losses(found, told[1])
        with pytest.raises(GuardTripped):
            guards.check_losses(found, str(int(told[1]) - 1))


@given(pools=st.integers(1, 50), share=st.integers(1, 100))
def test_one_pool_may_always_go(pools: int, share: int) -> None:
    """Else a small cluster would need an exception for every change."""
    found = Losses(pools=pools, lost={Loss.DELETED: 1}, addresses=pools * 5, addresses_going=5, largest=5)

    guards.check_losses(found, f"{share}%")


def test_an_inventory_without_nodes() -> None:
    """It is more likely a wrong region than an empty cloud."""
    with pytest.raises(GuardTripped, match="the inventory has no nodes"):
        guards.check_not_empty(Inventory(source=Source.FILE, region_id="cn-hangzhou", nodes=()))
