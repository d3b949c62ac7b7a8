"""The plan for SpiderIPPools: desired manifests against live ones."""

from __future__ import annotations

import dataclasses
import functools
import ipaddress
import operator
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import cast

from spidercli import addresses, kinds
from spidercli.model import IPNetwork, Manifest
from spidercli.planning import ownership, wording
from spidercli.planning.live import LivePool, address_in
from spidercli.planning.manifests import slim
from spidercli.planning.movement import Fate, Movement, Obstacle, Wanted, movement
from spidercli.planning.plan import Action, Change, Phase, Plan, Verb, Write

_subnet = functools.lru_cache(maxsize=4096)(ipaddress.ip_network)  # thousands of pools share their vSwitches
IPS = ("spec", "ips")
# How a list of the same addresses may differ; Spiderpool's webhook leaves out an empty one.
_SPELLING = (ownership.Drift.CHANGED, ownership.Drift.MISSING)


@dataclasses.dataclass(frozen=True)
class Target:
    """A pool as it should be, read from its rendered manifest."""

    manifest: Manifest

    @functools.cached_property
    def name(self) -> str:
        return kinds.name(self.manifest)

    @functools.cached_property
    def subnet(self) -> IPNetwork:
        return _subnet(str(kinds.spec(self.manifest)["subnet"]))

    @functools.cached_property
    def listed(self) -> frozenset[int]:
        texts = cast("list[str]", kinds.spec(self.manifest).get("ips") or [])
        ends = map(addresses.parse_range, texts)
        return frozenset(number for first, last in ends for number in range(int(first), int(last) + 1))

    def with_addresses(self, numbers: Iterable[int]) -> Manifest:
        """The manifest with other addresses, in Spiderpool's canonical form."""
        ips = addresses.collapse(address_in(self.subnet, number) for number in numbers)
        return {**self.manifest, "spec": {**kinds.spec(self.manifest), "ips": ips}}


@dataclasses.dataclass(frozen=True, kw_only=True)
class PoolFacts:
    """What the lines of a plan are written from."""

    targets: Mapping[str, Target]
    live: Mapping[str, LivePool]
    fates: Mapping[str, Fate]
    moves: Movement

    @functools.cached_property
    def _by_subnet(self) -> Mapping[IPNetwork, list[tuple[int, LivePool]]]:
        """The live pools with their places among all, by subnet."""
        found: dict[IPNetwork, list[tuple[int, LivePool]]] = {}
        for place, pool in enumerate(self.live.values()):
            found.setdefault(pool.subnet, []).append((place, pool))
        return found

    @functools.cached_property
    def overlapping(self) -> Callable[[IPNetwork], list[LivePool]]:
        """Gives the live pools whose subnet overlaps another one without being equal; asked once for each subnet."""

        def find(wanted: IPNetwork) -> list[LivePool]:
            others = (subnet for subnet in self._by_subnet if subnet != wanted and _overlap(subnet, wanted))
            found = (entry for subnet in others for entry in self._by_subnet[subnet])
            return [pool for _, pool in sorted(found, key=operator.itemgetter(0))]

        return functools.cache(find)

    @functools.cached_property
    def renamed(self) -> Mapping[str, str]:
        """Live pools of ours that nothing asks for because the pool of their ENI and subnet has another name now."""
        new = {
            (eni, target.subnet): name
            for name, target in self.targets.items()
            if name not in self.live and (eni := _eni(target.manifest))
        }
        old = (pool for name, pool in self.live.items() if self.fates[name] in (Fate.GO, Fate.ORPHAN))
        found = ((pool.name, new.get((_eni(pool.manifest), pool.subnet))) for pool in old if new)
        return {name: other for name, other in found if other}

    def claims_on(self, name: str) -> frozenset[int]:
        """The addresses of a live pool that another pool is going to list."""
        return self.moves.claimed.get(name, frozenset())


def plan_pools(
    desired: Iterable[Manifest], live: Iterable[Manifest], *, prune: bool = False, adopt: bool = False
) -> Plan:
    """Compare desired SpiderIPPools with all live ones.

    Args:
        desired: rendered manifests, in canonical form.
        live: every SpiderIPPool of the cluster with managedFields and status, ours or not.
        prune: whether pools of ours that nothing asks for may go.
        adopt: whether pools of a desired name that are not ours may be taken over.
    """
    return plan_of(gather(desired, live, prune=prune, adopt=adopt))


def plan_of(facts: PoolFacts) -> Plan:
    """The plan that follows from settled facts, in name order."""
    changes: list[Change] = []
    for name in sorted(facts.targets.keys() | facts.live.keys()):
        changes.extend(_lines(name, facts))
    return Plan(changes=tuple(changes))


def gather(
    desired: Iterable[Manifest],
    live: Iterable[Manifest],
    *,
    prune: bool,
    adopt: bool,
    nodes: Collection[str] | None = None,
) -> PoolFacts:
    """Read both sides and settle where every address goes.

    Args:
        desired: see `plan_pools`.
        live: see `plan_pools`.
        prune: see `plan_pools`.
        adopt: see `plan_pools`.
        nodes: the only nodes that the desired pools are about, so that pools of others are no orphans; None is all.
    """
    targets = {target.name: target for target in map(Target, desired)}
    pools = {pool.name: pool for pool in map(LivePool, live)}
    fates = {name: _fate(pool, targets.get(name), prune=prune, adopt=adopt) for name, pool in pools.items()}
    fates |= {name: Fate.STAY for name in pools.keys() - targets.keys() if not _is_about(pools[name], nodes)}
    wanted = [
        Wanted(name=name, subnet=target.subnet, addresses=target.listed)
        for name, target in targets.items()
        if fates.get(name) is not Fate.STAY
    ]
    return PoolFacts(targets=targets, live=pools, fates=fates, moves=movement(wanted, pools, fates))


def _eni(manifest: Manifest) -> str:
    return kinds.annotations(manifest).get(kinds.ANNOTATION_ENI, "")


def _fate(pool: LivePool, target: Target | None, *, prune: bool, adopt: bool) -> Fate:
    if not pool.ours and not (adopt and target is not None):
        return Fate.STAY
    if target is None:
        if pool.terminating:
            return Fate.STAY if pool.holders else Fate.GO
        return Fate.GO if prune else Fate.ORPHAN
    return Fate.RENEW if pool.terminating or pool.subnet != target.subnet else Fate.RESIZE


def _is_about(pool: LivePool, nodes: Collection[str] | None) -> bool:
    names = cast("list[str]", kinds.spec(pool.manifest).get("nodeName") or [])
    return nodes is None or any(name in nodes for name in names)


def _lines(name: str, facts: PoolFacts) -> Iterator[Change]:
    pool, target = facts.live.get(name), facts.targets.get(name)
    if pool is None:
        yield from _appearing(cast("Target", target), facts)
        return
    match facts.fates[name]:
        case Fate.STAY:
            yield from _staying(pool, target)
        case Fate.RESIZE:
            yield from _resized(pool, cast("Target", target), facts)
        case Fate.RENEW:
            yield from _renewed(pool, cast("Target", target), facts)
        case Fate.GO:
            yield from _going(pool, facts)
        case Fate.ORPHAN:
            yield from _orphaned(pool, facts)


def _appearing(target: Target, facts: PoolFacts) -> Iterator[Change]:
    yield from _obstructed(target, facts)
    in_the_way = _overlapping(target, facts)
    if in_the_way is not None:
        yield _blocked(
            target.name, f"subnet {target.subnet} overlaps {in_the_way.subnet} of SpiderIPPool {in_the_way.name}"
        )
        return
    final = facts.moves.final[target.name]
    if final:
        body = target.with_addresses(final)
        yield Change(
            action=Action.CREATE,
            kind=kinds.IP_POOL,
            name=target.name,
            detail=wording.listing(target.subnet, final),
            reason="new",
            after=body,
            writes=(_apply(Phase.GROW, body),),
        )


def _staying(pool: LivePool, target: Target | None) -> Iterator[Change]:
    if target is not None:
        yield Change(
            action=Action.CONFLICT,
            kind=kinds.IP_POOL,
            name=pool.name,
            reason="exists and is not managed by spidercli; --adopt takes it over",
            before=slim(pool.manifest),
            after=target.manifest,
        )


def _resized(pool: LivePool, target: Target, facts: PoolFacts) -> Iterator[Change]:
    final = facts.moves.final[pool.name]
    body = target.manifest if final == target.listed else target.with_addresses(final)
    drift = _drift(body, pool, final)
    kept = final - target.listed
    if kept:
        yield _blocked(pool.name, wording.held(pool, kept, "left the ENI"))
    yield from _obstructed(target, facts)
    if drift:
        yield Change(
            action=Action.UPDATE,
            kind=kinds.IP_POOL,
            name=pool.name,
            detail=wording.difference(pool.subnet, pool.listed, final),
            reason="; ".join(drift),
            before=slim(pool.manifest),
            after=body,
            writes=tuple(_resizing(pool, target, body, facts)),
        )
    elif not kept and pool.name not in facts.moves.obstacles:
        yield Change(action=Action.UNCHANGED, kind=kinds.IP_POOL, name=pool.name, before=pool.manifest, after=body)


def _resizing(pool: LivePool, target: Target, body: Manifest, facts: PoolFacts) -> Iterator[Write]:
    """One write, or two where an address has to be gone before another pool may list it."""
    final = facts.moves.final[pool.name]
    gains = final - pool.listed
    frees = (pool.listed - final) & facts.claims_on(pool.name)
    if frees and gains:
        yield _apply(Phase.SHRINK, target.with_addresses(pool.listed & final))
    yield _apply(Phase.GROW if gains else Phase.SHRINK, body)


def _renewed(pool: LivePool, target: Target, facts: PoolFacts) -> Iterator[Change]:
    what = "it is being deleted" if pool.terminating else f"its subnet changes from {pool.subnet} to {target.subnet}"
    if pool.holders:
        yield _blocked(pool.name, f"{what}, but {wording.held(pool, pool.holders.keys(), 'are in it')}")
        kept = facts.moves.final[pool.name]
        if kept != pool.listed:
            yield _shrunk(pool, kept, "addresses moved to another ENI")
        return
    yield from _obstructed(target, facts)
    final = facts.moves.final[pool.name]
    in_the_way = _overlapping(target, facts)
    if in_the_way is not None:
        yield _blocked(
            pool.name, f"subnet {target.subnet} overlaps {in_the_way.subnet} of SpiderIPPool {in_the_way.name}"
        )
    body = target.with_addresses(final) if final and in_the_way is None else None
    yield Change(
        action=Action.UPDATE,
        kind=kinds.IP_POOL,
        name=pool.name,
        detail=wording.listing(target.subnet, final) if body else "",
        reason=f"deleted and created again: {what}" if body else f"deleted, and not yet created again: {what}",
        before=slim(pool.manifest),
        after=body,
        writes=(_delete(pool), *((_apply(Phase.GROW, body),) if body else ())),
    )


def _going(pool: LivePool, facts: PoolFacts) -> Iterator[Change]:
    kept = facts.moves.final[pool.name]
    if kept:
        yield _blocked(pool.name, wording.held(pool, kept, "belong to no ENI of the inventory"))
        if kept != pool.listed:
            yield _shrunk(pool, kept, "only the addresses in use stay")
        return
    yield Change(
        action=Action.DELETE,
        kind=kinds.IP_POOL,
        name=pool.name,
        detail=wording.listing(pool.subnet, pool.listed),
        reason=_why_unwanted(pool, facts),
        before=slim(pool.manifest),
        writes=(_delete(pool),),
    )


def _orphaned(pool: LivePool, facts: PoolFacts) -> Iterator[Change]:
    final, other = facts.moves.final[pool.name], facts.renamed.get(pool.name)
    if final != pool.listed:
        yield _shrunk(
            pool, final, f"addresses go to SpiderIPPool {other}" if other else "addresses moved to another ENI"
        )
    yield _blocked(pool.name, f"{_why_unwanted(pool, facts)}; --prune deletes it")


def _why_unwanted(pool: LivePool, facts: PoolFacts) -> str:
    other = facts.renamed.get(pool.name)
    return f"the pool of its ENI is called {other} now" if other else "no NIC of the inventory has it"


def _shrunk(pool: LivePool, final: frozenset[int], reason: str) -> Change:
    body = Target(_own(pool.manifest)).with_addresses(final)
    return Change(
        action=Action.UPDATE,
        kind=kinds.IP_POOL,
        name=pool.name,
        detail=wording.difference(pool.subnet, pool.listed, final),
        reason=reason,
        before=slim(pool.manifest),
        after=body,
        writes=(_apply(Phase.SHRINK, body),),
    )


def _obstructed(target: Target, facts: PoolFacts) -> Iterator[Change]:
    obstacles = facts.moves.obstacles.get(target.name, ())
    if obstacles:
        yield _blocked(target.name, wording.first_few([_explained(target, obstacle) for obstacle in obstacles]))


def _explained(target: Target, obstacle: Obstacle) -> str:
    address = address_in(target.subnet, obstacle.address)
    by = f"pod {obstacle.pod} holds it in" if obstacle.pod else "it is listed by"
    return f"{address} can't join: {by} SpiderIPPool {obstacle.pool}"


def _overlapping(target: Target, facts: PoolFacts) -> LivePool | None:
    """A live pool that stays and whose subnet overlaps without being equal, which the webhook refuses."""
    for pool in facts.overlapping(target.subnet):
        going = facts.fates[pool.name] in (Fate.GO, Fate.RENEW) and not pool.holders
        if pool.name != target.name and not going:
            return pool
    return None


def _overlap(one: IPNetwork, other: IPNetwork) -> bool:
    return one.version == other.version and one.overlaps(other)


def _drift(body: Manifest, pool: LivePool, final: frozenset[int]) -> list[str]:
    """What differs in fields that we own, as short phrases; `final`, what the body lists, is compared as a set."""
    found = ownership.differences(body, pool.manifest)
    if final == pool.listed:
        return [str(item) for item in found if item.path != IPS or item.kind not in _SPELLING]
    return ["the ENI's addresses changed" if item.path == IPS else str(item) for item in found]


def _blocked(name: str, reason: str) -> Change:
    return Change(action=Action.BLOCKED, kind=kinds.IP_POOL, name=name, reason=reason)


def _apply(phase: Phase, body: Manifest) -> Write:
    return Write(phase=phase, verb=Verb.APPLY, kind=kinds.IP_POOL, name=kinds.name(body), namespace=None, body=body)


def _delete(pool: LivePool) -> Write:
    """A delete that holds only for the pool as it was read: an allocation in the meantime changes its version."""
    meta = kinds.metadata(pool.manifest)
    return Write(
        phase=Phase.SHRINK,
        verb=Verb.DELETE,
        kind=kinds.IP_POOL,
        name=pool.name,
        namespace=None,
        body=None,
        uid=str(meta.get("uid")),
        resource_version=str(meta.get("resourceVersion")),
    )


def _own(manifest: Manifest) -> Manifest:
    """What we last applied of a live pool: to send less would give the rest up."""
    kept = ownership.owned(manifest)
    return {"apiVersion": manifest["apiVersion"], "kind": manifest["kind"], **kept}
