"""Pools whose SpiderMultusConfig does not exist: no pod could get an address of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from spidercli import kinds
from spidercli.errors import ConfigInvalid
from spidercli.model import Manifest
from spidercli.planning.gathering import gather
from spidercli.planning.networks import Networks
from spidercli.planning.plan import Action, Plan
from spidercli.planning.pools import plan_of

Builder = Callable[..., Manifest]
ETH0, ETH1 = "kube-system/ipvlan-eth0", "kube-system/ipvlan-eth1"


def config(reference: str, *, ours: bool = True, definition: str = "") -> Manifest:
    namespace, _, name = reference.partition("/")
    labels = {kinds.MANAGED_BY: "spidercli"} if ours else {}
    annotations = {kinds.ANNOTATION_DEFINITION: definition} if definition else {}
    metadata = {"name": name, "namespace": namespace, "labels": labels, "annotations": annotations}
    return {"apiVersion": kinds.SPIDERPOOL, "kind": "SpiderMultusConfig", "metadata": metadata}


def on(manifest: Any, *references: str) -> Manifest:
    manifest["spec"]["multusName"] = list(references)
    return dict(manifest)


def networks(*references: str) -> Networks:
    return Networks.of(map(config, references), namespace="kube-system")


def planned(desired: list[Manifest], live: list[Manifest], *there: str, **wish: bool) -> Plan:
    facts = gather(desired, live, prune=wish.get("prune", False), adopt=wish.get("adopt", False),
                   networks=networks(*there))  # fmt: skip
    return plan_of(facts)


def lines(plan: Plan) -> list[tuple[str, str]]:
    return [(change.action.value, change.detail) for change in plan.changes]


def test_a_new_pool_waits_for_its_network(pool: Builder) -> None:
    """It is not created, and the line says what is missing, and what to do; others are."""
    plan = planned([on(pool("a", "10.0.0.1"), ETH0), on(pool("b", "10.0.0.2"), ETH1)], [], ETH0)

    assert lines(plan) == [("create", "10.0.0.1 (1)"), ("blocked", "")]
    assert plan.changes[1].reason == (
        "SpiderMultusConfig kube-system/ipvlan-eth1 does not exist: run `spidercli multus sync` or `spidercli "
        "bootstrap` first, or check spiderpool.namespace"
    )


def test_a_pool_keeps_the_network_that_there_is(pool: Builder, live: Builder) -> None:
    """Nothing is written that only lets a pool refer to what does not exist."""
    plan = planned([on(pool("a", "10.0.0.1"), ETH1)], [live(on(pool("a", "10.0.0.1"), ETH0))], ETH0)

    assert (lines(plan), list(plan.writes)) == ([("blocked", "")], [])
    assert plan.changes[0].reason.endswith(f"; until then it keeps {ETH0} and gets no address")


def test_addresses_that_left_the_eni_leave_a_pool_that_waits(pool: Builder, live: Builder) -> None:
    """It shrinks on the network that it has, keeps what pods hold, and gains nothing."""
    current = live(on(pool("a", "10.0.0.1-10.0.0.4"), ETH0), held=["10.0.0.4"])
    plan = planned([on(pool("a", "10.0.0.1-10.0.0.2", "10.0.0.9", gateway="10.0.0.250"), ETH1)], [current], ETH0)
    (write,) = plan.writes

    assert lines(plan) == [("blocked", ""), ("blocked", ""), ("update", "-10.0.0.3 (4 → 3)")]
    assert plan.changes[1].reason == (
        "addresses in use left the ENI: 10.0.0.4 of pod default/web-0 (cut off; restart the pod)"
    )
    assert write.body is not None
    assert kinds.spec(write.body) == {**kinds.spec(current), "ips": ["10.0.0.1-10.0.0.2", "10.0.0.4"]}


def test_a_pool_that_waits_gives_addresses_to_others(pool: Builder, live: Builder) -> None:
    """An address that moved to a NIC whose network exists joins the pool there."""
    desired = [on(pool("a", "10.0.0.1"), ETH1), on(pool("b", "10.0.0.2-10.0.0.3"), ETH0)]
    current = [live(on(pool("a", "10.0.0.1-10.0.0.2"), ETH0)), live(on(pool("b", "10.0.0.3"), ETH0))]
    plan = planned(desired, current, ETH0)

    assert lines(plan) == [("blocked", ""), ("update", "-10.0.0.2 (2 → 1)"), ("update", "+10.0.0.2 (1 → 2)")]
    assert [write.name for write in plan.writes] == ["a", "b"]


def test_a_pool_that_waits_takes_nothing_from_others(pool: Builder, live: Builder) -> None:
    """What it will list one day stays where it is, so that it can be used for as long."""
    desired = [on(pool("a", "10.0.0.1-10.0.0.2"), ETH1)]
    current = [live(on(pool("a", "10.0.0.1"), ETH0)), live(on(pool("old", "10.0.0.2"), ETH0))]
    plan = planned(desired, current, ETH0)

    assert list(plan.writes) == []


def test_a_pool_whose_network_was_deleted_follows_its_eni(pool: Builder, live: Builder) -> None:
    """It refers to the right one already, so that nothing is lost by it; the line tells why no pod starts."""
    desired = [on(pool("a", "10.0.0.1-10.0.0.2"), ETH1)]
    plan = planned(desired, [live(on(pool("a", "10.0.0.1"), ETH1))], ETH0)

    assert lines(plan) == [("blocked", ""), ("update", "+10.0.0.2 (1 → 2)")]
    assert lines(planned(desired, [live(desired[0])], ETH0)) == [("blocked", "")]


def test_a_pool_is_not_made_anew_without_its_network(pool: Builder, live: Builder) -> None:
    """With a new subnet it would be deleted, and could not be created again."""
    desired = [on(pool("a", "10.1.0.1", subnet="10.1.0.0/24"), ETH1)]
    plan = planned(desired, [live(on(pool("a", "10.0.0.1"), ETH1))], ETH0)

    assert (lines(plan), list(plan.writes)) == ([("blocked", "")], [])
    assert "it is not deleted, as it could not be created again: SpiderMultusConfig" in plan.changes[0].reason


def test_a_strangers_pool_is_not_taken_over_without_its_network(pool: Builder, live: Builder) -> None:
    """--adopt waits for the network, too."""
    theirs = live(on(pool("a", "10.0.0.1", ours=False), ETH0))
    plan = planned([on(pool("a", "10.0.0.1"), ETH1)], [theirs], ETH0, adopt=True)

    assert (lines(plan), list(plan.writes)) == ([("blocked", "")], [])


@pytest.mark.parametrize("prune", [True, False])
def test_the_pool_of_a_former_name_stays_while_the_new_one_waits(pool: Builder, live: Builder, *, prune: bool) -> None:
    """Its addresses are not given up for a pool that nobody could use."""
    current: Any = live(on(pool("old", "10.0.0.1"), ETH0))
    wanted: Any = on(pool("new", "10.0.0.1"), ETH1)
    for each in (current, wanted):
        each["metadata"]["annotations"] = {kinds.ANNOTATION_ENI: "eni-1"}
    plan = planned([wanted], [current], ETH0, prune=prune)

    assert {change.action for change in plan.changes} == {Action.BLOCKED}
    assert list(plan.writes) == []


def test_which_networks_there_are() -> None:
    """By the name of the definition that Spiderpool makes; a name without a namespace is in Spiderpool's."""
    there = Networks.of([config("kube-system/any", definition="ipvlan-eth0")], namespace="kube-system")

    def lacks(*references: str) -> bool:
        return bool(there.lacking({"spec": {"multusName": list(references)}}))

    assert not lacks(ETH0)
    assert not lacks("ipvlan-eth0")
    assert not lacks(ETH1, ETH0)
    assert not lacks()
    assert lacks("kube-system/any")
    assert lacks("default/ipvlan-eth0")


def test_networks_by_hand_count() -> None:
    """Only what no SpiderMultusConfig covers is looked up, once, and only under names that an object can have."""
    wanted: list[Manifest] = [
        {"spec": {"multusName": names}}
        for names in ([ETH0], [ETH1], ["ipvlan-eth1"], ["other/x", ETH0], ["other/y"], [], ["", "a/.."])
    ]
    there = networks(ETH0)
    joined = there.joined_by([config(ETH1)])

    assert there.unaccounted(wanted) == [ETH1, "other/y"]
    assert [bool(joined.lacking(pool)) for pool in wanted] == [False, False, False, False, True, False, True]
    joined.check_namespace(wanted)


def test_another_namespace_than_all_of_ours(pool: Builder) -> None:
    """Where none of the networks exists, and ours are elsewhere, the namespace is wrong: nothing goes on."""
    wanted = [on(pool("a", "10.0.0.1"), ETH0), on(pool("b", "10.0.0.2"), ETH1)]

    with pytest.raises(ConfigInvalid, match=r"^spiderpool.namespace is kube-system, .* are in spiderpool;") as error:
        networks("spiderpool/ipvlan-eth0").check_namespace(wanted)
    assert "spiderpool.namespace: spiderpool" in str(error.value.hint)


@pytest.mark.parametrize(
    "there",
    [
        [config(ETH0), config("spiderpool/ipvlan-eth0")],
        [config("kube-system/former"), config("spiderpool/ipvlan-eth0")],
        [config("spiderpool/ipvlan-eth0", ours=False)],
        [],
    ],
    ids=["one-exists", "ours-of-another-name", "a-strangers", "none"],
)
def test_a_namespace_that_may_be_right(pool: Builder, there: list[Manifest]) -> None:
    """Some of them are there, some of ours are, or there are none of ours at all: pools wait one by one."""
    wanted = [on(pool("a", "10.0.0.1"), ETH0), on(pool("b", "10.0.0.2"), ETH1)]

    Networks.of(there, namespace="kube-system").check_namespace(wanted)
