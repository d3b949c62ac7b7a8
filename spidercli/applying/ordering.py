"""In which order a plan is carried out: what goes together, what goes first, and after what nothing else may go."""

from __future__ import annotations

import collections
import dataclasses
import itertools
from collections.abc import Container, Iterable, Iterator, Sequence

from spidercli import kinds
from spidercli.applying.report import Outcome, Result
from spidercli.errors import AddressInUse, WriteConflict
from spidercli.planning.dependencies import Component, components
from spidercli.planning.plan import Action, Change, Phase, Plan, Verb, Write

EXCHANGE = (Phase.SHRINK, Phase.GROW)
"""The phases between which addresses are in no pool."""

# Pools of the first batch whose addresses move, for example eight that get another name: what goes wrong shows there.
_FIRST = 16
# Each look at a large cluster's pools takes a second or two, and each batch needs one where pools are deleted.
_MOST = 512
_ABOUT_ONE = (WriteConflict, AddressInUse)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Batch:
    """What is carried out together: first everything that shrinks, then everything that grows."""

    components: Sequence[Component]
    others: Sequence[Change] = ()  # what depends on nothing

    @property
    def changes(self) -> list[Change]:
        """All changes; those whose addresses are in no pool for a while come first."""
        return [*itertools.chain.from_iterable(self.components), *self.others]


def batches(plan: Plan) -> Iterator[Batch]:
    """A plan's changes in batches of whole components, each larger than the one before; there is one at least.

    The first has everything that depends on nothing as well.

    Raises:
        FactsInvalid: a pool can't be read.
    """
    found = components(plan.changes)
    dependent = {id(change) for component in found for change in component}
    first, *later = [*_portions(found)] or [[]]
    yield Batch(components=first, others=[change for change in plan.changes if id(change) not in dependent])
    yield from (Batch(components=portion) for portion in later)


def _portions(found: Iterable[Component]) -> Iterator[list[Component]]:
    """Components, the smallest of which come first, by twice as many pools each time; one may be larger by itself."""
    portion: list[Component] = []
    most, pools = _FIRST, 0
    for component in found:
        if portion and pools + len(component) > most:
            yield portion
            portion, pools = [], 0
            most = min(most * 2, _MOST)
        portion.append(component)
        pools += len(component)
    if portion:
        yield portion


def failure(batch: Batch, results: Iterable[Result], unheld: Container[str]) -> str:
    """Why no batch may be begun after this one, "" if one may: at most one batch of pools shall be short of addresses.

    A component is short when some of its pools have shrunk and not all have grown. That ends the batches if the same
    may happen to others, which is whenever a write of it was refused, forbidden or not answered, or a deleted pool does
    not go though no pod holds an address of it (nobody removes its finalizer). What is about one pool only does not end
    them: somebody changed it meanwhile (a conflict), a pod took an address of it, or it waits for another such pool.
    But whatever the reasons, if all components of a batch are short, it was the last one.

    Args:
        batch: what was begun.
        results: what became of its writes.
        unheld: the deleted pools that are still there though no pod holds an address of them.
    """
    by_pool: dict[str, list[Result]] = collections.defaultdict(list)
    for result in results:
        by_pool[result.write.name].append(result)
    found = ([result for change in component for result in by_pool[change.name]] for component in batch.components)
    short = [_undone(component) for component in found if _is_short(component)]
    undone = sorted(itertools.chain.from_iterable(short), key=lambda result: result.outcome is Outcome.SKIPPED)
    ending = [result for result in undone if _may_hit_others(result, unheld)]
    if undone and len(short) == len(batch.components):
        ending.append(undone[0])
    return f"{ending[0].write.target}: {ending[0].reason}" if ending else ""


def _undone(results: Iterable[Result]) -> list[Result]:
    return [result for result in results if result.outcome is not Outcome.DONE]


def _is_short(component: Sequence[Result]) -> bool:
    if all(result.outcome is Outcome.DONE for result in component if result.write.phase is Phase.GROW):
        return False
    return any(result.write.phase is Phase.SHRINK and _was_taken(result) for result in component)


def _was_taken(result: Result) -> bool:
    """Whether a pool that had to shrink may have: pods get no address of one that is being deleted either."""
    hangs = result.outcome is Outcome.BLOCKED and result.error is None
    return hangs or result.outcome in (Outcome.DONE, Outcome.UNKNOWN)


def _may_hit_others(result: Result, unheld: Container[str]) -> bool:
    """Whether a write was not made for a reason that other pools may meet as well."""
    if result.error is not None:
        return not isinstance(result.error, _ABOUT_ONE)
    return result.outcome is Outcome.BLOCKED and result.write.name in unheld


def exchanged_writes(component: Component) -> Iterator[Write]:
    """The writes that a batch consists of."""
    return (write for change in component for write in change.writes if write.phase in EXCHANGE)


def split(changes: Iterable[Change], phase: Phase) -> tuple[list[Write], list[Write]]:
    """A phase's writes: those to what exists, and those that create a pool."""
    updates: list[Write] = []
    creates: list[Write] = []
    for change in changes:
        for write in change.writes:
            if write.phase is phase:
                (creates if _is_create(change, write) else updates).append(write)
    return updates, creates


def creates(plan: Plan) -> Iterator[Write]:
    """The writes that create a pool: each takes the longer, the more pools there are."""
    return (write for change in plan.changes for write in change.writes if _is_create(change, write))


def _is_create(change: Change, write: Write) -> bool:
    if write.kind != kinds.IP_POOL or write.phase is not Phase.GROW:
        return False
    return change.action is Action.CREATE or any(earlier.verb is Verb.DELETE for earlier in change.writes)
