"""Runs that are cut off: Ctrl-C, Ctrl-C twice, SIGTERM and kill -9. The next run finishes the rest."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from spidercli.sandbox.run import Sandbox

Run = Callable[..., Any]
PATIENCE = 60  # seconds, then a test fails
FACTS = str(Path(__file__).parents[2] / "examples" / "guide" / "inventory.yaml")


class Gate:
    """Holds the cluster's answer to the first write of a pool until it is opened."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.reached = threading.Event()
        self._open = threading.Event()
        self._handle = sandbox.kube.handle
        sandbox.kube.handle = self._held  # type: ignore[method-assign]

    def open(self) -> None:
        """Let it answer, and everything after it."""
        self._open.set()

    def _held(self, request: Any) -> Any:
        if request.method == "PATCH" and "/spiderippools/" in request.path and not self.reached.is_set():
            self.reached.set()
            assert self._open.wait(PATIENCE)
        return self._handle(request)


@pytest.fixture(name="gate")
def closed_gate(sandbox: Sandbox) -> Iterator[Gate]:
    """A gate that is open at the end of the test at the latest, so that the sandbox can stop."""
    gate = Gate(sandbox)
    yield gate
    gate.open()


@pytest.fixture(name="started")
def run_at_the_gate(gate: Gate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen[str]]:
    """A bootstrap with one thread, held at its first pool: 3 of its 9 writes are made."""
    config = tmp_path / "spidercli.yaml"
    config.write_text("region: cn-hangzhou\npools:\n  name: '{node}-{octet}'\nlimits:\n  writeThreads: 1\n")
    monkeypatch.setenv("SPIDERCLI_CONFIG", str(config))
    monkeypatch.setenv("SPIDERCLI_INVENTORY", FACTS)
    monkeypatch.setenv("PYTHONUNBUFFERED", "1")
    command = [sys.executable, "-m", "spidercli", "bootstrap", "--yes"]
    process = subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert gate.reached.wait(PATIENCE)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def told(process: subprocess.Popen[str], words: str) -> None:
    """Wait until the process says something on stderr."""
    assert process.stderr is not None
    assert any(words in line for line in process.stderr)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_run_that_is_stopped_says_how_far_it_came(
    spidercli: Run, started: subprocess.Popen[str], gate: Gate, number: int
) -> None:
    """Ctrl-C, SIGTERM of CI, or a closed terminal finishes what is on its way, lists the rest, and leaves 130."""
    os.kill(started.pid, number)
    told(started, "stopping: 1 write is on its way; press Ctrl-C again to stop now")
    gate.open()
    stdout, stderr = started.communicate(timeout=PATIENCE)

    assert started.returncode == 130
    assert stdout == (
        "skipped: SpiderIPPool master-192, SpiderIPPool worker-172, SpiderIPPool worker-192 and 2 more: "
        "the run was stopped\n"
        "3 of 8 changes made, 0 unchanged\n"
    )
    assert stderr == "error SPC503: stopped: 5 of 9 writes were not made\n  hint: run again to finish\n"
    again = spidercli("bootstrap", "--yes")
    assert (again.code, again.stdout) == (0, "5 of 5 changes made, 3 unchanged\n")


def test_a_second_ctrl_c_stops_at_once(
    spidercli: Run, started: subprocess.Popen[str], gate: Gate, sandbox: Sandbox
) -> None:
    """Who can't wait for an answer that does not come need not, and is told what is known; the Lease is given back."""
    os.kill(started.pid, signal.SIGINT)
    told(started, "Ctrl-C again to stop now")
    os.kill(started.pid, signal.SIGTERM)
    stdout, stderr = started.communicate(timeout=PATIENCE)
    gate.open()

    assert started.returncode == 130
    assert stdout == (
        "unknown: SpiderIPPool master-172: it was on its way when the run was stopped\n"
        "skipped: SpiderIPPool master-192, SpiderIPPool worker-172, SpiderIPPool worker-192 and 2 more: "
        "the run was stopped\n"
        "2 of 8 changes made, 0 unchanged\n"
    )
    assert stderr == (
        "error SPC503: stopped: 5 of 9 writes were not made, 1 may or may not have been\n  hint: run again to finish\n"
    )
    assert spidercli("bootstrap", "--yes").code == 0


def test_a_run_that_was_killed(spidercli: Run, started: subprocess.Popen[str], gate: Gate, sandbox: Sandbox) -> None:
    """After kill -9 the next run takes the Lease over at once, since its holder is gone, and finishes."""
    started.kill()
    started.wait(PATIENCE)
    gate.open()
    lease: Any = sandbox.kube.find("coordination.k8s.io/v1", "leases", "spidercli", "kube-system")
    again = spidercli("bootstrap", "--yes")

    assert lease["spec"]["holderIdentity"].split("/")[1] == str(started.pid)
    assert again.code == 0
    assert spidercli("bootstrap", "--yes").stdout == "nothing to do: 8 unchanged\n"


def test_ctrl_c_while_the_cloud_is_read(sandbox: Sandbox) -> None:
    """Before anything is planned, Ctrl-C ends the command with one line."""
    reached, opened = threading.Event(), threading.Event()
    handle = sandbox.kube.handle

    def held(request: Any) -> Any:
        reached.set()
        opened.wait(PATIENCE)
        return handle(request)

    sandbox.kube.handle = held  # type: ignore[method-assign]
    command = [sys.executable, "-m", "spidercli", "pools", "diff", "--inventory", FACTS]
    with subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert reached.wait(PATIENCE)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=PATIENCE)
        opened.set()

    assert (process.returncode, stdout) == (130, "")
    assert stderr == "error SPC503: interrupted; nothing further was done\n  hint: run again to finish\n"
