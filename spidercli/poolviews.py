"""Pools as people ask about them: how full they are, whether they agree with the cloud, who has an address."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable, Iterator
from typing import cast

from spidercli import kinds
from spidercli.errors import UsageProblem
from spidercli.model import Inventory, IPAddress, Nic, Node
from spidercli.planning.live import LivePool
from spidercli.planning.plan import Action, Plan
from spidercli.planning.pools import PoolFacts

COLUMNS = ("name", "node", "nic", "subnet", "free", "total", "usage", "cloud")
WIDE_COLUMNS = (*COLUMNS, "gateway", "multus", "eni", "managed")
Record = dict[str, object]


def overview(facts: PoolFacts, plan: Plan) -> list[Record]:
    """One record for each pool of the cluster, in name order; keys as in `WIDE_COLUMNS`."""
    actions: dict[str, set[Action]] = {}
    for change in plan.changes:
        actions.setdefault(change.name, set()).add(change.action)
    return [_record(facts.live[name], _agreement(name, facts, actions.get(name, set()))) for name in sorted(facts.live)]


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


def _record(pool: LivePool, agreement: str) -> Record:
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
        "cloud": agreement,
        "gateway": spec.get("gateway"),
        "multus": _joined(spec.get("multusName")),
        "eni": kinds.annotations(pool.manifest).get(kinds.ANNOTATION_ENI),
        "managed": pool.ours,
    }


def _agreement(name: str, facts: PoolFacts, actions: Collection[Action]) -> str:
    """in-sync, drift, orphan (no NIC has it), conflict (a NIC has it, but it is not ours), or deleting.

    A pool that is being deleted hands out nothing any more, whatever it lists.
    """
    if facts.live[name].terminating:
        return "deleting"
    if name not in facts.targets:
        return "orphan"
    if Action.CONFLICT in actions:
        return "conflict"
    return "in-sync" if Action.UNCHANGED in actions else "drift"


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
