"""Pools whose ENI is on the way, or whose NIC name is a guess that live pools contradict, are left as they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from hypothesis import given
from hypothesis import strategies as st

from spidercli import kinds
from spidercli.model import EniInTransit, Manifest, NamedBy, Transit
from spidercli.planning.gathering import gather
from spidercli.planning.movement import Fate
from spidercli.planning.nics import Nics
from spidercli.planning.plan import Phase, Plan
from spidercli.planning.pools import plan_of
from tests.unit.planning.inventories import nic, on_node

Builder = Callable[..., Manifest]
GUESS, INDEX, CONFIG = NamedBy.CREATION_ORDER, NamedBy.DEVICE_INDEX, NamedBy.CONFIG
NAME_THEM = "name the node's NICs with `interfaces` in the configuration"


def known(names: Mapping[str, str], named_by: NamedBy = GUESS, *, moving: Iterable[EniInTransit] = ()) -> Nics:
    """What an inventory tells of one node, with ENIs by NIC name; eni-N has the address 10.0.0.N."""
    return on_node((nic(name, eni, f"10.0.0.{eni[-1]}", named_by=named_by) for name, eni in names.items()), moving)


def pools(build: Builder, names: Mapping[str, str], pattern: str = "ipvlan-{}") -> list[Manifest]:
    """A pool for each NIC, with the address 10.0.0.N of eni-N."""
    return [
        build(name, f"10.0.0.{eni[-1]}", eni=eni, network=f"ns/{pattern.format(name)}") for name, eni in names.items()
    ]


def planned(desired: list[Manifest], live: list[Manifest], nics: Nics, *, prune: bool = False) -> Plan:
    return plan_of(gather(desired, live, prune=prune, adopt=False, nics=nics))


def lines(plan: Plan) -> dict[str, str]:
    return {change.name: change.action.value for change in plan.changes}


def written(plan: Plan) -> list[tuple[str, object]]:
    """What is written, in order: pools with what they list afterwards."""
    return [(write.name, kinds.spec(write.body)["ips"]) for write in plan.writes if write.body]


def with_ips(manifest: Manifest, *ips: str) -> Manifest:
    return {**manifest, "spec": {**kinds.spec(manifest), "ips": list(ips)}}


def test_guessed_names_that_change_places_change_nothing(pool: Builder, live: Builder) -> None:
    """Both pools are blocked, and the reason says what speaks against the guess and what to do."""
    old, new = {"eth1": "eni-1", "eth2": "eni-2"}, {"eth1": "eni-2", "eth2": "eni-1"}
    plan = planned(pools(pool, new), [live(each) for each in pools(pool, old)], known(new))

    assert (lines(plan), list(plan.writes)) == ({"eth1": "blocked", "eth2": "blocked"}, [])
    assert plan.changes[0].reason == (
        f"eni-2 is eth1 of node only by a guess, but SpiderIPPool eth2 has it for ns/ipvlan-eth2: {NAME_THEM}"
    )


def test_names_that_are_known_may_change_places(pool: Builder, live: Builder) -> None:
    """By DeviceIndex or configuration it is what somebody wants, as it is where no ENI is told."""
    old, new = {"eth1": "eni-1", "eth2": "eni-2"}, {"eth1": "eni-2", "eth2": "eni-1"}
    current = [live(each) for each in pools(pool, old)]

    assert lines(planned(pools(pool, new), current, known(new, INDEX))) == {"eth1": "update", "eth2": "update"}
    assert lines(planned(pools(pool, new), current, known(new, CONFIG))) == {"eth1": "update", "eth2": "update"}
    assert lines(planned(pools(pool, new), current, Nics())) == {"eth1": "update", "eth2": "update"}


def test_an_eni_that_is_gone_makes_no_other_eni_move_up(pool: Builder, live: Builder) -> None:
    """On the node the second NIC is eth2 as before; the first one's pool stays without addresses, even with --prune."""
    current = [live(each) for each in pools(pool, {"eth1": "eni-1", "eth2": "eni-2"})]
    new = {"eth1": "eni-2"}

    for prune in (False, True):
        plan = planned(pools(pool, new), current, known(new), prune=prune)
        blocked, emptied, other = plan.changes
        assert [(change.name, change.action.value) for change in (blocked, other)] == [
            ("eth1", "blocked"),
            ("eth2", "blocked"),
        ]
        assert blocked.reason == other.reason
        assert (emptied.name, emptied.detail, emptied.reason) == ("eth1", "-10.0.0.1 (1 → 0)", "addresses left the ENI")
        assert written(plan) == [("eth1", [])]


def test_what_left_its_eni_leaves_a_pool_whose_name_is_in_doubt(pool: Builder, live: Builder) -> None:
    """It may be any machine's by now; what a pod holds stays, and so does what the ENI still has."""
    old, new = {"eth1": "eni-1", "eth2": "eni-2"}, {"eth1": "eni-2", "eth2": "eni-1"}
    first, second = pools(pool, old)
    first, second = with_ips(first, "10.0.0.1", "10.0.0.11-10.0.0.12"), with_ips(second, "10.0.0.2")
    current = [live(first, held=["10.0.0.11"]), live(second)]
    plan = planned(pools(pool, new), current, known(new))

    assert [(change.name, change.action.value) for change in plan.changes] == [
        ("eth1", "blocked"),
        ("eth1", "update"),
        ("eth2", "blocked"),
    ]
    assert written(plan) == [("eth1", ["10.0.0.1", "10.0.0.11"])]


def test_an_address_that_went_from_an_eni_in_doubt_to_another(pool: Builder, live: Builder) -> None:
    """It leaves the one pool before it joins the other, unless a pod holds it."""
    old, new = {"eth1": "eni-1", "eth2": "eni-2"}, {"eth1": "eni-2", "eth2": "eni-1"}
    first, second = pools(pool, old)
    first, other = with_ips(first, "10.0.0.1", "10.0.0.3"), pool("other", "10.0.0.3", eni="eni-3", node="other")
    desired = [*pools(pool, new), other]

    free = planned(desired, [live(first), live(second)], known(new))
    assert written(free) == [("eth1", ["10.0.0.1"]), ("other", ["10.0.0.3"])]
    assert [write.phase for write in free.writes] == [Phase.SHRINK, Phase.GROW]
    assert written(planned(desired, [live(first, held=["10.0.0.3"]), live(second)], known(new))) == []


def test_pools_in_doubt_that_keep_everything(pool: Builder, live: Builder) -> None:
    """One that tells no ENI, whose ENI is on the way, or that is being deleted, so that it can't be changed."""
    new = {"eth1": "eni-2"}
    desired, (first, second) = pools(pool, new), pools(pool, {"eth1": "eni-1", "eth2": "eni-2"})
    untold = pool("eth1", "10.0.0.1", network="ns/ipvlan-eth1")
    moving = EniInTransit(eni_id="eni-1", transit=Transit.DETACHING)

    assert written(planned(desired, [live(untold), live(second)], known(new))) == []
    assert written(planned(desired, [live(first), live(second)], known(new, moving=[moving]))) == []
    assert written(planned(desired, [live(first, terminating=True), live(second)], known(new))) == []


def test_a_new_eni_does_not_push_others_aside(pool: Builder, live: Builder) -> None:
    """One that was created earlier and attached later would be counted first; the pool of its name is another one's."""
    current = [live(each) for each in pools(pool, {"eth1": "eni-1"})]
    new = {"eth1": "eni-9", "eth2": "eni-1"}
    plan = planned(pools(pool, new), current, known(new))

    assert (lines(plan), list(plan.writes)) == ({"eth1": "blocked", "eth2": "blocked"}, [])
    assert [change.reason.partition(": ")[0] for change in plan.changes] == [
        "eni-9 is eth1 of node only by a guess, but SpiderIPPool eth1 is that of eni-1, which is still on the node",
        "eni-1 is eth2 of node only by a guess, but SpiderIPPool eth1 has it for ns/ipvlan-eth1",
    ]


def test_pools_that_are_not_named_after_their_nics(pool: Builder, live: Builder) -> None:
    """The name that counts is the NIC's, which the network tells."""
    old = pool("by-eni", "10.0.0.2", eni="eni-2", network="ns/ipvlan-eth2")
    new = pool("by-eni", "10.0.0.2", eni="eni-2", network="ns/ipvlan-eth1")
    other = pool("a-new-pattern", "10.0.0.2", eni="eni-2", network="ns/ipvlan-eth2")

    assert lines(planned([new], [live(old)], known({"eth1": "eni-2"}))) == {"by-eni": "blocked"}
    assert lines(planned([other], [live(old)], known({"eth2": "eni-2"})))["a-new-pattern"] == "create"


def test_other_names_for_networks_are_no_other_nics(pool: Builder, live: Builder) -> None:
    """`multus.name` may change while the NIC names are guessed."""
    names = {"eth1": "eni-1", "eth2": "eni-2"}
    plan = planned(pools(pool, names, "macvlan-{}"), [live(each) for each in pools(pool, names)], known(names))

    assert lines(plan) == {"eth1": "update", "eth2": "update"}


def test_an_eni_that_was_replaced(pool: Builder, live: Builder) -> None:
    """Where the former ENI is gone, and nothing tells the new one's name otherwise, the guess is good enough."""
    new = {"eth1": "eni-9"}
    plan = planned(pools(pool, new), [live(each) for each in pools(pool, {"eth1": "eni-1"})], known(new))

    assert lines(plan) == {"eth1": "update"}


def test_an_eni_that_went_to_another_node(pool: Builder, live: Builder) -> None:
    """What it was called there says nothing of its name here."""
    here, there = (pool(f"{node}-{name}", "10.0.0.1", eni="eni-1", network=f"ns/ipvlan-{name}", node=node)
                   for node, name in (("node", "eth1"), ("other", "eth2")))  # fmt: skip

    assert lines(planned([here], [live(there)], known({"eth1": "eni-1"})))["node-eth1"] == "create"


def test_pools_of_enis_on_the_way_stay(pool: Builder, live: Builder) -> None:
    """Not a free address leaves, whoever wants the pool, and --prune does not delete it."""
    current = [live(pool("eth1", "10.0.0.1-10.0.0.5", eni="eni-1", network="ns/ipvlan-eth1"))]
    moving = EniInTransit(eni_id="eni-1", transit=Transit.DETACHING)
    successor = pool("eth1", "10.0.0.9", eni="eni-9", network="ns/ipvlan-eth1")

    for desired, nics in (
        ([], known({}, moving=[moving])),
        ([successor], known({"eth1": "eni-9"}, CONFIG, moving=[moving])),
    ):
        plan = planned(desired, current, nics, prune=True)
        assert (lines(plan), list(plan.writes)) == ({"eth1": "blocked"}, [])
        assert plan.changes[0].reason == (
            "its ENI eni-1 is being detached from node: until that is done, the pool stays as it is"
        )


def test_an_address_that_left_an_eni_on_the_way(pool: Builder, live: Builder) -> None:
    """It is assigned to another ENI by now, so it moves as ever."""
    current = [live(pool("eth1", "10.0.0.1-10.0.0.2", eni="eni-1"))]
    moving = EniInTransit(eni_id="eni-1", transit=Transit.ATTACHING)
    plan = planned([pool("eth2", "10.0.0.2", eni="eni-2")], current, known({}, moving=[moving]))

    assert [write.body["spec"]["ips"] for write in plan.writes if write.body] == [["10.0.0.1"], ["10.0.0.2"]]  # type: ignore[index]


def test_pools_that_are_not_ours_say_nothing(pool: Builder, live: Builder) -> None:
    """Anybody may write our annotation; such a pool is a conflict, or in nobody's way."""
    theirs = live(pool("eth1", "10.0.0.1", eni="eni-1", network="ns/ipvlan-eth1", ours=False))
    moving = EniInTransit(eni_id="eni-1", transit=Transit.DETACHING)
    facts = gather(
        pools(pool, {"eth1": "eni-2"}),
        [theirs],
        prune=False,
        adopt=False,
        nics=known({"eth1": "eni-2"}, moving=[moving]),
    )

    assert (lines(plan_of(facts)), facts.fates["eth1"]) == ({"eth1": "conflict"}, Fate.STAY)


ENIS = [f"eni-{number}" for number in range(1, 6)]
NAMES = st.lists(st.sampled_from(ENIS), unique=True).map(
    lambda enis: {f"eth{at}": eni for at, eni in enumerate(enis, 1)}
)


@given(before=NAMES, after=NAMES, prune=st.booleans())
def test_a_guess_never_gives_an_enis_addresses_to_another_network(
    pool: Builder, live: Builder, before: dict[str, str], after: dict[str, str], prune: bool
) -> None:
    """Whatever comes and goes: an ENI that stays keeps its pool, network and addresses."""
    current = {kinds.name(each): live(each) for each in pools(pool, before)}
    plan = planned(pools(pool, after), list(current.values()), known(after), prune=prune)
    for write in plan.writes:
        current.pop(write.name, None)
        if write.body is not None:
            current[write.name] = write.body
    listed = [(ip, kinds.spec(each)["multusName"]) for each in current.values() for ip in kinds.spec(each)["ips"]]
    homes = dict(listed)
    assert len(homes) == len(listed)
    for name, eni in before.items():
        if eni in after.values():
            assert homes[f"10.0.0.{eni[-1]}"] == [f"ns/ipvlan-{name}"]
