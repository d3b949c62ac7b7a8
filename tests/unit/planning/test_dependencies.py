"""Changes of pools that depend on each other are carried out together, and no others."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spidercli.model import Manifest
from spidercli.planning.dependencies import Component, components
from spidercli.planning.pools import plan_pools

Builder = Callable[..., Manifest]
Planned = Callable[[dict[str, str], dict[str, str]], list[list[str]]]


def names(found: Iterable[Component]) -> list[list[str]]:
    return [[change.name for change in component] for component in found]


@pytest.fixture(name="planned", scope="session")
def _planned(pool: Builder, live: Builder) -> Planned:
    """The components of the plan from some pools to others, given as name: "RANGE[, RANGE…] [in SUBNET]"."""

    def made(name: str, text: str) -> Manifest:
        ips, _, subnet = text.partition(" in ")
        return pool(name, *ips.split(", "), subnet=subnet or "10.0.0.0/24")

    def plan(before: dict[str, str], after: dict[str, str]) -> list[list[str]]:
        desired = [made(name, text) for name, text in after.items()]
        there = [live(made(name, text)) for name, text in before.items()]
        return names(components(plan_pools(desired, there, prune=True).changes))

    return plan


def test_pools_that_exchange_addresses_belong_together(planned: Planned) -> None:
    """An address that moves links two pools; what only gains or only loses addresses is linked to nothing."""
    before = {"a": "10.0.0.1-10.0.0.4", "b": "10.0.0.11", "c": "10.0.0.21-10.0.0.23", "d": "10.0.0.31"}
    after = {"a": "10.0.0.1-10.0.0.3", "b": "10.0.0.4, 10.0.0.11", "c": "10.0.0.21", "d": "10.0.0.31-10.0.0.32"}

    assert planned(before, after) == [["a", "b"]]


def test_a_chain_is_one_component(planned: Planned) -> None:
    """Who waits for one that waits for a third belongs to both; the smallest components come first."""
    before = {"a": "10.0.0.1", "b": "10.0.0.2", "c": "10.0.0.3", "x": "10.0.0.9"}
    after = {"b": "10.0.0.1", "c": "10.0.0.2", "d": "10.0.0.3", "y": "10.0.0.9"}

    assert planned(before, after) == [["x", "y"], ["a", "b", "c", "d"]]


def test_a_pool_that_is_made_anew_depends_on_itself(planned: Planned) -> None:
    """Its deletion and its creation are not to be apart for longer than they must."""
    assert planned({"a": "10.0.0.1"}, {"a": "10.0.1.1 in 10.0.1.0/24"}) == [["a"]]


def test_a_subnet_in_the_way_links_pools(planned: Planned) -> None:
    """A pool can't be created before those are gone whose subnets overlap its own, be they ever so different."""
    before = {"a": "10.0.0.1", "b": "10.0.1.1 in 10.0.1.0/24", "c": "10.0.9.1 in 10.0.9.0/24"}
    after = {"wide": "10.0.0.77 in 10.0.0.0/23", "other": "10.0.9.2 in 10.0.9.0/24"}

    assert planned(before, after) == [["a", "b", "wide"]]


def test_equal_subnets_link_nothing(planned: Planned) -> None:
    """Thousands of pools share their vSwitch's subnet."""
    assert planned({"a": "10.0.0.1"}, {"b": "10.0.0.2"}) == []


def test_families_are_apart(planned: Planned) -> None:
    """Equal numbers of IPv4 and IPv6 are different addresses, and different subnets."""
    before, after = {"a": "::a00:1 in ::a00:0/120"}, {"b": "10.0.0.1"}

    assert planned(before, after) == []
    assert planned(after, before) == []


def test_what_only_grows_is_free(planned: Planned) -> None:
    """An ordinary run has no components."""
    assert planned({}, {"a": "10.0.0.1", "b": "10.0.0.2"}) == []
    assert planned({"a": "10.0.0.1", "b": "10.0.0.2"}, {}) == []


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=8))
def test_components_are_those_of_the_moves(planned: Planned, moves: list[tuple[int, int]]) -> None:
    """With an address for each move from one pool to another, pools are together just if moves connect them."""
    before, after = {f"p{at}": f"10.0.1.{at}" for at in range(6)}, {f"p{at}": f"10.0.1.{at}" for at in range(6)}
    linked = {frozenset({f"p{one}", f"p{other}"}) for one, other in moves if one != other}
    for number, (one, other) in enumerate(moves):
        before[f"p{one}"] += f", 10.0.0.{2 * number}"
        after[f"p{other}"] += f", 10.0.0.{2 * number}"
    expected: list[frozenset[str]] = []
    for pair in linked:
        touching = [group for group in expected if group & pair]
        expected = [group for group in expected if not group & pair] + [pair.union(*touching)]

    wide = {name: f"{text} in 10.0.0.0/23" for name, text in before.items()}
    found = planned(wide, {name: f"{text} in 10.0.0.0/23" for name, text in after.items()})

    assert {frozenset(component) for component in found} == set(expected)
