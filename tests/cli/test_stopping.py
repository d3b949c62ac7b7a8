"""Ctrl-C and SIGTERM in every stage of a command, while servers hang: it ends soon, and tells what it knows."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from spidercli.sandbox import faults
from spidercli.sandbox.run import Sandbox

Start = Callable[..., subprocess.Popen[str]]
PATIENCE = 60  # seconds, then a test fails
FACTS = str(Path(__file__).parents[2] / "examples" / "guide" / "inventory.yaml")
STOPPED_AT_TYPER = """
import sys
class CtrlC:
    def find_spec(self, name, path=None, target=None):
        if name == "typer":
            raise KeyboardInterrupt
sys.meta_path.insert(0, CtrlC())
from spidercli import cli
cli.run()
"""
INTERRUPTED = "error SPC503: interrupted; nothing further was done\n  hint: run again to finish\n"


@pytest.fixture(name="struck")
def strike_watcher(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> threading.Semaphore:
    """Released each time that a fault of the sandbox strikes."""
    strikes, take = threading.Semaphore(0), sandbox.faults.take

    def watched(call: str, **options: Any) -> Any:
        fault = take(call, **options)
        if fault:
            strikes.release()
        return fault

    monkeypatch.setattr(sandbox.faults, "take", watched)
    return strikes


@pytest.fixture(name="start")
def starter(sandbox: Sandbox, struck: threading.Semaphore) -> Iterator[Start]:
    """Start a command that is going to meet a fault, and wait until it does, so many times."""
    processes: list[subprocess.Popen[str]] = []

    def start(fault: str, *arguments: str, strikes: int = 1) -> subprocess.Popen[str]:
        sandbox.faults.add(faults.parse(fault))
        command = [sys.executable, "-m", "spidercli", *arguments]
        process = subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        processes.append(process)
        assert all(struck.acquire(timeout=PATIENCE) for _ in range(strikes))
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def heard(process: subprocess.Popen[str], words: str) -> None:
    """Wait until the process says something on stderr."""
    assert process.stderr is not None
    assert any(words in line for line in process.stderr)


def test_while_it_starts() -> None:
    """Ctrl-C before the libraries are there is told as any other one is."""
    ran = subprocess.run([sys.executable, "-c", STOPPED_AT_TYPER], check=False, capture_output=True, text=True)

    assert (ran.returncode, ran.stdout, ran.stderr) == (130, "", INTERRUPTED)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    "fault",
    [
        "ecs:DescribeInstances=hang",
        "ecs:DescribeNetworkInterfaces=hang",
        "vpc:DescribeVSwitches=hang",
        "ecs:DescribeNetworkInterfaces=throttled,times=all",
        "vpc:DescribeVSwitches=throttled-user,times=all",
        "k8s:list:nodes=hang",
        "k8s:list:spiderippools=hang",
        "k8s:list:nodes=too-many,times=all,seconds=30",
    ],
)
def test_while_facts_are_read(start: Start, fault: str, number: int) -> None:
    """One signal is enough: nothing is at stake, so that no answer is waited for, and no pause."""
    process = start(fault, "pools", "sync", "--yes")
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=10)

    assert (process.returncode, stdout) == (130, "")
    assert stderr.endswith(INTERRUPTED)


@pytest.mark.usefixtures("networks")
def test_while_the_lease_is_taken(start: Start) -> None:
    """A Lease that can't be had holds a stopped run up for seconds, not for a minute; nothing was written."""
    process = start("k8s:get:leases=hang,times=all", "pools", "sync", "--yes")
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=15)

    assert process.returncode == 130
    assert stdout.endswith("0 of 4 changes made, 0 unchanged\n")
    assert "stopping: no write is on its way\n" in stderr
    assert stderr.endswith("error SPC503: stopped: 4 of 4 writes were not made\n  hint: run again to finish\n")


@pytest.mark.usefixtures("networks")
def test_while_deleted_pools_are_looked_for(spidercli: Any, start: Start, sandbox: Sandbox, pods: Any) -> None:
    """Between a delete and what follows it, a server that hangs holds a stopped run up for seconds only."""
    assert spidercli("pools", "sync", "--yes").code == 0
    pods.finish_all()
    sandbox.world.remove_eni("eni-bp1d9s5f1g7h3j6k0m4n8")
    assert spidercli("sandbox", "add-ip", "192.168.0.200", "eni-bp1b7h3g9k1l5q8w2r6t0").code == 0
    process = start("k8s:list:spiderippools=hang,first=3", "pools", "sync", "--yes", "--prune", "--max-delete", "100%")
    process.send_signal(signal.SIGINT)
    stdout, _ = process.communicate(timeout=15)

    assert process.returncode == 130
    assert stdout.endswith(": the run was stopped\n1 of 2 changes made, 2 unchanged\n")


@pytest.mark.usefixtures("networks")
def test_twice_while_writes_hang(start: Start, sandbox: Sandbox) -> None:
    """The second Ctrl-C ends the run within a second: what is on its way is unknown, the Lease is free again."""
    process = start("k8s:patch:spiderippools=hang,times=all", "pools", "sync", "--yes", strikes=4)
    process.send_signal(signal.SIGINT)
    heard(process, "press Ctrl-C again to stop now")
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=10)
    lease: Any = sandbox.kube.find("coordination.k8s.io/v1", "leases", "spidercli", "kube-system")

    assert process.returncode == 130
    assert time.monotonic() - began < 5  # less than a second on a machine that does nothing else
    assert stdout.startswith("unknown: SpiderIPPool master-172, ")
    assert "may or may not have been" in stderr
    assert not lease["spec"]["holderIdentity"]


@pytest.mark.usefixtures("networks")
def test_a_lease_that_hangs_at_the_end(start: Start) -> None:
    """Everything is written, only the Lease is not given back: Ctrl-C does not wait for it, and loses nothing."""
    process = start("k8s:update:leases=hang,times=all", "pools", "sync", "--yes")
    process.send_signal(signal.SIGINT)
    stdout, _ = process.communicate(timeout=15)

    assert process.returncode in (0, 130)
    assert "of 4 changes made" in stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_what_is_ignored(start: Start, number: int) -> None:
    """Where a shell has Ctrl-C ignored, as for background jobs of a script, or `nohup` has SIGHUP, it stays so."""
    before = signal.signal(number, signal.SIG_IGN)
    try:
        process = start("k8s:list:nodes=slow,seconds=2", "pools", "diff")
    finally:
        signal.signal(number, before)
    os.kill(process.pid, number)

    assert process.wait(PATIENCE) == 0
