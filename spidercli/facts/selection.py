"""Which instances the configuration asks for."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from spidercli.config.schema import Nodes
from spidercli.model import CloudFacts, Instance, Source


@dataclasses.dataclass(frozen=True, kw_only=True)
class Selection:
    """Instances with one of the ids and all of the tags; ids None means any id."""

    ids: frozenset[str] | None
    tags: Mapping[str, str]

    @property
    def narrows(self) -> bool:
        """Whether it can leave an instance out."""
        return self.ids is not None or bool(self.tags)

    def allows_id(self, instance_id: str) -> bool:
        """Whether an instance with the id may be selected, as far as the id says."""
        return self.ids is None or instance_id in self.ids

    def has(self, instance: Instance) -> bool:
        """Whether an instance is selected."""
        return self.allows_id(instance.instance_id) and has_tags(instance.tags, self.tags)


def configured(nodes: Nodes) -> Selection:
    """The selection that the configuration's `nodes.ids` and `nodes.tags` make."""
    return Selection(ids=frozenset(nodes.ids) if nodes.ids else None, tags=nodes.tags)


def effective(nodes: Nodes, facts: CloudFacts) -> Selection:
    """The configured selection, narrowed to the only instance that the metadata service knows, where it was asked."""
    selection = configured(nodes)
    if facts.source is not Source.METADATA:
        return selection
    known = (instance.instance_id for instance in facts.instances)
    return dataclasses.replace(selection, ids=frozenset(filter(selection.allows_id, known)))


def has_tags(tags: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    """Whether the tags have every wanted key and value; a wanted value of "" means any value."""
    return all(key in tags and value in ("", tags[key]) for key, value in wanted.items())
