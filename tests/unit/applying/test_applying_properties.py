"""Random plans on a cluster that enforces Spiderpool's rules."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spidercli.errors import WriteRefused

NAMES = ["a", "b", "c", "d"]
OWNERS = st.lists(st.sampled_from([None, *NAMES]), min_size=10, max_size=10)  # which pool lists each address

unhurried = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def pools(owners: list[str | None]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for number, owner in enumerate(owners):
        if owner is not None:
            found.setdefault(owner, set()).add(number)
    return found


@unhurried
@given(before=OWNERS, after=OWNERS, threads=st.integers(1, 4), lingering=st.integers(0, 2))
def test_every_plan_reaches_its_end(
    cluster_of: Any, plan_of: Any, new_bench: Any, before: Any, after: Any, threads: int, lingering: int
) -> None:
    """Whatever moves where, Spiderpool never has a reason to refuse, and the pools end as planned."""
    cluster = cluster_of(pools(before))
    cluster.lingering = lingering

    report = new_bench().apply(plan_of(pools(before), pools(after)), cluster, threads=threads)

    assert report.ok, list(report.lines())
    assert pools(after) == {name: pool.numbers for name, pool in cluster.pools.items()}


@unhurried
@given(
    before=OWNERS,
    after=OWNERS,
    failing=st.sets(st.sampled_from(NAMES)),
    held=st.sets(st.integers(0, 9)),
    threads=st.integers(1, 4),
)
def test_failures_spread_no_further_than_they_must(
    cluster_of: Any, plan_of: Any, new_bench: Any, before: Any, after: Any, failing: Any, held: Any, threads: int
) -> None:
    """With refused writes and held addresses, no write is sent that Spiderpool refuses for another pool's sake.

    No address that a pod holds gets lost, and each write is accounted for once.
    """
    cluster = cluster_of(pools(before))
    cluster.failing = {name: WriteRefused("no") for name in failing}
    for pool in cluster.pools.values():
        pool.held = {number: f"ns/pod-{number}" for number in pool.numbers & held}
    plan = plan_of(pools(before), pools(after))

    report = new_bench().apply(plan, cluster, threads=threads)

    assert {"no", ""} >= {result.reason for result in report.results if result.outcome in ("refused", "done")}
    assert sorted(map(id, plan.writes)) == sorted(id(result.write) for result in report.results)
    for pool in cluster.pools.values():
        assert pool.held.keys() <= pool.numbers


@unhurried
@given(before=OWNERS, after=OWNERS, threads=st.integers(1, 4))
def test_the_order_of_an_object_is_kept(
    cluster_of: Any, plan_of: Any, new_bench: Any, before: Any, after: Any, threads: int
) -> None:
    """Phases never go back, and a pool's own writes come in the plan's order."""
    cluster = cluster_of(pools(before))
    plan = plan_of(pools(before), pools(after))

    new_bench().apply(plan, cluster, threads=threads)

    phases = [write.phase for write in cluster.sent]
    assert sorted(phases) == phases
    for change in plan.changes:
        assert list(change.writes) == [write for write in cluster.sent if write.name == change.name]


@unhurried
@given(before=OWNERS, after=OWNERS, stop_after=st.integers(0, 8))
def test_a_stopped_run_is_finished_by_the_next_one(
    cluster_of: Any, plan_of: Any, new_bench: Any, before: Any, after: Any, stop_after: int
) -> None:
    """Wherever a run is cut off, a new plan from what is there leads to the same end."""
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
