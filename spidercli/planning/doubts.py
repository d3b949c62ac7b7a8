"""Pools that get nothing for now, because what is known of their ENIs may be otherwise in a moment.

Two things are never sure. An ENI that is being attached or detached may be on either side by the next reading, so its
pool is neither emptied nor given to another ENI meanwhile. And a NIC name that was counted changes once an earlier ENI
comes or goes, while the node keeps the names that it has given: a pool would get the addresses of an ENI that its
network does not lead to, and pods with such an address would be cut off. So the cluster's pools, which tell how an ENI
was called before, count more than a guess. What left the ENI leaves its pool all the same, whatever the ENI is called.
"""

from __future__ import annotations

import collections
import dataclasses
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from spidercli import kinds
from spidercli.planning.addresssets import AddressSet
from spidercli.planning.live import LivePool
from spidercli.planning.networks import references
from spidercli.planning.nics import Block, Nics, block_of, eni_of
from spidercli.planning.targets import Target

_Pool = TypeVar("_Pool", Target, LivePool)
_COUNTED = re.compile("eth[0-9]+")


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Contradiction:
    """A pool whose NIC has a guessed name, though live pools say otherwise."""

    target: Target
    evidence: str
    others: Sequence[str]  # the pools that it would change places with


def doubtful(targets: Mapping[str, Target], live: Mapping[str, LivePool], nics: Nics) -> dict[str, str]:
    """The pools that get nothing, or are not to be made yet, by name, with the reasons."""
    return {**_contradicted(targets, live, nics), **dict(_in_transit(live.values(), nics))}


def departed(targets: Mapping[str, Target], live: Mapping[str, LivePool], nics: Nics) -> dict[str, AddressSet]:
    """What doubtful pools list though their ENIs don't have it any more, by pool; an ENI on the way has everything."""
    pools = [live[name] for name in _contradicted(targets, live, nics) if name in live]
    found = (
        (pool.name, pool.listed - nics.addresses.get(block_of(pool), AddressSet()))
        for pool in pools
        if not pool.terminating and (eni := eni_of(pool.manifest)) and eni not in nics.in_transit
    )
    return {name: numbers for name, numbers in found if numbers}


def _contradicted(targets: Mapping[str, Target], live: Mapping[str, LivePool], nics: Nics) -> dict[str, str]:
    found = {}
    contradictions = list(_contradictions(targets, live, nics))
    for each in contradictions:
        found.update(dict.fromkeys(each.others, _told(each, nics)))
    for each in contradictions:  # what a pool itself is about comes first
        found[each.target.name] = _told(each, nics)
    return found


def _in_transit(live: Iterable[LivePool], nics: Nics) -> Iterator[tuple[str, str]]:
    if nics.in_transit:
        for pool in live:
            if pool.ours and (what := nics.in_transit.get(eni := eni_of(pool.manifest))):
                yield pool.name, f"its ENI {eni} is {what}: until that is done, the pool stays as it is"


def _contradictions(
    targets: Mapping[str, Target], live: Mapping[str, LivePool], nics: Nics
) -> Iterator[_Contradiction]:
    if not nics.guessed:
        return
    changed = [target for target in targets.values() if _is_guessed_anew(target, live.get(target.name), nics.guessed)]
    if not changed:
        return
    pools, wanted = _by_block(pool for pool in live.values() if pool.ours), _by_block(targets.values())
    for target in changed:
        former = live.get(target.name)
        if named := _named_otherwise(target, pools.get(block_of(target), ())):
            evidence = f"SpiderIPPool {named[0].name} has it for {', '.join(references(named[0].manifest))}"
            yield _Contradiction(target=target, evidence=evidence, others=[pool.name for pool in named])
        elif former and (eni := _displaced(target, former, nics)):
            evidence = f"SpiderIPPool {target.name} is that of {eni}, which is still on the node"
            rivals = [other.name for other in wanted.get(block_of(former), ())]
            yield _Contradiction(target=target, evidence=evidence, others=rivals)


def _told(found: _Contradiction, nics: Nics) -> str:
    eni = eni_of(found.target.manifest)
    return (
        f"{eni} is {nics.guessed[eni]} only by a guess, but {found.evidence}: "
        "name the node's NICs with `interfaces` in the configuration"
    )


def _is_guessed_anew(target: Target, former: LivePool | None, guessed: Container[str]) -> bool:
    """Whether a pool gets a guessed NIC that it does not have yet; looked at in a hurry, as hardly one does."""
    eni = eni_of(target.manifest)
    if eni not in guessed:
        return False
    if former is None or eni_of(former.manifest) != eni:
        return True
    return kinds.spec(former.manifest).get("multusName") != kinds.spec(target.manifest).get("multusName")


def _named_otherwise(target: Target, pools: Iterable[LivePool]) -> list[LivePool]:
    """The pools of an ENI on its node that know it by another counted name, if none knows it by the target's."""
    network = _networks(target)
    found = {pool: _networks(pool) for pool in pools if pool.nodes == target.nodes}
    if network in found.values():
        return []
    return [pool for pool, other in found.items() if _uncounted(other) == _uncounted(network)]


def _displaced(target: Target, former: LivePool, nics: Nics) -> str:
    """The ENI whose pool the target would take, if that one is still on the node; else ""."""
    eni = eni_of(former.manifest)
    is_other = former.ours and eni != eni_of(target.manifest)
    return eni if is_other and nics.homes.get(eni) in target.nodes else ""


def _networks(pool: LivePool | Target) -> str:
    return ",".join(references(pool.manifest))


def _uncounted(network: str) -> str:
    """What two networks share that differ in nothing but the number of their NIC."""
    return _COUNTED.sub("eth", network)


def _by_block(pools: Iterable[_Pool]) -> Mapping[Block, list[_Pool]]:
    found: dict[Block, list[_Pool]] = collections.defaultdict(list)
    for pool in pools:
        found[block_of(pool)].append(pool)
    return found
