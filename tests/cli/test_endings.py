"""How commands end that could not know better: a full disk, a sandbox that is gone; and flags that take no value."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spidercli import __version__
from spidercli.sandbox.run import Sandbox

Run = Callable[..., Any]
PATIENCE = 60  # seconds, then a test fails
GONE = "the sandbox that this shell's environment leads to is gone: use a new shell, or start it again"


@pytest.mark.parametrize("arguments", ["--help", "version --client", "config schema"])
def test_a_full_disk(arguments: str) -> None:
    """A result that can't be written is told as what it is, once."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "spidercli", *arguments.split()],
            check=False,
            timeout=PATIENCE,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )

    assert ran.returncode == 1
    assert ran.stderr == "error SPC505: can't write to standard output: No space left on device\n"


def test_a_sandbox_that_was_stopped(spidercli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables that outlive their sandbox lead to files that are gone."""
    with Sandbox("guide") as sandbox:
        for name, value in sandbox.environ.items():
            monkeypatch.setenv(name, value)

    ran = spidercli("pools", "diff")

    assert ran.code == 64
    assert ran.stderr.endswith(f"  hint: {GONE}\n")


def test_a_sandbox_that_was_killed(
    spidercli: Run, kubeconfig: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its files are still there, but nobody listens any more."""
    nobody = "http://127.0.0.1:1"
    monkeypatch.setenv("SPIDERCLI_ECS_ENDPOINT", nobody)
    ran = spidercli("pools", "diff", "--kubeconfig", kubeconfig(nobody))

    assert ran.code == 1
    assert ran.stderr.endswith(f"  hint: {GONE}\n")


def test_the_version_as_a_flag(spidercli: Run) -> None:
    """--version needs no command, no configuration and no cluster."""
    assert spidercli("--version").stdout == f"spidercli {__version__}\n"


@pytest.mark.parametrize("command", [(), ("pools", "sync"), ("export",), ("sandbox",)], ids=" ".join)
def test_help_shows_values_only_where_there_are_some(spidercli: Run, command: tuple[str, ...]) -> None:
    """A flag is a flag: nobody should try `--prune true`; -h works everywhere."""
    shown = spidercli(*command, "-h").stdout

    assert "<bool>" not in shown
    assert "-h" in shown
