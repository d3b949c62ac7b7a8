"""Other programs on our terminal."""

from __future__ import annotations

import signal

import pytest

from spidercli.errors import UsageProblem
from spidercli.gateways import processes


@pytest.mark.parametrize(("script", "code"), [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137), ("kill -2 $$", 130)])
def test_exit_codes(script: str, code: int) -> None:
    """A program's exit code is passed on, a signal as shells have it."""
    assert processes.run(["sh", "-c", script], {"PATH": "/usr/bin:/bin"}) == code


def test_its_environment_is_the_given_one() -> None:
    """Nothing of our own environment reaches it unasked."""
    assert processes.run(["sh", "-c", 'test "$A$HOME" = b'], {"PATH": "/usr/bin:/bin", "A": "b"}) == 0


def test_ctrl_c_is_the_programs_to_answer() -> None:
    """We outlive the Ctrl-C that ends the program, and answer to the next one again."""
    before = signal.getsignal(signal.SIGINT)

    assert processes.run(["sh", "-c", "kill -2 $PPID; exit 3"], {"PATH": "/usr/bin:/bin"}) == 3
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize("name", ["TERM", "HUP"])
def test_other_signals_are_passed_on(name: str) -> None:
    """Who ends us ends the program, which may still clean up."""
    script = f'trap "exit 9" {name}; while :; do kill -{name} $PPID; sleep 0.01; done'

    assert processes.run(["sh", "-c", script], {"PATH": "/usr/bin:/bin"}) == 9


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ([], "no command to run"),
        (["no-such-program"], "no-such-program: No such file"),
        (["/"], "/: Permission denied"),
    ],
)
def test_what_can_not_be_run(command: list[str], message: str) -> None:
    """It is a wrong use of the command line."""
    with pytest.raises(UsageProblem, match=message):
        processes.run(command, {})
