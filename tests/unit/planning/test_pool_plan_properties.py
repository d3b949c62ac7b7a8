"""Whatever the cluster looks like, Spiderpool's webhook accepts a plan, and it takes nothing in use away."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from spidercli import addresses, kinds
from spidercli.model import Manifest
from spidercli.planning.guards import losses
from spidercli.planning.live import LivePool
from spidercli.planning.plan import Phase, Verb, Write
from spidercli.planning.pools import Target, gather, plan_pools

Builder = Callable[..., Manifest]
SUBNETS = ("10.0.0.0/28", "10.0.1.0/28")
NAMES = ("a", "b", "c", "d")


class Refused(AssertionError):
    """The webhook said no."""


@dataclasses.dataclass
class Webhook:
    """Spiderpool's rules about addresses, over pools in memory (pkg/ippoolmanager/ippool_validate.go)."""

    pools: dict[str, LivePool]

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
            if live.subnet != target.subnet:
                raise Refused(f"{write.name}: subnet is not changeable")
            if live.holders.keys() & live.listed - target.listed:
                raise Refused(f"{write.name}: removes an address in use")
        for other in self.pools.values():
            if other.name != write.name and other.subnet == target.subnet and other.listed & target.listed:
                raise Refused(f"{write.name} overlaps with {other.name}")
        status = live.manifest["status"] if live else {}
        self.pools[write.name] = LivePool({**write.body, "status": status})


@st.composite
def worlds(
    draw: st.DrawFn,
) -> tuple[list[tuple[str, str, list[int]]], list[tuple[str, str, list[int], list[int], bool]]]:
    """Desired pools (name, subnet, hosts) and live ones (also: held hosts, whether it is ours); each disjoint."""
    seed = draw(st.integers(0, 1 << 32))
    chance = random.Random(seed)

    def assigned(names: Iterable[str]) -> list[tuple[str, str, list[int]]]:
        free = {subnet: list(range(1, 12)) for subnet in SUBNETS}
        found = []
        for name in names:
            subnet = chance.choice(SUBNETS)
            hosts = chance.sample(free[subnet], min(len(free[subnet]), chance.randint(1, 4)))
            free[subnet] = [host for host in free[subnet] if host not in hosts]
            if hosts:
                found.append((name, subnet, hosts))
        return found

    desired = assigned(name for name in NAMES if chance.random() < 0.8)
    live = [
        (name, subnet, hosts, [host for host in hosts if chance.random() < 0.3], chance.random() < 0.8)
        for name, subnet, hosts in assigned(name for name in NAMES if chance.random() < 0.8)
    ]
    return desired, live


def _ips(subnet: str, hosts: Iterable[int]) -> list[str]:
    base = subnet.rpartition(".")[0]
    return addresses.collapse(address for host in hosts for address in addresses.expand([f"{base}.{host}"]))


@settings(max_examples=400, deadline=None)
@given(world=worlds(), prune=st.booleans(), adopt=st.booleans(), order=st.randoms(use_true_random=False))
def test_every_plan_is_accepted_and_converges(
    pool: Builder, live: Builder, world: object, prune: bool, adopt: bool, order: random.Random
) -> None:
    """In any order within a phase no write is refused, nothing held goes, and the next plan has nothing to write."""
    desired_spec, live_spec = world  # type: ignore[misc]
    desired = [pool(name, *_ips(subnet, hosts), subnet=subnet) for name, subnet, hosts in desired_spec]
    current = [
        live(
            pool(name, *_ips(subnet, hosts), subnet=subnet, ours=ours),
            held={ip: f"default/{name}" for host in held for ip in _ips(subnet, [host])},
        )
        for name, subnet, hosts, held, ours in live_spec
    ]
    webhook = Webhook({kinds.name(manifest): LivePool(manifest) for manifest in current})
    held_before = {(p.name, number) for p in webhook.pools.values() for number in p.holders}
    plan = plan_pools(desired, current, prune=prune, adopt=adopt)

    for phase in Phase:
        writes = [write for write in plan.writes if write.phase is phase]
        order.shuffle(writes)
        for write in writes:
            webhook.carry_out(write)

    held_after = {(p.name, number) for p in webhook.pools.values() for number in p.holders if p.lists(number)}
    again = plan_pools(desired, [p.manifest for p in webhook.pools.values()], prune=prune, adopt=adopt)
    assert held_before == held_after
    assert list(again.writes) == []


@settings(max_examples=200, deadline=None)
@given(world=worlds(), prune=st.booleans())
def test_losses_count_what_is_really_gone(pool: Builder, live: Builder, world: object, prune: bool) -> None:
    """The guard's numbers are those of the pools before and after."""
    desired_spec, live_spec = world  # type: ignore[misc]
    desired = [pool(name, *_ips(subnet, hosts), subnet=subnet) for name, subnet, hosts in desired_spec]
    current = [live(pool(name, *_ips(subnet, hosts), subnet=subnet)) for name, subnet, hosts, _, _ in live_spec]
    webhook = Webhook({kinds.name(manifest): LivePool(manifest) for manifest in current})
    before = {number for p in webhook.pools.values() for number in p.listed}
    found = losses(gather(desired, current, prune=prune, adopt=False))

    for write in plan_pools(desired, current, prune=prune).writes:
        webhook.carry_out(write)

    after = {number for p in webhook.pools.values() for number in p.listed}
    gone = {kinds.name(m) for m in current} - webhook.pools.keys()
    assert (len(before - after), len(gone)) == (found.addresses_going, found.pools_going)
