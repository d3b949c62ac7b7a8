"""What the facts leave out or can't know, as the user is told."""

from __future__ import annotations

import pathlib
from collections.abc import Collection
from typing import TYPE_CHECKING

from spidercli.config.schema import Config
from spidercli.model import Inventory
from spidercli.output import Output
from spidercli.session.story import Story

if TYPE_CHECKING:
    from spidercli.facts.kubernetes import ClusterNodes


def tell_left_out(found: ClusterNodes, story: Story) -> None:
    """Tell once which of the cluster's nodes the configuration leaves out."""
    if count := len(found.left_out):
        story.once(f"{count:,} node{'s' if count != 1 else ''} left out by nodes.exclude", story.output.line)
        story.once(f"left out: {', '.join(found.left_out)}", story.output.detail)


def warn_of_lacking(path: pathlib.Path, names: Collection[str], story: Story) -> None:
    """Warn once of the cluster's nodes that a saved inventory lacks."""
    from spidercli.facts.problems import listed

    if names:
        text = (
            f"{path} lacks {len(names):,} of the cluster's nodes, whose pools are left alone: {listed(sorted(names))}"
        )
        story.once(text, story.output.warn)


def warn_of_unknown_labels(config: Config, output: Output) -> None:
    """Warn that, without the cluster, labels leave nothing out."""
    if labels := [entry for entry in config.nodes.exclude if "=" in entry]:
        output.warn(f"without the cluster, no node has the labels of nodes.exclude: {', '.join(labels)}")


def warn_of_unknown_owners(found: Inventory, config: Config, output: Output) -> None:
    """Warn of IPv6 addresses that, without the cluster, may be a node's own."""
    from spidercli.desired import doubts

    if count := len(doubts.with_unknown_owners(found, config)):
        output.warn(
            f"{count:,} node{'s have' if count != 1 else ' has'} IPv6 addresses on the primary ENI, and only the "
            "cluster knows which of them is the node's own, which pods must not take: use `export --from-cluster` "
            "(`inventory` without --no-cluster), or name it in pools.exclude"
        )
