"""The nodes that the configuration's `nodes.exclude` leaves alone: they are no ECS instances, or somebody else's."""

from __future__ import annotations

import dataclasses
import fnmatch
from collections.abc import Iterable, Mapping


@dataclasses.dataclass(frozen=True, kw_only=True)
class Exclusion:
    """Patterns of node names, and labels; a label's value of "" means any value."""

    names: tuple[str, ...]
    labels: tuple[tuple[str, str], ...]

    def has_name(self, name: str) -> bool:
        """Whether a node of this name is left alone for its name, be it in the cluster or gone."""
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in self.names)

    def has(self, name: str, labels: Mapping[str, object]) -> bool:
        """Whether a node of the cluster is left alone."""
        marked = (key in labels and value in ("", labels[key]) for key, value in self.labels)
        return self.has_name(name) or any(marked)


NOTHING = Exclusion(names=(), labels=())


def configured(entries: Iterable[str]) -> Exclusion:
    """What `nodes.exclude` says: an entry with "=", which no node name has, is a label."""
    given = list(entries)
    labels = (entry.partition("=") for entry in given if "=" in entry)
    return Exclusion(
        names=tuple(entry for entry in given if "=" not in entry),
        labels=tuple((key, value) for key, _, value in labels),
    )
