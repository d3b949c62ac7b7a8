"""Pools as people ask about them: how full they are, whether they agree with the cloud, who has an address."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from typing import cast

from spidercli import kinds
from spidercli.desired import naming
from spidercli.errors import UsageProblem
from spidercli.model import Inventory, IPAddress, Nic, Node
from spidercli.planning import ownership
from spidercli.planning.gathering import PoolFacts
from spidercli.planning.live import LivePool
from spidercli.planning.movement import Fate
from spidercli.planning.nics import eni_of
from spidercli.planning.pools import is_spelling
from spidercli.planning.targets import Target

COLUMNS = ("name", "node", "nic", "subnet", "free", "total", "usage", "cloud")
WIDE_COLUMNS = (*COLUMNS, "gateway", "multus", "eni", "managed", "disabled")
Record = dict[str, object]


def overview(facts: PoolFacts, *, network: str) -> list[Record]:
    """One record for each pool of the cluster, in name order; keys as in `WIDE_COLUMNS`.

    Args:
        facts: the pools.
        network: the pattern of the SpiderMultusConfigs' names, which tells a pool's NIC.
    """
    pools = ((facts.live[name], facts.targets.get(name), facts.fates[name]) for name in sorted(facts.live))
    return [{**_record(pool, target, fate), "nic": _nic(pool, target, network)} for pool, target, fate in pools]


def columns(pools: Iterable[Record]) -> tuple[str, ...]:
    """The columns of the table: whether a pool is disabled is told where one is."""
    return (*COLUMNS, "disabled") if any(pool["disabled"] for pool in pools) else COLUMNS


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


def lost(record: Record, facts: PoolFacts) -> str | None:
    """What is wrong if our pools have an address, as `who` told, that is on no ENI any more; None if nothing is."""
    names = str(record["pool"] or "").split(", ")
    asked = (name for name in names if name in facts.live and facts.fates[name] is not Fate.STAY)
    if record["role"] is not None or (name := next(asked, None)) is None:
        return None
    eni = eni_of(facts.live[name].manifest)
    if what := facts.nics.in_transit.get(eni):
        return f"the ENI of {record['address']}, {eni}, is {what}"
    pod = f"the pod {record['pod']}, which holds it," if record["pod"] else "a pod that gets it"
    return f"no ENI of the inventory has {record['address']} for pods: {pod} is cut off from the network"


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


def _record(pool: LivePool, target: Target | None, fate: Fate) -> Record:
    spec = kinds.spec(pool.manifest)
    total = pool.listed.size
    usable = total - _excluded(pool)
    used = len(pool.holders)
    return {
        "name": pool.name,
        "node": _joined(spec.get("nodeName")),
        "subnet": str(pool.subnet),
        "free": usable - used,
        "total": usable,
        "usage": f"{100 * used / usable:.0f}%" if usable else None,
        "cloud": _agreement(pool, target, fate),
        "gateway": spec.get("gateway"),
        "multus": _joined(spec.get("multusName")),
        "eni": kinds.annotations(pool.manifest).get(kinds.ANNOTATION_ENI),
        "managed": pool.ours,
        "disabled": bool(spec.get("disable")),
    }


def _agreement(pool: LivePool, target: Target | None, fate: Fate) -> str:
    """How a pool agrees with the cloud.

    in-sync, drift, orphan (ours, but nothing asks for it), not-read (ours, but its node was left out), foreign (not
    ours), conflict (wanted under this name, but not ours, or of a node that was left out), or deleting.

    A pool that is being deleted hands out nothing any more, whatever it lists. What kubectl applied from an export is
    in sync, but where we applied a pool ourselves, so is only what another apply would leave as it is.
    """
    if pool.terminating:
        return "deleting"
    if target is None:
        return _without_target(pool, fate) if pool.ours else "foreign"
    if not pool.ours or fate is Fate.STAY:
        return "conflict"
    return "in-sync" if _has_addresses_of(target, pool) and _has_fields_of(target, pool) else "drift"


def _without_target(pool: LivePool, fate: Fate) -> str:
    if fate is Fate.STUCK:
        return "drift"
    if fate is Fate.IDLE:
        return "drift" if pool.listed else "in-sync"
    return "not-read" if fate is Fate.STAY else "orphan"


def _has_addresses_of(target: Target, pool: LivePool) -> bool:
    return target.subnet == pool.subnet and target.listed == pool.listed


def _has_fields_of(target: Target, pool: LivePool) -> bool:
    found = ownership.differences(target.manifest, pool.manifest)
    return all(is_spelling(each) for each in found if each.path)


def _excluded(pool: LivePool) -> int:
    overlaps = (
        min(last, pool_last) - max(first, pool_first) + 1
        for first, last in pool.excluded.intervals
        for pool_first, pool_last in pool.listed.intervals
        if first <= pool_last and pool_first <= last
    )
    return sum(overlaps)


def _nic(pool: LivePool, target: Target | None, network: str) -> str | None:
    """The NIC's name, of which a pool has the SpiderMultusConfig's, as NAMESPACE/NAME; of ours as it should be."""
    spec = kinds.spec(target.manifest if target and pool.ours else pool.manifest)
    names = (str(reference).rpartition("/")[2] for reference in cast("Iterable[object]", spec.get("multusName") or ()))
    return _joined(filter(None, (naming.read(network, name, "nic") for name in names)))


def _joined(value: object) -> str | None:
    return ",".join(map(str, cast("Iterable[object]", value or ()))) or None


def _owners(address: IPAddress, inventory: Inventory) -> Iterator[tuple[Node, Nic, str]]:
    for node, nic in inventory.nics():
        if address == nic.primary_ip:
            yield node, nic, "primary private IP"
        for block in nic.blocks:
            if address in block.addresses:
                yield node, nic, "secondary private IP"
