"""The plan for the providerIDs of nodes.

`spec.providerID` can be set once, from empty; the API server refuses every later change. The Cloud Controller Manager
deletes a node whose providerID leads to no instance, so it is set only for nodes whose instance was read and verified.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping

from spidercli import kinds
from spidercli.model import KubeNode, Manifest, Node
from spidercli.planning.plan import Action, Change, Phase, Plan, Verb, Write

_PREFIX = "alicloud://"


def plan_provider_ids(nodes: Iterable[Node], live: Iterable[KubeNode], patch: Callable[[Node], Manifest]) -> Plan:
    """Set the providerID of nodes that have none.

    Args:
        nodes: the inventory's nodes.
        live: the cluster's nodes as they are now.
        patch: renders the strategic merge patch for a node that has its uid.

    A node that has another uid by now is blocked: its instance is that of the former one. Facts that were written by
    hand have no uid.
    """
    found = {node.name: node for node in live}
    return Plan(changes=tuple(_line(node, found, patch) for node in nodes))


def _line(node: Node, live: Mapping[str, KubeNode], patch: Callable[[Node], Manifest]) -> Change:
    current = live.get(node.name)
    if current is None:
        return _change(Action.BLOCKED, node, reason="the cluster has no node of this name")
    if node.uid and node.uid != current.uid:
        reason = f"its uid is {current.uid}, and was {node.uid}: it was registered anew, maybe on another machine"
        return _change(Action.BLOCKED, node, reason=reason)
    if not current.provider_id:
        body = patch(dataclasses.replace(node, uid=current.uid))
        return _change(
            Action.UPDATE,
            node,
            reason=f"not set yet; {node.matched_by.words}",
            detail=node.expected_provider_id,
            before="",
            writes=(_write(node, body),),
        )
    if current.provider_id.removeprefix(_PREFIX) == node.expected_provider_id:
        return _change(Action.UNCHANGED, node, before=current.provider_id)
    reason = (
        f"it is {current.provider_id}, should be {node.expected_provider_id}, and can't be changed once set: "
        "delete the Node object and let its kubelet register again"
    )
    return _change(Action.CONFLICT, node, reason=reason, before=current.provider_id)


def _change(
    action: Action,
    node: Node,
    *,
    reason: str = "",
    detail: str = "",
    before: str | None = None,
    writes: tuple[Write, ...] = (),
) -> Change:
    return Change(
        action=action,
        kind=kinds.NODE,
        name=node.name,
        reason=reason,
        detail=detail,
        before=None if before is None else {"spec": {"providerID": before}},
        after={"spec": {"providerID": node.expected_provider_id}},
        writes=writes,
    )


def _write(node: Node, body: Manifest) -> Write:
    return Write(
        phase=Phase.PROVIDER_ID,
        verb=Verb.STRATEGIC_PATCH,
        kind=kinds.NODE,
        name=node.name,
        namespace=None,
        body=body,
    )
