"""Plans: what would make the cluster match the facts, and how much of it may go."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Iterable, Iterator

from spidercli import kinds
from spidercli.config import problems
from spidercli.config.schema import Config
from spidercli.errors import ClusterForbidden, ConfigInvalid, KindMissing
from spidercli.model import Manifest
from spidercli.planning import families, guards, networks
from spidercli.planning.gathering import PoolFacts, gather
from spidercli.planning.multus import missing, plan_multus
from spidercli.planning.networks import Networks
from spidercli.planning.nics import Nics
from spidercli.planning.plan import NO_CHANGES, Plan
from spidercli.planning.pools import plan_of
from spidercli.planning.provider_ids import plan_provider_ids
from spidercli.session.connections import Connections
from spidercli.session.facts import Facts
from spidercli.session.objects import Objects
from spidercli.session.story import Story


@dataclasses.dataclass(frozen=True, kw_only=True)
class PoolPlan:
    """The plan for pools, with the facts behind it."""

    facts: PoolFacts
    plan: Plan

    @functools.cached_property
    def gaps(self) -> families.Gaps:
        """Where pods can't start because some NICs have pools of an IP family and others have not."""
        return families.gaps(self.facts, self.plan)

    def check(self, max_delete: str) -> None:
        """Refuse a plan that takes away more than allowed, or leaves pods without a pool of an IP family.

        Raises:
            FamilyGap: with the NICs that would lack one.
            GuardTripped: with what would go and what may.
        """
        self.gaps.check()
        found = guards.losses(self.facts.live.values(), self.plan, supplanted=self.facts.supplanted)
        guards.check_losses(found, max_delete)


class Plans:
    """Each is made anew, of the cluster as it is by then."""

    def __init__(self, config: Config, connections: Connections, facts: Facts, objects: Objects, story: Story) -> None:
        self._config = config
        self._connections = connections
        self._facts = facts
        self._objects = objects
        self._story = story

    def pools(self, *, prune: bool = False, adopt: bool = False, earlier: Plan = NO_CHANGES) -> PoolPlan:
        """What would make the cluster's pools match the inventory.

        Args:
            prune: whether pools of ours that nothing asks for may go.
            adopt: whether pools of a desired name that are not ours may be taken over.
            earlier: what the same run writes before.

        Raises:
            ConfigInvalid: the SpiderMultusConfigs that pools refer to are in another namespace.
            SpiderError: the facts can't be had, or the cluster does not answer.
        """
        wanted = self._wanted_pools()
        facts = self._gathered(wanted, self._networks(wanted, earlier), prune=prune, adopt=adopt)
        with self._story.busy("Planning pools"):
            pools = PoolPlan(facts=facts, plan=plan_of(facts))
        for text in pools.gaps.warnings:
            self._story.once(text, self._story.output.warn)
        return pools

    def pool_facts(self) -> PoolFacts:
        """The cluster's pools beside those that the inventory asks for, whatever networks there are.

        Raises:
            SpiderError: the facts can't be had, or the cluster does not answer.
        """
        return self._gathered(self._wanted_pools(), None, prune=False, adopt=False)

    def _wanted_pools(self) -> list[Manifest]:
        wanted = self._objects.pools
        self._facts.check_saved(all_known=True)
        return wanted

    def _gathered(self, wanted: Iterable[Manifest], there: Networks | None, *, prune: bool, adopt: bool) -> PoolFacts:
        from spidercli import desired

        live = self._connections.listed(kinds.IP_POOL)
        inventory = self._facts.inventory
        nics = Nics(inventory, lambda: desired.idle(inventory, self._config))
        with self._story.busy("Planning pools"):
            return gather(
                wanted,
                live,
                prune=prune,
                adopt=adopt,
                nodes=self._facts.scope(),
                nics=nics,
                networks=there,
                cluster=self._facts.cluster_nodes.names,
                gone=self._facts.gone,
            )

    def multus(self, *, adopt: bool = False) -> Plan:
        """What would make the cluster's SpiderMultusConfigs match the NICs of the inventory."""
        guards.check_not_empty(self._facts.inventory)
        self._facts.check_saved()
        wanted, live = self._objects.multus_configs(), self._facts.multus_configs
        definitions = list(self._definitions(map(networks.definition_reference, missing(wanted, live))))
        return plan_multus(wanted, live, definitions=definitions, adopt=adopt)

    def provider_ids(self) -> Plan:
        """What would give every node of the inventory its providerID."""
        self._facts.check_saved()
        nodes, live = self._facts.inventory.nodes, self._facts.cluster_nodes.ours
        return plan_provider_ids(nodes, live, self._objects.renderer.provider_id)

    def _networks(self, pools: Iterable[Manifest], earlier: Plan) -> Networks | None:
        """The networks that pools may be for; None, which is told, if we may not look.

        Raises:
            ConfigInvalid: as `pools`.
        """
        made = [write.body for write in earlier.writes if write.kind == kinds.MULTUS_CONFIG and write.body]
        try:
            there = Networks.of([*self._facts.multus_configs, *made], namespace=self._config.spiderpool.namespace)
            there = self._with_hand_made(there, pools)
        except ClusterForbidden as error:
            text = f"{error.message}, so nobody checks whether the networks of the pools exist; {error.hint}"
            self._story.once(text, self._story.output.warn)
            return None
        there.check_namespace(pools)
        return there

    def _with_hand_made(self, there: Networks, pools: Iterable[Manifest]) -> Networks:
        try:
            return there.joined_by(self._definitions(there.unaccounted(pools)))
        except ClusterForbidden:
            there.check_namespace(pools)  # nobody has rights in a namespace that is wrong
            raise

    def _definitions(self, references: Iterable[str]) -> Iterator[Manifest]:
        """The NetworkAttachmentDefinitions of some names, NAMESPACE/NAME, where they exist."""
        with contextlib.suppress(KindMissing):
            for reference in references:
                namespace, _, name = reference.partition("/")
                found = self._connections.cluster.get(kinds.NETWORK_DEFINITION, name, namespace)
                if found is not None:
                    yield found

    def max_delete(self, given: str | None) -> str:
        """The limit on what may go: the command line's, else the configuration's.

        Raises:
            ConfigInvalid: what the command line gives is neither a percentage nor a number.
        """
        if given is None:
            return self._config.limits.max_delete
        config, wrong = problems.validate({"limits": {"maxDelete": given}})
        if config is None:
            raise ConfigInvalid(f"--max-delete: {wrong[0].text}")
        return config.limits.max_delete
