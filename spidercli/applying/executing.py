"""Carries out a plan: phase after phase, in parallel inside a phase, one object's failure never another's.

Between SHRINK and GROW addresses are in no pool, so these two take turns, in batches (see `ordering`).
"""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections.abc import Collection, Iterable, Mapping
from typing import Protocol

from spidercli import kinds
from spidercli.applying.easing import Easing
from spidercli.applying.inflight import InFlight
from spidercli.applying.ordering import EXCHANGE, Batch, batches, exchanged_writes, failure, split
from spidercli.applying.report import Outcome, Report, Result
from spidercli.applying.settling import NOTHING_LEFT, Settled, Waiting, concerns_pools, is_delete, settle
from spidercli.applying.workers import Turn, worked_off
from spidercli.errors import (
    ClusterError,
    ClusterForbidden,
    ClusterUnauthorized,
    ClusterUnreachable,
    KindMissing,
)
from spidercli.planning.dependencies import Component
from spidercli.planning.plan import Change, Phase, Plan, Verb, Write
from spidercli.ports import Cluster

_STOPPED = "the run was stopped"
_NOT_BEGUN = "not begun, so that no more addresses leave their pools"
_LEFT_BEHIND = "it was on its way when the run was stopped"

_Object = tuple[kinds.Kind, str | None, str]
_Right = tuple[kinds.Kind, str | None, Verb]


class Progress(Protocol):
    """Told what happens, always from the thread that called `apply`."""

    def started(self, total: int) -> None:
        """So many writes will be made."""
        ...

    def finished(self, write: Write, outcome: Outcome) -> None:
        """One write is through, done or not."""
        ...

    def waiting(self, text: str) -> None:
        """Nothing can be written until this is over."""
        ...


def apply(
    plan: Plan, cluster: Cluster, *, threads: int, wait: Waiting, progress: Progress, stop: threading.Event
) -> Report:
    """Make a plan's writes, and account for each.

    Never raises a ClusterError: what the cluster said is in the report.

    Args:
        plan: what to do.
        cluster: where; has to be safe to use from several threads.
        threads: how many writes there may be at the same time.
        wait: how long deleted pools may take to go.
        progress: told about every write.
        stop: once set (Ctrl-C, a lost Lease), nothing more is sent; what is on its way is waited for.
    """
    return Run(plan=plan, cluster=cluster, threads=threads, wait=wait, progress=progress, stop=stop).carried_out()


@dataclasses.dataclass(kw_only=True)
class Run:
    """The state of one run; see `apply`. Of its state workers change `hopeless`, `heard` and `in_flight` only."""

    plan: Plan
    cluster: Cluster
    threads: int
    wait: Waiting
    progress: Progress
    stop: threading.Event
    results: list[Result] = dataclasses.field(default_factory=list)
    undone: set[_Object] = dataclasses.field(default_factory=set)
    incomplete: set[str] = dataclasses.field(default_factory=set)  # groups that undone writes are part of
    hopeless: dict[_Right | None, str] = dataclasses.field(default_factory=dict)  # None: everything
    settled: Settled = NOTHING_LEFT
    trouble: ClusterError | None = None
    heard: dict[int, Result] = dataclasses.field(default_factory=dict)  # by id of the write, as soon as it is known
    in_flight: InFlight = dataclasses.field(init=False)
    easing: Easing = dataclasses.field(init=False)  # of creates, in all batches

    def __post_init__(self) -> None:
        self.in_flight = InFlight(self.stop)
        self.easing = Easing(self.threads, self.wait.clock)

    def carried_out(self) -> Report:
        """Make all writes; the report about them."""
        todo = list(batches(self.plan))
        self.progress.started(sum(1 for _ in self.plan.writes))
        for phase in Phase:
            if phase is Phase.SHRINK:
                self._exchange(todo)
            elif phase not in EXCHANGE:
                self._make(self.plan.changes, phase)
        stopped = self.stop.is_set() and any(result.outcome is Outcome.SKIPPED for result in self.results)
        return Report(results=tuple(self.results), stopped=stopped, trouble=self.trouble)

    def abandoned(self) -> Report:
        """What is known so far, for somebody who does not wait for the rest; from any thread, once `stop` is set."""
        on_their_way = self.in_flight.ids()  # first: what arrives from now on is in `heard` as well
        known = {**self.heard, **{id(result.write): result for result in list(self.results)}}
        return Report(results=tuple(_known(write, known, on_their_way) for write in self.plan.writes), stopped=True)

    def _exchange(self, todo: Iterable[Batch]) -> None:
        """Let pools shrink and others grow, batch by batch, for as long as batches end well."""
        ending = ""
        for batch in todo:
            begun: list[Component] = []
            for component in batch.components:
                reason = ending or self._reason_to_leave(component)
                if reason:
                    self._leave(component, reason)
                else:
                    begun.append(component)
            ending = ending or self._exchanged(dataclasses.replace(batch, components=begun))

    def _exchanged(self, batch: Batch) -> str:
        """Carry out a batch; why no other one may be begun, "" if one may."""
        start, changes = len(self.results), batch.changes
        self._make(changes, Phase.SHRINK)
        self._settle(start)
        self._make(changes, Phase.GROW)
        return "" if self.stop.is_set() else failure(batch, self.results[start:], self.settled.unheld)

    def _reason_to_leave(self, component: Component) -> str:
        """Why some pool of it would shrink or grow alone; a run that is stopped says so of each write."""
        if self.stop.is_set():
            return ""
        return next(filter(None, map(self._reason_to_skip, exchanged_writes(component))), "")

    def _leave(self, component: Component, reason: str) -> None:
        self._record(Result.skipped(write, f"{_NOT_BEGUN}: {reason}") for write in exchanged_writes(component))

    def _make(self, changes: Iterable[Change], phase: Phase) -> None:
        updates, creates = split(changes, phase)
        self._write(updates)
        # Spiderpool's webhook reads all pools on each create: how many it takes at a time, only its answers tell.
        self._write(creates, self.easing.turn)

    def _write(self, writes: Iterable[Write], turn: Turn = contextlib.nullcontext) -> None:
        """Make writes in parallel, those of one object one after the other, each object at its turn."""
        for results in worked_off(_chains(writes), self._one_object, threads=self.threads, turn=turn):
            self._record(results)

    def _record(self, results: Iterable[Result]) -> None:
        for result in results:
            self.results.append(result)
            if result.outcome is not Outcome.DONE:
                self.undone.add(_object(result.write))
                self.incomplete.add(result.write.part_of)
            self.progress.finished(result.write, result.outcome)

    def _one_object(self, writes: Iterable[Write]) -> list[Result]:
        results: list[Result] = []
        for write in writes:
            failed = bool(results) and results[-1].outcome is not Outcome.DONE
            reason = "an earlier write of it was not made" if failed else self._reason_to_skip(write)
            results.append(Result.skipped(write, reason) if reason else self._sent(write))
        return results

    def _sent(self, write: Write) -> Result:
        with self.in_flight.departed(write) as may_go:
            result = self._answered(write) if may_go else Result.skipped(write, _STOPPED)
            self.heard[id(write)] = result
        return result

    def _answered(self, write: Write) -> Result:
        try:
            self.cluster.send(write)
        except ClusterError as error:
            result = Result.of_error(write, error)
            self._give_up_after(error, result)
            return result
        return Result(write=write, outcome=Outcome.DONE)

    def _give_up_after(self, error: ClusterError, result: Result) -> None:
        """Remember what would fail in the same way for other objects."""
        if isinstance(error, ClusterUnreachable | ClusterUnauthorized):
            self.hopeless.setdefault(None, result.reason)
        elif isinstance(error, ClusterForbidden | KindMissing):
            self.hopeless.setdefault(_right(result.write), result.reason)

    def _reason_to_skip(self, write: Write) -> str:
        if self.stop.is_set():
            return _STOPPED
        if _object(write) in self.undone:
            return "an earlier write of it was not made"
        hopeless = self.hopeless.get(None) or self.hopeless.get(_right(write))
        if hopeless:
            return hopeless
        if write.needs and write.needs in self.incomplete:
            return f"it waits for other {write.needs} pools, which were not written"
        return self.settled.obstacle(write) if concerns_pools(write) and not is_delete(write) else ""

    def _settle(self, start: int) -> None:
        """Look what became of the pools that had to shrink or go since a result, before others grow."""
        mine = [result for result in self.results[start:] if concerns_pools(result.write)]
        if self.stop.is_set() or None in self.hopeless:
            return
        try:
            self.settled = settle(
                self.cluster,
                deleted=[result.write for result in mine if is_delete(result.write) and result.outcome is Outcome.DONE],
                undone=[result.write for result in mine if result.outcome is not Outcome.DONE],
                wait=self.wait,
                progress=self.progress,
                stop=self.stop,
            )
        except ClusterError as error:
            self.trouble, self.hopeless[None] = error, error.message
        self.results[start:] = [self._after(result) for result in self.results[start:]]

    def _after(self, result: Result) -> Result:
        """A result, corrected where a deleted pool is still there."""
        reason = self.settled.hanging.get(result.write.name)
        if reason is None or not (concerns_pools(result.write) and is_delete(result.write)):
            return result
        self.undone.add(_object(result.write))
        return dataclasses.replace(result, outcome=Outcome.BLOCKED, reason=reason)


def _known(write: Write, known: Mapping[int, Result], on_their_way: Collection[int]) -> Result:
    """The result of a write as far as it is known."""
    if id(write) in known:
        return known[id(write)]
    if id(write) in on_their_way:
        return Result(write=write, outcome=Outcome.UNKNOWN, reason=_LEFT_BEHIND)
    return Result.skipped(write, _STOPPED)


def _chains(writes: Iterable[Write]) -> Collection[list[Write]]:
    """Writes grouped by object, in their order."""
    chains: dict[_Object, list[Write]] = {}
    for write in writes:
        chains.setdefault(_object(write), []).append(write)
    return chains.values()


def _object(write: Write) -> _Object:
    return write.kind, write.namespace, write.name


def _right(write: Write) -> _Right:
    return write.kind, write.namespace, write.verb
