"""What neither the cloud nor, as far as it was asked, the cluster tells of the nodes' ENIs and addresses."""

from __future__ import annotations

from collections.abc import Container

from spidercli.config.schema import Config, FamilyChoice
from spidercli.desired.addressing import Exclusions
from spidercli.model import Family, Inventory, MatchedBy, Nic, Node, Source


def with_unknown_owners(inventory: Inventory, config: Config, telling: Container[str] | None) -> list[Node]:
    """Nodes whose primary ENI has IPv6 addresses for pods, while nothing tells which of them the node itself uses.

    The cloud does not; a node that reports an IPv6 InternalIP does, and so does somebody who excludes one by hand, or
    who wrote the inventory.

    Args:
        inventory: the facts.
        config: the configuration.
        telling: the nodes that report an IPv6 InternalIP. None: the cluster was not asked now; of nodes that were
            matched with it when the inventory was saved, this was told then.
    """
    if inventory.source is Source.FILE or config.pools.families is FamilyChoice.IPV4:
        return []
    excluded = Exclusions(config.pools.exclude)
    silent = (node for node in inventory.nodes if _is_silent(node, telling))
    return [node for node in silent if any(nic.primary and _is_unsure(nic, excluded) for nic in node.nics)]


def of_unknown_kind(inventory: Inventory, config: Config) -> list[str]:
    """The NICs, as NODE's NAME, of which nobody knows whether they are trunks, or for RDMA, which pods can't use.

    The metadata service has no field for an ENI's type or traffic mode; it is the primary one that is known.
    """
    if inventory.source is not Source.METADATA or config.interfaces:
        return []
    return [f"{node.name}'s {nic.name}" for node, nic in inventory.nics() if not nic.primary]


def _is_silent(node: Node, telling: Container[str] | None) -> bool:
    return node.matched_by is MatchedBy.CLOUD if telling is None else node.name not in telling


def _is_unsure(nic: Nic, excluded: Exclusions) -> bool:
    block = nic.block(Family.IPV6)
    return block is not None and bool(block.addresses) and not any(address in excluded for address in block.addresses)
