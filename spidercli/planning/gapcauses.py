"""Why a plan would leave a NIC without pools of an IP family that others have, and what to do about it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence

from spidercli.planning import wording
from spidercli.planning.gathering import PoolFacts, obstructed
from spidercli.planning.live import LivePool
from spidercli.planning.movement import Fate
from spidercli.planning.nics import eni_of
from spidercli.planning.targets import Target
from spidercli.planning.turns import group

_ALLOWED = "(--max-delete may have to allow it)"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Lack:
    """Pools that are missing on a NIC.

    Attributes:
        node: that of the NIC.
        version: their IP version.
        target: the pool that should be there, if one should.
        inviting: the pools that bring pods to the NIC.
        default: those that make Spiderpool ask for this IP version.
    """

    node: str
    version: int
    target: Target | None
    inviting: Sequence[LivePool]
    default: Sequence[LivePool]


@dataclasses.dataclass(frozen=True)
class Cause:
    """Why pools are missing, and what to do."""

    reason: str
    hint: str


def cause(lack: Lack, facts: PoolFacts) -> Cause:
    """Why pools would be missing."""
    other = group(4 if lack.version == 6 else 6).lower()  # noqa: PLR2004
    without = f"or set pools.families: {other}, with --prune where there are {group(lack.version)} pools already"
    if facts.nodes is not None and lack.node not in facts.nodes:
        return Cause(
            "this run is not about that node",
            f"let one run be about all nodes (nodes.ids, nodes.tags, nodes.exclude, --source and --inventory leave "
            f"some out), delete Nodes whose machines are gone, {without}",
        )
    if lack.target is None:
        return _on_its_way(lack.inviting, facts) or _unasked(lack, facts)
    return _of_target(lack.target, without, facts)


def _of_target(target: Target, without: str, facts: PoolFacts) -> Cause:
    """Why a pool that should be there would not."""
    pool = facts.live.get(target.name)
    if pool is not None and facts.fates[pool.name] is Fate.STAY:
        names = "give the pools other names with pools.name and pools.nameIPv6"
        if pool.ours:
            return Cause(f"its name is taken by the pool of {', '.join(pool.nodes)}", f"{names}, {without}")
        return Cause(
            f"SpiderIPPool {pool.name} is not managed by spidercli", f"--adopt takes it over; {names}, {without}"
        )
    why = facts.stuck.get(target.name) or obstructed(target, facts) or "the pool is not to be default, or is disabled"
    return Cause(why, "settle that first")


def _on_its_way(inviting: Iterable[LivePool], facts: PoolFacts) -> Cause | None:
    """An ENI in transit has a pool already, and gets what is missing when it has arrived."""
    moving = list(_moving(inviting, facts))
    return Cause(f"its ENI {moving[0]}", "run again once that is done") if moving else None


def _moving(pools: Iterable[LivePool], facts: PoolFacts) -> Iterator[str]:
    """What is happening to the ENIs of pools, as "eni-1 is being attached to worker"."""
    enis = dict.fromkeys(eni_of(pool.manifest) for pool in pools if _is_moving(pool, facts))
    return (f"{eni} is {facts.nics.in_transit[eni]}" for eni in enis)


def _is_moving(pool: LivePool, facts: PoolFacts) -> bool:
    return eni_of(pool.manifest) in facts.nics.in_transit


def _unasked(lack: Lack, facts: PoolFacts) -> Cause:
    """Nothing asks for pools of this version on the NIC."""
    ours = [pool for pool in lack.default if pool.ours]
    reason = f"nothing asks for one, but {named(ours)} default"
    if all(facts.fates.get(pool.name) is Fate.ORPHAN for pool in lack.inviting):
        names = wording.first_few([pool.name for pool in lack.inviting])
        return Cause(
            reason, f"--prune deletes SpiderIPPool{_s(lack.inviting)} {names}, which nothing asks for {_ALLOWED}"
        )
    return Cause(reason, ", or ".join(_ways_out(ours, group(lack.version), facts)))


def _ways_out(ours: Iterable[LivePool], family: str, facts: PoolFacts) -> Iterator[str]:
    """What helps where pools of ours make Spiderpool ask for a family that nothing asks for."""
    lasting = [pool for pool in ours if not pool.terminating]
    moving = list(_moving(lasting, facts))
    fates = {facts.fates.get(pool.name) for pool in lasting if not (facts.is_gone(pool) or _is_moving(pool, facts))}
    yield f"give these NICs {family} addresses for pods"
    if fates & {Fate.ORPHAN, Fate.STUCK, Fate.IDLE}:
        yield f"--prune takes away {family} pools that nothing asks for {_ALLOWED}"
    if Fate.STAY in fates:
        yield "let one run be about all nodes"
    if gone := list(dict.fromkeys(node for pool in lasting if facts.is_gone(pool) for node in pool.nodes)):
        nodes = f"the Node{_s(gone)} {wording.first_few(gone)}"
        yield f"delete {nodes}, whose instance{_s(gone)} {'does' if len(gone) == 1 else 'do'} not exist, and run again"
    if moving:
        yield f"run again later, for {wording.first_few(moving)}"


def named(pools: Sequence[LivePool]) -> str:
    """Some pools as a subject, with the verb."""
    names = [pool.name if pool.ours else f"{pool.name} (not managed by spidercli)" for pool in pools]
    return f"SpiderIPPool{_s(names)} {wording.first_few(names)} {'is' if len(names) == 1 else 'are'}"


def _s(things: Sequence[object]) -> str:
    return "" if len(things) == 1 else "s"
