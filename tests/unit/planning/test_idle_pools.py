"""Pools whose NIC has no address for pods, and why a pool is not wanted."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

import pytest

from spidercli import addresses, kinds
from spidercli.errors import GuardTripped
from spidercli.model import AddressBlock, Inventory, Manifest, MatchedBy, NamedBy, Nic, Node, Source
from spidercli.planning import guards
from spidercli.planning.gathering import gather
from spidercli.planning.live import LivePool
from spidercli.planning.nics import Nics
from spidercli.planning.plan import Action, Plan
from spidercli.planning.pools import plan_of

Builder = Callable[..., Manifest]


def made(pool: Builder, name: str, *ips: str, eni: str = "eni-1") -> Manifest:
    manifest = pool(name, *ips)
    return {**manifest, "metadata": {**kinds.metadata(manifest), "annotations": {kinds.ANNOTATION_ENI: eni}}}


def nics(*ips: str, idle: bool = True) -> Nics:
    """An inventory of one NIC, eni-1, which has these addresses on the cloud."""
    found = addresses.gathered(addresses.expand(ips))
    nic = Nic(
        name="eth0", named_by=NamedBy.PRIMARY, eni_id="eni-1", mac="", vswitch_id="vsw-1", primary=True,
        primary_ip=None, free_addresses=None,
        blocks=(AddressBlock(subnet=ipaddress.ip_network("10.0.0.0/24"), gateway=None, addresses=found),),
    )  # fmt: skip
    node = Node(
        name="node", uid="", provider_id="", instance_id="i-1", instance_type="", region_id="r", zone_id="z",
        vpc_id="vpc-1", matched_by=MatchedBy.CLOUD, nics=(nic,),
    )  # fmt: skip
    inventory = Inventory(source=Source.FILE, region_id="r", nodes=(node,))
    return Nics(inventory, lambda: [("eni-1", 4)] if idle else [])


def planned(desired: list[Manifest], live: list[Manifest], known: Nics, *, prune: bool = False) -> Plan:
    return plan_of(gather(desired, live, prune=prune, adopt=False, nics=known))


def lines(plan: Plan) -> list[tuple[str, str, str]]:
    return [(change.action.value, change.detail, change.reason) for change in plan.changes]


def test_a_pool_whose_eni_lost_every_address_is_emptied(pool: Builder, live: Builder) -> None:
    """The addresses may be any other machine's by now; the pool itself waits for new ones."""
    plan = planned([], [live(made(pool, "a", "10.0.0.1-10.0.0.5"))], nics())

    assert lines(plan) == [("update", "-10.0.0.1-10.0.0.5 (5 → 0)", "its ENI has no address for pods any more")]
    assert [write.body["spec"]["ips"] for write in plan.writes if write.body] == [[]]  # type: ignore[index]


def test_an_empty_pool_of_an_eni_without_addresses_is_as_it_should_be(pool: Builder, live: Builder) -> None:
    """Nothing is written again and again; --prune takes it away."""
    current = live(made(pool, "a"))

    assert lines(planned([], [current], nics())) == [("unchanged", "", "")]
    assert [line[0] for line in lines(planned([], [current], nics(), prune=True))] == ["delete"]


def test_addresses_in_use_stay_in_an_idle_pool(pool: Builder, live: Builder) -> None:
    """What a pod holds is blocked, and the rest goes."""
    plan = planned([], [live(made(pool, "a", "10.0.0.1-10.0.0.2"), held=["10.0.0.1"])], nics())

    assert lines(plan) == [
        ("blocked", "", "addresses in use left the ENI: 10.0.0.1 of pod default/web-0 (cut off; restart the pod)"),
        ("update", "-10.0.0.2 (2 → 1)", "its ENI has no address for pods any more"),
    ]


def test_a_cloud_without_addresses_does_not_empty_the_pools(pool: Builder, live: Builder) -> None:
    """One NIC may lose everything; that all do is more likely a mistake, and more than may go at once."""
    current = [live(made(pool, name, f"10.0.0.{at}1-10.0.0.{at}9")) for at, name in enumerate("abc", start=1)]
    plan = planned([], current, nics())

    with pytest.raises(GuardTripped, match="27 of 27 addresses would leave the pools"):
        guards.check_losses(guards.losses(map(LivePool, current), plan), "20%")


def test_an_excluded_address_in_use_is_called_so(pool: Builder, live: Builder) -> None:
    """It did not leave the ENI: the configuration keeps pods from it."""
    current = live(made(pool, "a", "10.0.0.1-10.0.0.3"), held=["10.0.0.1", "10.0.0.2"])
    plan = planned([made(pool, "a", "10.0.0.3")], [current], nics("10.0.0.1", "10.0.0.3", idle=False))

    assert plan.of(Action.BLOCKED)[0].reason == (
        "addresses in use left the ENI: 10.0.0.2 of pod default/web-0 (cut off; restart the pod); "
        "addresses in use are not for pods any more: 10.0.0.1 of pod default/web-0"
    )


def test_the_reason_for_which_a_pool_is_not_wanted(pool: Builder, live: Builder) -> None:
    """Its name changed, now or in a run before; its family is not wanted; or its ENI is gone."""
    known = nics("10.0.0.1", idle=False)
    named, old = made(pool, "new", "10.0.0.1"), live(made(pool, "old", "10.0.0.2"))

    def why(desired: list[Manifest], current: list[Manifest]) -> str:
        (reason,) = {change.reason for change in planned(desired, current, known).changes if change.name == "old"}
        return reason

    assert why([named], [old]) == "the pool of its ENI is called new now; --prune deletes it"
    assert why([named], [old, live(named)]) == "the pool of its ENI is called new now; --prune deletes it"
    assert why([], [old]) == "the configuration wants no pool for it; --prune deletes it"
    assert why([], [live(made(pool, "old", eni="eni-2"))]) == "no NIC of the inventory has it; --prune deletes it"


def test_the_reason_for_which_a_pool_that_tells_no_eni_is_not_wanted(pool: Builder, live: Builder) -> None:
    """Its name changed, as its node and its network tell; else nothing of the inventory leads to it."""
    named = pool("new", "10.0.0.1", network="ns/ipvlan-eth0")
    current = live(pool("old", "10.0.0.1", network="ns/ipvlan-eth0"))
    known = nics("10.0.0.1", idle=False)

    assert [line for line in lines(planned([named], [current], known)) if line[0] != "create"] == [
        ("update", "-10.0.0.1 (1 → 0)", "addresses go to SpiderIPPool new"),
        ("blocked", "", "the pool of its NIC is called new now; --prune deletes it"),
    ]
    assert lines(planned([], [current], known)) == [
        ("blocked", "", "no NIC of the inventory has it; --prune deletes it")
    ]


def test_prune_says_what_it_waits_for(pool: Builder, live: Builder) -> None:
    """A pool that pods use is not deleted, and no line promises it."""
    current = [live(made(pool, "old", "10.0.0.1"), held=["10.0.0.1"])]
    kept = planned([], current, nics(idle=False)).changes[0].reason
    pruned = planned([], current, nics(idle=False), prune=True).changes[0].reason

    assert kept.endswith("; --prune deletes it once these are free: 10.0.0.1 of pod default/web-0")
    assert pruned.endswith(", but addresses in use are in it: 10.0.0.1 of pod default/web-0")
