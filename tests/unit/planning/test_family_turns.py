"""An IP family comes to a cluster, or leaves it, with all its pools: one default pool alone fails pods elsewhere."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence

import pytest

from spidercli import kinds
from spidercli.model import Manifest
from spidercli.planning.gathering import gather
from spidercli.planning.nics import Nics
from spidercli.planning.plan import Action, Phase, Plan, Verb
from spidercli.planning.pools import plan_of, plan_pools

Builder = Callable[..., Manifest]
NICS = ("a-eth0", "b-eth0")
OFF, ON = False, True


def writes(plan: Plan, *, version: int = 6) -> list[tuple[str, Phase, object]]:
    """The writes to pools of one IP version: name, phase, whether the pool is default then; None if it goes."""
    return [
        (write.name, write.phase, kinds.spec(write.body)["default"] if write.body else None)
        for write in plan.writes
        if write.name.endswith("-v6") is (version == 6)
    ]


@dataclasses.dataclass(frozen=True)
class World:
    """Two nodes with a NIC each, both with both families, of which the cluster knows some."""

    nic_pool: Builder
    live: Builder

    @property
    def dual(self) -> list[Manifest]:
        return [self.nic_pool(name, version) for version in (4, 6) for name in NICS]

    @property
    def ipv4(self) -> list[Manifest]:
        return [self.nic_pool(name) for name in NICS]

    def there(self, *pools: Manifest) -> list[Manifest]:
        return [self.live(pool) for pool in pools]


@pytest.fixture(name="world")
def two_nodes(nic_pool: Builder, live: Builder) -> World:
    return World(nic_pool, live)


def test_ipv6_comes_with_all_its_pools(world: World) -> None:
    """Each pool is made without being default, which all become once all exist; the change shows how it ends."""
    plan = plan_pools(world.dual, world.there(*world.ipv4))

    assert writes(plan) == [
        ("a-eth0-v6", Phase.GROW, OFF),
        ("b-eth0-v6", Phase.GROW, OFF),
        ("a-eth0-v6", Phase.OPEN, ON),
        ("b-eth0-v6", Phase.OPEN, ON),
    ]
    assert {(write.part_of, write.needs) for write in plan.writes} == {("IPv6", ""), ("", "IPv6")}
    assert [(change.reason, kinds.spec(change.after or {})["default"]) for change in plan.of(Action.CREATE)] == [
        ("new; default once every IPv6 pool exists", ON)
    ] * 2


def test_ipv4_comes_first_to_an_empty_cluster(world: World) -> None:
    """Of two families that are new, IPv4 waits for nothing, so that pods can start even if IPv6 is not finished."""
    plan = plan_pools(world.dual, [])

    assert [phase for _, phase, _ in writes(plan, version=4)] == [Phase.GROW, Phase.GROW]
    assert [phase for _, phase, _ in writes(plan)] == [Phase.GROW, Phase.GROW, Phase.OPEN, Phase.OPEN]


def test_ipv4_comes_to_a_cluster_of_ipv6(world: World) -> None:
    """The rule is the same for both families."""
    plan = plan_pools(world.dual, world.there(*(world.nic_pool(name, 6) for name in NICS)))

    assert [phase for _, phase, _ in writes(plan, version=4)] == [Phase.GROW, Phase.GROW, Phase.OPEN, Phase.OPEN]
    assert writes(plan) == []


def test_ipv4_does_not_wait_for_pools_of_somebody_else(world: World) -> None:
    """A default IPv6 pool that is not ours changes nothing about how IPv4 is written."""
    stranger = world.nic_pool("c-eth0", 6)
    plan = plan_pools(world.ipv4, [{**stranger, "metadata": {"name": "c-eth0-v6"}}])

    assert writes(plan, version=4) == [("a-eth0", Phase.GROW, ON), ("b-eth0", Phase.GROW, ON)]


def test_a_run_that_was_cut_off_is_finished(world: World) -> None:
    """Pools that exist and wait become default with those that are missing, in one write."""
    live = world.there(*world.ipv4, world.nic_pool("a-eth0", 6, default=False))

    assert writes(plan_pools(world.dual, live)) == [
        ("b-eth0-v6", Phase.GROW, OFF),
        ("a-eth0-v6", Phase.OPEN, ON),
        ("b-eth0-v6", Phase.OPEN, ON),
    ]


def test_a_pool_that_waits_follows_its_eni_meanwhile(world: World) -> None:
    """It gets its addresses before it becomes default."""
    waiting = [world.nic_pool("a-eth0", 6, default=False, ips=1), world.nic_pool("b-eth0", 6, default=False)]

    assert writes(plan_pools(world.dual, world.there(*world.ipv4, *waiting))) == [
        ("a-eth0-v6", Phase.GROW, OFF),
        ("a-eth0-v6", Phase.OPEN, ON),
        ("b-eth0-v6", Phase.OPEN, ON),
    ]


def test_what_is_half_done_is_mended_at_once(world: World) -> None:
    """Where some are default already, the others can only help, each by itself."""
    live = world.there(*world.ipv4, world.nic_pool("a-eth0", 6), world.nic_pool("b-eth0", 6, default=False))

    assert writes(plan_pools(world.dual, live)) == [("b-eth0-v6", Phase.SHRINK, ON)]


def test_a_node_that_joins_waits_for_nobody(world: World) -> None:
    """A cluster that has both families keeps them."""
    plan = plan_pools([*world.dual, world.nic_pool("c-eth0"), world.nic_pool("c-eth0", 6)], world.there(*world.dual))

    assert writes(plan) == [("c-eth0-v6", Phase.GROW, ON)]


def test_pools_that_are_made_anew_come_together_too(world: World) -> None:
    """When all pools of a family change their subnet, none is default before the last one is back."""
    old = [world.nic_pool(name, 6, ips=0, subnet="2408:4005:0:ff::/64") for name in NICS]

    plan = plan_pools(world.dual, world.there(*world.ipv4, *old))

    assert [(phase, default) for _, phase, default in writes(plan)] == [
        (Phase.SHRINK, None), (Phase.SHRINK, None),
        (Phase.GROW, OFF), (Phase.GROW, OFF),
        (Phase.OPEN, ON), (Phase.OPEN, ON),
    ]  # fmt: skip


def test_pools_that_are_not_to_be_default_wait_for_nobody(world: World) -> None:
    """With `pools.default: false` pods name their pools, and nothing depends on others."""
    desired = [world.nic_pool(name, version, default=False) for version in (4, 6) for name in NICS]

    assert {phase for _, phase, _ in writes(plan_pools(desired, []))} == {Phase.GROW}


def held(world: World, *addresses: str) -> list[Manifest]:
    """Both families, with pods that hold addresses of a-eth0-v6."""
    first = world.live(world.nic_pool("a-eth0", 6), held=addresses)
    return [*world.there(*world.ipv4, world.nic_pool("b-eth0", 6)), first]


@pytest.mark.parametrize("addresses", [["2408:4005:0:0::10"], ["2408:4005:0:0::10", "2408:4005:0:0::11"]])
def test_ipv6_leaves_with_all_its_pools(world: World, addresses: Sequence[str]) -> None:
    """A pool whose addresses are in use stays, but is not default any more before the first of the others goes."""
    plan = plan_pools(world.ipv4, held(world, *addresses), prune=True)

    assert writes(plan) == [("a-eth0-v6", Phase.CLOSE, OFF), ("b-eth0-v6", Phase.SHRINK, None)]
    assert [(write.part_of, write.needs) for write in plan.writes] == [("IPv6", ""), ("", "IPv6")]
    (change,) = plan.of(Action.UPDATE)
    assert change.reason == "only the addresses in use stay; no IPv6 pool is default any more"


def test_what_is_closed_stays_closed(world: World) -> None:
    """The run after it has nothing to write."""
    kept = world.live(world.nic_pool("a-eth0", 6, ips=1, default=False), held=["2408:4005:0:0::10"])

    assert not list(plan_pools(world.ipv4, [*world.there(*world.ipv4), kept], prune=True).writes)


def test_without_prune_nothing_leaves(world: World) -> None:
    """The lines say what could."""
    plan = plan_pools(world.ipv4, held(world, "2408:4005:0:0::10"))

    assert (list(plan.writes), [change.name for change in plan.of(Action.BLOCKED)]) == ([], ["a-eth0-v6", "b-eth0-v6"])


def test_addresses_in_use_of_a_node_that_is_gone_close_nothing(world: World) -> None:
    """As long as other pools of the family are wanted, one that has to stay is as it was."""
    gone = world.live(world.nic_pool("c-eth0", 6, ips=1), held=["2408:4005:0:0::30"])

    assert not list(plan_pools(world.dual, [*world.there(*world.dual), gone], prune=True).writes)


def idle(world: World, live: Iterable[Manifest]) -> Plan:
    """What becomes of pools when the ENIs have no IPv6 address any more."""
    nics = Nics(None, lambda: [(f"eni-{name}", 6) for name in NICS])
    return plan_of(gather(world.ipv4, live, prune=False, adopt=False, nics=nics))


def test_the_last_ipv6_addresses_leave_the_enis(world: World) -> None:
    """Empty default pools would fail every pod, so they are none until there are addresses again."""
    plan = idle(world, world.there(*world.dual))

    assert writes(plan) == [("a-eth0-v6", Phase.CLOSE, OFF), ("b-eth0-v6", Phase.CLOSE, OFF)]
    assert [change.detail.partition(" ")[2] for change in plan.of(Action.UPDATE)] == ["(2 → 0)", "(2 → 0)"]


def test_empty_pools_that_are_not_default_rest(world: World) -> None:
    """The run after it has nothing to write, and nothing to complain about."""
    empty = [world.nic_pool(name, 6, ips=0, default=False) for name in NICS]

    assert {change.action for change in idle(world, world.there(*world.ipv4, *empty)).changes} == {Action.UNCHANGED}


def test_empty_default_pools_cease_to_be_default(world: World) -> None:
    """An earlier version left such pools."""
    empty = [world.nic_pool(name, 6, ips=0) for name in NICS]

    assert [phase for _, phase, _ in writes(idle(world, world.there(*world.ipv4, *empty)))] == [Phase.CLOSE] * 2


def test_one_family_alone_knows_no_turns(world: World) -> None:
    """A cluster of IPv4 alone is written as ever: nothing waits, be pools made, changed or deleted."""
    live = world.there(world.nic_pool("a-eth0", ips=1), world.nic_pool("c-eth0"))
    plan = plan_pools(world.ipv4, live, prune=True)

    assert {(write.phase, write.part_of, write.needs) for write in plan.writes} == {
        (Phase.GROW, "", ""),
        (Phase.SHRINK, "", ""),
    }
    assert [Verb.DELETE] == [write.verb for write in plan.writes if write.phase is Phase.SHRINK]
