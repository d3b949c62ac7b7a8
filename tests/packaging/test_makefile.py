"""What `make` installs, and when."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).parents[2]


@pytest.mark.parametrize(("target", "groups"), [("demo", ["demo"]), ("test", ["demo", "dev"])])
def test_a_first_look_installs_no_tools_of_ours(tmp_path: pathlib.Path, target: str, groups: list[str]) -> None:
    """The demo gets the program and kubectl; tests add the rest. What takes a minute is announced."""
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    # a test may itself run below make, whose flags are not meant for this one
    environ = {key: value for key, value in os.environ.items() if key not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    plan = subprocess.run(
        ["make", "--dry-run", target], cwd=tmp_path, env=environ, capture_output=True, text=True, check=True
    ).stdout

    assert [line.rpartition("--group ")[2] for line in plan.splitlines() if "--group" in line] == groups
    assert plan.startswith("echo 'Installing into .venv, about a minute…'\n")
