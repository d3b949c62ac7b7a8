"""The programs of a control plane, and the folder they work in."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import types
from collections.abc import Callable, Mapping
from typing import Self

from tests.e2e.controlplane import watchdog
from tests.e2e.controlplane.errors import ControlPlaneFailed
from tests.e2e.controlplane.polling import eventually

_LOG_LINES = 15


@dataclasses.dataclass(frozen=True, kw_only=True)
class Command:
    """How a program is started, and how it is seen to be ready."""

    name: str
    arguments: list[str]
    ready: Callable[[], bool]
    environ: Mapping[str, str] = dataclasses.field(default_factory=dict)


class Program:
    """A program that can be killed and started again, on the same port and with the same data."""

    def __init__(self, command: Command, workplace: Workplace) -> None:
        self._command = command
        self._workplace = workplace
        self._log = workplace.folder / f"{command.name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *, seconds: float = 60.0) -> None:
        """Start it and wait until it is ready.

        Raises:
            ControlPlaneFailed: it ended, or was not ready in time; the message has its last log lines.
        """
        self._spawn()
        try:
            eventually(self._is_ready, f"{self._command.name} is ready", seconds=seconds)
        except ControlPlaneFailed as failure:
            raise ControlPlaneFailed(f"{failure}\n{self.last_words()}") from failure

    def kill(self) -> None:
        """End it at once, as a power cut would; nothing happens if it does not run."""
        if self._process is None:
            return
        group = self._process.pid
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
        self._process.wait()
        self._workplace.ended(group)
        self._process = None

    def last_words(self) -> str:
        """The end of its log."""
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-_LOG_LINES:])

    def _spawn(self) -> None:
        home = {"HOME": str(self._workplace.folder), "TMPDIR": str(self._workplace.folder), "PATH": os.defpath}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command.arguments,
                env={**home, **self._command.environ},
                cwd=self._workplace.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._workplace.started(self._process.pid)

    def _is_ready(self) -> bool:
        assert self._process is not None
        code = self._process.poll()
        if code is not None:
            raise ControlPlaneFailed(f"{self._command.name} ended with exit code {code}")
        return self._command.ready()


class Workplace:
    """A new folder, and programs that run there; both are gone after the `with` block.

    A watchdog sees to that if this process is killed.
    """

    def __init__(self) -> None:
        self._programs: list[Program] = []

    def __enter__(self) -> Self:
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="spidercli-e2e-"))
        self._watchdog = subprocess.Popen(
            [sys.executable, watchdog.__file__, str(self.folder)],
            stdin=subprocess.PIPE,
            start_new_session=True,
            text=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None
    ) -> None:
        for program in reversed(self._programs):
            program.kill()
        self._watchdog.communicate()

    def program(self, command: Command) -> Program:
        """A program, not started yet, that will be ended here."""
        program = Program(command, self)
        self._programs.append(program)
        return program

    def started(self, group: int) -> None:
        """Note a process group that the watchdog would have to kill."""
        self._tell(f"+{group}")

    def ended(self, group: int) -> None:
        """Note that a process group is gone."""
        self._tell(f"-{group}")

    def _tell(self, line: str) -> None:
        assert self._watchdog.stdin is not None
        self._watchdog.stdin.write(f"{line}\n")
        self._watchdog.stdin.flush()
