"""A plan: what would change, why, in which order, and what will not change and why."""

from __future__ import annotations

import collections
import dataclasses
import enum
from collections.abc import Iterable, Iterator, Mapping

from spidercli import kinds
from spidercli.model import Manifest


class Action(enum.StrEnum):
    """What a plan says of one object."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    UNCHANGED = "unchanged"
    BLOCKED = "blocked"  # it should change, but something that we may not touch is in the way
    CONFLICT = "conflict"  # it exists and is not ours


class Phase(enum.IntEnum):
    """The order of writes; reference: Spiderpool's webhook refuses an address that another pool lists."""

    MULTUS = 1
    CLOSE = 2  # pools of a family that leaves the cluster cease to be default
    SHRINK = 3  # pools that lose addresses or go; ends when deleted pools are gone
    GROW = 4  # pools that gain addresses or appear
    OPEN = 5  # pools of a family that comes to the cluster become default, now that all of them are there
    PROVIDER_ID = 6


class Verb(enum.StrEnum):
    """How a write reaches the API server."""

    APPLY = "apply"  # server-side apply
    REPLACE = "replace"  # PUT of the whole object, with the resourceVersion that was read
    STRATEGIC_PATCH = "strategic-patch"
    DELETE = "delete"  # with uid and resourceVersion as preconditions, then wait until it is gone


@dataclasses.dataclass(frozen=True, kw_only=True)
class Write:
    """One request to the API server."""

    phase: Phase
    verb: Verb
    kind: kinds.Kind
    name: str
    namespace: str | None
    body: Manifest | None  # None for a delete
    uid: str | None = None  # precondition of a delete
    resource_version: str | None = None  # precondition of a delete
    part_of: str = ""  # a group of writes that only make sense together
    needs: str = ""  # the group that has to be written completely before

    @property
    def target(self) -> str:
        """The object as messages name it: KIND NAMESPACE/NAME."""
        return describe(self.kind.kind, self.name, self.namespace)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Change:
    """One line of a plan, with the writes that carry it out, if any."""

    action: Action
    kind: kinds.Kind
    name: str
    namespace: str | None = None
    reason: str = ""
    detail: str = ""  # what changes, as short as a table cell
    before: Mapping[str, object] | None = None
    after: Mapping[str, object] | None = None
    writes: tuple[Write, ...] = ()

    @property
    def target(self) -> str:
        """The object as messages name it: KIND NAMESPACE/NAME."""
        return describe(self.kind.kind, self.name, self.namespace)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """All changes, in the order in which they are shown."""

    changes: tuple[Change, ...]

    @property
    def summary(self) -> dict[str, int]:
        """How many lines there are of each action, all actions named."""
        counts = collections.Counter(change.action for change in self.changes)
        return {action.value: counts[action] for action in Action}

    @property
    def pending(self) -> bool:
        """Whether cluster and desired state differ in any way, be it one that we may not mend."""
        return any(change.action is not Action.UNCHANGED for change in self.changes)

    @property
    def writes(self) -> Iterator[Write]:
        """Every write, in phase order."""
        found = [write for change in self.changes for write in change.writes]
        return iter(sorted(found, key=lambda write: write.phase))

    def of(self, *actions: Action) -> list[Change]:
        """The lines that have one of these actions."""
        return [change for change in self.changes if change.action in actions]


NO_CHANGES = Plan(changes=())


def join(plans: Iterable[Plan]) -> Plan:
    """One plan of several, lines in the order of their plans."""
    return Plan(changes=tuple(change for plan in plans for change in plan.changes))


def describe(kind: str, name: str, namespace: str | None) -> str:
    """The object as messages name it: KIND NAMESPACE/NAME."""
    return f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}"
