"""What is to become of every SpiderIPPool: the facts that the lines of a plan are written from."""

from __future__ import annotations

import dataclasses
import functools
import operator
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping

from spidercli.model import IPNetwork, Manifest
from spidercli.planning import ownership, wording
from spidercli.planning.addresssets import AddressSet
from spidercli.planning.doubts import departed, doubtful
from spidercli.planning.live import LivePool, address_in
from spidercli.planning.movement import NOTHING, Fate, Movement, Obstacle, movement
from spidercli.planning.networks import Networks, references
from spidercli.planning.nics import Block, Nics, Place, block_of, eni_of, place_of
from spidercli.planning.targets import Target
from spidercli.planning.turns import Turns, turns


@dataclasses.dataclass(frozen=True, kw_only=True)
class PoolFacts:
    """Both sides, and what is settled about them."""

    targets: Mapping[str, Target]
    live: Mapping[str, LivePool]
    fates: Mapping[str, Fate]
    nics: Nics
    nodes: Container[str] | None  # the only nodes that the desired pools are about; None is all
    lacking: Mapping[str, str] = dataclasses.field(default_factory=dict)  # pools without their network, and what to do
    stuck: Mapping[str, str] = dataclasses.field(default_factory=dict)  # pools that can't be as desired, and why not
    cluster: Container[str] | None = None  # the nodes that the cluster has; None is any
    gone: Container[str] = ()  # those of them whose instance does not exist any more

    @functools.cached_property
    def moves(self) -> Movement:
        """Where every address goes."""
        wanted = {name: self._attainable(target) for name, target in self.targets.items() if self._is_wanted(name)}
        return movement(wanted, self.live, self.fates, self.departed)

    @functools.cached_property
    def departed(self) -> Mapping[str, AddressSet]:
        """What stuck pools list though it left their ENIs."""
        return departed(self.targets, self.live, self.nics)

    @functools.cached_property
    def turns(self) -> Turns:
        """Which IP families come to the cluster or leave it."""
        return turns(self.targets, self.live, self.fates)

    @functools.cached_property
    def successors(self) -> Mapping[str, str]:
        """Live pools of ours that nothing asks for because the pool of their NIC has another name now."""
        leaving = (Fate.GO, Fate.ORPHAN, Fate.STUCK)
        old = [pool for name, pool in self.live.items() if name not in self.targets and self.fates[name] in leaving]
        new = _by_nic(self.targets.values()) if old else {}
        found = ((pool.name, new.get(block_of(pool) if eni_of(pool.manifest) else place_of(pool))) for pool in old)
        return {name: other for name, other in found if other}

    @functools.cached_property
    def renamed(self) -> Mapping[str, str]:
        """Those of them whose new pool is going to be made."""
        found = self.successors.items()
        return {name: other for name, other in found if other not in self.live and name not in self.stuck}

    @functools.cached_property
    def supplanted(self) -> Collection[str]:
        """Those of them whose NIC's pool only now becomes that: it is to be made, or is another NIC's so far."""
        found = ((self.live[name], self.live.get(other)) for name, other in self.successors.items())
        return {old.name for old, new in found if new is None or not _is_of_same_nic(old, new)}

    def is_held_back(self, pool: LivePool) -> bool:
        """Whether a pool is to be for a network that does not exist: it only gives up what is not for it any more."""
        return pool.name in self.lacking and references(pool.manifest) != references(self.targets[pool.name].manifest)

    def claims_on(self, name: str) -> AddressSet:
        """The addresses of a live pool that another pool is going to list."""
        return self.moves.claimed.get(name, NOTHING)

    def is_elsewhere(self, pool: LivePool) -> bool:
        """Whether a pool serves only nodes that the desired pools are not about."""
        nodes = self.nodes
        return nodes is not None and bool(pool.nodes) and not any(name in nodes for name in pool.nodes)

    def starts_pods(self, node: str) -> bool:
        """Whether pods can start on a node: the cluster has it, and its instance exists."""
        return node not in self.gone and (self.cluster is None or node in self.cluster)

    def is_gone(self, pool: LivePool) -> bool:
        """Whether a pool serves only nodes whose instances do not exist any more."""
        return bool(pool.nodes) and all(name in self.gone for name in pool.nodes)

    @functools.cached_property
    def in_the_way(self) -> Callable[[IPNetwork], LivePool | None]:
        """Gives a live pool that stays and whose subnet overlaps another one, which the webhook refuses to create."""

        def find(wanted: IPNetwork) -> LivePool | None:
            others = (subnet for subnet in self._by_subnet if subnet != wanted and _overlap(subnet, wanted))
            found = (entry for subnet in others for entry in self._by_subnet[subnet] if not self._makes_room(entry[1]))
            return min(found, default=(0, None), key=operator.itemgetter(0))[1]

        return functools.cache(find)

    def _makes_room(self, pool: LivePool) -> bool:
        return self.fates[pool.name] in (Fate.GO, Fate.RENEW) and not pool.holders

    def _attainable(self, target: Target) -> Target:
        pool = self.live.get(target.name)
        if pool is None or not self.is_held_back(pool):
            return target
        return Target(target.with_addresses(pool.listed & target.listed))

    def _is_wanted(self, name: str) -> bool:
        """Whether a pool is going to list what it can get; else others need not give up anything for it."""
        return name not in self.stuck and self.fates.get(name) is not Fate.STAY

    @functools.cached_property
    def _by_subnet(self) -> Mapping[IPNetwork, list[tuple[int, LivePool]]]:
        """The live pools with their places among all, by subnet."""
        found: dict[IPNetwork, list[tuple[int, LivePool]]] = {}
        for place, pool in enumerate(self.live.values()):
            found.setdefault(pool.subnet, []).append((place, pool))
        return found


def gather(
    desired: Iterable[Manifest],
    live: Iterable[Manifest],
    *,
    prune: bool,
    adopt: bool,
    nodes: Container[str] | None = None,
    nics: Nics | None = None,
    networks: Networks | None = None,
    cluster: Container[str] | None = None,
    gone: Container[str] = (),
) -> PoolFacts:
    """Read both sides and settle where every address goes.

    Args:
        desired: rendered manifests, in canonical form.
        live: every SpiderIPPool of the cluster with managedFields and status, ours or not.
        prune: whether pools of ours that nothing asks for may go.
        adopt: whether pools of a desired name that are not ours may be taken over.
        nodes: the only nodes that the desired pools are about, so that pools of others are left alone; None is all.
        nics: the NICs that they were made from, which tell why a pool is not desired any more.
        networks: those that a pool may be for; None means that it does not matter.
        cluster: the nodes that the cluster has, for pools of others serve no pod; None is any.
        gone: those of them whose instance does not exist any more, where no pod starts.

    Raises:
        FactsInvalid: a live pool can't be read.
        TemplateInvalid: a desired one can't.
    """
    targets = {target.name: target for target in map(Target, desired)}
    pools = {pool.name: pool for pool in map(LivePool, live)}
    lacking = _lacking(targets.values(), networks) if networks else {}
    facts = PoolFacts(
        targets=targets,
        live=pools,
        fates={},
        nics=nics or Nics(),
        nodes=nodes,
        lacking=lacking,
        cluster=cluster,
        gone=gone,
    )
    facts = dataclasses.replace(
        facts, fates={name: _fate(pool, facts, prune=prune, adopt=adopt) for name, pool in pools.items()}
    )
    while more := dict(_stuck(facts)):  # what stays may be in the way of others
        stuck = [pools[name] for name in more if name in pools]
        fates = {**facts.fates, **{pool.name: Fate.STUCK if pool.ours else Fate.STAY for pool in stuck}}
        facts = dataclasses.replace(facts, fates=fates, stuck={**facts.stuck, **more})
    return facts


def obstructed(target: Target, facts: PoolFacts) -> str:
    """The addresses that a pool may not list yet, and why; "" if there is none."""
    found = facts.moves.obstacles.get(target.name)
    return wording.first_few([_explained(target, obstacle) for obstacle in found]) if found else ""


def overlapped(target: Target, facts: PoolFacts) -> str:
    """Which pool keeps another one from being created; "" if there is none."""
    other = facts.in_the_way(target.subnet)
    return f"subnet {target.subnet} overlaps {other.subnet} of SpiderIPPool {other.name}" if other else ""


def renaming(pool: LivePool, other: str) -> str:
    """Why a pool is not wanted that has a successor."""
    return f"the pool of its {'ENI' if eni_of(pool.manifest) else 'NIC'} is called {other} now"


def _by_nic(targets: Iterable[Target]) -> Mapping[Block | Place | None, str]:
    """The pools that are to be, by ENI and by place; a place that two of them have tells neither."""
    found: dict[Block | Place | None, str] = {}
    for target in targets:
        found[block_of(target)] = target.name
        if place := place_of(target):
            found[place] = "" if place in found else target.name
    return found


def _is_of_same_nic(old: LivePool, new: LivePool) -> bool:
    if eni := eni_of(old.manifest):
        return eni == eni_of(new.manifest)
    return place_of(old) == place_of(new)


def _lacking(targets: Iterable[Target], networks: Networks) -> dict[str, str]:
    found = ((target.name, networks.lacking(target.manifest)) for target in targets)
    return {name: reason for name, reason in found if reason}


def _fate(pool: LivePool, facts: PoolFacts, *, prune: bool, adopt: bool) -> Fate:
    target = facts.targets.get(pool.name)
    if target is None:
        return _fate_of_unwanted(pool, facts, prune=prune) if pool.ours else Fate.STAY
    if facts.is_elsewhere(pool) or not (pool.ours or adopt):
        return Fate.STAY
    if pool.terminating or (pool.subnet is not target.subnet and pool.subnet != target.subnet):  # != takes its time
        return Fate.RENEW
    return Fate.RESIZE


def _fate_of_unwanted(pool: LivePool, facts: PoolFacts, *, prune: bool) -> Fate:
    if facts.nodes is not None and not any(name in facts.nodes for name in pool.nodes):
        return Fate.STAY
    if pool.terminating:
        return Fate.STAY if pool.holders else Fate.GO
    if prune:
        return Fate.GO
    return Fate.IDLE if block_of(pool) in facts.nics.idle else Fate.ORPHAN


def _stuck(facts: PoolFacts) -> Iterator[tuple[str, str]]:
    """The pools that can't become what is desired of them, and are not known for it yet."""
    for name, pool in facts.live.items():
        if reason := _why_not(pool, facts):
            yield name, reason
    for name, target in facts.targets.items():
        if name not in facts.live and name not in facts.stuck and (reason := _why_not_made(target, facts)):
            yield name, reason
    for name, other in facts.renamed.items():
        if other in facts.stuck and facts.fates[name] is Fate.GO:
            yield name, f"{renaming(facts.live[name], other)}, and can't be created yet: {facts.stuck[other]}"
        elif lost := lost_with(facts.live[name], facts.targets[other]):
            yield name, f"{renaming(facts.live[name], other)}, which would not have what others have set: {lost}"
            yield other, f"it would take the place of SpiderIPPool {name} without what others have set there: {lost}"
    for name, reason in doubtful(facts.targets, facts.live, facts.nics).items():
        if name not in facts.stuck and facts.fates.get(name) is not Fate.STAY:
            yield name, reason


def _why_not(pool: LivePool, facts: PoolFacts) -> str:
    match facts.fates[pool.name]:
        case Fate.RENEW:
            return _why_not_renewed(pool, facts.targets[pool.name], facts)
        case Fate.RESIZE:
            return _why_not_resized(pool, facts.targets[pool.name], facts)
        case _:
            return ""


def _why_not_made(target: Target, facts: PoolFacts) -> str:
    return facts.lacking.get(target.name) or overlapped(target, facts)


def _why_not_renewed(pool: LivePool, target: Target, facts: PoolFacts) -> str:
    what = renewal(pool, target)
    if pool.holders:
        return f"{what}, but {wording.held(pool, pool.holders, 'are in it')}"
    if not pool.terminating and (lost := lost_with(pool, target)):
        return f"{what}, but a new pool would not have what others have set: {lost}"
    again = "can't be created again yet" if pool.terminating else "it is not deleted, as it could not be created again"
    if reason := _why_not_made(target, facts):
        return f"{what}, but {again}: {reason}"
    if not facts.moves.final[pool.name]:
        return f"{what}, but {again}: {obstructed(target, facts)}"
    return ""


def renewal(pool: LivePool, target: Target) -> str:
    """Why a pool has to be made anew."""
    if pool.terminating:
        return "it is being deleted"
    return f"its subnet changes from {pool.subnet} to {target.subnet}"


def _why_not_resized(pool: LivePool, target: Target, facts: PoolFacts) -> str:
    """Addresses in use belong to the pool's node; with another one they would be handed out there.

    Somebody else's pool is not taken over for a network that does not exist.
    """
    if not pool.ours and pool.name in facts.lacking:
        return facts.lacking[pool.name]
    if pool.nodes == target.nodes or not (kept := pool.held - target.listed):
        return ""
    change = f"its node changes from {', '.join(pool.nodes) or 'any'} to {', '.join(target.nodes) or 'any'}"
    return f"{change}, but {wording.held(pool, kept, 'are in it')}"


def lost_with(pool: LivePool, target: Target) -> str:
    """What others have set in a pool that one made anew would not have."""
    found = ownership.set_by_others(pool.manifest, target.manifest)
    texts = [f"{key}: {text}" if (text := wording.short(value)) else key for key, value in found.items()]
    return "; ".join(texts) + "; take that away to go on" if texts else ""


def _explained(target: Target, obstacle: Obstacle) -> str:
    address = address_in(target.subnet, obstacle.address)
    by = f"pod {obstacle.pod} holds it in" if obstacle.pod else "it is listed by"
    return f"{address} can't join: {by} SpiderIPPool {obstacle.pool}"


def _overlap(one: IPNetwork, other: IPNetwork) -> bool:
    return one.version == other.version and one.overlaps(other)
