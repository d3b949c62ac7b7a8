"""The facts that plans are made of, from the source that the settings name, each read once."""

from __future__ import annotations

import dataclasses
import functools
import pathlib
import time
from collections.abc import Callable, Container, Sequence
from typing import TYPE_CHECKING

from spidercli import kinds
from spidercli.config.settings import Settings
from spidercli.errors import PlanOutdated
from spidercli.model import CloudFacts, Inventory, KubeNode, Manifest, Node, Source
from spidercli.planning import wording
from spidercli.session import caveats
from spidercli.session.connections import Connections
from spidercli.session.story import Story

if TYPE_CHECKING:
    from spidercli.facts.kubernetes import ClusterNodes


_LONG = 60.0  # seconds in which nobody is expected to move an address


class Facts:
    """The cluster's nodes and networks, and the inventory: nodes with their NICs and addresses.

    Attributes:
        ask_cluster: whether the inventory has the nodes that the cluster has; else those that the configuration picks.
        gone: the nodes that the inventory lacks because their instances do not exist any more, known once it is read.
    """

    def __init__(
        self, chosen: Settings, connections: Connections, story: Story, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._read_at = 0.0
        self._settings = chosen
        self._config = chosen.config
        self._connections = connections
        self._story = story
        self.ask_cluster = True
        self.gone: frozenset[str] = frozenset()

    @functools.cached_property
    def cluster_nodes(self) -> ClusterNodes:
        """The cluster's nodes; those that the configuration leaves out are told once."""
        from spidercli.facts import exclusion
        from spidercli.facts.kubernetes import cluster_nodes

        found = cluster_nodes(self._connections.listed(kinds.NODE), exclusion.configured(self._config.nodes.exclude))
        caveats.tell_left_out(found, self._story)
        return found

    @functools.cached_property
    def multus_configs(self) -> list[Manifest]:
        """Every SpiderMultusConfig of the cluster, in any namespace.

        Raises:
            KindMissing: Spiderpool is not installed.
        """
        return self._connections.listed(kinds.MULTUS_CONFIG)

    def refresh(self) -> None:
        """Forget what the cluster said about its nodes and networks, so that the next plan reads it anew."""
        for name in ("cluster_nodes", "multus_configs"):
            self.__dict__.pop(name, None)

    @functools.cached_property
    def inventory(self) -> Inventory:
        """All facts, from the source that the settings name.

        Raises:
            SpiderError: a source does not answer, or the facts contradict each other.
        """
        path, output = self._settings.inventory, self._story.output
        found = self._saved(path) if path else self._fresh()
        self._read_at = self._clock()
        output.detail(f"{len(found.nodes):,} nodes, {sum(1 for _ in found.nics()):,} NICs")
        if output.verbosity > 0:
            lines = (f"node {each.name} is {each.instance_id}, {each.matched_by.words}" for each in found.nodes)
            output.detail("\n".join(lines))
        caveats.warn_of_transit(found, output)
        if not (path and self.ask_cluster):  # see check_saved
            nodes = self.cluster_nodes.ours if self.ask_cluster else None
            caveats.warn_of_unknown_owners(found, self._config, nodes, self._story)
        return found

    def warn_of_unknown_kinds(self) -> None:
        """Warn of ENIs of which the source does not tell whether pods can use them."""
        caveats.warn_of_unknown_kinds(self.inventory, self._config, self._story)

    def scope(self) -> Container[str] | None:
        """The nodes whose pools go if nothing asks for them; None is all."""
        from spidercli.facts import scoping

        path, live = self._settings.inventory, self.cluster_nodes if self.ask_cluster else None
        found = scoping.scope(self.inventory, live.names if live else frozenset(), self._config.nodes)
        if path and live and found and found.only is None:
            caveats.warn_of_lacking(path, found.unread - set(live.left_out), self._story)
        return found

    def check_current(self) -> None:
        """Read the cloud once more if the facts are old by now: it takes time to agree to a plan.

        Raises:
            PlanOutdated: a node or one of its NICs is not as it was.
            SpiderError: as `inventory`.
        """
        if self._settings.inventory or self._clock() - self._read_at < _LONG:
            return
        self._story.output.line("These facts are over a minute old: reading the cloud again…")
        now = {node.name: node for node in self._fresh().nodes}
        changed = [node.name for node in self.inventory.nodes if not _same(node, now.get(node.name))]
        if changed:
            raise PlanOutdated(
                f"on the cloud, {'node' if len(changed) == 1 else 'nodes'} {wording.first_few(changed)} changed since "
                "the plan was made; nothing was written",
                hint="run again to plan anew",
            )

    def check_saved(self, *, all_known: bool = False) -> None:
        """Refuse facts from a file about nodes that are other machines by now, or, with `all_known`, that are gone.

        Raises:
            FactsInvalid: a node of the file and that of the cluster contradict each other.
            NodeUnknown: the file has nodes that the cluster has not.
        """
        from spidercli.facts import saved

        if self._settings.inventory:
            where = str(self._settings.inventory)
            saved.check(self.inventory, self.cluster_nodes, self._config, where)
            caveats.warn_of_unknown_owners(self.inventory, self._config, self.cluster_nodes.ours, self._story)
            if all_known:
                saved.check_known(self.inventory, self.cluster_nodes, where)

    def _saved(self, path: pathlib.Path) -> Inventory:
        from spidercli.facts import document, saved
        from spidercli.gateways import files

        found = document.parse(files.read(path), str(path))
        region, vpc = self._settings.chosen_region, self._config.vpc
        return saved.select(found, self._config.nodes, region=region, vpc=vpc, where=str(path))

    def _fresh(self) -> Inventory:
        from spidercli.facts import assemble

        output = self._story.output
        nodes = self.cluster_nodes.ours if self.ask_cluster else None
        if nodes is None:
            caveats.warn_of_unknown_labels(self._config, output)
        if not output.animated:
            output.line("Reading instances, ENIs and vSwitches…")
        with self._story.busy("Reading instances, ENIs and vSwitches"):
            facts = self._of_cloud(nodes)
        with self._story.busy("Matching nodes and instances"):
            found = assemble.inventory(facts, nodes, self._config)
        gone = assemble.gone(facts, nodes, self._config) if nodes and len(found.nodes) < len(nodes) else ()
        self.gone = frozenset(node.name for node in gone)
        caveats.warn_of_gone(gone, self._story)
        return found

    def _of_cloud(self, nodes: Sequence[KubeNode] | None) -> CloudFacts:
        if Source(self._config.source) is Source.METADATA:
            return self._connections.metadata.facts()
        from spidercli import collecting

        return collecting.collect(self._connections.cloud, nodes, self._config)


def _same(one: Node, other: Node | None) -> bool:
    """Whether two readings of a node give the same plan: how many addresses its vSwitches have left is no matter."""
    return other is not None and _planned(one) == _planned(other)


def _planned(node: Node) -> Node:
    return dataclasses.replace(node, nics=tuple(dataclasses.replace(nic, free_addresses=None) for nic in node.nics))
