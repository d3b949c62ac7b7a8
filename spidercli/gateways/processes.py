"""The one place that starts other programs."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Mapping, Sequence

from spidercli.errors import UsageProblem


def run(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run a program on our terminal and wait for it; Ctrl-C is the program's to answer.

    Returns:
        Its exit code; 128 and the signal's number if a signal ended it, as shells have it.

    Raises:
        UsageProblem: there is no such program.
    """
    if not command:
        raise UsageProblem("no command to run", hint="for example: spidercli sandbox run spidercli pools diff")
    try:
        process = subprocess.Popen(list(command), env=dict(environ))  # noqa: S603 - running it is what the user asked for
    except OSError as error:
        raise UsageProblem(f"{command[0]}: {error.strerror}") from error
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        code = process.wait()
    finally:
        signal.signal(signal.SIGINT, before)
    return code if code >= 0 else 128 - code
