"""The nodes whose pools a plan may take away."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Container

from spidercli.config.schema import Nodes
from spidercli.facts import exclusion
from spidercli.facts.exclusion import Exclusion
from spidercli.model import Inventory, Source


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scope(Container[str]):
    """Has the names of nodes whose pools are orphans where the facts ask for none; pools of others stay."""

    only: Collection[str] | None
    """The nodes that the facts are about, where they are about a part on purpose; None: all but the following."""
    unread: frozenset[str]
    """Nodes of the cluster that the facts lack."""
    left_alone: Exclusion
    """What the configuration leaves alone, be it in the cluster or gone."""

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str) or name in self.unread or self.left_alone.has_name(name):
            return False
        return self.only is None or name in self.only


def scope(inventory: Inventory, live: frozenset[str], nodes: Nodes) -> Scope | None:
    """The nodes that the facts speak for, None for every node that is or was.

    Args:
        inventory: the facts.
        live: the names of the cluster's nodes.
        nodes: which of them the configuration asks for.
    """
    read = {node.name for node in inventory.nodes}
    unread, partial = live - read, nodes.ids or nodes.tags or inventory.source is Source.METADATA
    if not (partial or unread or nodes.exclude):
        return None
    return Scope(
        only=read if partial else None,
        unread=unread,
        left_alone=exclusion.configured(nodes.exclude),
    )
