"""The one place that starts other programs."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import types
from collections.abc import Mapping, Sequence

from spidercli import signals
from spidercli.errors import UsageProblem


def run(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run a program on our terminal and wait for it; signals are the program's to answer.

    Returns:
        Its exit code; 128 and the signal's number if a signal ended it, as shells have it.

    Raises:
        UsageProblem: there is no such program.
    """
    if not command:
        raise UsageProblem("no command to run", hint="for example: spidercli sandbox run spidercli pools diff")
    started: list[subprocess.Popen[bytes]] = []
    with _left_to(started):
        try:
            started.append(subprocess.Popen(list(command), env=dict(environ)))  # noqa: S603 - running it is what the user asked for
        except OSError as error:
            raise UsageProblem(f"{command[0]}: {error.strerror}") from error
        code = started[0].wait()
    return code if code >= 0 else 128 - code


def _left_to(started: Sequence[subprocess.Popen[bytes]]) -> contextlib.AbstractContextManager[None]:
    """Let a program answer signals instead of us; a terminal sends it Ctrl-C anyway, so only the others are passed on.

    Handlers rather than SIG_IGN, which the program would inherit.
    """

    def pass_on(number: int, frame: types.FrameType | None) -> None:
        for process in started if number != signal.SIGINT else ():
            process.send_signal(number)

    return signals.handled(signals.heeded(), pass_on)
