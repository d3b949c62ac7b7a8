"""`--timeout` ends the waiting, and says so; what can't be told to end does not outlast it for long."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from spidercli.sandbox import faults
from spidercli.sandbox.run import Sandbox
from spidercli.session import deadline

Run = Callable[..., Any]
FACTS = str(Path(__file__).parents[2] / "examples" / "guide" / "inventory.yaml")
HASTILY = "from spidercli import cli; from spidercli.session import deadline; deadline.WINDING_UP = 0.1; cli.run()"
OVER = "error SPC504: the time is over: nothing further was done\n  hint: run again to finish, or raise --timeout\n"


@pytest.fixture(name="plugin")
def login_that_hangs(sandbox: Sandbox, tmp_path: Path) -> Iterator[str]:
    """A kubeconfig whose login command gives no answer until the test is over."""
    gate, path = tmp_path / "gate", tmp_path / "kubeconfig.json"
    os.mkfifo(gate)
    document = json.loads(Path(sandbox.environ["KUBECONFIG"]).read_text())
    login = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "interactiveMode": "Never",
        "command": "sh",
        "args": ["-c", f"read -r _ < {gate}"],
    }
    path.write_text(json.dumps({**document, "users": [{"name": "sandbox", "user": {"exec": login}}]}))
    yield str(path)
    both_ends = os.open(gate, os.O_RDWR | os.O_NONBLOCK)  # never blocks, whether the command is there or not
    os.write(both_ends, b"end\n")
    os.close(both_ends)


@pytest.fixture(name="hastily")
def short_wind_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has seconds for what does not end in good order."""
    monkeypatch.setattr(deadline, "WINDING_UP", 0.1)


def test_the_cloud_does_not_answer_in_time(spidercli: Run, sandbox: Sandbox) -> None:
    """Retrying a throttled call ends with the time, and it is a failure, not an interruption."""
    sandbox.world.refuse("DescribeNetworkInterfaces", 400, "Throttling.User", "Request was denied: user flow control.")

    ran = spidercli("pools", "diff", "--timeout", "0.5s")

    assert ran.code == 1
    assert (
        "error SPC504: the time is over: stopped while ecs:DescribeNetworkInterfaces was waited for: Throttling.User"
        in ran.stderr
    )


def test_a_generous_timeout_changes_nothing(spidercli: Run, sandbox: Sandbox) -> None:
    """A run that is quick enough ends as ever."""
    assert spidercli("pools", "sync", "--yes", "--timeout", "5m").code == 0


def test_a_login_that_hangs(plugin: str) -> None:
    """A program that we wait for does not hold the end up."""
    arguments = ("pools", "diff", "--kubeconfig", plugin, "--inventory", FACTS, "--timeout", "1s")
    ran = subprocess.run([sys.executable, "-c", HASTILY, *arguments], check=False, capture_output=True, text=True)

    assert (ran.returncode, ran.stdout, ran.stderr) == (1, "", OVER)


def test_an_answer_that_takes_longer(spidercli: Run, sandbox: Sandbox, hastily: None) -> None:
    """An answer of the cloud that is waited for does not hold the end up either."""
    sandbox.faults.add(faults.parse("vpc:DescribeVSwitches=hang"))
    began = time.monotonic()
    ran = spidercli("pools", "diff", "--timeout", "1s")

    assert (ran.code, ran.stdout, ran.stderr.endswith(OVER)) == (1, "", True)
    assert time.monotonic() - began < 8  # answers may take longer


@pytest.mark.usefixtures("networks")
def test_writes_that_hang(spidercli: Run, sandbox: Sandbox, hastily: None) -> None:
    """What was on its way when the time was over is told of, as after a second Ctrl-C."""
    sandbox.faults.add(faults.parse("k8s:patch:spiderippools=hang,times=all"))
    sandbox.faults.add(faults.parse("k8s:list:nodes=slow"))  # so that the time is over before a write's own patience
    ran = spidercli("pools", "sync", "--yes", "--timeout", "3s")

    assert ran.code == 1
    assert ran.stdout.startswith("unknown: SpiderIPPool master-172, ")
    assert "error SPC504: the time is over: stopped: 0 of 4 writes were not made, 4 may or may not" in ran.stderr
