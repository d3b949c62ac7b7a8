"""Limits on what one run may take away, checked before anything is written."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from spidercli.errors import GuardTripped
from spidercli.model import Inventory
from spidercli.planning.addresssets import AddressSet, Interval
from spidercli.planning.live import LivePool
from spidercli.planning.plan import Plan


@dataclasses.dataclass(frozen=True, kw_only=True)
class Losses:
    """What a plan takes away from the pools that we manage, or are about to."""

    pools: int  # pools that we manage now
    pools_going: int
    addresses: int  # addresses in them
    addresses_going: int  # addresses that no pool of ours will list afterwards
    largest: int  # addresses of the largest pool
    pools_renamed: int = 0  # pools that lose their addresses to one of another name, for the same ENI


def losses(live: Iterable[LivePool], plan: Plan, *, renamed: int = 0) -> Losses:
    """Count what a plan for pools takes away from ours and from those that it takes over.

    An address that moves to another pool of ours does not go.
    """
    after = {write.name: LivePool(write.body) if write.body is not None else None for write in plan.writes}
    before = {pool.name: pool for pool in live if pool.ours or pool.name in after}
    touched = [pool for name, pool in before.items() if name in after]
    untouched = [pool for name, pool in before.items() if name not in after]
    listed, kept = _addresses(touched), _addresses([*untouched, *filter(None, after.values())])
    return Losses(
        pools=len(before),
        pools_going=sum(1 for pool in touched if after[pool.name] is None),
        addresses=sum(pool.listed.size for pool in before.values()),
        addresses_going=sum((listed[version] - kept[version]).size for version in (4, 6)),
        largest=max((pool.listed.size for pool in before.values()), default=0),
        pools_renamed=renamed,
    )


def _addresses(pools: Iterable[LivePool]) -> dict[int, AddressSet]:
    """All addresses that some pools list, by IP version."""
    found: dict[int, list[Interval]] = {4: [], 6: []}
    for pool in pools:
        found[pool.subnet.version].extend(pool.listed.intervals)
    return {version: AddressSet(intervals) for version, intervals in found.items()}


def check_losses(found: Losses, limit: str) -> None:
    """Refuse a plan that takes away more than `limit`, "20%" of pools or of addresses, or a number of pools.

    One pool may always go, except with a limit of zero: a small cluster would need an exception for every change.

    Raises:
        GuardTripped: with what would go and what may.
    """
    pools_allowed, addresses_allowed = _allowed(found, limit)
    hint = "check the inventory first; if it is right, raise --max-delete"
    if found.pools_going > pools_allowed:
        raise GuardTripped(
            f"{found.pools_going} of {found.pools} pools would be deleted, "
            f"--max-delete {limit} allows {pools_allowed}; nothing was written",
            hint=hint,
        )
    if found.pools_renamed > pools_allowed:
        raise GuardTripped(
            f"{found.pools_renamed} of {found.pools} pools would give their addresses to pools of other names for the "
            f"same ENIs, --max-delete {limit} allows {pools_allowed}; nothing was written",
            hint="is it the right configuration? See `config show --origin`; if names shall change, raise --max-delete",
        )
    if found.addresses_going > addresses_allowed:
        raise GuardTripped(
            f"{found.addresses_going} of {found.addresses} addresses would leave the pools, "
            f"--max-delete {limit} allows {addresses_allowed} (no less than the largest pool has); nothing was written",
            hint=hint,
        )


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
    number = int(limit.removesuffix("%"))
    if number == 0:
        return 0, 0
    if not limit.endswith("%"):
        return number, number * found.largest
    return max(1, found.pools * number // 100), max(found.largest, found.addresses * number // 100)
