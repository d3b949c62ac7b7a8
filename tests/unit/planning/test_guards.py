"""Limits on what one run may take away."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spidercli.errors import GuardTripped
from spidercli.model import Inventory, Manifest, Source
from spidercli.planning import guards
from spidercli.planning.guards import Losses
from spidercli.planning.live import LivePool
from spidercli.planning.pools import plan_pools

Build = Callable[..., Manifest]


def count(desired: list[Manifest], live: list[Manifest], *, prune: bool = True) -> Losses:
    return guards.losses(map(LivePool, live), plan_pools(desired, live, prune=prune))


def test_a_deleted_pool_takes_its_addresses(pool: Build, live: Build) -> None:
    """Pools and addresses are counted."""
    found = count([pool("a", "10.0.0.1-10.0.0.5")], [live(pool("a", "10.0.0.1-10.0.0.5")), live(pool("b", "10.0.0.9"))])

    assert found == Losses(pools=2, pools_going=1, addresses=6, addresses_going=1, largest=5)


def test_an_address_that_moves_does_not_go(pool: Build, live: Build) -> None:
    """It is in a pool of ours before and after."""
    found = count(
        [pool("a", "10.0.0.1"), pool("b", "10.0.0.2-10.0.0.3")],
        [live(pool("a", "10.0.0.1-10.0.0.2")), live(pool("b", "10.0.0.3"))],
    )

    assert found.addresses_going == 0


def test_a_pool_that_is_made_anew_does_not_go(pool: Build, live: Build) -> None:
    """Another subnet means delete and create, which ends with a pool."""
    found = count([pool("a", "10.0.0.1", subnet="10.0.0.0/25")], [live(pool("a", "10.0.0.1"))])

    assert (found.pools_going, found.addresses_going) == (0, 0)


def test_new_names_for_the_same_enis_are_limited() -> None:
    """With another configuration every pool would give its addresses to a new one."""
    found = Losses(pools=10, pools_going=0, addresses=100, addresses_going=0, largest=10, pools_renamed=3)
    guards.check_losses(found, "30%")

    with pytest.raises(
        GuardTripped, match="3 of 10 pools would give their addresses to pools of other names"
    ) as caught:
        guards.check_losses(found, "20%")
    assert "config show --origin" in str(caught.value.hint)


def test_strangers_are_not_counted(pool: Build, live: Build) -> None:
    """Only what we manage can be lost by us."""
    assert count([], [live(pool("a", "10.0.0.1", ours=False))]).pools == 0


def test_the_same_number_in_two_families_is_two_addresses(pool: Build, live: Build) -> None:
    """10.0.0.1 and ::a00:1 are different."""
    live_pools = [live(pool("a", "10.0.0.1")), live(pool("b", "::a00:1", subnet="::/64", gateway="::fff0:1"))]

    assert count([live_pools[0]], live_pools).addresses_going == 1


@pytest.mark.parametrize(
    ("limit", "pools_going", "addresses_going", "passes"),
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
def test_limits(limit: str, pools_going: int, addresses_going: int, passes: bool) -> None:
    """A share of pools and of addresses, or a number of pools and what so many pools may hold."""
    found = Losses(pools=10, pools_going=pools_going, addresses=100, addresses_going=addresses_going, largest=10)
    if passes:
        guards.check_losses(found, limit)
    else:
        with pytest.raises(GuardTripped, match="nothing was written"):
            guards.check_losses(found, limit)


@given(pools=st.integers(1, 50), share=st.integers(1, 100))
def test_one_pool_may_always_go(pools: int, share: int) -> None:
    """Else a small cluster would need an exception for every change."""
    found = Losses(pools=pools, pools_going=1, addresses=pools * 5, addresses_going=5, largest=5)

    guards.check_losses(found, f"{share}%")


def test_an_inventory_without_nodes() -> None:
    """It is more likely a wrong region than an empty cloud."""
    with pytest.raises(GuardTripped, match="the inventory has no nodes"):
        guards.check_not_empty(Inventory(source=Source.FILE, region_id="cn-hangzhou", nodes=()))
