"""The product under test, in this process or in one that can be killed."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from spidercli import cli
from spidercli.sandbox.cloud.world import World


@dataclasses.dataclass(frozen=True)
class Ran:
    """What a command printed, and how it ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def data(self) -> Any:
        """The result as JSON."""
        return json.loads(self.stdout)

    def lines(self, action: str) -> list[str]:
        """The names of the objects that a plan says this of, such as blocked."""
        return [change["name"] for change in self.data["changes"] if change["action"] == action]

    def reasons(self, action: str) -> str:
        """What the plan says why."""
        return "\n".join(change["reason"] for change in self.data["changes"] if change["action"] == action)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Product:
    """spidercli, with an environment that leads to a cloud of the sandbox and to the real cluster."""

    world: World
    environ: Mapping[str, str]
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch

    def __call__(self, *arguments: str) -> Ran:
        """Run one command here."""
        for name, value in self.environ.items():
            self.monkeypatch.setenv(name, value)
        self.monkeypatch.setattr("sys.stdin", io.StringIO())
        self.capsys.readouterr()
        code = cli.main(list(arguments))
        said = self.capsys.readouterr()
        return Ran(code, said.out, said.err)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start one command in a process of its own, which Ctrl-C can stop."""
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # so it is in the background of a script, and inherited
            signal.signal(signal.SIGINT, signal.default_int_handler)
        return subprocess.Popen(
            [sys.executable, "-m", "spidercli", *arguments],
            env={**os.environ, **self.environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
