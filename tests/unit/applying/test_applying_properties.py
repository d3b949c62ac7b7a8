"""Random plans on a cluster that enforces Spiderpool's rules."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spidercli.applying.ordering import batches
from spidercli.errors import WriteRefused

World = tuple[list[str | None], list[str | None]]
"""Which pool lists each address, before and after."""


def _cells(count: int, letters: str, size: int) -> st.SearchStrategy[World]:
    """Worlds of so many cells; addresses move between the pools of a cell only."""
    places = [[None, *(f"{letter}{cell}" for letter in letters)] for cell in range(count) for _ in range(size)]
    owners = st.tuples(*map(st.sampled_from, places)).map(list)
    return st.tuples(owners, owners)


WORLDS = _cells(1, "abcd", 10) | _cells(20, "ab", 4)  # one tangle, or many, so that there are batches

unhurried = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def pools(owners: list[str | None]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for number, owner in enumerate(owners):
        if owner is not None:
            found.setdefault(owner, set()).add(number)
    return found


def some(names: Iterable[str], seed: int) -> set[str]:
    """About one name of ten."""
    chance = random.Random(seed)
    return {name for name in sorted(names) if chance.random() < 0.1}


@unhurried
@given(world=WORLDS, threads=st.integers(1, 4), lingering=st.integers(0, 2))
def test_every_plan_reaches_its_end(
    cluster_of: Any, plan_of: Any, new_bench: Any, world: World, threads: int, lingering: int
) -> None:
    """Whatever moves where, Spiderpool never has a reason to refuse, and the pools end as planned."""
    before, after = world
    cluster = cluster_of(pools(before))
    cluster.lingering = lingering

    report = new_bench().apply(plan_of(pools(before), pools(after)), cluster, threads=threads)

    assert report.ok, list(report.lines())
    assert pools(after) == {name: pool.numbers for name, pool in cluster.pools.items()}


@unhurried
@given(world=WORLDS, failing=st.integers(0, 1 << 32), held=st.sets(st.integers(0, 79)), threads=st.integers(1, 4))
def test_failures_spread_no_further_than_they_must(
    cluster_of: Any, plan_of: Any, new_bench: Any, world: World, failing: int, held: Any, threads: int
) -> None:
    """With refused writes and held addresses, no write is sent that Spiderpool refuses for another pool's sake.

    No address that a pod holds gets lost, and each write is accounted for once.
    """
    before, after = world
    cluster = cluster_of(pools(before))
    cluster.failing = {name: WriteRefused("no") for name in some(pools(before) | pools(after), failing)}
    for pool in cluster.pools.values():
        pool.held = {number: f"ns/pod-{number}" for number in pool.numbers & held}
    plan = plan_of(pools(before), pools(after))

    report = new_bench().apply(plan, cluster, threads=threads)

    assert {"no", ""} >= {result.reason for result in report.results if result.outcome in ("refused", "done")}
    assert sorted(map(id, plan.writes)) == sorted(id(result.write) for result in report.results)
    for pool in cluster.pools.values():
        assert pool.held.keys() <= pool.numbers


@unhurried
@given(world=WORLDS, failing=st.integers(0, 1 << 32), threads=st.integers(1, 4))
def test_refusals_leave_one_batch_short(
    cluster_of: Any, plan_of: Any, new_bench: Any, world: World, failing: int, threads: int
) -> None:
    """Whichever writes are refused, the addresses that are in no pool in the end are those of one batch."""
    before, after = map(pools, world)
    cluster = cluster_of(before)
    cluster.failing = {name: WriteRefused("no") for name in some(before | after, failing)}
    plan = plan_of(before, after)

    new_bench().apply(plan, cluster, threads=threads)

    listed = {number for pool in cluster.pools.values() for number in pool.numbers}
    lost = {number for numbers in before.values() for number in numbers} - listed
    missing = {name for name, numbers in after.items() if numbers & lost}
    batched = [{change.name for part in batch.components for change in part} for batch in batches(plan)]
    assert sum(1 for names in batched if names & missing) <= 1


@unhurried
@given(world=WORLDS, threads=st.integers(1, 4))
def test_the_order_of_an_object_is_kept(
    cluster_of: Any, plan_of: Any, new_bench: Any, world: World, threads: int
) -> None:
    """A batch begins when the one before is through, no phase goes back in it, and a pool's writes keep their order."""
    before, after = world
    cluster = cluster_of(pools(before))
    plan = plan_of(pools(before), pools(after))
    batch_of = {change.name: number for number, batch in enumerate(batches(plan)) for change in batch.changes}

    new_bench().apply(plan, cluster, threads=threads)

    order = [(batch_of[write.name], write.phase) for write in cluster.sent]
    assert sorted(order) == order
    for change in plan.changes:
        assert list(change.writes) == [write for write in cluster.sent if write.name == change.name]


@unhurried
@given(world=WORLDS, stop_after=st.integers(0, 40))
def test_a_stopped_run_is_finished_by_the_next_one(
    cluster_of: Any, plan_of: Any, new_bench: Any, world: World, stop_after: int
) -> None:
    """Wherever a run is cut off, a new plan from what is there leads to the same end."""
    before, after = world
    cluster = cluster_of(pools(before))
    bench = new_bench()
    cluster.on_send = lambda _write: bench.stop.set() if len(cluster.sent) > stop_after else None
    bench.apply(plan_of(pools(before), pools(after)), cluster, threads=2)

    cluster.on_send = lambda _write: None
    for name in [name for name, pool in cluster.pools.items() if pool.looks_left is not None]:
        del cluster.pools[name]
    there = {name: set(pool.numbers) for name, pool in cluster.pools.items()}

    assert new_bench().apply(plan_of(there, pools(after)), cluster).ok
    assert pools(after) == {name: pool.numbers for name, pool in cluster.pools.items()}
