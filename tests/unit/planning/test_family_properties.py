"""Whatever the pools of two families look like, no plan costs a NIC a family that others have."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet

from hypothesis import given, settings
from hypothesis import strategies as st

from spidercli import kinds
from spidercli.model import Manifest
from spidercli.planning import families
from spidercli.planning.gathering import PoolFacts, gather
from spidercli.planning.plan import Phase, Plan, Write
from spidercli.planning.pools import plan_of

Builder = Callable[..., Manifest]
NODES = ("a", "b", "c")
NICS = tuple(f"{node}-eth{at}" for node in NODES for at in (0, 1))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Spec:
    """One pool of a random world."""

    nic: str
    version: int
    ips: int = 2
    default: bool = True
    held: bool = False
    ours: bool = True

    @property
    def name(self) -> str:
        return self.nic if self.version == 4 else f"{self.nic}-v6"


@dataclasses.dataclass(frozen=True, kw_only=True)
class World:
    """What should be, what is, and what a run is about."""

    desired: list[Spec]
    live: list[Spec]
    nodes: AbstractSet[str] | None
    prune: bool


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Six NICs; those that are desired have the same families, as the configuration sees to."""
    chance = random.Random(draw(st.integers(0, 1 << 32)))
    versions = chance.choice([(4, 6), (4, 6), (4,), (6,)])
    nics = chance.sample(NICS, chance.randint(1, len(NICS)))
    nodes = chance.choice([None, {nic[0] for nic in nics}])
    desired = [Spec(nic=nic, version=version, ips=chance.randint(1, 3)) for version in versions for nic in nics]
    inclined = {4: chance.choice([0, 0.9, 1]), 6: chance.choice([0, 0.4, 1])}
    waiting = chance.choice([0, 0.5])
    live = [
        Spec(
            nic=nic,
            version=version,
            ips=chance.randint(1, 3),
            default=version == 4 or chance.random() >= waiting,
            held=chance.random() < 0.2,
        )
        for version in (4, 6)
        for nic in NICS
        if chance.random() < inclined[version]
    ]
    foreign = chance.random() < 0.1
    live = [
        dataclasses.replace(spec, ours=False, default=False) if foreign and not at else spec
        for at, spec in enumerate(live)
    ]
    return World(desired=desired, live=live, nodes=nodes, prune=chance.random() < 0.5)


def desired_pools(nic_pool: Builder, world: World) -> list[Manifest]:
    return [nic_pool(spec.nic, spec.version, ips=spec.ips) for spec in world.desired]


def live_pools(nic_pool: Builder, live: Builder, world: World) -> list[Manifest]:
    return [_live(spec, nic_pool, live) for spec in world.live]


def _live(spec: Spec, nic_pool: Builder, live: Builder) -> Manifest:
    pool = nic_pool(spec.nic, spec.version, ips=spec.ips, default=spec.default)
    if not spec.ours:
        pool = {**pool, "metadata": {"name": spec.name}}
    return live(pool, held=_first(pool) if spec.held else [])


def _first(pool: Manifest) -> list[str]:
    """The address that a pod holds, if any does."""
    return [text.partition("-")[0] for text in kinds.spec(pool)["ips"][:1]]


def facts_of(desired: Iterable[Manifest], live: Iterable[Manifest], world: World) -> PoolFacts:
    return gather(desired, live, prune=world.prune, adopt=False, nodes=world.nodes)


@dataclasses.dataclass
class Cluster:
    """The pools by name, and what that means for pods."""

    pools: dict[str, Manifest]
    concerned: AbstractSet[str]  # NICs that exist

    def carry_out(self, write: Write) -> None:
        if write.body is None:
            self.pools.pop(write.name)
        else:
            self.pools[write.name] = write.body

    def default(self, version: int) -> AbstractSet[str]:
        """The NICs with a default pool."""
        return {nic for nic, each in self._nics(default_only=True) if each == version}

    def existing(self, version: int) -> AbstractSet[str]:
        return {nic for nic, each in self._nics(default_only=False) if each == version}

    @property
    def gaps(self) -> AbstractSet[tuple[str, int]]:
        """The NICs whose pods fail because others have a family."""
        used = (self.default(4) | self.default(6)) & self.concerned
        return {(nic, version) for version in (4, 6) if self.default(version) for nic in used - self.default(version)}

    def _nics(self, *, default_only: bool) -> Iterator[tuple[str, int]]:
        for name, pool in self.pools.items():
            if kinds.spec(pool)["default"] or not default_only:
                yield name.removesuffix("-v6"), 6 if name.endswith("-v6") else 4


def cluster_of(world: World, live: Iterable[Manifest]) -> Cluster:
    wanted = {spec.nic for spec in world.desired}
    elsewhere = {nic for nic in NICS if world.nodes is not None and nic[0] not in world.nodes}
    return Cluster({kinds.name(pool): pool for pool in live}, wanted | elsewhere)


def in_any_order(plan: Plan, order: random.Random) -> Iterator[Write]:
    """The writes, phase after phase, those of a phase in any order, as threads make them."""
    for phase in Phase:
        now = [write for write in plan.writes if write.phase is phase]
        order.shuffle(now)
        yield from now


@settings(max_examples=200, deadline=None)
@given(world=worlds(), order=st.randoms(use_true_random=False))
def test_no_write_costs_a_nic_what_others_have(
    nic_pool: Builder, live: Builder, world: World, order: random.Random
) -> None:
    """Wherever the writes end, a family has all its pools before the first is default, and none is left half removed.

    What was wrong before may stay wrong; a plan that would leave more is refused.
    """
    current = live_pools(nic_pool, live, world)
    facts = facts_of(desired_pools(nic_pool, world), current, world)
    plan, cluster = plan_of(facts), cluster_of(world, current)
    at_the_start, there, deleted = cluster.gaps, cluster.default(4) | cluster.default(6), _deleted(plan)
    refused = families.gaps(facts, plan).refusal is not None
    versions = {spec.version for spec in world.desired}

    for write in in_any_order(plan, order):
        before = {version: cluster.default(version) for version in (4, 6)}
        cluster.carry_out(write)
        for version in () if refused else versions:
            opened = not before[version] and cluster.default(version)
            lacking = there & cluster.concerned - cluster.existing(version)
            assert not (opened and cluster.default(10 - version) and lacking), (write, lacking)
        if write.body is None and world.nodes is None:
            version = 6 if write.name.endswith("-v6") else 4
            assert version in versions or _names(cluster, version) <= deleted, write
        if write.phase < Phase.CLOSE or (write.phase is Phase.GROW and versions == {4, 6} and not refused):
            assert not {gap for gap in cluster.gaps - at_the_start if gap[0] in there}, write

    assert bool(cluster.gaps - at_the_start) is refused


def _deleted(plan: Plan) -> AbstractSet[str]:
    return {write.name for write in plan.writes if write.body is None}


def _names(cluster: Cluster, version: int) -> AbstractSet[str]:
    """The default pools of a version."""
    return {nic if version == 4 else f"{nic}-v6" for nic in cluster.default(version)}


@settings(max_examples=100, deadline=None)
@given(world=worlds(), number=st.integers(0, 12), order=st.randoms(use_true_random=False))
def test_what_was_cut_off_is_finished(
    nic_pool: Builder, live: Builder, world: World, number: int, order: random.Random
) -> None:
    """After any number of writes the next run is not refused for what the first one left, and nothing is left to do."""
    desired, current = desired_pools(nic_pool, world), live_pools(nic_pool, live, world)
    first = facts_of(desired, current, world)
    cluster = cluster_of(world, current)
    if families.gaps(first, plan_of(first)).refusal:
        return
    for write in list(in_any_order(plan_of(first), order))[:number]:
        cluster.carry_out(write)

    held = {spec.name: spec.held for spec in world.live}
    strangers = {spec.name: pool for spec, pool in zip(world.live, current, strict=True) if not spec.ours}
    for rest in (True, False):
        again = [
            strangers.get(name) or _again(pool, live, held.get(name, False)) for name, pool in cluster.pools.items()
        ]
        facts = facts_of(desired, again, world)
        families.gaps(facts, plan_of(facts)).check()
        writes = list(in_any_order(plan_of(facts), order))
        assert rest or not writes
        for write in writes:
            cluster.carry_out(write)


def _again(pool: Manifest, live: Builder, held: bool) -> Manifest:
    """A pool as it is read after it was written."""
    meta = {key: kinds.metadata(pool)[key] for key in ("name", "labels", "annotations") if key in kinds.metadata(pool)}
    return live({**pool, "metadata": meta}, held=_first(pool) if held else [])
