"""Signals that arrive at the wrong moment, or by the wrong thread."""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any

import pytest

from spidercli import signals

_LOOKS = 100  # that find the main thread at one place: it waits there
_LATE = 5.0  # seconds after which a signal that was not heard is missed


class Heard(Exception):
    """What the handler of these tests raises."""


def _hear(number: int, frame: object) -> None:
    raise Heard


@contextlib.contextmanager
def signalled_while_waiting(function: Callable[..., object]) -> Iterator[None]:
    """Have a signal reach the process by a thread of its own, once the main thread waits in a function.

    That does not end a wait of the main thread, just as one that comes right before the wait begins.
    """
    main = threading.main_thread().ident
    assert main is not None
    assert isinstance(function, FunctionType)

    def place() -> tuple[object, int] | None:
        """Where the main thread is, if it is in the function."""
        frames = [frame for frame, _ in traceback.walk_stack(sys._current_frames()[main])]
        inside = any(frame.f_code is function.__code__ for frame in frames)
        return (frames[0].f_code, frames[0].f_lasti) if inside else None

    def signal_myself() -> None:
        same = 0
        while same < _LOOKS:
            before = place()
            os.sched_yield()  # whoever does not wait gets on
            same = same + 1 if before and before == place() else 0
        signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)

    thread = threading.Thread(target=signal_myself)
    with signals.handled([signal.SIGUSR1], _hear):
        thread.start()
        yield
        thread.join()


@pytest.mark.parametrize("function", [signals.result, signals.item])
def test_a_signal_is_heard_whatever_is_waited_for(function: Callable[[Any], object]) -> None:
    """Ctrl-C must not wait until the work is done that it is to stop."""
    future, items = concurrent.futures.Future[str](), queue.SimpleQueue[str]()

    def too_late() -> None:
        future.set_result("late")
        items.put("late")

    late = threading.Timer(_LATE, too_late)
    late.start()
    try:
        with pytest.raises(Heard), signalled_while_waiting(function):
            function(future if function is signals.result else items)
    finally:
        late.cancel()
    assert not future.done()


def test_what_is_there_is_taken() -> None:
    """Nothing is waited for that has come already."""
    future, items = concurrent.futures.Future[str](), queue.SimpleQueue[str]()
    future.set_result("done")
    items.put("first")

    assert (signals.result(future), signals.item(items)) == ("done", "first")
