"""The signals that ask the process to stop, the alarm that stops it when its time is over, and waiting that hears both.

Python answers a signal in the main thread, between two of its steps. A signal does not end that thread's wait for a
lock if it comes just before the wait begins, or reaches the process by another thread: it would be answered when the
wait is over, and that may be a run of an hour later. So whoever waits in the main thread looks up now and then.
"""

from __future__ import annotations

import contextlib
import signal
import threading
import types
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import queue
    from concurrent.futures import Future

T = TypeVar("T")

ALARM = signal.SIGALRM
_LOOKING_UP = 0.2  # seconds
_STOP = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # Ctrl-C, a CI system, a terminal that was closed

Handler = Callable[[int, types.FrameType | None], object]


def heeded() -> list[signal.Signals]:
    """The signals that ask us to stop, without those that we were started to ignore.

    Shells have background jobs of a script ignore Ctrl-C, and `nohup` has its command ignore SIGHUP.
    """
    return [number for number in _STOP if signal.getsignal(number) is not signal.SIG_IGN]


@contextlib.contextmanager
def handled(numbers: Iterable[int], handler: Handler) -> Iterator[None]:
    """Let a function answer signals while the block lasts; only the main thread may, elsewhere nothing changes."""
    if not _may_handle():
        yield
        return
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)


@contextlib.contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """Raise KeyboardInterrupt in the main thread, should the block last so long and nobody else handle `ALARM` then.

    A signal, because nothing else ends a thread that waits for a program or for the next byte of an answer.
    """
    if not _may_handle():
        yield
        return
    with handled([ALARM], _interrupt):
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)


def result(future: Future[T]) -> T:
    """What a future gives; a signal is answered while it is waited for."""
    from concurrent.futures import wait

    while not future.done():
        wait([future], timeout=_LOOKING_UP)
    return future.result()


def item(waiting: queue.SimpleQueue[T]) -> T:
    """The next item of a queue; a signal is answered while it is waited for."""
    from queue import Empty

    while True:
        with contextlib.suppress(Empty):
            return waiting.get(timeout=_LOOKING_UP)


def forever() -> None:
    """Wait until a signal's handler raises."""
    while True:
        threading.Event().wait(_LOOKING_UP)


def _may_handle() -> bool:
    return threading.current_thread() is threading.main_thread()


def _interrupt(number: int, frame: types.FrameType | None) -> None:
    raise KeyboardInterrupt
