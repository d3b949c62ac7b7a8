"""The command line as a user sees it, against the embedded cloud and cluster."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from spidercli import cli
from spidercli.sandbox.run import Sandbox


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


Run = Callable[..., Ran]


@pytest.fixture(name="sandbox")
def running_sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """The guide's two nodes, and an environment that leads to them."""
    with Sandbox("guide") as sandbox:
        for name, value in sandbox.environ.items():
            monkeypatch.setenv(name, value)
        yield sandbox


@pytest.fixture(name="spidercli")
def command_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run one command in this process."""

    def run(*arguments: str, answer: str = "") -> Ran:
        monkeypatch.setattr("sys.stdin", io.StringIO(answer))
        capsys.readouterr()
        code = cli.main(list(arguments))
        said = capsys.readouterr()
        return Ran(code, said.out, said.err)

    return run
