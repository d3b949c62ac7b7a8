"""What a plan says of SpiderIPPools."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from spidercli import kinds
from spidercli.errors import FactsInvalid, TemplateInvalid
from spidercli.model import Manifest
from spidercli.planning import guards
from spidercli.planning.live import LivePool
from spidercli.planning.plan import Action, Change, Phase, Plan, Verb
from spidercli.planning.pools import plan_pools

Builder = Callable[..., Manifest]


def actions(plan: Plan) -> list[tuple[str, str]]:
    return [(change.action.value, change.name) for change in plan.changes]


def only(plan: Plan, action: Action) -> Change:
    (change,) = plan.of(action)
    return change


def ips(change: Change) -> object:
    assert change.after is not None
    return change.after["spec"]["ips"]  # type: ignore[index]


def test_a_missing_pool_is_created(pool: Builder) -> None:
    """A pool that the cluster lacks is created in the phase that grows."""
    plan = plan_pools([pool("a", "10.0.0.1-10.0.0.5")], [])

    change = only(plan, Action.CREATE)
    assert (Phase.GROW, Verb.APPLY) == (change.writes[0].phase, change.writes[0].verb)
    assert change.detail == "10.0.0.1-10.0.0.5 (5)"


def test_an_equal_pool_is_unchanged(pool: Builder, live: Builder) -> None:
    """A pool that is as desired gets no write."""
    plan = plan_pools([pool("a", "10.0.0.1")], [live(pool("a", "10.0.0.1"))])

    assert actions(plan) == [("unchanged", "a")]
    assert list(plan.writes) == []
    assert not plan.pending


def test_the_order_in_which_ranges_are_written_is_no_drift(pool: Builder, live: Builder) -> None:
    """The same addresses in another spelling are the same addresses."""
    plan = plan_pools([pool("a", "10.0.0.1-10.0.0.2")], [live(pool("a", "10.0.0.2", "10.0.0.1"))])

    assert actions(plan) == [("unchanged", "a")]


def test_a_list_without_addresses_may_be_left_out(pool: Builder, live: Builder) -> None:
    """Spiderpool's webhook takes an empty list away, which is no drift: it would be written again by every run."""
    mine, other = live(pool("a", "10.0.0.1")), live(pool("b", "10.0.0.1"), held={"10.0.0.1": "default/web"})
    del mine["spec"]["ips"]  # type: ignore[attr-defined]

    plan = plan_pools([pool("a", "10.0.0.1")], [mine, other])

    assert list(plan.writes) == []
    assert "10.0.0.1 can't join" in plan.of(Action.BLOCKED)[0].reason


def test_a_gained_and_a_lost_address_are_one_write(pool: Builder, live: Builder) -> None:
    """Addresses that no other pool is involved in need no second write."""
    plan = plan_pools([pool("a", "10.0.0.2-10.0.0.3")], [live(pool("a", "10.0.0.1-10.0.0.2"))])

    change = only(plan, Action.UPDATE)
    assert change.detail == "+10.0.0.3 -10.0.0.1 (2 → 2)"
    assert [Phase.GROW] == [write.phase for write in change.writes]


def test_a_moved_address_leaves_before_it_joins(pool: Builder, live: Builder) -> None:
    """The pool that loses an address shrinks in the phase before the one in which the other grows."""
    desired = [pool("a", "10.0.0.1"), pool("b", "10.0.0.2-10.0.0.3")]
    plan = plan_pools(desired, [live(pool("a", "10.0.0.1-10.0.0.2")), live(pool("b", "10.0.0.3"))])

    assert [("a", Phase.SHRINK), ("b", Phase.GROW)] == [(write.name, write.phase) for write in plan.writes]


def test_pools_that_swap_addresses_both_shrink_first(pool: Builder, live: Builder) -> None:
    """A swap is two shrinks, then two growths."""
    desired = [pool("a", "10.0.0.2"), pool("b", "10.0.0.1")]
    plan = plan_pools(desired, [live(pool("a", "10.0.0.1")), live(pool("b", "10.0.0.2"))])

    writes = [(write.name, write.phase, write.body["spec"]["ips"]) for write in plan.writes]  # type: ignore[index]
    assert writes == [
        ("a", Phase.SHRINK, []),
        ("b", Phase.SHRINK, []),
        ("a", Phase.GROW, ["10.0.0.2"]),
        ("b", Phase.GROW, ["10.0.0.1"]),
    ]


def test_an_address_in_use_stays(pool: Builder, live: Builder) -> None:
    """A pod's address stays in its pool, the plan names the pod, and the other addresses follow the cloud."""
    current = live(pool("a", "10.0.0.1-10.0.0.3"), held={"10.0.0.1": "default/web-0"})
    plan = plan_pools([pool("a", "10.0.0.3")], [current])

    assert "10.0.0.1 of pod default/web-0" in only(plan, Action.BLOCKED).reason
    assert ips(only(plan, Action.UPDATE)) == ["10.0.0.1", "10.0.0.3"]


def test_a_moved_address_in_use_blocks_both_sides(pool: Builder, live: Builder) -> None:
    """Neither pool changes over an address that a pod holds; the rest of both does."""
    desired = [pool("a", "10.0.0.1"), pool("b", "10.0.0.2-10.0.0.4")]
    current = [live(pool("a", "10.0.0.1-10.0.0.3"), held=["10.0.0.2"]), live(pool("b", "10.0.0.4"))]
    plan = plan_pools(desired, current)

    assert [("blocked", "a"), ("update", "a"), ("blocked", "b"), ("update", "b")] == actions(plan)
    assert [["10.0.0.1-10.0.0.2"], ["10.0.0.3-10.0.0.4"]] == [ips(change) for change in plan.of(Action.UPDATE)]
    assert "pod default/web-0 holds it in SpiderIPPool a" in plan.of(Action.BLOCKED)[1].reason


def test_only_a_blocked_address_means_no_write(pool: Builder, live: Builder) -> None:
    """A pool whose only difference is an address in use is left as it is."""
    plan = plan_pools([pool("a", "10.0.0.1")], [live(pool("a", "10.0.0.1-10.0.0.2"), held=["10.0.0.2"])])

    assert actions(plan) == [("blocked", "a")]
    assert plan.pending


def test_a_foreign_pool_is_a_conflict(pool: Builder, live: Builder) -> None:
    """A pool of the same name that we did not make is not touched."""
    plan = plan_pools([pool("a", "10.0.0.1")], [live(pool("a", "10.0.0.1", ours=False))])

    assert "--adopt" in only(plan, Action.CONFLICT).reason
    assert list(plan.writes) == []


def test_adopt_takes_a_foreign_pool_over(pool: Builder, live: Builder) -> None:
    """--adopt turns the conflict into an update."""
    plan = plan_pools([pool("a", "10.0.0.1")], [live(pool("a", "10.0.0.1", ours=False))], adopt=True)

    assert actions(plan) == [("update", "a")]


@pytest.mark.parametrize(
    ("there", "wanted", "ips"), [("10.0.0.7/24", "10.0.0.0/24", "10.0.0.1"), ("FD00:0::/64", "fd00::/64", "fd00::1")]
)
def test_a_subnet_keeps_its_spelling(pool: Builder, live: Builder, there: str, wanted: str, ips: str) -> None:
    """The webhook refuses every change of a pool's subnet, that of the same network in other letters too."""
    foreign: Any = live(pool("a", subnet=wanted, ours=False))
    foreign["spec"]["subnet"] = there

    plan = plan_pools([pool("a", ips, subnet=wanted)], [foreign], adopt=True)

    assert [there] == [kinds.spec(write.body or {})["subnet"] for write in plan.writes]
    assert "subnet" not in plan.changes[0].reason


def test_adopt_touches_no_pool_that_nothing_asks_for(pool: Builder, live: Builder) -> None:
    """--adopt with --prune deletes nothing of others."""
    plan = plan_pools([], [live(pool("theirs", "10.0.0.1", ours=False))], prune=True, adopt=True)

    assert plan.changes == ()


def test_an_address_in_a_foreign_pool_is_blocked(pool: Builder, live: Builder) -> None:
    """An address that somebody else's pool lists can't join ours; the rest can."""
    theirs = live(pool("theirs", "10.0.0.1", ours=False))
    plan = plan_pools([pool("a", "10.0.0.1-10.0.0.2")], [theirs])

    assert "10.0.0.1 can't join: it is listed by SpiderIPPool theirs" in only(plan, Action.BLOCKED).reason
    assert ips(only(plan, Action.CREATE)) == ["10.0.0.2"]


def test_an_address_that_a_foreign_pool_excludes_is_free(pool: Builder, live: Builder) -> None:
    """An excluded address is not listed."""
    theirs = pool("theirs", "10.0.0.1-10.0.0.9", ours=False)
    theirs["spec"]["excludeIPs"] = ["10.0.0.1"]  # type: ignore[index]
    plan = plan_pools([pool("a", "10.0.0.1")], [live(theirs)])

    assert actions(plan) == [("create", "a")]


def test_a_foreign_pool_of_another_subnet_that_overlaps_blocks(pool: Builder, live: Builder) -> None:
    """The webhook refuses a subnet that overlaps another pool's, so it is not even tried."""
    theirs = live(pool("theirs", "10.0.9.9", subnet="10.0.0.0/16", ours=False))
    plan = plan_pools([pool("a", "10.0.0.1")], [theirs])

    assert "overlaps 10.0.0.0/16 of SpiderIPPool theirs" in only(plan, Action.BLOCKED).reason


def test_a_pool_that_nothing_asks_for_waits_for_prune(pool: Builder, live: Builder) -> None:
    """Without --prune a superfluous pool is reported and kept."""
    plan = plan_pools([], [live(pool("old", "10.0.0.1"))])

    assert "--prune" in only(plan, Action.BLOCKED).reason
    assert list(plan.writes) == []


def test_prune_deletes_with_preconditions(pool: Builder, live: Builder) -> None:
    """A delete names the version that was read: an allocation in the meantime makes the server refuse it."""
    plan = plan_pools([], [live(pool("old", "10.0.0.1"))], prune=True)

    (write,) = only(plan, Action.DELETE).writes
    assert (Verb.DELETE, "uid-old", "7") == (write.verb, write.uid, write.resource_version)


def test_prune_keeps_what_is_in_use(pool: Builder, live: Builder) -> None:
    """A superfluous pool keeps the addresses that pods hold, and gives out no others."""
    plan = plan_pools([], [live(pool("old", "10.0.0.1-10.0.0.3"), held=["10.0.0.2"])], prune=True)

    assert actions(plan) == [("blocked", "old"), ("update", "old")]
    assert ips(only(plan, Action.UPDATE)) == ["10.0.0.2"]


def test_a_renamed_pool_gets_its_addresses_without_prune(pool: Builder, live: Builder) -> None:
    """Addresses that belong to another ENI now leave a superfluous pool; the pool itself stays."""
    plan = plan_pools([pool("new", "10.0.0.1-10.0.0.2")], [live(pool("old", "10.0.0.1-10.0.0.3"))])

    assert [("create", "new"), ("update", "old"), ("blocked", "old")] == actions(plan)
    assert ips(only(plan, Action.UPDATE)) == ["10.0.0.3"]
    assert [Phase.SHRINK, Phase.GROW] == [write.phase for write in plan.writes]


def test_a_changed_subnet_is_delete_then_create(pool: Builder, live: Builder) -> None:
    """A subnet can't be changed in place."""
    plan = plan_pools([pool("a", "10.1.0.1", subnet="10.1.0.0/24")], [live(pool("a", "10.0.0.1"))])

    writes = [(write.verb, write.phase) for write in plan.writes]
    assert writes == [(Verb.DELETE, Phase.SHRINK), (Verb.APPLY, Phase.GROW)]


def test_a_changed_subnet_is_blocked_while_in_use(pool: Builder, live: Builder) -> None:
    """A pool that pods use is not deleted to change its subnet."""
    current = live(pool("a", "10.0.0.1"), held=["10.0.0.1"])
    plan = plan_pools([pool("a", "10.1.0.1", subnet="10.1.0.0/24")], [current])

    assert actions(plan) == [("blocked", "a")]


def test_a_terminating_pool_is_waited_for(pool: Builder, live: Builder) -> None:
    """A desired pool that is being deleted is created again once it is gone."""
    plan = plan_pools([pool("a", "10.0.0.1")], [live(pool("a", "10.0.0.1"), terminating=True)])

    assert [Verb.DELETE, Verb.APPLY] == [write.verb for write in plan.writes]


def test_a_changed_gateway_is_named(pool: Builder, live: Builder) -> None:
    """Drift outside the addresses says which field, and how."""
    plan = plan_pools([pool("a", "10.0.0.1")], [live(pool("a", "10.0.0.1", gateway="10.0.0.9"))])

    assert only(plan, Action.UPDATE).reason == "spec.gateway: 10.0.0.9 → 10.0.0.253"


@pytest.mark.parametrize("family", [("10.0.0.1", "10.0.0.0/24"), ("fd00::1", "fd00::/64")], ids=["ipv4", "ipv6"])
def test_families_do_not_mix(pool: Builder, live: Builder, family: tuple[str, str]) -> None:
    """A pool of one family never blocks the other."""
    address, subnet = family
    other = live(pool("other", "::1", subnet="::/120", ours=False))
    plan = plan_pools([pool("a", address, subnet=subnet)], [other])

    assert actions(plan) == [("create", "a")]


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("subnet", "10.0.0.1/24", "10.0.0.1/24 has host bits set"),
        ("subnet", None, "'None' does not appear to be an IPv4 or IPv6 network"),
        ("ips", ["10.0.0.9-10.0.0.1"], "runs backwards"),
        ("ips", ["fd00::1"], "'fd00::1' is not of IPv4"),
        ("ips", [5], "'5' does not appear to be an IPv4 or IPv6 address"),
        ("ips", 5, "'int' object is not iterable"),
    ],
)
def test_a_template_that_gives_no_addresses_is_named(pool: Builder, field: str, value: object, why: str) -> None:
    """Only a template of the user's own gives such a pool."""
    manifest = pool("a", "10.0.0.1")
    manifest["spec"][field] = value  # type: ignore[index]

    with pytest.raises(TemplateInvalid, match=f"SpiderIPPool a: .*{why}"):
        plan_pools([manifest], [])


def test_a_range_of_ours_that_runs_backwards_is_given_up(pool: Builder, live: Builder) -> None:
    """The webhook lets a single one pass, so a live pool may have it; what is left is written in canonical form."""
    old = live(pool("old", "10.0.0.9-10.0.0.1"))
    plan = plan_pools([], [old])

    assert [("blocked", "old")] == actions(plan)


def test_a_pool_without_addresses_has_a_subnet_that_counts(pool: Builder, live: Builder) -> None:
    """Nothing is planned beside a pool that can't be read, even if it lists nothing."""
    with pytest.raises(FactsInvalid, match=r"spec\.subnet can't be read"):
        plan_pools([], [live(pool("a", ours=False) | {"spec": {"subnet": "x"}})])


@pytest.mark.parametrize("ours", [True, False])
@pytest.mark.parametrize(("prune", "adopt"), [(False, False), (True, True)])
def test_a_pool_of_any_size_is_planned(pool: Builder, live: Builder, *, prune: bool, adopt: bool, ours: bool) -> None:
    """No address of a pool is looked at one by one, be it ours, moved, deleted or taken over."""
    subnet = "fd00::/16"
    huge = live(pool("huge", "fd00::1-fd00:ffff::ffff", subnet=subnet, ours=ours), held=["fd00::7"])
    wanted = [pool("huge", "fd00::5-fd00::9", subnet=subnet), pool("other", "fd00::3", subnet=subnet)]
    for desired in (wanted, wanted[:1], wanted[1:], []):
        plan = plan_pools(desired, [huge], prune=prune, adopt=adopt)
        assert guards.losses([LivePool(huge)], plan).addresses_going <= 1 << 112


def test_a_pool_that_shrinks_keeps_its_subnet(pool: Builder, live: Builder) -> None:
    """What we send of a pool that nothing asks for is complete, even if another manager owns the subnet by now."""
    old: Any = live(pool("old", "10.0.0.1-10.0.0.3"))
    del old["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"]["f:subnet"]
    plan = plan_pools([pool("new", "10.0.0.1")], [old])

    (body,) = (write.body for write in plan.writes if write.name == "old")
    assert body is not None
    assert body["spec"] == {
        "ips": ["10.0.0.2-10.0.0.3"], "gateway": "10.0.0.253", "nodeName": ["node"], "subnet": "10.0.0.0/24",
    }  # fmt: skip
    assert guards.losses([LivePool(old)], plan).addresses_going == 0


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("10.0.0.254", "10.0.0.253", "spec.gateway: 10.0.0.254 → 10.0.0.253"),
        (True, False, "spec.gateway: true → false"),
        (["a", "b"], ["c"], "spec.gateway: a, b → c"),
        (["a" * 50], ["c"], "spec.gateway differs"),
        ({"a": "b"}, "c", "spec.gateway differs"),
        ("a\nb", "c", "spec.gateway differs"),
        (["a"], [], "spec.gateway differs"),
    ],
)
def test_what_changes_is_shown_where_there_is_room(
    pool: Builder, live: Builder, old: object, new: object, reason: str
) -> None:
    """Short values are shown as they are and as they will be."""
    wanted, current = pool("a", "10.0.0.1"), live(pool("a", "10.0.0.1"))
    wanted["spec"]["gateway"], current["spec"]["gateway"] = new, old  # type: ignore[index]

    assert only(plan_pools([wanted], [current]), Action.UPDATE).reason == reason
