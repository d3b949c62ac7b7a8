"""A plan carried out for real: alone, with progress to look at, and with an end that Ctrl-C can bring about."""

from __future__ import annotations

import contextlib
import dataclasses
import signal
import threading
import types
from collections.abc import Iterator

from spidercli import applying
from spidercli.applying import Report, Waiting
from spidercli.gateways.cluster.api import Api
from spidercli.gateways.cluster.client import KubernetesCluster
from spidercli.gateways.cluster.lease import Lease
from spidercli.output import Output
from spidercli.planning.plan import Plan
from spidercli.progress import progress_on

_POOLS_GO = 60.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


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


def run(plan: Plan, around: Surroundings) -> Report:
    """Make a plan's writes under the Lease, and account for each.

    Raises:
        RunInProgress: another run holds the Lease.
        ClusterError: the Lease can't be had.
    """
    stop, output = around.stop, around.output
    wait = Waiting(timeout=around.timeout or _POOLS_GO, sleep=stop.wait)
    lease = Lease(around.api, around.namespace, on_lost=stop.set)
    with _interruptible(stop, output), lease, progress_on(output) as shown:
        report = applying.apply(plan, around.cluster, threads=around.threads, wait=wait, progress=shown, stop=stop)
    if lease.lost.is_set():
        output.warn("another run took the Lease over, so this one stopped")
    for text in around.cluster.warnings:
        output.warn(f"the API server says: {text}")
    return report


@contextlib.contextmanager
def _interruptible(stop: threading.Event, output: Output) -> Iterator[None]:
    """Ctrl-C, or a CI system's SIGTERM, ends the run in good order; a second one ends it at once."""

    def asked_to_stop(number: int, frame: types.FrameType | None) -> None:
        for each in _SIGNALS:  # threads that wait for an answer would hold any other end up
            signal.signal(each, signal.SIG_DFL)
        stop.set()
        output.note("stopping: what is on its way is finished first; Ctrl-C again to stop at once")

    if threading.current_thread() is not threading.main_thread():  # only the main thread may handle signals
        yield
        return
    before = {number: signal.signal(number, asked_to_stop) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
