"""A plan carried out for real: alone, with progress to look at, and with an end that Ctrl-C can bring about."""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import enum
import queue
import threading
import types

from spidercli import applying, signals
from spidercli.applying import Report, Waiting
from spidercli.applying.freshness import check_fresh
from spidercli.errors import ClusterError, Interrupted
from spidercli.gateways.cluster.api import Api
from spidercli.gateways.cluster.client import KubernetesCluster
from spidercli.gateways.cluster.lease import Lease
from spidercli.output import Output
from spidercli.pacing import Pace
from spidercli.planning.plan import Plan
from spidercli.progress import Remarks, Writes, shown

_POOLS_GO = 60.0
_WINDING_UP = 3.0  # seconds that a stopped run may take when no write is on its way
_LETTING_GO = 0.5  # seconds that the Lease's release may hold up a run that has to end at once


class _News(enum.Enum):
    """What the main thread waits for."""

    SIGNAL = enum.auto()
    TIME_OVER = enum.auto()
    WORK_OVER = enum.auto()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a run needs besides its plan."""

    api: Api
    cluster: KubernetesCluster
    namespace: str  # of the Lease: Spiderpool's
    threads: int
    timeout: float  # seconds that deleted pools may take to go, 0 for the default
    stop: threading.Event  # set it, and the run ends in good order
    output: Output
    remarks: Remarks  # what is in the way of requests
    pace: Pace


def run(plan: Plan, around: Surroundings) -> Report:
    """Make a plan's writes under the Lease, and account for each.

    Raises:
        RunInProgress: another run holds the Lease.
        PlanOutdated: what the plan writes to was changed since it was made.
        ClusterError: the Lease can't be had, or the cluster can't be read.
        Interrupted: Ctrl-C came before the Lease was had.
    """
    stop, output = around.stop, around.output
    pace = around.pace
    wait = Waiting(timeout=around.timeout or _POOLS_GO, sleep=pace.sleep or stop.wait, clock=pace.clock)
    lease = Lease(around.api, around.namespace, on_lost=stop.set)
    say = output.line if not output.animated else lambda _text: None
    writes = Writes(plan, around.remarks, say=say)
    job = applying.Run(plan=plan, cluster=around.cluster, threads=around.threads, wait=wait, progress=writes, stop=stop)
    with shown(output, writes):
        report = _attended(job, lease, output, writes)
    if lease.unreleased:
        output.warn(f"{lease.name} could not be released, and expires within a minute: {lease.unreleased.message}")
    for text in around.cluster.warnings:
        output.warn(f"the API server says: {text}")
    return dataclasses.replace(report, trouble=report.trouble or lease.loss)


def _attended(job: applying.Run, lease: Lease, output: Output, writes: Writes) -> Report:
    """Let a run go on in another thread, and listen here: a thread that waits for an answer can't be interrupted."""
    news: queue.SimpleQueue[_News] = queue.SimpleQueue()
    work: concurrent.futures.Future[Report] = concurrent.futures.Future()
    thread = threading.Thread(target=_carry_out, args=(job, lease, work, news), name="run")
    with _signals_told(news):
        thread.start()
        first = signals.item(news)
        if first is _News.SIGNAL:
            writes.stopping()
            _stop(job, news, output)
        elif first is _News.TIME_OVER:  # what stopped in good order is through by now
            job.stop.set()
    if not work.done():
        lease.let_go(_LETTING_GO)
        return job.abandoned()
    try:
        return work.result()
    except ClusterError as error:
        if first is _News.SIGNAL:
            raise Interrupted("interrupted; nothing was written", hint="run again to finish") from error
        raise


def _carry_out(
    job: applying.Run,
    lease: Lease,
    work: concurrent.futures.Future[Report],
    news: queue.SimpleQueue[_News],
) -> None:
    """Carry a run out under the Lease, and say when it is over, whatever happens."""
    try:
        with lease:
            check_fresh(job.plan, job.cluster)
            report = job.carried_out()
        work.set_result(report)
    except BaseException as error:  # noqa: BLE001 - the thread that waits raises it
        work.set_exception(error)
    news.put(_News.WORK_OVER)


def _stop(job: applying.Run, news: queue.SimpleQueue[_News], output: Output) -> None:
    """End a run in good order, unless a second signal comes, or nothing is left that is worth to wait for."""
    job.stop.set()
    writes = len(job.in_flight)
    if writes:
        told = f"{writes:,} write{'s are on their' if writes != 1 else ' is on its'} way"
        output.note(f"stopping: {told}; press Ctrl-C again to stop now")
    else:
        output.note("stopping: no write is on its way")
    if writes:
        signals.item(news)
        return
    with contextlib.suppress(queue.Empty):
        news.get(timeout=_WINDING_UP)


def _signals_told(news: queue.SimpleQueue[_News]) -> contextlib.AbstractContextManager[None]:
    """Have signals, and the end of the time, put on a queue: the one thing that a handler can do safely."""

    def tell(number: int, frame: types.FrameType | None) -> None:
        news.put(_News.TIME_OVER if number == signals.ALARM else _News.SIGNAL)

    return signals.handled([*signals.heeded(), signals.ALARM], tell)
