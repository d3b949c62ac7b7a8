"""The one place that starts other programs."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import types
from collections.abc import Iterator, Mapping, Sequence

from spidercli.errors import UsageProblem


def run(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run a program on our terminal and wait for it; Ctrl-C is the program's to answer, and so is SIGTERM.

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


@contextlib.contextmanager
def _left_to(started: Sequence[subprocess.Popen[bytes]]) -> Iterator[None]:
    """Let a program answer signals instead of us; a terminal sends it Ctrl-C anyway, so only SIGTERM is passed on.

    Handlers rather than SIG_IGN, which the program would inherit.
    """

    def pass_on(number: int, frame: types.FrameType | None) -> None:
        for process in started:
            process.send_signal(number)

    before = {
        signal.SIGINT: signal.signal(signal.SIGINT, lambda *_: None),
        signal.SIGTERM: signal.signal(signal.SIGTERM, pass_on),
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
