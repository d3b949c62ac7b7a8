"""The networks that pools are for: NetworkAttachmentDefinitions.

Spiderpool makes them of SpiderMultusConfigs, and one that somebody made by hand serves pods as well. A pool's
`multusName` has to be the name of one. Spiderpool does not check that, and where none has the name no pod gets an
address of the pool (pkg/ipam/pool_selections.go).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Self, cast

from spidercli import kinds
from spidercli.errors import ConfigInvalid
from spidercli.model import Manifest
from spidercli.planning import wording


@dataclasses.dataclass(frozen=True, kw_only=True)
class Networks:
    """The networks that there are, or will be by the time pools are written."""

    names: frozenset[str]  # NAMESPACE/NAME, as a pool's multusName has it
    namespace: str  # Spiderpool's, which is meant where a multusName has none
    ours: frozenset[str]  # the namespaces of those that we made

    @classmethod
    def of(cls, configs: Iterable[Manifest], *, namespace: str) -> Self:
        """The networks of some SpiderMultusConfigs."""
        known = list(configs)
        return cls(
            names=frozenset(map(definition_reference, known)),
            namespace=namespace,
            ours=frozenset(str(kinds.namespace(config)) for config in known if kinds.is_ours(config)),
        )

    def unaccounted(self, pools: Iterable[Manifest]) -> list[str]:
        """The networks that pools lack, as NAMESPACE/NAME: only their definitions can tell whether they exist."""
        names = {name for pool in pools if self.lacking(pool) for name in self._references(pool)}
        return sorted(name for name in names if all(map(kinds.SUBDOMAIN.match, name.split("/"))))

    def joined_by(self, definitions: Iterable[Manifest]) -> Self:
        """These networks and those of some NetworkAttachmentDefinitions."""
        names = {f"{kinds.namespace(found)}/{kinds.name(found)}" for found in definitions}
        return dataclasses.replace(self, names=self.names | names)

    def lacking(self, pool: Manifest) -> str:
        """Why no pod could get an address of a pool, and what to do; "" if one could."""
        wanted = self._references(pool)
        if not wanted or not self.names.isdisjoint(wanted):
            return ""
        return (
            f"SpiderMultusConfig {', '.join(wanted)} does not exist: run `spidercli multus sync` or `spidercli "
            "bootstrap` first, or check spiderpool.namespace"
        )

    def check_namespace(self, pools: Iterable[Manifest]) -> None:
        """Refuse to go on where ours are in other namespaces than all those that pools refer to.

        Raises:
            ConfigInvalid: with the namespaces.
        """
        wanted = {name for pool in pools for name in self._references(pool)}
        if not wanted or not self.names.isdisjoint(wanted) or not self.ours or self.namespace in self.ours:
            return
        others = sorted(self.ours)
        raise ConfigInvalid(
            f"spiderpool.namespace is {self.namespace}, which has none of the SpiderMultusConfigs that pools need "
            f"({wording.first_few(sorted(wanted))}); those of spidercli are in {', '.join(others)}; "
            "nothing was written",
            hint=f"is the configuration file missing? Set spiderpool.namespace: {others[0]}, "
            f"or run `spidercli multus sync` first if {self.namespace} is right",
        )

    def _references(self, pool: Manifest) -> tuple[str, ...]:
        names = references(pool)
        return tuple(name if "/" in name else f"{self.namespace}/{name}" for name in names)


def references(pool: Manifest) -> tuple[str, ...]:
    """The networks that a pool is for, as it names them; none means every network."""
    return tuple(map(str, cast("Iterable[object]", kinds.spec(pool).get("multusName") or ())))


def definition_name(config: Manifest) -> str:
    """The name of the NetworkAttachmentDefinition that Spiderpool makes of a SpiderMultusConfig."""
    return kinds.annotations(config).get(kinds.ANNOTATION_DEFINITION) or kinds.name(config)


def definition_reference(config: Manifest) -> str:
    """The NetworkAttachmentDefinition that Spiderpool makes of a SpiderMultusConfig, as NAMESPACE/NAME."""
    return f"{kinds.namespace(config)}/{definition_name(config)}"


def is_hand_made(definition: Manifest) -> bool:
    """Whether no SpiderMultusConfig owns a NetworkAttachmentDefinition."""
    owners = kinds.metadata(definition).get("ownerReferences") or ()
    return not any(owner.get("kind") == kinds.MULTUS_CONFIG.kind for owner in owners)
