"""Pools that can't become what is desired of them yet: nothing of them is given up for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from spidercli import kinds
from spidercli.errors import GuardTripped
from spidercli.model import Manifest
from spidercli.planning import guards
from spidercli.planning.gathering import gather
from spidercli.planning.live import LivePool
from spidercli.planning.movement import Fate
from spidercli.planning.plan import Action, Plan
from spidercli.planning.pools import plan_of, plan_pools

Builder = Callable[..., Manifest]
OTHER = "10.1.0.0/24"


def lines(plan: Plan) -> list[tuple[str, str]]:
    return [(change.action.value, change.name) for change in plan.changes]


def for_eni(manifest: Any, eni_id: str) -> Manifest:
    manifest["metadata"]["annotations"] = {kinds.ANNOTATION_ENI: eni_id}
    return dict(manifest)


def with_field(manifest: Any, **fields: object) -> Manifest:
    """A live pool whose spec somebody has edited with kubectl."""
    entry = {
        "manager": "kubectl-patch",
        "operation": "Update",
        "apiVersion": kinds.SPIDERPOOL,
        "fieldsV1": {"f:spec": {f"f:{key}": {} for key in fields}},
    }
    manifest["spec"].update(fields)
    manifest["metadata"].setdefault("managedFields", []).append(entry)
    return dict(manifest)


def test_a_pool_stays_while_the_new_one_can_not_be_created(pool: Builder, live: Builder) -> None:
    """With a new subnet that overlaps a pool which stays, there would be no pool at all after the delete."""
    theirs = live(pool("legacy", "10.1.0.9", subnet="10.1.0.0/25", ours=False))
    plan = plan_pools([pool("a", "10.1.0.1", subnet=OTHER)], [live(pool("a", "10.0.0.1")), theirs])

    assert (lines(plan), list(plan.writes)) == ([("blocked", "a")], [])
    assert "but it is not deleted, as it could not be created again: subnet 10.1.0.0/24 overlaps 10.1.0.0/25 of" in (
        plan.changes[0].reason
    )


def test_a_pool_stays_while_no_address_of_the_new_one_is_free(pool: Builder, live: Builder) -> None:
    """The same where others keep everything that it would list."""
    theirs = live(pool("legacy", "10.1.0.1", subnet=OTHER, ours=False))
    plan = plan_pools([pool("a", "10.1.0.1", subnet=OTHER)], [live(pool("a", "10.0.0.1")), theirs])

    assert (lines(plan), list(plan.writes)) == ([("blocked", "a")], [])
    assert "10.1.0.1 can't join: it is listed by SpiderIPPool legacy" in plan.changes[0].reason


def test_what_stays_is_in_the_way_of_others(pool: Builder, live: Builder) -> None:
    """A pool that can't be made anew keeps its subnet, so that another one can't be made anew there either."""
    desired = [pool("a", "10.1.0.1", subnet="10.1.0.0/25"), pool("b", "10.2.0.1", subnet="10.2.0.0/24")]
    current = [
        live(pool("a", "10.0.0.1")),
        live(pool("b", "10.1.0.9", subnet=OTHER)),
        live(pool("legacy", "10.2.0.9", subnet="10.2.0.0/16", ours=False)),
    ]

    assert lines(plan_pools(desired, current)) == [("blocked", "a"), ("blocked", "b")]
    assert lines(plan_pools(desired, current[:2])) == [("update", "a"), ("update", "b")]


def test_a_pool_that_vanishes_is_not_created_too_early(pool: Builder, live: Builder) -> None:
    """A pool that is being deleted, and whose subnet another one overlaps, is nothing that we could write to."""
    theirs = live(pool("legacy", "10.0.0.9", subnet="10.0.0.0/25", ours=False))
    plan = plan_pools([pool("a", "10.0.0.1")], [live(pool("a", "10.0.0.1"), terminating=True), theirs])

    assert (lines(plan), list(plan.writes)) == ([("blocked", "a")], [])
    assert "it is being deleted, but can't be created again yet: subnet" in plan.changes[0].reason


def test_others_get_what_a_waiting_pool_need_not_keep(pool: Builder, live: Builder) -> None:
    """An address that belongs to another pool leaves a pool that can't be made anew."""
    desired = [pool("a", "10.1.0.1", subnet=OTHER), pool("b", "10.0.0.2")]
    current = live(pool("a", "10.0.0.1-10.0.0.2"), held=["10.0.0.1"])
    plan = plan_pools(desired, [current])

    assert lines(plan) == [("blocked", "a"), ("update", "a"), ("create", "b")]


@pytest.mark.parametrize("prune", [True, False])
def test_a_pool_that_can_not_be_created_takes_nothing(pool: Builder, live: Builder, *, prune: bool) -> None:
    """The pool of the former name keeps its addresses, and stays, while a pool that stays is in the new one's way."""
    desired = [for_eni(pool("new", "10.0.0.2", subnet="10.0.0.0/25"), "eni-1")]
    legacy = live(pool("legacy", "10.0.0.9", subnet="10.0.0.0/26", ours=False))
    plan = plan_pools(desired, [live(for_eni(pool("old", "10.0.0.2"), "eni-1")), legacy], prune=prune)

    assert (lines(plan), list(plan.writes)) == ([("blocked", "new"), ("blocked", "old")], [])
    assert "overlaps 10.0.0.0/2" in plan.changes[0].reason
    assert plan.changes[1].reason.startswith("the pool of its ENI is called new now")


def test_a_node_is_not_changed_under_addresses_in_use(pool: Builder, live: Builder) -> None:
    """An address that stays because a pod holds it would be handed out on another node afterwards."""
    current = live(pool("a", "10.0.0.1-10.0.0.2", node="worker"), held=["10.0.0.1"])
    plan = plan_pools([pool("a", "10.0.0.5", node="master")], [current])

    assert (lines(plan), list(plan.writes)) == ([("blocked", "a")], [])
    assert plan.changes[0].reason == (
        "its node changes from worker to master, but addresses in use are in it: 10.0.0.1 of pod default/web-0"
    )


def test_a_wrong_node_is_mended_around_addresses_in_use(pool: Builder, live: Builder) -> None:
    """Where the addresses in use are the pool's own, somebody has edited the node."""
    current = live(pool("a", "10.0.0.1", node="elsewhere"), held=["10.0.0.1"])
    plan = plan_pools([pool("a", "10.0.0.1", node="worker")], [current])

    assert [change.reason for change in plan.changes] == ["spec.nodeName: elsewhere → worker"]


@pytest.mark.parametrize("ours", [True, False])
@pytest.mark.parametrize("adopt", [True, False])
def test_the_pool_of_a_node_out_of_scope_is_not_taken_over(
    pool: Builder, live: Builder, *, adopt: bool, ours: bool
) -> None:
    """Another configuration may be about that node: two of them would take the pool from each other for ever."""
    current = live(pool("pod-eth0", "10.0.0.1", node="worker", ours=ours))
    desired = [pool("pod-eth0", "10.0.0.5", node="master")]
    plan = plan_of(gather(desired, [current], prune=True, adopt=adopt, nodes={"master"}))

    assert (lines(plan), list(plan.writes)) == ([("conflict", "pod-eth0")], [])
    assert plan.changes[0].reason == "this name is taken by the pool of worker, which this run is not about"


def test_a_pool_for_no_node_is_mended_in_any_scope(pool: Builder, live: Builder) -> None:
    """A pool of ours whose nodeName somebody took away serves every node, which can't wait."""
    current: Any = live(pool("a", "10.0.0.1"))
    del current["spec"]["nodeName"]
    plan = plan_of(gather([pool("a", "10.0.0.1")], [current], prune=False, adopt=False, nodes={"node"}))

    assert lines(plan) == [("update", "a")]


@pytest.mark.parametrize(
    ("field", "told"), [({"excludeIPs": ["10.0.0.2"]}, "excludeIPs: 10.0.0.2"), ({"disable": True}, "disable: true")]
)
def test_what_others_set_is_not_lost_with_a_pool(
    pool: Builder, live: Builder, field: dict[str, object], told: str
) -> None:
    """A pool that is made anew, for another subnet or under another name, would hand out what it should not."""
    current = with_field(live(for_eni(pool("a", "10.0.0.1-10.0.0.2"), "eni-1")), **field)
    moved = plan_pools([pool("a", "10.1.0.1", subnet=OTHER)], [current])
    renamed = plan_pools([for_eni(pool("b", "10.0.0.1-10.0.0.2"), "eni-1")], [current], prune=True)

    assert (lines(moved), list(moved.writes)) == ([("blocked", "a")], [])
    assert (lines(renamed), list(renamed.writes)) == ([("blocked", "a"), ("blocked", "b")], [])
    assert all(f"{told}; take that away to go on" in change.reason for change in (*moved.changes, *renamed.changes))


def test_nothing_is_lost_with_fields_that_say_nothing(pool: Builder, live: Builder) -> None:
    """What the server or Spiderpool fills in comes back with the new pool."""
    current: Any = with_field(live(pool("a", "10.0.0.1")), disable=False, excludeIPs=[])
    current["spec"]["podAffinity"] = {"matchLabels": {"app": "web"}}  # by the webhook: no manager has it

    assert lines(plan_pools([pool("a", "10.1.0.1", subnet=OTHER)], [current])) == [("update", "a")]


def test_without_managed_fields_every_value_counts(pool: Builder, live: Builder) -> None:
    """Where the server strips them, nothing tells whose a value is."""
    current: Any = live(pool("a", "10.0.0.1"), owned=False)
    current["spec"]["disable"] = True

    assert lines(plan_pools([pool("a", "10.1.0.1", subnet=OTHER)], [current])) == [("blocked", "a")]


def test_somebody_elses_pool_that_waits_is_not_touched(pool: Builder, live: Builder) -> None:
    """--adopt writes nothing to a pool that it can't take over, even if another one wants its addresses."""
    theirs = live(pool("a", "10.0.0.1-10.0.0.2", ours=False), held=["10.0.0.1"])
    desired = [pool("a", "10.1.0.1", subnet=OTHER), pool("b", "10.0.0.2")]
    facts = gather(desired, [theirs], prune=False, adopt=True)

    assert (lines(plan_of(facts)), facts.fates["a"]) == ([("blocked", "a"), ("blocked", "b")], Fate.STAY)


def test_pools_that_are_taken_over_are_counted(pool: Builder, live: Builder) -> None:
    """--adopt deletes and creates again what has another subnet: that is limited as with our own pools."""
    current = [live(pool(name, f"10.0.{at}.1-10.0.{at}.9", subnet=f"10.0.{at}.0/24", ours=False)) for at, name in
               enumerate("abc")]  # fmt: skip
    desired = [pool(name, f"10.1.{at}.1", subnet=f"10.1.{at}.0/24") for at, name in enumerate("abc")]
    found = guards.losses(map(LivePool, current), plan_pools(desired, current, adopt=True))

    assert (found.pools, found.lost[guards.Loss.RENEWED], found.addresses, found.addresses_going) == (3, 3, 27, 27)
    with pytest.raises(GuardTripped, match="3 of 3 pools would be deleted and created again"):
        guards.check_losses(found, "20%")


def test_a_conflict_is_not_counted(pool: Builder, live: Builder) -> None:
    """Pools of others are not touched without --adopt."""
    current = [live(pool("a", "10.0.0.1-10.0.0.9", ours=False))]
    plan = plan_pools([pool("a", "10.1.0.1", subnet=OTHER)], current)

    assert plan.of(Action.CONFLICT)
    assert guards.losses(map(LivePool, current), plan).pools == 0
