"""The signals that ask the process to stop, and the alarm that stops it when its time is over."""

from __future__ import annotations

import contextlib
import signal
import threading
import types
from collections.abc import Callable, Iterable, Iterator

ALARM = signal.SIGALRM
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


def _may_handle() -> bool:
    return threading.current_thread() is threading.main_thread()


def _interrupt(number: int, frame: types.FrameType | None) -> None:
    raise KeyboardInterrupt
