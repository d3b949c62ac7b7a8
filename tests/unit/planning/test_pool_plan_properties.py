"""Whatever the cluster looks like, Spiderpool's webhook accepts a plan, and it takes nothing in use away."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Iterable, Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from spidercli import addresses, kinds
from spidercli.model import Manifest
from spidercli.planning.dependencies import components
from spidercli.planning.guards import Loss, losses
from spidercli.planning.live import LivePool
from spidercli.planning.plan import Phase, Plan, Verb, Write
from spidercli.planning.pools import plan_pools
from spidercli.planning.targets import Target

Builder = Callable[..., Manifest]
LAYOUTS = (("10.0.0.0/28", "10.0.1.0/28"), ("10.0.0.0/27", "10.0.1.0/28"))  # the first of each overlap
NAMES = ("a", "b", "c", "d")


class Refused(AssertionError):
    """The webhook said no."""


@dataclasses.dataclass
class Webhook:
    """Spiderpool's rules about addresses, over pools in memory (pkg/ippoolmanager/ippool_validate.go)."""

    pools: dict[str, LivePool]

    @property
    def manifests(self) -> list[Manifest]:
        return [pool.manifest for pool in self.pools.values()]

    def carry_out(self, write: Write) -> None:
        live = self.pools.get(write.name)
        if write.verb is Verb.DELETE:
            if live is not None and live.holders:
                raise Refused(f"{write.name} would hang: pods hold addresses")
            self.pools.pop(write.name, None)
            return
        assert write.body is not None
        target = Target(write.body)
        if live is not None:
            if live.terminating:
                raise Refused(f"{write.name}: cannot update a terminating IPPool")
            if live.subnet != target.subnet:
                raise Refused(f"{write.name}: subnet is not changeable")
            if live.holders.keys() & live.listed - target.listed:
                raise Refused(f"{write.name}: removes an address in use")
        for other in self.pools.values():
            if live is None and other.subnet != target.subnet and other.subnet.overlaps(target.subnet):
                raise Refused(f"{write.name}: subnet overlaps that of {other.name}")
            if other.name != write.name and other.subnet == target.subnet and other.listed & target.listed:
                raise Refused(f"{write.name} overlaps with {other.name}")
        status = live.manifest["status"] if live else {}
        self.pools[write.name] = LivePool({**write.body, "status": status})


@dataclasses.dataclass(frozen=True, kw_only=True)
class Spec:
    """One pool of a random world."""

    name: str
    subnet: str
    hosts: list[int]
    held: list[int]
    ours: bool
    terminating: bool


def _assigned(chance: random.Random) -> list[Spec]:
    """Pools that a webhook would have let pass: no address twice, subnets equal or apart."""
    free = {subnet: list(range(1, 12)) for subnet in chance.choice(LAYOUTS)}
    found = []
    for name in NAMES:
        subnet = chance.choice(list(free))
        hosts = chance.sample(free[subnet], min(len(free[subnet]), chance.randint(0, 4)))
        free[subnet] = [host for host in free[subnet] if host not in hosts]
        if hosts:
            held = [host for host in hosts if chance.random() < 0.3]
            ours, terminating = chance.random() < 0.8, chance.random() < 0.15
            found.append(Spec(name=name, subnet=subnet, hosts=hosts, held=held, ours=ours, terminating=terminating))
    return found


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Spec], list[Spec]]:
    """Desired pools, and live ones."""
    chance = random.Random(draw(st.integers(0, 1 << 32)))
    return _assigned(chance), _assigned(chance)


def _ips(subnet: str, hosts: Iterable[int]) -> list[str]:
    base = subnet.rpartition(".")[0]
    return addresses.collapse(address for host in hosts for address in addresses.expand([f"{base}.{host}"]))


def _desired(pool: Builder, world: tuple[list[Spec], list[Spec]]) -> list[Manifest]:
    return [pool(spec.name, *_ips(spec.subnet, spec.hosts), subnet=spec.subnet) for spec in world[0]]


def _live(pool: Builder, live: Builder, world: tuple[list[Spec], list[Spec]]) -> list[Manifest]:
    return [
        live(
            pool(spec.name, *_ips(spec.subnet, spec.hosts), subnet=spec.subnet, ours=spec.ours),
            held={ip: f"default/{spec.name}" for host in spec.held for ip in _ips(spec.subnet, [host])},
            terminating=spec.terminating,
        )
        for spec in world[1]
    ]


def _pending(plan: Plan) -> Plan | None:
    return plan if any(plan.writes) else None


def _ordered(plan: Plan, order: random.Random, *, together: bool) -> Iterator[Write]:
    """A plan's writes as they may be made: all of them phase by phase, or those of each component by themselves."""
    found = [] if together else components(plan.changes)
    dependent = {id(change) for component in found for change in component}
    parts = [*found, [change for change in plan.changes if id(change) not in dependent]]
    order.shuffle(parts)
    for part in parts:
        for phase in Phase:
            now = [write for change in part for write in change.writes if write.phase is phase]
            order.shuffle(now)
            yield from now


@settings(max_examples=300, deadline=None)
@given(
    world=worlds(),
    prune=st.booleans(),
    adopt=st.booleans(),
    together=st.booleans(),
    order=st.randoms(use_true_random=False),
)
def test_every_plan_is_accepted_and_converges(
    pool: Builder,
    live: Builder,
    world: tuple[list[Spec], list[Spec]],
    prune: bool,
    adopt: bool,
    together: bool,
    order: random.Random,
) -> None:
    """In any order of components and inside phases no write is refused, nothing held goes, and plans come to an end."""
    desired, current = _desired(pool, world), _live(pool, live, world)
    webhook = Webhook({kinds.name(manifest): LivePool(manifest) for manifest in current})
    held_before = {(p.name, number) for p in webhook.pools.values() for number in p.holders}

    rounds = 0
    while plan := _pending(plan_pools(desired, webhook.manifests, prune=prune, adopt=adopt)):
        rounds += 1
        assert rounds <= 2, list(plan.writes)
        for write in _ordered(plan, order, together=together):
            webhook.carry_out(write)

    held_after = {(p.name, number) for p in webhook.pools.values() for number in p.holders if p.lists(number)}
    assert held_before == held_after


@settings(max_examples=300, deadline=None)
@given(world=worlds(), prune=st.booleans())
def test_losses_count_what_is_really_gone(
    pool: Builder, live: Builder, world: tuple[list[Spec], list[Spec]], prune: bool
) -> None:
    """The guard's numbers are those of our pools before and after."""
    desired, current = _desired(pool, world), _live(pool, live, world)
    webhook = Webhook({kinds.name(manifest): LivePool(manifest) for manifest in current})
    before = {number for p in webhook.pools.values() if p.ours for number in p.listed}
    names_before = {p.name for p in webhook.pools.values() if p.ours}
    plan = plan_pools(desired, current, prune=prune)
    found = losses(map(LivePool, current), plan)

    for write in plan.writes:
        webhook.carry_out(write)

    after = {number for p in webhook.pools.values() if p.ours for number in p.listed}
    assert len(before - after) == found.addresses_going
    assert len(names_before - webhook.pools.keys()) == found.lost[Loss.DELETED]
