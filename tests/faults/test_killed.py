"""kill -9 at every write of a real process: the next run finishes what is left, and repeats nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from spidercli.sandbox.kube.requests import Answer
from tests.faults.judging import Undisturbed, about_what_follows
from tests.faults.rehearsal import Stage, is_write
from tests.faults.scenes import COMMANDS, scene

_PATIENCE = 60  # seconds, then a test fails
_NOBODY_READS_IT = Answer(body={}, status=503)


class Killer:
    """Kills a process when its write of some number arrives, and then carries that out or not."""

    def __init__(self, stage: Stage, number: int, *, done: bool) -> None:
        self.process: subprocess.Popen[str] | None = None
        self._left, self._done = number, done
        self._handle = stage.sandbox.kube.handle
        stage.sandbox.kube.handle = self._attend  # type: ignore[method-assign]

    def _attend(self, request: Any) -> Any:
        if request.method == "GET":
            return self._handle(request)
        self._left -= 1
        if self._left == 0 and self.process is not None:
            self.process.kill()
            self.process.wait()
            return self._handle(request) if self._done else _NOBODY_READS_IT
        return self._handle(request)


def killed(usual: Undisturbed, number: int, *, done: bool) -> Iterator[str]:
    """What goes wrong when a run is killed at a write, and others follow."""
    command = (sys.executable, "-m", "spidercli", *COMMANDS[usual.command])
    with Stage(scene(usual.command)) as stage:
        killer = Killer(stage, number, done=done)
        environ = {**os.environ, **stage.sandbox.environ}
        with subprocess.Popen(
            command, env=environ, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            killer.process = process
            _, told = process.communicate(timeout=_PATIENCE)
        if process.returncode != -signal.SIGKILL:
            yield f"it was not killed, but ended with {process.returncode}: {told}"
        yield from about_what_follows(stage, usual)


@pytest.mark.faults
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
def test_killed_at_every_write(undisturbed: Callable[[str], Undisturbed], command: str, done: bool) -> None:
    """The Lease of a process that is gone is taken over at once, and what it did is not done again."""
    usual = undisturbed(command)
    writes = sum(1 for call in usual.calls if is_write(call))

    wrong = [
        f"{command} killed at write {number}: {problem}"
        for number in range(1, writes + 1)
        for problem in killed(usual, number, done=done)
    ]

    assert not wrong, "\n".join(wrong)
