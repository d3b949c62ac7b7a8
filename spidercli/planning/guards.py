"""Limits on what one run may take away, checked before anything is written."""

from __future__ import annotations

import collections
import dataclasses
import enum
from collections.abc import Collection, Iterable, Mapping

from spidercli.errors import GuardTripped
from spidercli.model import Inventory
from spidercli.planning.addresssets import AddressSet, Interval
from spidercli.planning.live import LivePool
from spidercli.planning.nics import eni_of
from spidercli.planning.plan import Plan, Verb

_RIGHT_CONFIG = "is it the right configuration? See `config show --origin`; if all that is meant, raise --max-delete"


class Loss(enum.Enum):
    """What may become of a pool that is not what it was afterwards."""

    RENAMED = "give their addresses to pools of other names for the same ENIs"
    RENEWED = "be deleted and created again"
    DELETED = "be deleted"
    REASSIGNED = "go over to other ENIs or nodes"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Losses:
    """What a plan takes away from the pools that we manage, or are about to."""

    pools: int  # pools that we manage now
    lost: Mapping[Loss, int]  # how many of them are, in which way; every pool is counted once
    addresses: int  # addresses in the pools
    addresses_going: int  # addresses that no pool of ours will list afterwards
    largest: int  # addresses of the largest pool


def losses(live: Iterable[LivePool], plan: Plan, *, supplanted: Collection[str] = ()) -> Losses:
    """Count what a plan for pools takes away from ours and from those that it takes over.

    An address that moves to another pool of ours does not go.

    Args:
        live: every pool of the cluster.
        plan: what is to become of them.
        supplanted: the names of pools whose ENIs are going to have pools of other names.
    """
    deleted = {write.name for write in plan.writes if write.verb is Verb.DELETE}
    after = {write.name: LivePool(write.body) if write.body is not None else None for write in plan.writes}
    before = {pool.name: pool for pool in live if pool.ours or pool.name in after}
    touched = [pool for name, pool in before.items() if name in after]
    untouched = [pool for name, pool in before.items() if name not in after]
    listed, kept = _addresses(touched), _addresses([*untouched, *filter(None, after.values())])
    fates = (_loss(pool, after[pool.name], deleted, supplanted) for pool in touched)
    return Losses(
        pools=len(before),
        lost=collections.Counter(fate for fate in fates if fate is not None),
        addresses=sum(pool.listed.size for pool in before.values()),
        addresses_going=sum((listed[version] - kept[version]).size for version in (4, 6)),
        largest=max((pool.listed.size for pool in before.values()), default=0),
    )


def _loss(pool: LivePool, after: LivePool | None, deleted: Collection[str], supplanted: Collection[str]) -> Loss | None:
    if pool.name in supplanted:
        return Loss.RENAMED
    if after is None:
        return Loss.DELETED
    if pool.name in deleted:
        return None if pool.terminating else Loss.RENEWED  # what somebody else deletes is restored
    return Loss.REASSIGNED if _is_reassigned(pool, after) else None


def _is_reassigned(pool: LivePool, after: LivePool) -> bool:
    """Whether a pool is for another ENI or other nodes afterwards; not every pool tells its ENI or has a node."""
    before, now = eni_of(pool.manifest), eni_of(after.manifest)
    return bool(before and now and before != now) or bool(pool.nodes and {*pool.nodes} != {*after.nodes})


def _addresses(pools: Iterable[LivePool]) -> dict[int, AddressSet]:
    """All addresses that some pools list, by IP version."""
    found: dict[int, list[Interval]] = {4: [], 6: []}
    for pool in pools:
        found[pool.subnet.version].extend(pool.listed.intervals)
    return {version: AddressSet(intervals) for version, intervals in found.items()}


def pools_allowed(pools: int, limit: str) -> int:
    """How many of so many pools may go: "20%" of them, but at least one, or a number of them."""
    number = int(limit.removesuffix("%"))
    return max(1, pools * number // 100) if number and limit.endswith("%") else number


def check_losses(found: Losses, limit: str) -> None:
    """Refuse a plan that takes away more than `limit`, "20%" of pools or of addresses, or a number of pools.

    One pool may always go, except with a limit of zero: a small cluster would need an exception for every change.

    Raises:
        GuardTripped: with what would go and what may.
    """
    pools, addresses = _allowed(found, limit)
    lost = {kind: found.lost[kind] for kind in Loss if found.lost.get(kind)}
    enough = f"(here: to {_enough(found)})"
    hint = f"check the inventory first; if it is right, raise --max-delete {enough}"
    if sum(lost.values()) > pools:
        raise GuardTripped(
            f"{_of_pools(lost, found.pools)}, --max-delete {limit} allows {pools}; nothing was written",
            hint=hint if lost.keys() == {Loss.DELETED} else f"{_RIGHT_CONFIG} {enough}",
        )
    if found.addresses_going > addresses:
        raise GuardTripped(
            f"{found.addresses_going} of {found.addresses} addresses would leave the pools, "
            f"--max-delete {limit} allows {addresses} (no less than the largest pool has); nothing was written",
            hint=hint,
        )


def _enough(found: Losses) -> int:
    """The number of pools that lets everything go: so many pools, with the addresses that so many may have."""
    return max(sum(found.lost.values()), -(-found.addresses_going // found.largest) if found.largest else 0)


def _of_pools(lost: Mapping[Loss, int], pools: int) -> str:
    (first, count), *others = lost.items()
    more = "".join(f", {number} would {kind.value}" for kind, number in others)
    return f"{count} of {pools} pools would {first.value}{more}"


def check_not_empty(inventory: Inventory) -> None:
    """Refuse to plan on an inventory without a single address.

    Raises:
        GuardTripped: there is no node, or no NIC has a secondary address.
    """
    if not inventory.nodes:
        raise GuardTripped(
            "the inventory has no nodes; nothing was written",
            hint="check the region, the VPC and nodes.ids, nodes.tags and nodes.exclude of the configuration",
        )
    if next(inventory.addresses(), None) is None:
        raise GuardTripped(
            "no ENI of the inventory has a secondary private IP; nothing was written",
            hint="assign secondary private IPs to the nodes' ENIs first",
        )


def _allowed(found: Losses, limit: str) -> tuple[int, int]:
    pools, number = pools_allowed(found.pools, limit), int(limit.removesuffix("%"))
    if number == 0 or not limit.endswith("%"):
        return pools, pools * found.largest
    return pools, max(found.largest, found.addresses * number // 100)
