"""What a command works with: settings, facts, plans, and the ways to the cloud and the cluster.

Everything is built when it is first asked for, so that a command pays only for what it uses.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import pathlib
import threading
import time
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from spidercli import kinds, signals
from spidercli.config import loader, problems, settings
from spidercli.config.schema import Config
from spidercli.errors import ConfigInvalid, GuardTripped
from spidercli.model import CloudFacts, Inventory, KubeNode, Manifest, Source
from spidercli.output import Output
from spidercli.pacing import Pace
from spidercli.planning import guards
from spidercli.planning.gathering import PoolFacts, gather
from spidercli.planning.multus import plan_multus
from spidercli.planning.nics import Nics
from spidercli.planning.plan import Plan
from spidercli.planning.pools import plan_of
from spidercli.planning.provider_ids import plan_provider_ids
from spidercli.progress import Remarks, Tally, shown

if TYPE_CHECKING:
    from spidercli.applying import Report
    from spidercli.facts.kubernetes import ClusterNodes
    from spidercli.gateways.alibaba.client import AlibabaCloud
    from spidercli.gateways.alibaba.retrying import RetryNote
    from spidercli.gateways.cluster.api import Api
    from spidercli.gateways.cluster.client import KubernetesCluster
    from spidercli.rendering.renderer import Renderer

WINDING_UP = 5.0
"""Seconds that a command may take to end in good order once the time that --timeout gives is over."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class PoolPlan:
    """The plan for pools, with the facts behind it."""

    facts: PoolFacts
    plan: Plan

    def check(self, max_delete: str) -> None:
        """Refuse a plan that takes away more than allowed.

        Raises:
            GuardTripped: with what would go and what may.
        """
        found = guards.losses(self.facts.live.values(), self.plan, renamed=len(self.facts.renamed))
        guards.check_losses(found, max_delete)

    def warn_of(self, max_delete: str, output: Output) -> None:
        """Tell that `check` would refuse."""
        try:
            self.check(max_delete)
        except GuardTripped as error:
            output.warn(f"a run would be refused: {error.message}")


class Session:
    """One command's view of the world."""

    def __init__(
        self,
        chosen: settings.Settings,
        environ: Mapping[str, str],
        output: Output,
        pace: Pace = Pace(),  # noqa: B008 (frozen)
    ) -> None:
        self.settings = chosen
        self.environ = environ
        self.output = output
        self.pace = pace
        self.ask_cluster = True
        self.expired = False  # whether --timeout was over before the work was
        self.stop = threading.Event()  # set by Ctrl-C: nothing new is begun, and all waiting ends
        self._remarks = Remarks()
        self._told: set[str] = set()
        self._tally = Tally("", self._remarks)  # of what is being read
        self._closing = contextlib.ExitStack()

    @classmethod
    @contextlib.contextmanager
    def begin(
        cls,
        flags: Mapping[str, object],
        environ: Mapping[str, str],
        output: Output,
        pace: Pace,
        *,
        with_file: bool = True,
    ) -> Iterator[Session]:
        """Resolve the settings, with or without a configuration file, and build a session on them.

        Raises:
            ConfigInvalid: a flag, a variable or the file can't be used.
        """
        path = settings.config_path(flags, environ) if with_file else None
        chosen = settings.resolve(flags, environ, loader.load(path) if path else None)
        output.form = chosen.output
        output.color = chosen.color
        output.verbosity = chosen.verbosity
        output.assume_yes = chosen.yes
        session = cls(chosen, environ, output, pace)
        with session._closing:
            session._start_clock()
            yield session

    @property
    def config(self) -> Config:
        return self.settings.config

    @functools.cached_property
    def api(self) -> Api:
        """The connection to the Kubernetes API.

        Raises:
            ClusterError: there is no kubeconfig, or it can't be used.
        """
        from spidercli.gateways.cluster import connection
        from spidercli.gateways.cluster.retrying import Patience

        kubeconfig = self.settings.kubeconfig
        pause = self.pace.sleep or self.stop.wait
        patience = Patience(sleep=pause, stopped=self.stop.is_set, note=self._note, trace=self._trace)
        if self.settings.timeout:
            patience = dataclasses.replace(patience, budget=self.settings.timeout)
        return connection.connect(
            kubeconfig=pathlib.Path(kubeconfig) if kubeconfig else None,
            context=self.settings.context,
            environ=self.environ,
            threads=self.config.limits.write_threads,
            timeout=min(self.pace.cluster_answer, self.settings.timeout or self.pace.cluster_answer),
            patience=patience,
        )

    @functools.cached_property
    def cluster(self) -> KubernetesCluster:
        """The Kubernetes API, as plans need it."""
        from spidercli.gateways.cluster.client import KubernetesCluster

        return KubernetesCluster(self.api, on_page=self._page)

    @functools.cached_property
    def cloud(self) -> AlibabaCloud:
        """The OpenAPI of the region.

        Raises:
            CloudError: there are no credentials.
            ConfigInvalid: no region was given, or an endpoint can't be used.
        """
        from spidercli.gateways.alibaba import client, credentials, endpoints

        found = credentials.resolve(self.environ, self.config.profile)
        region = self.config.region or found.region_id
        if region is None:
            raise ConfigInvalid("no region is given", hint="use --region, or set region in the configuration")
        cloud = client.AlibabaCloud(
            region_id=region,
            credentials=found,
            endpoints=endpoints.resolve(region, self.config.endpoints),
            environ=self.environ,
            on_retry=self._note_retry,
            on_answer=self._trace,
            on_page=self._page,
            clock=self.pace.clock,
            sleep=self.pace.sleep,
            read_seconds=self.pace.cloud_answer,
            patience=self.settings.timeout,
        )
        self._closing.callback(cloud.close)
        if self.expired:
            cloud.stop()
        return cloud

    @functools.cached_property
    def renderer(self) -> Renderer:
        """The templates.

        Raises:
            SpiderError: the override folder can't be used.
        """
        from spidercli.rendering.renderer import Renderer

        templates = self.config.templates
        return Renderer(pathlib.Path(templates) if templates else None)

    @functools.cached_property
    def cluster_nodes(self) -> ClusterNodes:
        """The cluster's nodes; those that the configuration leaves out are told once."""
        from spidercli.facts import exclusion
        from spidercli.facts.kubernetes import cluster_nodes

        found = cluster_nodes(self._listed(kinds.NODE), exclusion.configured(self.config.nodes.exclude))
        if count := len(found.left_out):
            self._once(f"{count:,} node{'s' if count != 1 else ''} left out by nodes.exclude", self.output.line)
            self._once(f"left out: {', '.join(found.left_out)}", self.output.detail)
        return found

    @functools.cached_property
    def inventory(self) -> Inventory:
        """All facts, from the source that the settings name.

        Raises:
            SpiderError: a source does not answer, or the facts contradict each other.
        """
        found = self._saved_inventory(self.settings.inventory) if self.settings.inventory else self._fresh_inventory()
        self._tell(found)
        if not self.ask_cluster:
            self._warn_of_unknown_owners(found)
        return found

    def _fresh_inventory(self) -> Inventory:
        from spidercli.facts import assemble

        nodes = self.cluster_nodes.ours if self.ask_cluster else None
        if nodes is None:
            self._warn_of_unknown_labels()
        if not self.output.animated:
            self.output.line("Reading instances, ENIs and vSwitches…")
        with self._busy("Reading instances, ENIs and vSwitches"):
            facts = self._cloud_facts(nodes)
        with self._busy("Matching nodes and instances"):
            return assemble.inventory(facts, nodes, self.config)

    def _warn_of_unknown_labels(self) -> None:
        if labels := [entry for entry in self.config.nodes.exclude if "=" in entry]:
            self.output.warn(f"without the cluster, no node has the labels of nodes.exclude: {', '.join(labels)}")

    def _warn_of_unknown_owners(self, found: Inventory) -> None:
        from spidercli.desired import doubts

        if count := len(doubts.with_unknown_owners(found, self.config)):
            self.output.warn(
                f"{count:,} node{'s have' if count != 1 else ' has'} IPv6 addresses on the primary ENI, and only the "
                "cluster knows which of them is the node's own, which pods must not take: use `export --from-cluster` "
                "(`inventory` without --no-cluster), or name it in pools.exclude"
            )

    def _tell(self, found: Inventory) -> None:
        self.output.detail(f"{len(found.nodes):,} nodes, {sum(1 for _ in found.nics()):,} NICs")
        if self.output.verbosity > 0:
            lines = (f"node {each.name} is {each.instance_id}, {each.matched_by.words}" for each in found.nodes)
            self.output.detail("\n".join(lines))

    def max_delete(self, given: str | None) -> str:
        """The limit on what may go: the command line's, else the configuration's.

        Raises:
            ConfigInvalid: what the command line gives is neither a percentage nor a number.
        """
        if given is None:
            return self.config.limits.max_delete
        config, wrong = problems.validate({"limits": {"maxDelete": given}})
        if config is None:
            raise ConfigInvalid(f"--max-delete: {wrong[0].text}")
        return config.limits.max_delete

    @functools.cached_property
    def pool_manifests(self) -> list[Manifest]:
        """The SpiderIPPools that the inventory asks for.

        Raises:
            GuardTripped: the inventory is empty.
        """
        from spidercli import desired

        guards.check_not_empty(self.inventory)
        with self._busy("Rendering pools"):
            pools = desired.pools(self.inventory, self.config)
            for problem in desired.left_out(self.inventory, pools, self.config):
                self.output.warn(problem)
            return self.renderer.pools(pools)

    def multus_manifests(self) -> list[Manifest]:
        """The SpiderMultusConfigs that the inventory asks for."""
        from spidercli import desired

        return [self.renderer.multus_config(item) for item in desired.multus_configs(self.inventory, self.config)]

    def pool_plan(self, *, prune: bool = False, adopt: bool = False) -> PoolPlan:
        """What would make the cluster's pools match the inventory.

        Raises:
            SpiderError: the facts can't be had, or the cluster does not answer.
        """
        from spidercli import desired

        wanted = self.pool_manifests
        self.check_saved(all_known=True)
        live = self._listed(kinds.IP_POOL)
        nics = Nics(self.inventory, lambda: desired.idle(self.inventory, self.config))
        with self._busy("Planning pools"):
            facts = gather(wanted, live, prune=prune, adopt=adopt, nodes=self._scope(), nics=nics)
            return PoolPlan(facts=facts, plan=plan_of(facts))

    def multus_plan(self, *, adopt: bool = False) -> Plan:
        """What would make the cluster's SpiderMultusConfigs match the NICs of the inventory."""
        guards.check_not_empty(self.inventory)
        self.check_saved()
        return plan_multus(self.multus_manifests(), self._listed(kinds.MULTUS_CONFIG), adopt=adopt)

    def provider_id_plan(self) -> Plan:
        """What would give every node of the inventory its providerID."""
        self.check_saved()
        return plan_provider_ids(self.inventory.nodes, self.cluster_nodes.ours, self.renderer.provider_id)

    def refresh(self) -> None:
        """Forget what the cluster said about its nodes, so that the next plan reads it anew."""
        self.__dict__.pop("cluster_nodes", None)

    def apply(self, plan: Plan) -> Report:
        """Carry out a plan, alone and interruptibly.

        Raises:
            RunInProgress: another run is at it.
        """
        from spidercli import running

        around = running.Surroundings(
            api=self.api,
            cluster=self.cluster,
            namespace=self.config.spiderpool.namespace,
            threads=self.config.limits.write_threads,
            timeout=self.settings.timeout,
            stop=self.stop,
            output=self.output,
            remarks=self._remarks,
            pace=self.pace,
        )
        return running.run(plan, around)

    @contextlib.contextmanager
    def _busy(self, what: str) -> Iterator[None]:
        """Show that something takes a while, and how much has been read for it."""
        self._tally = Tally(what, self._remarks)
        with shown(self.output, self._tally):
            yield

    def _listed(self, kind: kinds.Kind) -> list[Manifest]:
        with self._busy(f"Reading {kind.kind} objects"):
            return self.cluster.list(kind)

    def _page(self, things: str, count: int, total: int | None) -> None:
        self._tally.page(things, count, total)

    def _note(self, text: str, seconds: float) -> None:
        self.output.detail(f"{text}; trying again in {seconds:.1f} s")
        self._remarks.pausing(text, seconds)

    def _note_retry(self, note: RetryNote) -> None:
        self.output.detail(str(note))
        self._remarks.pausing(note.obstacle, note.wait)

    def _trace(self, text: str) -> None:
        self.output.detail(text, level=2)

    def _start_clock(self) -> None:
        """End all waiting once the time that --timeout gives is over, and soon after it what can't be told to end."""
        if self.settings.timeout:
            clock = threading.Timer(self.settings.timeout, self._expire)
            clock.daemon = True
            clock.start()
            self._closing.callback(clock.cancel)
            self._closing.enter_context(signals.alarm(self.settings.timeout + WINDING_UP))

    def _expire(self) -> None:
        self.expired = True
        self.stop.set()
        if "cloud" in self.__dict__:  # it is built when it is first asked for
            self.cloud.stop()

    def _cloud_facts(self, nodes: Sequence[KubeNode] | None) -> CloudFacts:
        if Source(self.config.source) is Source.METADATA:
            from spidercli.gateways.metadata import READ_SECONDS, InstanceMetadata

            pause, patience = self.pace.sleep or time.sleep, min(READ_SECONDS, self.pace.cloud_answer)
            service = InstanceMetadata(
                self.config.endpoints.metadata, environ=self.environ, sleep=pause, read_seconds=patience
            )
            return service.facts()
        from spidercli import collecting

        return collecting.collect(self.cloud, nodes, self.config)

    def _scope(self) -> Container[str] | None:
        """The nodes whose pools go if nothing asks for them; None is all."""
        from spidercli.facts import scoping
        from spidercli.facts.problems import listed

        nodes, path, live = self.config.nodes, self.settings.inventory, self.cluster_nodes
        found = scoping.scope(self.inventory, live.names, nodes)
        lacking = sorted(found.unread - set(live.left_out)) if path and found and found.only is None else []
        if lacking:
            text = (
                f"{path} lacks {len(lacking):,} of the cluster's nodes, whose pools are left alone: {listed(lacking)}"
            )
            self._once(text, self.output.warn)
        return found

    def _once(self, text: str, tell: Callable[[str], None]) -> None:
        """Tell something that a second look at the cluster would repeat."""
        if text not in self._told:
            self._told.add(text)
            tell(text)

    def check_saved(self, *, all_known: bool = False) -> None:
        """Refuse facts from a file about nodes that are other machines by now, or, with `all_known`, that are gone.

        Raises:
            FactsInvalid: a node of the file and that of the cluster contradict each other.
            NodeUnknown: the file has nodes that the cluster has not.
        """
        from spidercli.facts import saved

        if self.settings.inventory:
            where = str(self.settings.inventory)
            saved.check(self.inventory, self.cluster_nodes, self.config, where)
            if all_known:
                saved.check_known(self.inventory, self.cluster_nodes, where)

    def _saved_inventory(self, path: pathlib.Path) -> Inventory:
        from spidercli.facts import document, saved
        from spidercli.gateways import files

        found = document.parse(files.read(path), str(path))
        chosen, region, vpc = self.config.nodes, self.settings.chosen_region, self.config.vpc
        return saved.select(found, chosen, region=region, vpc=vpc, where=str(path))
