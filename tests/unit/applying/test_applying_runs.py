"""Plans are carried out in order, and every write is accounted for."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from spidercli import kinds
from spidercli.applying import Outcome
from spidercli.errors import (
    ClusterError,
    ClusterForbidden,
    ClusterUnauthorized,
    ClusterUnreachable,
    KindMissing,
    WriteConflict,
    WriteRefused,
)
from spidercli.planning.plan import Action, Phase, Plan, Verb


def outcomes(report: Any) -> dict[str, str]:
    """What became of each object: the outcome of its last write."""
    return {result.write.name: result.outcome.value for result in report.results}


def reasons(report: Any) -> dict[str, str]:
    return {result.write.name: result.reason for result in report.results if result.reason}


def test_addresses_move_between_pools(bench: Any, cluster_of: Any, plan_of: Any) -> None:
    """A swap works, because what leaves a pool leaves before another pool grows."""
    cluster = cluster_of({"a": {1, 2}, "b": {3, 4}})

    report = bench.apply(plan_of({"a": {1, 2}, "b": {3, 4}}, {"a": {1, 3}, "b": {2, 4}}), cluster)

    assert report.ok
    assert {"a": {1, 3}, "b": {2, 4}} == {name: pool.numbers for name, pool in cluster.pools.items()}


def test_phases_follow_each_other(bench: Any, cluster_of: Any, writing: Any, changing: Any) -> None:
    """Writes are made phase by phase, however the plan lists them."""
    cluster = cluster_of({})
    writes = [writing(phase, f"o{phase}", [phase]) for phase in reversed(Phase)]

    bench.apply(Plan(changes=tuple(changing(write) for write in writes)), cluster)

    assert list(Phase) == [write.phase for write in cluster.sent]


def test_writes_of_one_object_keep_their_order(bench: Any, cluster_of: Any, writing: Any, changing: Any) -> None:
    """A replace and the apply after it are in one phase, and never at the same time."""
    cluster = cluster_of({})
    replace = writing(Phase.MULTUS, "m", verb=Verb.REPLACE, kind=kinds.MULTUS_CONFIG, namespace="ns")
    applied = writing(Phase.MULTUS, "m", kind=kinds.MULTUS_CONFIG, namespace="ns")

    bench.apply(Plan(changes=(changing(replace, applied),)), cluster)

    assert [Verb.REPLACE, Verb.APPLY] == [write.verb for write in cluster.sent]


def test_a_failed_write_ends_its_object_only(bench: Any, cluster_of: Any, writing: Any, changing: Any) -> None:
    """What follows for the same object is skipped; other objects go on."""
    cluster = cluster_of({})
    cluster.failing["m"] = WriteRefused("no")
    writes = [writing(Phase.MULTUS, "m", kind=kinds.MULTUS_CONFIG, namespace="ns", verb=verb) for verb in Verb]
    plan = Plan(changes=(changing(*writes[:2]), changing(writing(Phase.GROW, "p", [1]), action=Action.CREATE)))

    report = bench.apply(plan, cluster)

    assert ["refused", "skipped", "done"] == [result.outcome.value for result in report.results]
    assert "an earlier write of it was not made" == report.results[1].reason


def test_growing_waits_until_deleted_pools_are_gone(bench: Any, cluster_of: Any, plan_of: Any) -> None:
    """A pool that is being deleted still blocks its addresses; the pauses between two looks grow."""
    cluster = cluster_of({"old": {1, 2}})
    cluster.lingering = 3

    report = bench.apply(plan_of({"old": {1, 2}}, {"new": {1, 2}}), cluster)

    assert report.ok
    assert [1.0, 2.0, 4.0] == bench.slept
    assert (
        "waiting for deleted pools to go: old (no pod holds an address; is spiderpool-controller running?)"
        == (bench.story.waits[0])
    )


def test_without_deletes_nothing_is_listed(bench: Any, cluster_of: Any, plan_of: Any) -> None:
    """Only deletes and failures make it necessary to look again."""
    cluster = cluster_of({"a": {1, 2}})

    bench.apply(plan_of({"a": {1, 2}}, {"a": {1}, "b": {2}}), cluster)

    assert 0 == cluster.listings


def test_a_pool_that_hangs_is_named_with_its_pod(bench: Any, cluster_of: Any, plan_of: Any) -> None:
    """A pod that holds an address keeps its pool; pools that don't need the addresses are written all the same."""
    cluster = cluster_of({"old": {1, 2}})
    cluster.pools["old"].held = {1: "ns/web-0"}

    report = bench.apply(plan_of({"old": {1, 2}}, {"new": {2}, "other": {3}}), cluster)

    assert {"old": "blocked", "new": "skipped", "other": "done"} == outcomes(report)
    assert {
        "old": "still being deleted: pod ns/web-0 holds 10.0.0.1",
        "new": "10.0.0.2 is still listed by SpiderIPPool old",
    } == reasons(report)


def test_a_pool_that_hangs_is_not_created_again(
    bench: Any, cluster_of: Any, writing: Any, deleting: Any, changing: Any
) -> None:
    """A pool whose subnet changes is deleted and created; without the first there is no second."""
    cluster = cluster_of({"p": {1}})
    cluster.pools["p"].held = {1: "ns/web-0"}

    report = bench.apply(Plan(changes=(changing(deleting("p"), writing(Phase.GROW, "p", [1])),)), cluster)

    assert ["blocked", "skipped"] == [result.outcome.value for result in report.results]


def test_a_new_pool_of_the_same_name_is_not_waited_for(
    bench: Any, cluster_of: Any, deleting: Any, changing: Any
) -> None:
    """The uid tells a pool from its successor."""
    cluster = cluster_of({"p": {1}})

    def succeed(_write: object) -> None:
        cluster.pools["p"].uid = "other"

    cluster.on_send = succeed
    cluster._delete = lambda _write: None

    assert bench.apply(Plan(changes=(changing(deleting("p")),)), cluster).ok
    assert [] == bench.slept


def test_a_pool_that_did_not_shrink_keeps_its_addresses(bench: Any, cluster_of: Any, plan_of: Any) -> None:
    """A pool that should have got an address of a pool that kept it is not even tried."""
    cluster = cluster_of({"a": {1, 2}, "b": {3}})
    cluster.pools["a"].held = {2: "ns/web-0"}

    report = bench.apply(plan_of({"a": {1, 2}, "b": {3}}, {"a": {1}, "b": {2, 3}, "c": {4}}), cluster)

    assert {"a": "blocked", "b": "skipped", "c": "done"} == outcomes(report)
    assert {"a": "pod ns/web-0 holds 10.0.0.2", "b": "10.0.0.2 is still listed by SpiderIPPool a"} == reasons(report)


def test_a_changed_pool_is_not_deleted(bench: Any, cluster_of: Any, deleting: Any, changing: Any) -> None:
    """A pool that is not what was read stays, and running again is what helps."""
    cluster = cluster_of({"p": {1}})

    report = bench.apply(Plan(changes=(changing(deleting("p", "uid-read")),)), cluster)

    assert {"p": "changed meanwhile, run again"} == reasons(report)


@pytest.mark.parametrize("error", [ClusterUnreachable("gone"), ClusterUnauthorized("who?")], ids=["gone", "expired"])
def test_without_a_cluster_everything_stops(bench: Any, cluster_of: Any, plan_of: Any, error: ClusterError) -> None:
    """When nothing can succeed any more, nothing more is sent."""
    cluster = cluster_of({})
    cluster.failing = dict.fromkeys("abcdef", error)

    report = bench.apply(plan_of({}, {name: {at} for at, name in enumerate("abcdef")}), cluster, threads=1)

    assert 1 == len(cluster.sent)
    assert {"refused": 1, "skipped": 5} == {name: count for name, count in report.summary.items() if count}
    assert {error.message} == set(reasons(report).values())


def test_a_reason_for_all_names_no_object(bench: Any, cluster_of: Any, plan_of: Any) -> None:
    """What stopped everything is told of the other objects without the name of the one that met it."""
    cluster = cluster_of({})
    cluster.failing = {"a": ClusterUnreachable("can't apply SpiderIPPool a: the webhook does not answer")}

    report = bench.apply(plan_of({}, {"a": {1}, "b": {2}}), cluster, threads=1)

    assert {"a": "the webhook does not answer", "b": "the webhook does not answer"} == reasons(report)


@pytest.mark.parametrize("error", [ClusterForbidden("may not"), KindMissing("none")], ids=["forbidden", "missing"])
def test_a_missing_right_stops_what_needs_it(
    bench: Any, cluster_of: Any, writing: Any, changing: Any, error: ClusterError
) -> None:
    """What RBAC forbids for one object it forbids for all of the kind, and for no other kind."""
    cluster = cluster_of({})
    cluster.failing = {"m1": error}
    multus = [writing(Phase.MULTUS, f"m{at}", kind=kinds.MULTUS_CONFIG, namespace="ns") for at in range(1, 4)]
    pool = writing(Phase.GROW, "p", [1])

    report = bench.apply(Plan(changes=tuple(changing(write) for write in (*multus, pool))), cluster, threads=1)

    assert {"m1": "refused", "m2": "skipped", "m3": "skipped", "p": "done"} == outcomes(report)


def test_a_failed_look_stops_everything(bench: Any, cluster_of: Any, plan_of: Any) -> None:
    """Nothing grows when nobody knows which addresses are free."""
    cluster = cluster_of({"old": {1}})
    cluster.list_error = ClusterForbidden("no list")

    report = bench.apply(plan_of({"old": {1}}, {"new": {2}}), cluster)

    assert {"old": "done", "new": "skipped"} == outcomes(report)
    with pytest.raises(ClusterForbidden):  # not a failure like any other: the exit code tells it apart
        report.raise_if_incomplete()


def test_a_pool_waits_for_a_subnet_that_is_in_its_way(
    bench: Any, cluster_of: Any, writing: Any, deleting: Any, changing: Any
) -> None:
    """Spiderpool refuses a subnet that overlaps another one; a pool that could not be deleted keeps its own."""
    cluster = cluster_of({"old": {1}})
    cluster.failing["old"] = WriteRefused("no")
    body = {"metadata": {"name": "new"}, "spec": {"subnet": "10.0.0.0/25", "ips": ["10.0.0.7"]}}
    plan = Plan(changes=(changing(deleting("old")), changing(writing(Phase.GROW, "new", body=body))))

    report = bench.apply(plan, cluster)

    assert {"old": "refused", "new": "skipped"} == outcomes(report)
    assert "subnet 10.0.0.0/25 overlaps 10.0.0.0/24 of SpiderIPPool old, which is still there" in "".join(
        report.lines()
    )


def test_a_stop_leaves_the_rest_unsent(bench: Any, cluster_of: Any, plan_of: Any) -> None:
    """After Ctrl-C what is on its way is finished, nothing more is sent, and the report says so."""
    cluster = cluster_of({})
    cluster.on_send = lambda write: bench.stop.set() if write.name == "b" else None

    report = bench.apply(plan_of({}, {name: {at} for at, name in enumerate("abcd")}), cluster, threads=1)

    assert {"a": "done", "b": "done", "c": "skipped", "d": "skipped"} == outcomes(report)
    assert report.stopped
    assert {"a", "b"} == set(cluster.pools)


def test_a_stop_ends_the_waiting(bench: Any, cluster_of: Any, plan_of: Any) -> None:
    """Nobody waits for a pool after Ctrl-C."""
    cluster = cluster_of({"old": {1}})
    cluster.pools["old"].held = {1: "ns/web-0"}
    bench.sleep = lambda seconds: (bench.slept.append(seconds), bench.stop.set())

    report = bench.apply(plan_of({"old": {1}}, {"new": {2}}), cluster)

    assert [1.0] == bench.slept
    assert "skipped" == outcomes(report)["new"]


def test_an_abandoned_run_tells_what_it_knows(bench: Any, cluster_of: Any, plan_of: Any) -> None:
    """Who does not wait learns what was done, what was not sent, and of what nobody knows."""
    cluster = cluster_of({})
    reached, opened = threading.Event(), threading.Event()

    def hold(write: Any) -> None:
        if write.name == "b":
            reached.set()
            opened.wait(10)

    cluster.on_send = hold
    run = bench.run(plan_of({}, {name: {at} for at, name in enumerate("abc")}), cluster, threads=1)
    thread = threading.Thread(target=run.carried_out)
    thread.start()
    assert reached.wait(10)
    on_their_way = len(run.in_flight)
    bench.stop.set()
    report = run.abandoned()
    opened.set()
    thread.join()

    assert 1 == on_their_way
    assert {"a": "done", "b": "unknown", "c": "skipped"} == outcomes(report)
    assert report.stopped
    assert {"a": "done", "b": "done", "c": "skipped"} == outcomes(run.abandoned())


@pytest.mark.parametrize("broken", [{"status": {"allocatedIPs": "?"}}, {"spec": {"ips": ["?"]}}], ids=str)
def test_an_unreadable_pool_does_not_stop_the_run(bench: Any, cluster_of: Any, plan_of: Any, broken: Any) -> None:
    """A pool that nobody can read is still waited for, and blocks no address that is not known to be its own."""
    cluster = cluster_of({"old": {1}})
    cluster.pools["old"].held = {1: "ns/web-0"}
    as_it_is = cluster.list
    cluster.list = lambda kind: [{**manifest, **broken} for manifest in as_it_is(kind)]

    report = bench.apply(plan_of({"old": {1}}, {"new": {2}}), cluster)

    assert {"old": "blocked", "new": "done"} == outcomes(report)


def test_a_defect_stops_the_run(bench: Any, cluster_of: Any, plan_of: Any) -> None:
    """An error that is not the cluster's gets out without going through the whole plan first."""
    cluster = cluster_of({})

    def break_down(_write: object) -> None:
        raise RuntimeError

    cluster.on_send = break_down

    with pytest.raises(RuntimeError):
        bench.apply(plan_of({}, {f"p{at}": {at} for at in range(100)}), cluster, threads=1)
    assert len(cluster.sent) < 100


def test_updates_use_all_threads_and_creates_begin_with_four(bench: Any, cluster_of: Any, plan_of: Any) -> None:
    """Writes are made in parallel; creates only as far as Spiderpool's webhook gains from it."""
    before = {f"p{at:02}": {at} for at in range(8)}
    grown = {name: numbers | {max(numbers) + 100} for name, numbers in before.items()}
    cluster = cluster_of(before)
    together = threading.Barrier(8, timeout=10)
    cluster.on_send = lambda _write: together.wait()

    bench.apply(plan_of(before, grown), cluster, threads=8)
    assert 8 == cluster.busiest

    cluster = cluster_of({})
    first_four = threading.Barrier(4, timeout=10)
    beginning = {write.name for write in list(plan_of({}, before).writes)[:4]}
    seen: list[int] = []

    def all_of_the_first(write: Any) -> None:
        if write.name in beginning:
            first_four.wait()
            seen.append(cluster.busiest)

    cluster.on_send = all_of_the_first
    bench.apply(plan_of({}, before), cluster, threads=8)
    assert 4 == min(seen)


def test_progress_hears_of_every_write(bench: Any, cluster_of: Any, plan_of: Any) -> None:
    """A progress bar knows its end from the start, and reaches it."""
    cluster = cluster_of({"old": {1}})
    cluster.failing["b"] = WriteConflict("stale")

    bench.apply(plan_of({"old": {1}}, {"a": {2}, "b": {3}}), cluster)

    assert 3 == bench.story.total
    assert [("a", Outcome.DONE), ("b", Outcome.REFUSED), ("old", Outcome.DONE)] == sorted(bench.story.through)


def test_an_empty_plan_does_nothing(bench: Any, cluster_of: Any) -> None:
    """Nothing to do is done at once, and well."""
    report = bench.apply(Plan(changes=()), cluster_of({}))

    assert report.ok
    assert ["nothing to do"] == list(report.lines())
