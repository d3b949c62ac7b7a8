"""What a job of GitHub Actions learns of a plan."""

from __future__ import annotations

import os
import pathlib
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from spidercli import kinds
from spidercli.gateways import github
from spidercli.planning.plan import Action, Change, Plan
from spidercli.sandbox.run import Sandbox

Run = Callable[..., Any]
EXAMPLE = pathlib.Path(__file__).parents[2] / "examples" / "ci" / "github-actions.yml"
pytestmark = pytest.mark.usefixtures("networks")


@pytest.fixture(name="job")
def job_files(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> pathlib.Path:
    """The files that the runner gives to a step."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    return tmp_path


@pytest.mark.parametrize(("code", "outcome", "warned"), [(0, 0, False), (1, 1, False), (2, 0, True), (4, 1, False)])
def test_the_example_warns_of_drift(tmp_path: pathlib.Path, code: int, outcome: int, warned: bool) -> None:
    """The workflow's step fails if the diff fails; pending changes are a warning that a pull request shows."""
    workflow = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    script = next(step["run"] for step in workflow["jobs"]["pools"]["steps"] if step.get("name") == "Show the drift")
    (tmp_path / "spidercli").write_text(f'#!/bin/sh\ntest "$3" != --detailed-exitcode || exit {code}\n')
    (tmp_path / "spidercli").chmod(0o700)

    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    ran = subprocess.run(["sh", "-ec", script], env={"PATH": path}, capture_output=True, text=True, check=False)

    assert (ran.returncode, ran.stdout.startswith("::warning ")) == (outcome, warned)


def test_a_diff_leaves_outputs_and_a_summary(spidercli: Run, sandbox: Sandbox, job: pathlib.Path) -> None:
    """Later steps can ask how many changes there are, and people see which."""
    spidercli("pools", "diff")

    assert (job / "output").read_text() == "changes=4\nblocked=0\nconflict=0\n"
    first = "| create | SpiderIPPool master-172 | 172.31.199.185-172.31.199.189 (5) | new |"
    assert first in (job / "summary").read_text().splitlines()


def test_a_summary_is_harmless() -> None:
    """A name from elsewhere can't turn the direction of a summary's text, nor end its row."""
    change = Change(action=Action.BLOCKED, kind=kinds.IP_POOL, name="a", reason="pod \u202ex\x1b[2J | <b>\n| y")

    assert github.summary(Plan(changes=(change,))).splitlines()[2:] == [
        "| blocked | SpiderIPPool a |  | pod \\x202ex\\x1b[2J \\| &lt;b&gt; \\| y |"
    ]


def test_nothing_to_do_is_said(spidercli: Run, sandbox: Sandbox, job: pathlib.Path) -> None:
    """A job without drift says so."""
    spidercli("pools", "sync", "--yes")
    (job / "summary").unlink()
    spidercli("pools", "diff")

    assert (job / "summary").read_text() == "spidercli: nothing to do\n"


def test_elsewhere_no_file_is_touched(spidercli: Run, sandbox: Sandbox, job: pathlib.Path, monkeypatch: Any) -> None:
    """The variables alone, without GitHub Actions, mean nothing."""
    monkeypatch.delenv("GITHUB_ACTIONS")
    spidercli("pools", "diff")

    assert not (job / "output").exists()


@pytest.mark.parametrize(
    ("variable", "path", "reason"),
    [
        ("GITHUB_OUTPUT", "/nonexistent/output", "No such file or directory"),
        ("GITHUB_STEP_SUMMARY", "/dev/full", "No space left on device"),
    ],
)
def test_files_that_can_t_be_written_to(
    spidercli: Run, sandbox: Sandbox, job: pathlib.Path, monkeypatch: Any, variable: str, path: str, reason: str
) -> None:
    """What GitHub is not told is a warning; the run is made all the same."""
    monkeypatch.setenv(variable, path)
    ran = spidercli("pools", "sync", "--yes", "-q")

    assert (ran.code, ran.stdout) == (0, "4 of 4 changes made, 0 unchanged\n")
    assert ran.stderr == f"warning: {variable}: {path} can't be written to: {reason}\n"


def test_a_saved_inventory_of_another_cluster_is_refused(
    spidercli: Run, sandbox: Sandbox, tmp_path: pathlib.Path
) -> None:
    """Pools of nodes that do not exist would only hide that the file is not of this cluster."""
    saved = tmp_path / "inventory.yaml"
    saved.write_text(spidercli("inventory", "-o", "yaml").stdout.replace("name: worker", "name: gone"))
    ran = spidercli("pools", "sync", "--yes", "--inventory", str(saved))

    assert ran.code == 1
    assert "the cluster has no node gone" in ran.stderr
