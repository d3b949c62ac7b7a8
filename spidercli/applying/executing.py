"""Carries out a plan: phase after phase, in parallel inside a phase, one object's failure never another's."""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import queue
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

from spidercli import kinds
from spidercli.applying.easing import Easing
from spidercli.applying.inflight import InFlight
from spidercli.applying.report import Outcome, Report, Result
from spidercli.applying.settling import NOTHING_LEFT, Settled, Waiting, concerns_pools, is_delete, settle
from spidercli.errors import (
    ClusterError,
    ClusterForbidden,
    ClusterUnauthorized,
    ClusterUnreachable,
    KindMissing,
)
from spidercli.planning.plan import Action, Phase, Plan, Verb, Write
from spidercli.ports import Cluster

_BEAT = 0.05  # seconds between two looks at what is through: to wake up for each write costs time that writes need

_STOPPED = "the run was stopped"
_LEFT_BEHIND = "it was on its way when the run was stopped"

_Object = tuple[kinds.Kind, str | None, str]
_Right = tuple[kinds.Kind, str | None, Verb]
_Turn = Callable[[], contextlib.AbstractContextManager[None]]
T = TypeVar("T")


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
    hopeless: dict[_Right | None, str] = dataclasses.field(default_factory=dict)  # None: everything
    settled: Settled = NOTHING_LEFT
    trouble: ClusterError | None = None
    heard: dict[int, Result] = dataclasses.field(default_factory=dict)  # by id of the write, as soon as it is known
    in_flight: InFlight = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        self.in_flight = InFlight(self.stop)

    def carried_out(self) -> Report:
        """Make all writes; the report about them."""
        self.progress.started(sum(1 for _ in self.plan.writes))
        for phase in Phase:
            updates, creates = _split(self.plan, phase)
            self._write(updates)
            # Spiderpool's webhook reads all pools on each create: how many it takes at a time, only its answers tell.
            self._write(creates, Easing(self.threads, self.wait.clock).turn)
            if phase is Phase.SHRINK:
                self._settle()
        stopped = self.stop.is_set() and any(result.outcome is Outcome.SKIPPED for result in self.results)
        return Report(results=tuple(self.results), stopped=stopped, trouble=self.trouble)

    def abandoned(self) -> Report:
        """What is known so far, for somebody who does not wait for the rest; from any thread, once `stop` is set."""
        on_their_way = self.in_flight.ids()  # first: what arrives from now on is in `heard` as well
        known = {**self.heard, **{id(result.write): result for result in list(self.results)}}
        return Report(results=tuple(_known(write, known, on_their_way) for write in self.plan.writes), stopped=True)

    def _write(self, writes: Sequence[Write], turn: _Turn = contextlib.nullcontext) -> None:
        """Make writes in parallel, those of one object one after the other, each object at its turn."""
        chains: queue.SimpleQueue[list[Write]] = queue.SimpleQueue()
        for chain in _chains(writes):
            chains.put(chain)
        through: queue.SimpleQueue[list[Result]] = queue.SimpleQueue()
        pool = concurrent.futures.ThreadPoolExecutor(self.threads, thread_name_prefix="apply")
        count = min(self.threads, chains.qsize())
        workers = {pool.submit(self._work_off, chains, through, turn) for _ in range(count)}
        try:
            self._attend(workers, through)
        finally:
            list(_taken(chains))  # after an error nothing else is begun, and nothing is waited for
            pool.shutdown(wait=False)

    def _work_off(
        self, chains: queue.SimpleQueue[list[Write]], through: queue.SimpleQueue[list[Result]], turn: _Turn
    ) -> None:
        for chain in _taken(chains):
            with turn():
                results = self._one_object(chain)
            through.put(results)

    def _attend(self, workers: set[concurrent.futures.Future[None]], through: queue.SimpleQueue[list[Result]]) -> None:
        while workers:
            done, workers = concurrent.futures.wait(
                workers, timeout=_BEAT, return_when=concurrent.futures.FIRST_EXCEPTION
            )
            for results in _taken(through):
                self._record(results)
            for worker in done:
                worker.result()

    def _record(self, results: Iterable[Result]) -> None:
        for result in results:
            self.results.append(result)
            if result.outcome is not Outcome.DONE:
                self.undone.add(_object(result.write))
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
        return self.settled.obstacle(write) if concerns_pools(write) and not is_delete(write) else ""

    def _settle(self) -> None:
        """Look what became of the pools that had to shrink or go, before others grow."""
        mine = [result for result in self.results if concerns_pools(result.write)]
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
        self.results = [self._after(result) for result in self.results]

    def _after(self, result: Result) -> Result:
        """A result, corrected where a deleted pool is still there."""
        reason = self.settled.hanging.get(result.write.name)
        if reason is None or not (concerns_pools(result.write) and is_delete(result.write)):
            return result
        self.undone.add(_object(result.write))
        return dataclasses.replace(result, outcome=Outcome.BLOCKED, reason=reason)


def creates(plan: Plan) -> Iterator[Write]:
    """The writes that create a pool: each takes the longer, the more pools there are."""
    return (write for phase in Phase for write in _split(plan, phase)[1])


def _known(write: Write, known: Mapping[int, Result], on_their_way: Collection[int]) -> Result:
    """The result of a write as far as it is known."""
    if id(write) in known:
        return known[id(write)]
    if id(write) in on_their_way:
        return Result(write=write, outcome=Outcome.UNKNOWN, reason=_LEFT_BEHIND)
    return Result.skipped(write, _STOPPED)


def _split(plan: Plan, phase: Phase) -> tuple[list[Write], list[Write]]:
    """A phase's writes: those to what exists, and those that create a pool."""
    updates: list[Write] = []
    creates: list[Write] = []
    for change in plan.changes:
        again = any(is_delete(write) for write in change.writes)
        for write in change.writes:
            if write.phase is phase:
                new = concerns_pools(write) and not is_delete(write) and (change.action is Action.CREATE or again)
                (creates if new else updates).append(write)
    return updates, creates


def _chains(writes: Iterable[Write]) -> Iterator[list[Write]]:
    """Writes grouped by object, in their order."""
    chains: dict[_Object, list[Write]] = {}
    for write in writes:
        chains.setdefault(_object(write), []).append(write)
    return iter(chains.values())


def _taken(waiting: queue.SimpleQueue[T]) -> Iterator[T]:
    """What is in a queue, until nothing is."""
    with contextlib.suppress(queue.Empty):
        while True:
            yield waiting.get_nowait()


def _object(write: Write) -> _Object:
    return write.kind, write.namespace, write.name


def _right(write: Write) -> _Right:
    return write.kind, write.namespace, write.verb
