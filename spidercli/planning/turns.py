"""IP families that come to a cluster, or leave it, with all their pools at once.

One default pool of a family makes Spiderpool ask for an address of that family on every NIC of every pod that uses
default pools, and fail the pod where it finds none; disabled pools, those that are being deleted and those of nodes
that are gone count as default ones too (pkg/ipam/pool_selections.go, getClusterDefaultPools; pkg/ipam/allocate.go,
filterPoolCandidates). So the pools of a family that comes are made first, and are default only when all of them exist;
and of a family that leaves, what has to stay ceases to be default before the rest is deleted.
"""

from __future__ import annotations

import dataclasses
import itertools
import operator
from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from spidercli.planning.live import LivePool
from spidercli.planning.movement import Fate
from spidercli.planning.targets import Target

_NONE: frozenset[int] = frozenset()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Turns:
    """Which IP versions come or leave."""

    dual_stack: bool = False  # whether there are pools of both versions, or will be
    coming: AbstractSet[int] = _NONE
    leaving: AbstractSet[int] = _NONE

    def awaits_others(self, target: Target) -> bool:
        """Whether a pool may be default only when others of its family exist."""
        return target.subnet.version in self.coming and target.default

    def ends(self, pool: LivePool) -> bool:
        """Whether a pool that stays has to cease to be default."""
        return pool.subnet.version in self.leaving and pool.default


def group(version: int) -> str:
    """What the writes of a family that comes or leaves are called together."""
    return f"IPv{version}"


def turns(targets: Mapping[str, Target], live: Mapping[str, LivePool], fates: Mapping[str, Fate]) -> Turns:
    """Settle it from the pools that should exist and those that do, with what is to become of these."""
    subnets = map(operator.attrgetter("subnet"), itertools.chain(targets.values(), live.values()))
    if len(set(map(type, subnets))) < 2:  # noqa: PLR2004 - of one family, and no time is spent on thousands of pools
        return Turns()
    lasting = [pool for name, pool in live.items() if _stays_default(pool, fates[name], targets)]
    wanted = {target.subnet.version for target in targets.values() if target.default}
    coming = wanted - {pool.subnet.version for pool in lasting}
    if not any(pool.ours and pool.subnet.version == 6 for pool in lasting):  # noqa: PLR2004
        coming -= {4}  # of two families that come at once, IPv4 comes first
    return Turns(dual_stack=True, coming=coming, leaving=_leaving(targets, live, fates) if wanted else _NONE)


def _stays_default(pool: LivePool, fate: Fate, targets: Mapping[str, Target]) -> bool:
    """Whether a pool is default throughout."""
    if not pool.default or pool.terminating or fate is Fate.RENEW:
        return False
    if fate is Fate.RESIZE:
        return targets[pool.name].default
    return fate is not Fate.GO or bool(pool.holders)


def _leaving(
    targets: Mapping[str, Target], live: Mapping[str, LivePool], fates: Mapping[str, Fate]
) -> AbstractSet[int]:
    """The families that nothing asks for, and of which no default pool would be left but for addresses in use."""
    default = [pool for pool in live.values() if pool.ours and pool.default and not pool.terminating]
    staying = {pool.subnet.version for pool in default if fates[pool.name] not in (Fate.GO, Fate.IDLE)}
    wanted = {target.subnet.version for target in targets.values()}
    return {pool.subnet.version for pool in default} - staying - wanted
