"""Whether pods can start wherever they could before: NICs that lack an address family which others have.

See `turns` for what Spiderpool asks of default pools. What counts is the cluster as it will be: pools that stay for any
reason count as much as those that are made.
"""

from __future__ import annotations

import collections
import dataclasses
import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from spidercli import kinds
from spidercli.errors import FamilyGap
from spidercli.planning import wording
from spidercli.planning.gapcauses import Cause, Lack, cause, named
from spidercli.planning.gathering import PoolFacts
from spidercli.planning.live import LivePool
from spidercli.planning.movement import Fate
from spidercli.planning.networks import references
from spidercli.planning.nics import eni_of
from spidercli.planning.plan import Plan
from spidercli.planning.targets import Target
from spidercli.planning.turns import group

Key = tuple[str, str]
"""A node, and the network of one of its NICs, without the namespace, which a pool may leave out."""
Gap = tuple[Key, int]
"""Where pools of an IP version are missing, and of which one."""

_ANY = "*"
_VERSIONS: tuple[int, ...] = (4, 6)
# What makes a pool one for some pods only, besides its node and its network.
_RESTRICTIONS = ("podAffinity", "namespaceName", "namespaceAffinity", "nodeAffinity")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Gaps:
    """Where pods that use default pools can't start, because others have pools of a family that is missing there."""

    refusal: FamilyGap | None = None  # what the plan would bring about
    warnings: tuple[str, ...] = ()  # what is so already, or is brought about by pools that are not ours

    def check(self) -> None:
        """Refuse a plan after which pods can't start where they could before.

        Raises:
            FamilyGap: with what is missing, and why.
        """
        if self.refusal:
            raise self.refusal


def gaps(facts: PoolFacts, plan: Plan) -> Gaps:
    """The gaps between families that a plan leaves or makes."""
    if not facts.turns.dual_stack:
        return Gaps()
    before = _Cluster(facts.live.values(), facts)
    after = _Cluster(_afterwards(facts, plan), facts) if any(change.writes for change in plan.changes) else before
    inherited = {gap for gap in before.gaps if gap[1] not in facts.turns.coming}
    new = {gap: None for gap in after.gaps if gap not in inherited and after.is_ours(gap)}
    return Gaps(
        refusal=_refusal(new, after, facts) if new else None,
        warnings=tuple(_warnings([gap for gap in after.gaps if gap not in new], after)),
    )


class _Cluster:
    """All pools at one time."""

    def __init__(self, pools: Iterable[LivePool], facts: PoolFacts) -> None:
        self._facts = facts
        self._pools = [pool for pool in pools if pool.default]

    @functools.cached_property
    def gaps(self) -> AbstractSet[Gap]:
        """What is missing where."""
        return {
            (key, version): None
            for key in self._users
            for version in _VERSIONS
            if self.default_pools(version) and not self._is_served(key, version)
        }.keys()

    def is_ours(self, gap: Gap) -> bool:
        """Whether pools that we manage are on both sides of a gap."""
        key, version = gap
        return any(pool.ours for pool in self._users[key]) and any(pool.ours for pool in self.default_pools(version))

    def default_pools(self, version: int) -> Sequence[LivePool]:
        """The pools that make Spiderpool ask for this IP version."""
        return self._by_version[version]

    def lack(self, gap: Gap, target: Target | None) -> Lack:
        """What is missing in a gap, with the pools on both sides of it."""
        (node, _), version = gap
        return Lack(
            node=node,
            version=version,
            target=target,
            inviting=self._users[gap[0]],
            default=self.default_pools(version),
        )

    @functools.cached_property
    def _by_version(self) -> Mapping[int, Sequence[LivePool]]:
        return {version: [pool for pool in self._pools if pool.subnet.version == version] for version in _VERSIONS}

    @functools.cached_property
    def _users(self) -> Mapping[Key, Sequence[LivePool]]:
        """The NICs on which pods may want to start, with the pools that invite them to."""
        found: dict[Key, list[LivePool]] = collections.defaultdict(list)
        for pool in self._pools:
            if self._invites(pool):
                for key in _keys(pool):
                    if self._facts.starts_pods(key[0]):
                        found[key].append(pool)
        return found

    @functools.cached_property
    def _served(self) -> AbstractSet[Gap]:
        """The NICs that have a pool, by IP version."""
        usable = (pool for pool in self._pools if _is_usable(pool) and (pool.listed or self._is_wanted(pool)))
        return {(key, pool.subnet.version) for pool in usable for key in _keys(pool)}

    def _is_served(self, key: Key, version: int) -> bool:
        node, network = key
        return any(((name, net), version) in self._served for name in (node, _ANY) for net in (network, _ANY))

    def _invites(self, pool: LivePool) -> bool:
        """Whether a pool has addresses for the pods of some NICs: what is left of a NIC that is gone has not."""
        if not (pool.listed and pool.nodes and references(pool.manifest) and _is_usable(pool)):
            return False
        if self._is_wanted(pool) or self._facts.fates.get(pool.name) is Fate.STAY:
            return True
        eni, nics = eni_of(pool.manifest), self._facts.nics
        return (eni in nics.enis or eni in nics.in_transit) and any(n not in pool.holders for n in pool.listed)

    def _is_wanted(self, pool: LivePool) -> bool:
        return pool.name in self._facts.targets


def _keys(pool: LivePool | Target) -> Iterator[Key]:
    networks = [name.rpartition("/")[2] for name in references(pool.manifest)]
    return ((node, network) for node in pool.nodes or (_ANY,) for network in networks or (_ANY,))


def _is_usable(pool: LivePool) -> bool:
    """Whether Spiderpool gives out a pool's addresses to any pod."""
    spec = kinds.spec(pool.manifest)
    if pool.terminating or spec.get("disable"):
        return False
    return pool.ours or not any(spec.get(field) for field in _RESTRICTIONS)


def _afterwards(facts: PoolFacts, plan: Plan) -> Iterator[LivePool]:
    """The pools as they will be."""
    last = {change.name: change.writes for change in plan.changes if change.writes}
    for name, pool in facts.live.items():
        if name not in last:
            yield pool
    for name, writes in last.items():
        body = writes[-1].body
        if body is not None:
            kept = facts.live.get(name) if all(write.body for write in writes) else None
            yield LivePool(_merged(kept.manifest, body) if kept else body)


def _merged(live: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """A pool after an apply: what others have set stays."""
    return {**live, "metadata": {**live["metadata"], **body["metadata"]}, "spec": {**live["spec"], **body["spec"]}}


def _refusal(new: Iterable[Gap], after: _Cluster, facts: PoolFacts) -> FamilyGap:
    wanted: dict[Gap, Target] = {
        (key, target.subnet.version): target for target in facts.targets.values() for key in _keys(target)
    }
    causes: dict[Cause, list[Gap]] = collections.defaultdict(list)
    for gap in new:
        causes[cause(after.lack(gap, wanted.get(gap)), facts)].append(gap)
    told = (f"{_where(found)} would have no {group(found[0][1])} pool: {why.reason}" for why, found in causes.items())
    return FamilyGap(
        f"default pools of an IP family are for every NIC or for none, else pods can't start: {'; '.join(told)}; "
        "nothing was written",
        hint="; ".join(dict.fromkeys(why.hint for why in causes)),
    )


def _warnings(left: Iterable[Gap], after: _Cluster) -> Iterator[str]:
    by_version: dict[int, list[Gap]] = collections.defaultdict(list)
    for gap in left:
        by_version[gap[1]].append(gap)
    for version, found in by_version.items():
        yield (
            f"pods that use default pools can't start on {_where(found)}: no {group(version)} pool is for them there, "
            f"but {named(after.default_pools(version))} default"
        )


def _where(found: Iterable[Gap]) -> str:
    return wording.first_few([f"{network} of {node}" for (node, network), _ in found])
