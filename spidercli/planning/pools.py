"""The plan for SpiderIPPools: desired manifests against live ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import cast

from spidercli import kinds
from spidercli.model import Manifest
from spidercli.planning import ownership, wording
from spidercli.planning.addresssets import AddressSet
from spidercli.planning.gathering import PoolFacts, gather, obstructed, renaming, renewal
from spidercli.planning.live import LivePool
from spidercli.planning.manifests import slim
from spidercli.planning.movement import NOTHING, Fate
from spidercli.planning.networks import references
from spidercli.planning.nics import block_of, eni_of
from spidercli.planning.plan import Action, Change, Phase, Plan, Write
from spidercli.planning.pool_writes import applied, closing, deleted, deleted_after_closing, in_turn, opening
from spidercli.planning.targets import Target, not_default, with_addresses
from spidercli.planning.turns import group

IPS = ("spec", "ips")
# How a list of the same addresses may differ; Spiderpool's webhook leaves out an empty one.
_SPELLING = (ownership.Drift.CHANGED, ownership.Drift.MISSING)


def plan_pools(
    desired: Iterable[Manifest], live: Iterable[Manifest], *, prune: bool = False, adopt: bool = False
) -> Plan:
    """Compare desired SpiderIPPools with all live ones; see `gather`."""
    return plan_of(gather(desired, live, prune=prune, adopt=adopt))


def plan_of(facts: PoolFacts) -> Plan:
    """The plan that follows from settled facts, in name order."""
    changes: list[Change] = []
    for name in sorted({**facts.targets, **facts.live}):
        changes.extend(_lines(name, facts))
    return Plan(changes=tuple(changes))


def _lines(name: str, facts: PoolFacts) -> Iterator[Change]:
    pool, target = facts.live.get(name), facts.targets.get(name)
    if pool is None:
        return _appearing(cast("Target", target), facts)
    match facts.fates[name]:
        case Fate.RESIZE if facts.is_held_back(pool):
            return _held_back(pool, cast("Target", target), facts)
        case Fate.RESIZE:
            return _resized(pool, cast("Target", target), facts)
        case Fate.STAY if name not in facts.stuck:
            return _staying(pool, target, facts)
        case Fate.RENEW:
            return _renewed(pool, cast("Target", target), facts)
        case Fate.STAY | Fate.STUCK:
            return _stuck(pool, facts)
        case Fate.IDLE:
            return _idle(pool, facts)
        case Fate.GO:
            return _going(pool, facts)
        case Fate.ORPHAN:
            return _orphaned(pool, facts)


def _appearing(target: Target, facts: PoolFacts) -> Iterator[Change]:
    if target.name in facts.stuck:
        yield _blocked(target.name, facts.stuck[target.name])
        return
    yield from _obstructed(target, facts)
    final = facts.moves.final[target.name]
    if final:
        body = target.with_addresses(final)
        yield Change(
            action=Action.CREATE,
            kind=kinds.IP_POOL,
            name=target.name,
            detail=wording.listing(target.subnet, final),
            reason=_why_made(target, facts),
            after=body,
            writes=tuple(_in_turn([applied(Phase.GROW, body)], target, facts)),
        )


def _why_made(target: Target, facts: PoolFacts) -> str:
    family = group(target.subnet.version)
    return f"new; default once every {family} pool exists" if facts.turns.awaits_others(target) else "new"


def _staying(pool: LivePool, target: Target | None, facts: PoolFacts) -> Iterator[Change]:
    if target is None:
        return
    reason = "exists and is not managed by spidercli; --adopt takes it over"
    if facts.is_elsewhere(pool):
        reason = f"this name is taken by the pool of {', '.join(pool.nodes)}, which this run is not about"
    yield Change(
        action=Action.CONFLICT,
        kind=kinds.IP_POOL,
        name=pool.name,
        reason=reason,
        before=slim(pool.manifest),
        after=target.manifest,
    )


def _resized(pool: LivePool, target: Target, facts: PoolFacts) -> Iterator[Change]:
    final = facts.moves.final[pool.name]
    as_asked = final == target.listed
    body = _spelled_as_there(target.manifest if as_asked else target.with_addresses(final), pool)
    drift = _drift(body, pool, final)
    waits = [*_lacking(pool, facts), *_overdue(pool, target, facts), *_obstructed(target, facts)]
    yield from waits
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
    elif not waits:
        yield Change(action=Action.UNCHANGED, kind=kinds.IP_POOL, name=pool.name, before=pool.manifest, after=body)


def _spelled_as_there(body: Manifest, pool: LivePool) -> Manifest:
    """The same pool with the live subnet's text: the webhook lets nobody change it, not even its spelling."""
    spec, there = kinds.spec(body), kinds.spec(pool.manifest)["subnet"]
    return body if spec["subnet"] == there else {**body, "spec": {**spec, "subnet": there}}


def _held_back(pool: LivePool, target: Target, facts: PoolFacts) -> Iterator[Change]:
    yield from _lacking(pool, facts)
    yield from _overdue(pool, target, facts)
    yield from _kept(pool, facts, "the ENI's addresses changed")


def _lacking(pool: LivePool, facts: PoolFacts) -> Iterator[Change]:
    """The line of a pool whose network does not exist."""
    if reason := facts.lacking.get(pool.name):
        keeps = f"; until then it keeps {', '.join(references(pool.manifest)) or 'every network'} and gets no address"
        yield _blocked(pool.name, reason + (keeps if facts.is_held_back(pool) else ""))


def _overdue(pool: LivePool, target: Target, facts: PoolFacts) -> Iterator[Change]:
    """The line of a pool that lists what it should not, because pods hold it."""
    final = facts.moves.final[pool.name]
    if final != target.listed and (kept := final - target.listed):
        yield _blocked(pool.name, _unwelcome(pool, kept, facts.nics.addresses.get(block_of(target))))


def _unwelcome(pool: LivePool, kept: AddressSet, on_eni: AddressSet | None) -> str:
    """Why addresses in use should leave a pool: they are not on its ENI any more, or pods may not take them."""
    excluded = kept & on_eni if on_eni else NOTHING
    groups = ((kept - excluded, "left the ENI"), (excluded, "are not for pods any more"))
    told = [wording.held(pool, numbers, what) for numbers, what in groups if numbers]
    if gone := kept - excluded:
        told[0] += f" (cut off; restart {'these pods' if gone.size > 1 else 'the pod'})"
    return "; ".join(told)


def _resizing(pool: LivePool, target: Target, body: Manifest, facts: PoolFacts) -> Iterable[Write]:
    """One write, or two where an address has to be gone before another pool may list it."""
    final = facts.moves.final[pool.name]
    gains = final - pool.listed
    frees = (pool.listed - final) & facts.claims_on(pool.name)
    writes = [applied(Phase.GROW if gains else Phase.SHRINK, body)]
    if frees and gains:
        writes.insert(0, applied(Phase.SHRINK, with_addresses(body, pool.subnet, pool.listed & final)))
    if facts.turns.awaits_others(target) and not _drift(not_default(body), pool, final):
        return [opening(writes[-1])]
    return _in_turn(writes, target, facts)


def _renewed(pool: LivePool, target: Target, facts: PoolFacts) -> Iterator[Change]:
    yield from _obstructed(target, facts)
    final = facts.moves.final[pool.name]
    body = target.with_addresses(final)
    yield Change(
        action=Action.UPDATE,
        kind=kinds.IP_POOL,
        name=pool.name,
        detail=wording.listing(target.subnet, final),
        reason=f"deleted and created again: {renewal(pool, target)}",
        before=slim(pool.manifest),
        after=body,
        writes=tuple(_in_turn([deleted(pool), applied(Phase.GROW, body)], target, facts)),
    )


def _in_turn(writes: Sequence[Write], target: Target, facts: PoolFacts) -> Iterable[Write]:
    return in_turn(writes) if facts.turns.awaits_others(target) else writes


def _stuck(pool: LivePool, facts: PoolFacts) -> Iterator[Change]:
    yield _blocked(pool.name, facts.stuck[pool.name])
    if facts.fates[pool.name] is Fate.STUCK:
        where = "left the ENI" if pool.name in facts.departed else "moved to another ENI"
        yield from _kept(pool, facts, f"addresses {where}")


def _idle(pool: LivePool, facts: PoolFacts) -> Iterator[Change]:
    final = facts.moves.final[pool.name]
    if final:
        yield _blocked(pool.name, _unwelcome(pool, final, facts.nics.addresses.get(block_of(pool))))
    yield from _kept(pool, facts, _why_unwanted(pool, facts))
    if not (pool.listed or facts.turns.ends(pool)):
        yield Change(action=Action.UNCHANGED, kind=kinds.IP_POOL, name=pool.name, before=pool.manifest)


def _going(pool: LivePool, facts: PoolFacts) -> Iterator[Change]:
    why, kept = _why_unwanted(pool, facts), facts.moves.final[pool.name]
    if kept:
        yield _blocked(pool.name, f"{why}, but {wording.held(pool, kept, 'are in it')}")
        yield from _kept(pool, facts, "only the addresses in use stay")
        return
    leaves = pool.subnet.version in facts.turns.leaving
    yield Change(
        action=Action.DELETE,
        kind=kinds.IP_POOL,
        name=pool.name,
        detail=wording.listing(pool.subnet, pool.listed),
        reason=why,
        before=slim(pool.manifest),
        writes=(deleted_after_closing(pool) if leaves else deleted(pool),),
    )


def _orphaned(pool: LivePool, facts: PoolFacts) -> Iterator[Change]:
    other = facts.successors.get(pool.name)
    yield from _kept(
        pool, facts, f"addresses go to SpiderIPPool {other}" if other else "addresses moved to another ENI"
    )
    once = f" once these are free: {wording.holders(pool, pool.holders)}" if pool.holders else ""
    yield _blocked(pool.name, f"{_why_unwanted(pool, facts)}; --prune deletes it{once}")


def _why_unwanted(pool: LivePool, facts: PoolFacts) -> str:
    if other := facts.successors.get(pool.name):
        return renaming(pool, other)
    if block_of(pool) in facts.nics.idle:
        return "its ENI has no address for pods any more"
    if eni_of(pool.manifest) in facts.nics.enis:
        return "the configuration wants no pool for it"
    return "no NIC of the inventory has it"


def _kept(pool: LivePool, facts: PoolFacts, reason: str) -> Iterator[Change]:
    """The line of a pool of ours that loses addresses, or ceases to be default, if it does."""
    final = facts.moves.final[pool.name]
    if final == pool.listed and not facts.turns.ends(pool):
        return
    body, ends = with_addresses(_own(pool), pool.subnet, final), facts.turns.ends(pool)
    write = closing(body) if ends else applied(Phase.SHRINK, body)
    if ends:
        reason = f"{reason}; no {group(pool.subnet.version)} pool is default any more"
    yield Change(
        action=Action.UPDATE,
        kind=kinds.IP_POOL,
        name=pool.name,
        detail=wording.difference(pool.subnet, pool.listed, final),
        reason=reason,
        before=slim(pool.manifest),
        after=write.body,
        writes=(write,),
    )


def _obstructed(target: Target, facts: PoolFacts) -> Iterator[Change]:
    if reason := obstructed(target, facts):
        yield _blocked(target.name, reason)


def is_spelling(found: ownership.Difference) -> bool:
    """Whether a difference between pools of the same addresses is in how these are written only."""
    return found.path == IPS and found.kind in _SPELLING


def _drift(body: Manifest, pool: LivePool, final: AddressSet) -> list[str]:
    """What differs in fields that we own, as short phrases; `final`, what the body lists, is compared as a set."""
    found = ownership.differences(body, pool.manifest)
    if final == pool.listed:
        return [wording.drift(item) for item in found if not is_spelling(item)]
    return ["the ENI's addresses changed" if item.path == IPS else wording.drift(item) for item in found]


def _blocked(name: str, reason: str) -> Change:
    return Change(action=Action.BLOCKED, kind=kinds.IP_POOL, name=name, reason=reason)


def _own(pool: LivePool) -> Manifest:
    """What we last applied of a live pool: to send less would give the rest up; with its subnet, whoever owns that."""
    kept = ownership.owned(pool.manifest)
    spec = {**kinds.spec(kept), "subnet": kinds.spec(pool.manifest)["subnet"]}
    return {"apiVersion": pool.manifest["apiVersion"], "kind": pool.manifest["kind"], **kept, "spec": spec}
