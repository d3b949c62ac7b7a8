"""Clears up after a test run that died: run as a script, it waits for the end of its standard input.

    python watchdog.py FOLDER

Each line that it reads is `+GROUP` or `-GROUP`, a process group that was started or is gone. When the input ends,
because its other end was closed or died in whatever way, it kills the groups that are left and removes FOLDER.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import shutil
import signal
import sys
import time
from collections.abc import Iterable

_PATIENCE = 10.0  # seconds for killed programs to vanish


def living(lines: Iterable[str]) -> set[int]:
    """The groups that were started and not ended."""
    groups: set[int] = set()
    for line in lines:
        change = groups.add if line.startswith("+") else groups.discard
        change(int(line[1:]))
    return groups


def remove(folder: pathlib.Path) -> None:
    """Remove a folder, although somebody who was just killed may still be writing there."""
    deadline = time.monotonic() + _PATIENCE
    while folder.exists() and time.monotonic() < deadline:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    for group in living(sys.stdin):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
    remove(pathlib.Path(sys.argv[1]))
