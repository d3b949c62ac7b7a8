"""`spidercli sandbox run --fault`: a rehearsal of a bad day, and what came of it."""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from spidercli.sandbox.faults import Kind

Run = Callable[..., Any]
_US = (sys.executable, "-m", "spidercli")
_THROTTLED = "ecs:DescribeNetworkInterfaces=throttled"


def test_faults_strike_and_are_told(spidercli: Run, isolation: Path) -> None:
    """The command meets the faults; afterwards each is counted, and one that never struck is a warning."""
    script = f"{shlex.join(_US)} inventory -o name -v > seen 2> told"
    unmet = "k8s:delete:*=webhook-down,times=all"
    ran = spidercli("sandbox", "run", "--fault", _THROTTLED, "--fault", unmet, "sh", "-c", script)

    assert (ran.code, (isolation / "seen").read_text()) == (0, "node/master\nnode/worker\n")
    assert "retry 1 of ecs:DescribeNetworkInterfaces" in (isolation / "told").read_text()
    assert ran.stderr == f"the fault {_THROTTLED} struck 1 time\nwarning: the fault {unmet} never struck\n"


def test_the_commands_exit_code_stays(spidercli: Run) -> None:
    """A fault that ends the command ends the rehearsal with the command's own code."""
    fault = "ecs:*=forbidden,times=all"
    ran = spidercli("sandbox", "run", "--fault", fault, *_US, "inventory", "--quiet")

    assert (ran.code, ran.stderr.startswith(f"the fault {fault} struck ")) == (4, True)


def test_a_fault_that_can_t_be_read(spidercli: Run) -> None:
    """Nothing is started for a fault that makes no sense."""
    ran = spidercli("sandbox", "run", "--fault", "k8s:*=stale", "false")

    assert ran.code == 64
    assert ran.stderr.startswith("error SPC001: --fault k8s:*=stale: stale makes no sense there; known are ")


def test_the_kinds_are_listed(spidercli: Run) -> None:
    """A table has every kind of fault, the calls that it can strike, and what happens to them."""
    ran = spidercli("sandbox", "faults")
    rows = [line.split("  ") for line in ran.stdout.splitlines()]

    assert (ran.code, ran.stderr) == (0, "")
    assert [row[0].strip() for row in rows] == ["KIND", *Kind]
    assert "stale            ecs:, vpc:, metadata:              a reading from before the last change\n" in ran.stdout


def test_up_tells_at_its_end() -> None:
    """A sandbox that stays up tells what struck when it is stopped."""
    command = (*_US, "sandbox", "up", "--fault", _THROTTLED)
    with subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        while "SPIDERCLI_CONFIG" not in process.stdout.readline():
            pass
        process.send_signal(signal.SIGTERM)
        _, stderr = process.communicate(timeout=60)

    assert stderr.endswith(f"warning: the fault {_THROTTLED} never struck\nthe sandbox is gone\n")
