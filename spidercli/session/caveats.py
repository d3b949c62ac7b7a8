"""What the facts leave out or can't know, as the user is told."""

from __future__ import annotations

import pathlib
from collections.abc import Collection, Iterable, Sequence
from ipaddress import IPv6Address
from typing import TYPE_CHECKING

from spidercli.config.schema import Config
from spidercli.model import Inventory, KubeNode
from spidercli.output import Output
from spidercli.session.story import Story

if TYPE_CHECKING:
    from spidercli.facts.kubernetes import ClusterNodes


def tell_left_out(found: ClusterNodes, story: Story) -> None:
    """Tell once which of the cluster's nodes the configuration leaves out."""
    if count := len(found.left_out):
        story.once(f"{count:,} node{'s' if count != 1 else ''} left out by nodes.exclude", story.output.line)
        story.once(f"left out: {', '.join(found.left_out)}", story.output.detail)


def warn_of_gone(nodes: Sequence[KubeNode], story: Story) -> None:
    """Warn once of nodes whose instances do not exist any more."""
    from spidercli.facts.matching import instance_id_of
    from spidercli.facts.problems import listed

    if len(nodes) == 1:
        found = f"node {nodes[0].name}: its instance {instance_id_of(nodes[0])} does not exist any more"
        story.once(f"{found}; left out, its pools stay as long as the Node does", story.output.warn)
    elif nodes:
        names = listed([f"{node.name} ({instance_id_of(node)})" for node in nodes])
        found = f"the instances of {len(nodes):,} nodes do not exist any more"
        story.once(f"{found}; left out, their pools stay as long as the Nodes do: {names}", story.output.warn)


def warn_of_lacking(path: pathlib.Path, names: Collection[str], story: Story) -> None:
    """Warn once of the cluster's nodes that a saved inventory lacks."""
    from spidercli.facts.problems import listed

    if names:
        text = (
            f"{path} lacks {len(names):,} of the cluster's nodes, whose pools are left alone: {listed(sorted(names))}"
        )
        story.once(text, story.output.warn)


def warn_of_transit(found: Inventory, output: Output) -> None:
    """Warn of ENIs that are left out because they are being attached or detached."""
    from spidercli.facts.problems import listed

    moving = [f"{each.eni_id} is {each.transit.words} {node.name}" for node in found.nodes for each in node.in_transit]
    if moving:
        output.warn(f"left out until that is done: {listed(moving)}")


def warn_of_unknown_labels(config: Config, output: Output) -> None:
    """Warn that, without the cluster, labels leave nothing out."""
    if labels := [entry for entry in config.nodes.exclude if "=" in entry]:
        output.warn(f"without the cluster, no node has the labels of nodes.exclude: {', '.join(labels)}")


def warn_of_unknown_owners(found: Inventory, config: Config, nodes: Iterable[KubeNode] | None, story: Story) -> None:
    """Warn once of IPv6 addresses that may be a node's own; `nodes` is the cluster's, None if it was not asked."""
    from spidercli.desired import doubts
    from spidercli.facts.problems import listed

    telling = None if nodes is None else frozenset(node.name for node in nodes if _has_ipv6(node))
    names = [node.name for node in doubts.with_unknown_owners(found, config, telling)]
    if not names:
        return
    text = f"{len(names):,} node{'s have' if len(names) != 1 else ' has'} IPv6 addresses on the primary ENI, "
    if telling is None:
        text += (
            "and only the cluster knows which of them is the node's own, which pods must not take: use "
            "`export --from-cluster` (`inventory` without --no-cluster), or name it in pools.exclude"
        )
    else:
        text += (
            f"but no IPv6 InternalIP ({listed(names)}): nothing tells which of them is the node's own, which pods must "
            "not take; let the kubelet report it (--node-ip), or name it in pools.exclude"
        )
    story.once(text, story.output.warn)


def warn_of_unknown_kinds(found: Inventory, config: Config, story: Story) -> None:
    """Warn once of ENIs that may be of a kind which carries no pods."""
    from spidercli.desired import doubts
    from spidercli.facts.problems import listed

    if names := doubts.of_unknown_kind(found, config):
        text = (
            "the metadata service does not tell which ENIs are trunks, or for RDMA, and carry no pods: make sure that "
            f"{listed(names)} can, or name those that do with `interfaces` in the configuration"
        )
        story.once(text, story.output.warn)


def _has_ipv6(node: KubeNode) -> bool:
    return any(isinstance(address, IPv6Address) for address in node.internal_ips)
