"""How plans, reports and inventories look: pure functions from values to rows and plain data."""

from __future__ import annotations

from collections.abc import Iterable

from spidercli import addresses
from spidercli.model import Family, Inventory, Nic
from spidercli.planning.plan import Action, Change, Plan

_SYMBOLS = {
    Action.CREATE: "+",
    Action.UPDATE: "~",
    Action.DELETE: "-",
    Action.UNCHANGED: "=",
    Action.BLOCKED: "#",
    Action.CONFLICT: "!",
}
_STYLES = {
    Action.CREATE: "green",
    Action.UPDATE: "yellow",
    Action.DELETE: "red",
    Action.UNCHANGED: "dim",
    Action.BLOCKED: "magenta",
    Action.CONFLICT: "magenta",
}

Rows = list[tuple[str, ...]]


def plan_rows(changes: Iterable[Change]) -> tuple[Rows, list[str]]:
    """The lines of a plan, and a style for each."""
    rows: Rows = []
    styles: list[str] = []
    for change in changes:
        rows.append((f"  {_SYMBOLS[change.action]} {change.target}", change.detail, change.reason))
        styles.append(_STYLES[change.action])
    return rows, styles


def plan_summary(plan: Plan) -> str:
    """The plan in one line: "2 to create, 1 to update, 3 unchanged"."""
    words = {
        Action.CREATE: "to create",
        Action.UPDATE: "to update",
        Action.DELETE: "to delete",
        Action.UNCHANGED: "unchanged",
        Action.BLOCKED: "blocked",
        Action.CONFLICT: "in conflict",
    }
    counts = plan.summary
    parts = [f"{counts[action]:,} {word}" for action, word in words.items() if counts[action]]
    return ", ".join(parts) or "nothing to compare"


def plan_data(plan: Plan) -> dict[str, object]:
    """The plan as `-o json` and `-o yaml` print it; unchanged objects are only counted."""
    changes = [change_data(change) for change in plan.changes if change.action is not Action.UNCHANGED]
    return {"changes": changes, "summary": plan.summary}


def change_data(change: Change) -> dict[str, object]:
    """One line of a plan as data."""
    return {
        "action": change.action.value,
        "kind": change.kind.kind,
        "name": change.name,
        "namespace": change.namespace,
        "reason": change.reason,
        "before": change.before,
        "after": change.after,
    }


def plan_names(plan: Plan) -> list[str]:
    """kind/name of everything that would be written, one a line as kubectl prints names."""
    return [f"{change.kind.kind.lower()}/{change.name}" for change in plan.changes if change.writes]


def inventory_rows(inventory: Inventory, *, wide: bool) -> tuple[tuple[str, ...], Rows]:
    """Headers and rows of the inventory: one row for each NIC and family.

    The primary address and the count of free ones are IPv4's: of IPv6 the cloud tells neither.
    """
    headers: tuple[str, ...] = ("NODE", "NIC", "ENI", "PRIMARY", "SECONDARY", "SUBNET", "FREE")
    if wide:
        headers += ("INSTANCE", "TYPE", "ZONE", "VSWITCH", "MAC", "MATCHED-BY", "NAMED-BY")
    rows: Rows = []
    for node, nic in inventory.nics():
        for block in nic.blocks:
            ranges = addresses.collapse(block.addresses)
            row: tuple[str, ...] = (
                node.name,
                nic.name,
                nic.eni_id,
                _primary(nic, block.family),
                f"{','.join(ranges) or '-'} ({len(block.addresses)})",
                str(block.subnet),
                _free(nic, block.family),
            )
            if wide:
                row += (
                    node.instance_id,
                    node.instance_type,
                    node.zone_id,
                    nic.vswitch_id,
                    nic.mac,
                    node.matched_by,
                    nic.named_by,
                )
            rows.append(row)
    return headers, rows


def _primary(nic: Nic, family: Family) -> str:
    return str(nic.primary_ip) if nic.primary_ip and family is Family.IPV4 else "-"


def _free(nic: Nic, family: Family) -> str:
    return "-" if nic.free_addresses is None or family is Family.IPV6 else f"{nic.free_addresses:,}"
