"""Addresses that move are in no pool for a while: batch by batch, so that a failure leaves few pools short."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from spidercli import kinds
from spidercli.applying import Outcome, Result
from spidercli.applying.ordering import Batch, batches, failure
from spidercli.errors import (
    AddressInUse,
    ApplyIncomplete,
    ClusterError,
    ClusterForbidden,
    ClusterUnreachable,
    WriteConflict,
    WriteRefused,
)
from spidercli.planning.plan import Action, Change, Phase, Plan, Write

COUNT = 100
OLD = {f"old{at:03}": {at} for at in range(COUNT)}
NEW = {f"new{at:03}": {at} for at in range(COUNT)}
NOT_BEGUN = "not begun, so that no more addresses leave their pools: "


def renamed(plan_of: Any) -> Plan:
    plan: Plan = plan_of(OLD, NEW)
    return plan


def refuse_creates(cluster: Any, error: ClusterError, *, after: int = 0) -> None:
    """Let the API server refuse to create pools, once it has created some."""
    created: list[str] = []

    def look(write: Write) -> None:
        if write.phase is Phase.GROW:
            created.append(write.name)
            if len(created) > after:
                raise error

    cluster.on_send = look


def short_of(cluster: Any) -> int:
    """How many addresses are in no pool that hands them out."""
    listed = {number for pool in cluster.pools.values() if pool.looks_left is None for number in pool.numbers}
    return COUNT - len(listed)


def test_batches_grow_from_a_small_one(plan_of: Any) -> None:
    """Eight renamed pools go first, then twice as many each time, up to some hundreds."""
    before = {f"old{at:04}": {at} for at in range(256)}
    plan = plan_of(before, {name.replace("old", "new"): numbers for name, numbers in before.items()})

    assert [8, 16, 32, 64, 128, 8] == [len(batch.components) for batch in batches(plan)]


def test_what_depends_on_nothing_goes_with_the_first_batch(plan_of: Any) -> None:
    """An ordinary run is one batch; in a mixed one the pools without addresses come first."""
    free = {"another": {200}}

    [batch] = batches(plan_of({"gone": {201}}, free))
    assert (["another", "gone"], []) == ([change.name for change in batch.changes], batch.components)

    first, *later = batches(plan_of(OLD, {**NEW, **free}))
    assert ["another"] == [change.name for change in first.others] == [change.name for change in first.changes[16:]]
    assert not any(batch.others for batch in later)


def test_a_large_component_is_a_batch_of_its_own(plan_of: Any) -> None:
    """What depends on each other is never torn apart, and comes after what is small."""
    ring = [f"r{at:02}" for at in range(40)]
    before = dict(zip(ring, ({at} for at in range(40)), strict=True))
    after = dict(zip([*ring[1:], ring[0]], before.values(), strict=True))

    sizes = [[len(component) for component in batch.components] for batch in batches(plan_of(before, after))]
    assert [[40]] == sizes
    many = {f"s{at:02}": {at} for at in range(100, 120)}
    mixed = plan_of({**before, **many}, {**after, **{f"t{name}": numbers for name, numbers in many.items()}})
    assert [[2] * 8, [2] * 12, [40]] == [[len(part) for part in batch.components] for batch in batches(mixed)]


def test_a_batch_is_complete_before_the_next_one_begins(bench: Any, cluster_of: Any, plan_of: Any) -> None:
    """Never more than a batch of pools is without addresses, and each batch looks at deleted pools once."""
    cluster = cluster_of(OLD)
    most: list[int] = []
    cluster.on_send = lambda _write: most.append(short_of(cluster))

    report = bench.apply(renamed(plan_of), cluster, threads=1)

    assert report.ok
    assert NEW == {name: pool.numbers for name, pool in cluster.pools.items()}
    assert 44 == max(most)  # 8 + 16 + 32 + 44
    assert 8 == max(most[:16])
    assert 4 == cluster.listings


@pytest.mark.parametrize(
    "error",
    [ClusterForbidden("may not create"), WriteRefused("quota"), ClusterUnreachable("late", in_doubt=True)],
    ids=["forbidden", "refused", "no-answer"],
)
def test_a_rename_that_can_not_be_finished_stops_early(
    bench: Any, cluster_of: Any, plan_of: Any, error: ClusterError
) -> None:
    """When no new pool can be created, the pools of one small batch are short, and the report says of which not."""
    cluster = cluster_of(OLD)
    refuse_creates(cluster, error)

    report = bench.apply(renamed(plan_of), cluster, threads=4)

    assert 8 == short_of(cluster)
    assert 8 == report.summary["done"]
    left = [result for result in report.results if result.reason.startswith(NOT_BEGUN)]
    assert 2 * (COUNT - 8) == len(left)
    assert {Outcome.SKIPPED} == {result.outcome for result in left}
    assert 1 == len({result.reason for result in left})
    assert left[0].reason.endswith(f": {error.message}")
    assert 2 * COUNT == len({id(result.write) for result in report.results}) == len(bench.story.through)
    with pytest.raises(ApplyIncomplete if isinstance(error, WriteRefused) else type(error)):
        report.raise_if_incomplete()


def test_a_failure_later_on_leaves_one_batch(bench: Any, cluster_of: Any, plan_of: Any) -> None:
    """A webhook that begins to refuse in the third batch leaves what came before as it should be."""
    cluster = cluster_of(OLD)
    refuse_creates(cluster, WriteRefused("too many pools"), after=30)

    bench.apply(renamed(plan_of), cluster, threads=1)

    assert 8 + 16 + 32 - 30 == short_of(cluster)
    assert 30 + (COUNT - 8 - 16 - 32) == sum(1 for pool in cluster.pools.values() if pool.looks_left is None)


def test_the_next_run_finishes_a_rename_that_stopped(bench: Any, cluster_of: Any, plan_of: Any) -> None:
    """What the first run left is a plan like any other."""
    cluster = cluster_of(OLD)
    refuse_creates(cluster, WriteRefused("quota"), after=3)
    bench.apply(renamed(plan_of), cluster)
    cluster.on_send = lambda _write: None

    there = {name: set(pool.numbers) for name, pool in cluster.pools.items()}

    assert bench.apply(plan_of(there, NEW), cluster).ok
    assert NEW == {name: pool.numbers for name, pool in cluster.pools.items()}


def test_a_right_that_is_missing_from_the_start_costs_nobody_an_address(
    bench: Any, cluster_of: Any, plan_of: Any, writing: Any, changing: Any
) -> None:
    """What is forbidden before the first pool shrinks is not tried at the cost of addresses."""
    cluster = cluster_of(OLD)
    earlier = writing(Phase.CLOSE, "closing", [250])
    cluster.failing = {"closing": ClusterForbidden("may not patch")}

    report = bench.apply(Plan(changes=(changing(earlier), *renamed(plan_of).changes)), cluster)

    assert 0 == short_of(cluster)
    assert [earlier] == cluster.sent
    assert {"may not patch", f"{NOT_BEGUN}may not patch"} == {result.reason for result in report.results}


def test_a_controller_that_is_away_costs_one_batch(bench: Any, cluster_of: Any, plan_of: Any) -> None:
    """Deleted pools that nobody removes keep their addresses from the new ones, and from pods."""
    cluster = cluster_of(OLD)
    cluster.lingering = 1000

    report = bench.apply(renamed(plan_of), cluster)

    assert 8 == short_of(cluster)
    assert 8 == report.summary["blocked"]
    assert any("is spiderpool-controller running?" in reason for reason in not_begun(report))


def not_begun(report: Any) -> set[str]:
    return {result.reason for result in report.results if result.reason.startswith(NOT_BEGUN)}


def test_what_is_about_one_pool_stops_no_batch(bench: Any, cluster_of: Any, plan_of: Any) -> None:
    """A conflict, or a pod that took an address since the plan was made, says nothing about other pools."""
    cluster = cluster_of(OLD)
    cluster.failing = {"new001": WriteConflict("stale")}
    cluster.pools["old002"].held = {2: "ns/web-0"}

    report = bench.apply(renamed(plan_of), cluster)

    assert {"old002", "new001", "new002"} == {result.write.name for result in report.results if result.reason}


def test_a_stopped_run_begins_no_other_batch(bench: Any, cluster_of: Any, plan_of: Any) -> None:
    """After Ctrl-C the rest is told as in any other run that was stopped."""
    cluster = cluster_of(OLD)
    cluster.on_send = lambda write: bench.stop.set() if write.name == "new010" else None

    report = bench.apply(renamed(plan_of), cluster, threads=1)

    assert 8 + 16 - 11 == short_of(cluster)
    assert {"", "the run was stopped"} == {result.reason for result in report.results}
    assert report.stopped


def test_creates_stay_eased_from_batch_to_batch(bench: Any, cluster_of: Any, plan_of: Any) -> None:
    """How many creates Spiderpool's webhook takes at a time is learnt once."""
    run = bench.run(renamed(plan_of), cluster_of(OLD), threads=16)
    seen: list[int] = []
    run.cluster.on_send = lambda write: seen.append(run.easing.limit) if write.phase is Phase.GROW else None

    run.carried_out()

    assert seen[0] == 4
    assert min(seen[8:]) > 4


@pytest.fixture(name="pair")
def _pair(writing: Any, deleting: Any, changing: Any) -> tuple[Change, Change]:
    """A renamed pool: its deletion and its successor's creation."""
    old, new = changing(deleting("old"), before=[1]), changing(writing(Phase.GROW, "new", [1]), action=Action.CREATE)
    return old, new


Judged = Callable[..., str]


@pytest.fixture(name="judged")
def _judged(pair: tuple[Change, Change]) -> Judged:
    """Why nothing may follow a batch of one renamed pool beside others that went well, given what became of the two."""

    def judge(old: Result, new: Result, *, unheld: frozenset[str] = frozenset(), alone: bool = False) -> str:
        others: tuple[Change, ...] = ()
        return failure(Batch(components=[pair] if alone else [pair, others]), [old, new], unheld)

    return judge


def test_only_what_others_may_meet_ends_the_batches(pair: tuple[Change, Change], judged: Judged) -> None:
    """The rule, case by case."""
    delete, create = pair[0].writes[0], pair[1].writes[0]
    gone = Result(write=delete, outcome=Outcome.DONE)
    hangs = Result(write=delete, outcome=Outcome.BLOCKED, reason="still there")
    waits = Result.skipped(create, "listed by old")
    stays = Result.of_error(delete, WriteRefused("no"))

    assert judged(gone, Result(write=create, outcome=Outcome.DONE)) == ""
    assert judged(gone, Result.of_error(create, WriteRefused("no"))) == "SpiderIPPool new: no"
    assert judged(gone, Result.of_error(create, WriteConflict("stale"))) == ""
    assert judged(gone, Result.of_error(create, AddressInUse("held"))) == ""
    assert judged(hangs, waits) == ""
    assert judged(hangs, waits, unheld=frozenset({"old"})) == "SpiderIPPool old: still there"
    assert judged(stays, waits) == ""
    assert judged(Result.of_error(delete, ClusterUnreachable("late", in_doubt=True)), waits) == "SpiderIPPool old: late"


def test_a_batch_of_which_nothing_came_through_is_the_last(pair: tuple[Change, Change], judged: Judged) -> None:
    """Whatever the reasons are: if all pools of a batch are short, those of the next would be as well."""
    gone = Result(write=pair[0].writes[0], outcome=Outcome.DONE)
    stale = Result.of_error(pair[1].writes[0], WriteConflict("stale"))

    assert judged(gone, stale, alone=True) == "SpiderIPPool new: changed meanwhile, run again"


def test_names_of_other_kinds_do_not_matter(writing: Any, changing: Any, plan_of: Any) -> None:
    """A SpiderMultusConfig that is called like a pool has nothing to do with it."""
    multus = changing(writing(Phase.MULTUS, "old000", kind=kinds.MULTUS_CONFIG, namespace="ns", body={}))

    first, *_ = batches(Plan(changes=(multus, *renamed(plan_of).changes)))

    assert [multus] == list(first.others)
