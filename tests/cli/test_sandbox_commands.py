"""`spidercli sandbox`, and `--sandbox` on other commands."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from spidercli.sandbox import scenarios
from spidercli.sandbox.run import Sandbox
from spidercli.sandbox.scenarios import guide, large

Run = Callable[..., Any]
PATIENCE = 60  # seconds, then a test fails
UP = (sys.executable, "-m", "spidercli", "sandbox", "up")


@pytest.fixture(name="temporary")
def temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the sandbox keeps its files, to look for what it leaves behind."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


@pytest.fixture(name="up")
def sandbox_process(temporary: Path) -> Iterator[subprocess.Popen[str]]:
    """`sandbox up`, which runs until it is stopped."""
    process = subprocess.Popen(UP, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def exported(process: subprocess.Popen[str]) -> dict[str, str]:
    """The variables that a shell would take over."""
    assert process.stdout is not None
    found: dict[str, str] = {}
    while "SPIDERCLI_CONFIG" not in found:
        keyword, assignment = shlex.split(process.stdout.readline())
        name, _, value = assignment.partition("=")
        assert keyword == "export"
        found[name] = value
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_up_runs_until_it_is_stopped(
    spidercli: Run, up: subprocess.Popen[str], temporary: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """It prints what a shell needs, serves, and leaves nothing behind when it is stopped."""
    for name, value in exported(up).items():
        monkeypatch.setenv(name, value)
    ran = spidercli("bootstrap", "--yes")
    os.kill(up.pid, number)
    _, stderr = up.communicate(timeout=PATIENCE)

    assert (ran.code, ran.stdout) == (0, "8 of 8 changes made, 0 unchanged\n")
    assert up.returncode == 0
    assert stderr == (
        "the sandbox is up with the scenario guide; "
        "paste these lines into another terminal, and stop it here with Ctrl-C\n"
        "the sandbox is gone\n"
    )
    assert list(temporary.glob("spidercli-sandbox-*")) == []


def test_run_gives_a_command_the_sandbox(spidercli: Run, temporary: Path, isolation: Path) -> None:
    """The command sees the sandbox in its environment; its options are its own, its exit code ours."""
    script = 'echo "$SPIDERCLI_ECS_ENDPOINT $*" > seen; exit 7'
    ran = spidercli("sandbox", "run", "sh", "-c", script, "sh", "-o", "json", "--yes")

    endpoint, options = (isolation / "seen").read_text().split(maxsplit=1)
    assert ran.code == 7
    assert endpoint.startswith("http://127.0.0.1:")
    assert options == "-o json --yes\n"
    assert list(temporary.glob("spidercli-sandbox-*")) == []


def test_run_without_a_command(spidercli: Run) -> None:
    """There has to be something to run."""
    ran = spidercli("sandbox", "run")

    assert ran.code == 64
    assert ran.stderr == (
        "error SPC001: no command to run\n  hint: for example: spidercli sandbox run spidercli pools diff\n"
    )


def test_run_of_a_program_that_does_not_exist(spidercli: Run) -> None:
    """A program that is not there is named."""
    ran = spidercli("sandbox", "run", "no-such-program")

    assert (ran.code, ran.stderr) == (64, "error SPC001: no-such-program: No such file or directory\n")


@pytest.mark.parametrize(
    "command", ["pools diff", "bootstrap --dry-run", "inventory", "export --from-cluster", "version", "config show"]
)
def test_any_command_in_the_sandbox(spidercli: Run, temporary: Path, command: str) -> None:
    """--sandbox needs neither account nor cluster, and cleans up."""
    ran = spidercli(*command.split(), "--sandbox")

    assert ran.code == 0
    assert ran.stdout
    assert list(temporary.iterdir()) == []


def test_another_scenario(spidercli: Run) -> None:
    """--sandbox=NAME starts another one."""
    ran = spidercli("inventory", "--sandbox=large", "-o", "name")

    assert ran.stdout.splitlines()[0] == "node/node-00000"
    assert len(ran.stdout.splitlines()) == 500


def test_help_lists_the_scenarios(spidercli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """`sandbox up --help` names every scenario that there is."""
    monkeypatch.setenv("COLUMNS", "200")
    ran = spidercli("sandbox", "up", "--help")

    assert f"{', '.join(scenarios.NAMES[:-1])} or {scenarios.NAMES[-1]}" in ran.stdout
    assert f"(default: {large.NODES})" in ran.stdout


def test_run_at_any_size(spidercli: Run, isolation: Path) -> None:
    """--nodes says how many nodes the large scenario has."""
    script = f"{shlex.quote(sys.executable)} -m spidercli inventory -o name > seen"
    ran = spidercli("sandbox", "run", "--scenario", "large", "--nodes", "3", "sh", "-c", script)

    assert ran.code == 0
    assert (isolation / "seen").read_text() == "node/node-00000\nnode/node-00001\nnode/node-00002\n"


SEEN = f"{shlex.quote(sys.executable)} -m spidercli inventory -o name > seen"


@pytest.mark.parametrize(
    "words",
    [
        "--sandbox=large sandbox run --nodes 3",
        "sandbox run --nodes 3 --sandbox=large",
        "sandbox run --sandbox=large --nodes 3 --",
        "--sandbox sandbox run --scenario large --nodes 3",
        "--sandbox=large sandbox run --scenario=large --nodes=3",
    ],
)
def test_run_with_the_scenario_of_the_global_option(spidercli: Run, isolation: Path, words: str) -> None:
    """--sandbox=NAME, before or after `sandbox run`, is as good as --scenario NAME."""
    ran = spidercli(*words.split(), "sh", "-c", SEEN)

    assert (ran.code, ran.stderr) == (0, "")
    assert (isolation / "seen").read_text() == "node/node-00000\nnode/node-00001\nnode/node-00002\n"


def test_up_with_the_scenario_of_the_global_option(spidercli: Run) -> None:
    """`sandbox up` starts what --sandbox=NAME names."""
    ran = spidercli("sandbox", "up", "--sandbox=drift", "--nodes", "3")

    assert (ran.code, ran.stderr.splitlines()[0]) == (64, "error SPC001: The scenario drift has a fixed size.")


@pytest.mark.parametrize("command", ["up", "run"])
def test_two_scenarios(spidercli: Run, command: str) -> None:
    """A sandbox can't be of two scenarios."""
    ran = spidercli("--sandbox=drift", "sandbox", command, "--scenario", "large")

    assert ran.code == 64
    assert ran.stderr == "error SPC001: --scenario large contradicts --sandbox=drift\n  hint: leave one out\n"


def test_the_options_of_the_command_that_is_run_are_its_own(spidercli: Run, isolation: Path) -> None:
    """Nothing behind the command's name is meant for `sandbox run`, whatever it is called."""
    ran = spidercli(
        "sandbox", "run", "sh", "-c", 'echo "$*" > seen', "sh", "--scenario", "drift", "--sandbox", "--help"
    )

    assert ran.code == 0
    assert (isolation / "seen").read_text() == "--scenario drift --sandbox --help\n"


def test_a_scenario_without_a_size(spidercli: Run) -> None:
    """--nodes contradicts a scenario that is what it is."""
    ran = spidercli("sandbox", "up", "--nodes", "3")

    assert ran.code == 64
    assert ran.stderr == (
        "error SPC001: The scenario guide has a fixed size.\n  hint: --nodes goes with --scenario large\n"
    )


def test_the_sandbox_beats_the_environment(spidercli: Run, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables that lead to a real cloud or cluster don't reach a command with --sandbox."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("SPIDERCLI_INVENTORY", "missing.yaml")
    ran = spidercli("pools", "sync", "--yes", "--sandbox")

    assert ran.code == 0
    assert sandbox.kube.requests == []
    assert not sandbox.world.requests


@pytest.mark.parametrize(
    "option",
    ["--kubeconfig=x", "--context=x", "--profile=x", "--ecs-endpoint=ecs.example.com", "--metadata-endpoint=x"],
)
def test_a_sandbox_that_would_lead_elsewhere(spidercli: Run, option: str) -> None:
    """An option that leads to something real contradicts --sandbox."""
    ran = spidercli("pools", "sync", "--sandbox", "--yes", option)

    assert ran.code == 64
    assert ran.stderr == (
        f"error SPC001: {option.partition('=')[0]} can't go with --sandbox\n  hint: the sandbox has its own\n"
    )


def test_moving_addresses_by_hand(spidercli: Run, sandbox: Sandbox) -> None:
    """Rehearsals change the sandbox's cloud through its API."""
    added = spidercli("sandbox", "add-ip", "172.31.199.200", guide.WORKER_ETH0)
    moved = spidercli("sandbox", "move-ip", "172.31.199.200", guide.MASTER_ETH0)
    removed = spidercli("sandbox", "remove-ip", "172.31.199.200")

    assert (added.code, moved.code, removed.code) == (0, 0, 0)
    assert added.stderr == f"172.31.199.200 is a secondary private IP of {guide.WORKER_ETH0} now\n"
    assert moved.stderr == f"172.31.199.200 has moved from {guide.WORKER_ETH0} to {guide.MASTER_ETH0}\n"
    assert removed.stderr == f"172.31.199.200 has left {guide.MASTER_ETH0}\n"
    assert sandbox.world.owner("172.31.199.200") is None


def test_an_address_that_is_taken_can_be_moved(spidercli: Run, sandbox: Sandbox) -> None:
    """Adding what another ENI has points to the command that moves it."""
    ran = spidercli("sandbox", "add-ip", "172.31.199.190", guide.MASTER_ETH0)

    assert ran.code == 1
    assert "(InvalidIp.IpAssigned)" in ran.stderr
    assert "  hint: `spidercli sandbox move-ip` moves it from the ENI that has it\n" in ran.stderr


def test_a_real_cloud_is_never_changed_by_hand(spidercli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a sandbox's endpoint these commands refuse, before any call."""
    monkeypatch.setenv("SPIDERCLI_REGION", "cn-hangzhou")
    ran = spidercli("sandbox", "add-ip", "172.31.199.200", guide.WORKER_ETH0)

    assert ran.code == 64
    assert ran.stderr.startswith("error SPC001: this is not a sandbox\n")
