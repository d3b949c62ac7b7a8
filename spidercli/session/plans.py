"""Plans: what would make the cluster match the facts, and how much of it may go."""

from __future__ import annotations

import dataclasses

from spidercli import kinds
from spidercli.config import problems
from spidercli.config.schema import Config
from spidercli.errors import ConfigInvalid, GuardTripped
from spidercli.output import Output
from spidercli.planning import guards
from spidercli.planning.gathering import PoolFacts, gather
from spidercli.planning.multus import plan_multus
from spidercli.planning.nics import Nics
from spidercli.planning.plan import Plan
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


class Plans:
    """Each is made anew, of the cluster as it is by then."""

    def __init__(self, config: Config, connections: Connections, facts: Facts, objects: Objects, story: Story) -> None:
        self._config = config
        self._connections = connections
        self._facts = facts
        self._objects = objects
        self._story = story

    def pools(self, *, prune: bool = False, adopt: bool = False) -> PoolPlan:
        """What would make the cluster's pools match the inventory.

        Raises:
            SpiderError: the facts can't be had, or the cluster does not answer.
        """
        from spidercli import desired

        wanted = self._objects.pools
        self._facts.check_saved(all_known=True)
        live = self._connections.listed(kinds.IP_POOL)
        inventory = self._facts.inventory
        nics = Nics(inventory, lambda: desired.idle(inventory, self._config))
        with self._story.busy("Planning pools"):
            facts = gather(wanted, live, prune=prune, adopt=adopt, nodes=self._facts.scope(), nics=nics)
            return PoolPlan(facts=facts, plan=plan_of(facts))

    def multus(self, *, adopt: bool = False) -> Plan:
        """What would make the cluster's SpiderMultusConfigs match the NICs of the inventory."""
        guards.check_not_empty(self._facts.inventory)
        self._facts.check_saved()
        wanted = self._objects.multus_configs()
        return plan_multus(wanted, self._connections.listed(kinds.MULTUS_CONFIG), adopt=adopt)

    def provider_ids(self) -> Plan:
        """What would give every node of the inventory its providerID."""
        self._facts.check_saved()
        nodes, live = self._facts.inventory.nodes, self._facts.cluster_nodes.ours
        return plan_provider_ids(nodes, live, self._objects.renderer.provider_id)

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
