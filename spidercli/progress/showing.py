"""The line that moves on a terminal, and the lines in a log."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Protocol

from spidercli.output import Output, plain

if TYPE_CHECKING:  # rich costs start-up time that a quick command need not pay
    from rich.console import Console
    from rich.text import Text

_A_MOMENT = 0.8  # seconds; what is quicker needs no animation
_EVERY = 10.0  # seconds between two lines in a log
_PER_SECOND = 8  # pictures
_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_BAR = 24  # columns
_ROOM_FOR_A_BAR = 90  # columns

Wait = Callable[[threading.Event, float], bool]


class State(Protocol):
    """Something that changes while it is shown."""

    def text(self) -> str:
        """What to say of it now."""
        ...

    def share(self) -> float | None:
        """How much of it is done, from 0 to 1; None if nobody knows."""
        ...


@contextlib.contextmanager
def shown(output: Output, state: State, *, wait: Wait = threading.Event.wait) -> Iterator[None]:
    """Show a state for as long as the block lasts, once that is longer than a moment; nothing with -q.

    Args:
        output: where.
        state: what; asked from another thread.
        wait: waits until the block is over, but no longer than some seconds; whether it is over.
    """
    if output.verbosity < 0:
        yield
        return
    over = threading.Event()
    thread = threading.Thread(target=_show, args=(output, state, over, wait), name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _show(output: Output, state: State, over: threading.Event, wait: Wait) -> None:
    with contextlib.suppress(OSError):  # nobody reads stderr any more, and progress is no reason to fail
        (_animate if output.animated else _log)(output, state, over, wait)


def _log(output: Output, state: State, over: threading.Event, wait: Wait) -> None:
    while not wait(over, _EVERY):
        output.line(state.text())


def _animate(output: Output, state: State, over: threading.Event, wait: Wait) -> None:
    if wait(over, _A_MOMENT):
        return
    from rich.live import Live

    console = output.console(output.stderr)
    frames = iter(_frames(state, console))
    moving = Live(
        get_renderable=lambda: next(frames),
        console=console,
        refresh_per_second=_PER_SECOND,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    with moving, output.above(console):
        wait(over, threading.TIMEOUT_MAX)


def _frames(state: State, console: Console) -> Iterator[Text]:
    """Pictures of a state, one after the other: rich wraps what is too long, and wipes it away again."""
    from rich.text import Text

    number = 0
    while True:
        share = state.share() if console.width >= _ROOM_FOR_A_BAR else None
        bar = "" if share is None else f"{_bar(share)} "
        yield Text(f"{_SPINNER[number % len(_SPINNER)]} {bar}{plain(state.text())}")
        number += 1


def _bar(share: float) -> str:
    done = int(_BAR * min(1.0, share))
    return "━" * done + "┈" * (_BAR - done)
