"""Pools as people ask about them: how full they are, whether they agree with the cloud, who has an address."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from typing import cast

from spidercli import kinds
from spidercli.errors import UsageProblem
from spidercli.model import Inventory, IPAddress, Nic, Node
from spidercli.planning import ownership
from spidercli.planning.live import LivePool, merged
from spidercli.planning.pools import IPS, PoolFacts, Target

COLUMNS = ("name", "node", "nic", "subnet", "free", "total", "usage", "cloud")
WIDE_COLUMNS = (*COLUMNS, "gateway", "multus", "eni", "managed")
Record = dict[str, object]


def overview(facts: PoolFacts) -> list[Record]:
    """One record for each pool of the cluster, in name order; keys as in `WIDE_COLUMNS`."""
    return [_record(facts.live[name], facts.targets.get(name)) for name in sorted(facts.live)]


def who(address: IPAddress, facts: PoolFacts, inventory: Inventory) -> Record:
    """Everything that is known of an address; a key whose answer is unknown is None."""
    pools = [
        pool for pool in facts.live.values() if pool.subnet.version == address.version and pool.lists(int(address))
    ]
    pods = [pool.holders[int(address)] for pool in pools if int(address) in pool.holders]
    owner = next(_owners(address, inventory), None)
    node, nic, role = owner or (None, None, None)
    return {
        "address": str(address),
        "pool": ", ".join(sorted(pool.name for pool in pools)) or None,
        "pod": ", ".join(pods) or None,
        "node": node and node.name,
        "nic": nic and nic.name,
        "eni": nic and nic.eni_id,
        "role": role,
    }


def is_known(record: Record) -> bool:
    """Whether `who` found anything."""
    return any(value is not None for key, value in record.items() if key != "address")


def parse_address(text: str) -> IPAddress:
    """The address that somebody typed.

    Raises:
        UsageProblem: it is none.
    """
    try:
        return ipaddress.ip_address(text)
    except ValueError as error:
        raise UsageProblem(f"{text!r} is not an IP address", hint="for example 172.31.199.187") from error


def _record(pool: LivePool, target: Target | None) -> Record:
    spec = kinds.spec(pool.manifest)
    total = sum(last - first + 1 for first, last in pool.intervals)
    usable = total - _excluded(pool)
    used = len(pool.holders)
    return {
        "name": pool.name,
        "node": _joined(spec.get("nodeName")),
        "nic": _nic(pool),
        "subnet": str(pool.subnet),
        "free": usable - used,
        "total": usable,
        "usage": f"{100 * used / usable:.0f}%" if usable else None,
        "cloud": _agreement(pool, target),
        "gateway": spec.get("gateway"),
        "multus": _joined(spec.get("multusName")),
        "eni": kinds.annotations(pool.manifest).get(kinds.ANNOTATION_ENI),
        "managed": pool.ours,
    }


def _agreement(pool: LivePool, target: Target | None) -> str:
    """in-sync, drift, orphan (no NIC has it), conflict (a NIC has it, but it is not ours), or deleting.

    A pool that is being deleted hands out nothing any more, whatever it lists. Who wrote a field does not matter here:
    what kubectl applied from an export is in sync.
    """
    if pool.terminating:
        return "deleting"
    if target is None:
        return "orphan"
    if not pool.ours:
        return "conflict"
    return "in-sync" if _has_addresses_of(target, pool) and _has_fields_of(target, pool) else "drift"


def _has_addresses_of(target: Target, pool: LivePool) -> bool:
    return target.subnet == pool.subnet and merged((n, n) for n in target.listed) == pool.intervals


def _has_fields_of(target: Target, pool: LivePool) -> bool:
    unowned = {key: value for key, value in kinds.metadata(pool.manifest).items() if key != "managedFields"}
    found = ownership.differences(target.manifest, {**pool.manifest, "metadata": unowned})
    return all(difference.path == IPS for difference in found)


def _excluded(pool: LivePool) -> int:
    overlaps = (
        min(last, pool_last) - max(first, pool_first) + 1
        for first, last in pool.excluded
        for pool_first, pool_last in pool.intervals
        if first <= pool_last and pool_first <= last
    )
    return sum(overlaps)


def _nic(pool: LivePool) -> str | None:
    """The NIC's name as the multusName tells it: the part behind the last dash of ns/ipvlan-eth0."""
    names = _joined(kinds.spec(pool.manifest).get("multusName")) or ""
    return names.rpartition("-")[2] or None


def _joined(value: object) -> str | None:
    return ",".join(map(str, cast("Iterable[object]", value or ()))) or None


def _owners(address: IPAddress, inventory: Inventory) -> Iterator[tuple[Node, Nic, str]]:
    for node, nic in inventory.nics():
        if address == nic.primary_ip:
            yield node, nic, "primary private IP"
        for block in nic.blocks:
            if address in block.addresses:
                yield node, nic, "secondary private IP"
