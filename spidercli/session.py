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
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from spidercli import kinds
from spidercli.config import loader, problems, settings
from spidercli.config.schema import Config
from spidercli.errors import ConfigInvalid, GuardTripped, NodeUnknown
from spidercli.model import CloudFacts, Inventory, KubeNode, Manifest, Source
from spidercli.output import Output
from spidercli.pacing import Pace
from spidercli.planning import guards
from spidercli.planning.multus import plan_multus
from spidercli.planning.plan import Plan
from spidercli.planning.pools import PoolFacts, gather, plan_of
from spidercli.planning.provider_ids import plan_provider_ids
from spidercli.progress import Remarks, Tally, shown

if TYPE_CHECKING:
    from spidercli.applying import Report
    from spidercli.gateways.alibaba.client import AlibabaCloud
    from spidercli.gateways.alibaba.retrying import RetryNote
    from spidercli.gateways.cluster.api import Api
    from spidercli.gateways.cluster.client import KubernetesCluster
    from spidercli.rendering.renderer import Renderer


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
        self._tally = Tally("", self._remarks)  # of what is being read
        self._closing = contextlib.ExitStack()

    @classmethod
    @contextlib.contextmanager
    def begin(
        cls, flags: Mapping[str, object], environ: Mapping[str, str], output: Output, pace: Pace
    ) -> Iterator[Session]:
        """Resolve the settings, and build a session on them.

        Raises:
            ConfigInvalid: a flag, a variable or the file can't be used.
        """
        path = settings.config_path(flags, environ)
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
    def kube_nodes(self) -> Sequence[KubeNode]:
        """The cluster's nodes."""
        from spidercli.facts.kubernetes import kube_node

        return [kube_node(manifest) for manifest in self._listed(kinds.NODE)]

    @functools.cached_property
    def inventory(self) -> Inventory:
        """All facts, from the source that the settings name.

        Raises:
            SpiderError: a source does not answer, or the facts contradict each other.
        """
        if self.settings.inventory:
            return self._saved_inventory(pathlib.Path(self.settings.inventory))
        from spidercli.facts import assemble

        nodes = self.kube_nodes if self.ask_cluster else None
        if not self.output.animated:
            self.output.line("Reading instances, ENIs and vSwitches…")
        with self._busy("Reading instances, ENIs and vSwitches"):
            facts = self._cloud_facts(nodes)
        with self._busy("Matching nodes and instances"):
            found = assemble.inventory(facts, nodes, self.config)
        self.output.detail(f"{len(found.nodes):,} nodes, {sum(1 for _ in found.nics()):,} NICs")
        return found

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
        wanted = self.pool_manifests
        self._check_saved_nodes()
        live = self._listed(kinds.IP_POOL)
        with self._busy("Planning pools"):
            facts = gather(wanted, live, prune=prune, adopt=adopt, nodes=self._scope())
            return PoolPlan(facts=facts, plan=plan_of(facts))

    def multus_plan(self, *, adopt: bool = False) -> Plan:
        """What would make the cluster's SpiderMultusConfigs match the NICs of the inventory."""
        guards.check_not_empty(self.inventory)
        return plan_multus(self.multus_manifests(), self._listed(kinds.MULTUS_CONFIG), adopt=adopt)

    def provider_id_plan(self) -> Plan:
        """What would give every node of the inventory its providerID."""
        return plan_provider_ids(self.inventory.nodes, self.kube_nodes, self.renderer.provider_id)

    def refresh(self) -> None:
        """Forget what the cluster said about its nodes, so that the next plan reads it anew."""
        self.__dict__.pop("kube_nodes", None)

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
        """End all waiting once the time that --timeout gives is over."""
        if self.settings.timeout:
            clock = threading.Timer(self.settings.timeout, self._expire)
            clock.daemon = True
            clock.start()
            self._closing.callback(clock.cancel)

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

    def _scope(self) -> Collection[str] | None:
        """The nodes that the facts are about, where they leave others out on purpose; None: all of the cluster."""
        chosen = self.config.nodes
        partial = chosen.ids or chosen.tags or self.inventory.source is Source.METADATA
        return {node.name for node in self.inventory.nodes} if partial else None

    def _check_saved_nodes(self) -> None:
        """Refuse to plan on a saved inventory of another cluster, or of this one as it was long ago.

        Raises:
            NodeUnknown: the inventory has nodes that the cluster has not.
        """
        if not self.settings.inventory:
            return
        known = {node.name for node in self.kube_nodes}
        strange = [node.name for node in self.inventory.nodes if node.name not in known]
        if strange:
            raise NodeUnknown(
                f"{self.settings.inventory}: the cluster has no node {', '.join(strange[:5])}",
                hint="save the inventory anew, or choose another cluster with --context",
            )

    def _saved_inventory(self, path: pathlib.Path) -> Inventory:
        from spidercli.facts import document
        from spidercli.gateways import files

        return document.parse(files.read(path), str(path))
