"""What can't be known of the addresses of nodes when no cluster was asked."""

from __future__ import annotations

from spidercli.config.schema import Config, FamilyChoice
from spidercli.desired.addressing import Exclusions
from spidercli.model import Family, Inventory, MatchedBy, Nic, Node, Source


def with_unknown_owners(inventory: Inventory, config: Config) -> list[Node]:
    """Nodes that nobody asked a cluster about, and whose primary ENI has IPv6 addresses for pods.

    The cloud does not tell which of them the node itself uses; the cluster's InternalIPs do, and so does somebody who
    excludes one by hand, or who wrote the inventory.
    """
    if inventory.source is Source.FILE or config.pools.families is FamilyChoice.IPV4:
        return []
    excluded = Exclusions(config.pools.exclude)
    unasked = (node for node in inventory.nodes if node.matched_by is MatchedBy.CLOUD)
    return [node for node in unasked if any(nic.primary and _is_unsure(nic, excluded) for nic in node.nics)]


def _is_unsure(nic: Nic, excluded: Exclusions) -> bool:
    block = nic.block(Family.IPV6)
    return block is not None and bool(block.addresses) and not any(address in excluded for address in block.addresses)
