"""Where every address goes, against a reading that looks at every address of every pool."""

from __future__ import annotations

import collections
import ipaddress
import random
from collections.abc import Callable, Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from spidercli import addresses, kinds
from spidercli.model import IPAddress, Manifest
from spidercli.planning.gathering import PoolFacts, gather
from spidercli.planning.live import LivePool
from spidercli.planning.movement import Fate

Build = Callable[..., Manifest]
Address = tuple[int, int]  # (IP version, number)
SUBNETS = ("10.0.0.0/28", "10.0.0.0/27", "10.0.1.0/28", "::a00:0/124", "fd00::/124")
NAMES = ("a", "b", "c", "d", "e")


def _ips(subnet: str, chance: random.Random) -> list[str]:
    hosts: list[IPAddress] = [*ipaddress.ip_network(subnet)][1:12]
    first, last = sorted(chance.sample(range(len(hosts)), 2))
    return addresses.collapse(
        hosts[first:last] if chance.random() < 0.5 else chance.sample(hosts, chance.randint(0, 5))
    )


def _world(chance: random.Random, pool: Build, live: Build) -> tuple[list[Manifest], list[Manifest]]:
    """Pools without any order between them: an address may be wanted, listed and held several times."""
    desired, current = [], []
    for name in NAMES:
        subnet = chance.choice(SUBNETS)
        ips = _ips(subnet, chance)
        desired.append(pool(name, *ips, subnet=subnet))
        if chance.random() < 0.3:
            subnet = chance.choice(SUBNETS)
            ips = _ips(subnet, chance)
        around = ips if chance.random() < 0.8 else [*ips, *_ips(subnet, chance)]  # the webhook may have been away
        held = [str(address) for address in addresses.expand(around) if chance.random() < 0.2]
        ours, terminating = chance.random() < 0.8, chance.random() < 0.2
        there = live(pool(name, *ips, subnet=subnet, ours=ours), held=held, terminating=terminating)
        if chance.random() < 0.3:
            there["spec"]["excludeIPs"] = _ips(subnet, chance)  # type: ignore[index]
        current.append(there)
    return chance.sample(desired, chance.randint(0, 5)), chance.sample(current, chance.randint(0, 5))


def _taken(pool: LivePool) -> set[Address]:
    """What a pool lists and does not exclude, and what pods hold in it."""

    def read(field: str) -> Iterable[str]:
        return kinds.spec(pool.manifest).get(field) or ()

    listed, excluded = (set(map(int, addresses.expand(read(field)))) for field in ("ips", "excludeIPs"))
    return {(pool.subnet.version, number) for number in (listed - excluded) | pool.holders.keys()}


def _keeps(facts: PoolFacts, pool: LivePool, number: int) -> bool:
    fate = facts.fates[pool.name]
    wants = fate is Fate.RESIZE and number in set(facts.targets[pool.name].listed)
    hangs = fate is Fate.STUCK and pool.terminating
    return fate is Fate.STAY or number in pool.holders or wants or hangs


@settings(max_examples=300, deadline=None)
@given(seed=st.integers(0, 1 << 32), prune=st.booleans(), adopt=st.booleans())
def test_every_address_in_the_way_is_found(pool: Build, live: Build, seed: int, prune: bool, adopt: bool) -> None:
    """An address waits for exactly the pools that have it and keep it, and is claimed from those that give it up."""
    desired, current = _world(random.Random(seed), pool, live)
    facts = gather(desired, current, prune=prune, adopt=adopt)

    obstacles, claimed = set(), collections.defaultdict(set)
    for name, target in facts.targets.items():
        if facts.fates.get(name) is Fate.STAY or name in facts.stuck:
            continue
        for number in target.listed:
            others = [
                other
                for other in facts.live.values()
                if other.name != name and (target.subnet.version, number) in _taken(other)
            ]
            if any(_keeps(facts, other, number) for other in others):
                obstacles.add((name, number))
            else:
                for other in others:
                    claimed[other.name].add(number)

    found = {(name, obstacle.address) for name, them in facts.moves.obstacles.items() for obstacle in them}
    assert found == obstacles
    assert {name: set(numbers) for name, numbers in facts.moves.claimed.items()} == claimed
