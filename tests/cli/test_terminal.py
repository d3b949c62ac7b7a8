"""spidercli on a terminal, in a pipe, and in a pipe that closes."""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import errno
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from spidercli import cli, kinds
from spidercli.output import Output
from spidercli.sandbox.run import Sandbox

Run = Callable[..., Any]
PATIENCE = 60  # seconds without a byte, then a test fails
SPIDERCLI = (sys.executable, "-m", "spidercli")
# Only a terminal that controls its session turns Ctrl-C into a signal.
ON_THE_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)
FACTS = str(Path(__file__).parents[2] / "examples" / "guide" / "inventory.yaml")
PLAN = [
    "  + SpiderIPPool master-172  172.31.199.185-172.31.199.189 (5)  new",
    "  + SpiderIPPool master-192  192.168.0.156-192.168.0.160 (5)    new",
    "  + SpiderIPPool worker-172  172.31.199.190-172.31.199.194 (5)  new",
    "  + SpiderIPPool worker-192  192.168.0.161-192.168.0.165 (5)    new",
]
NARROW_PLAN = [part for line in PLAN for part in (line.removesuffix("new").rstrip(), "      new")]


@dataclasses.dataclass(frozen=True)
class Shown:
    """What was on the screen, escapes and all, and how the command ended."""

    code: int
    screen: str


Terminal = Callable[..., Shown]


@contextlib.contextmanager
def pseudo_terminal(columns: int) -> Iterator[tuple[int, int]]:
    """Both ends of a terminal: ours, and the command's, which has to be closed for the screen to end."""
    here, there = pty.openpty()
    fcntl.ioctl(there, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    try:
        yield here, there
    finally:
        os.close(here)


def conversation(terminal: int, answer: bytes, meanwhile: Callable[[], object] = lambda: None) -> str:
    """Everything that is written to a terminal until its other end is closed; a question gets the answer.

    Args:
        terminal: our end of it.
        answer: what is typed once there is a question.
        meanwhile: what happens before the answer is given.
    """
    screen = b""
    while chunk := received(terminal):
        screen += chunk
        if answer and b"[y/N] " in screen:
            try:
                meanwhile()
            finally:  # who waits for an answer would wait for ever
                os.write(terminal, answer)
            answer = b""
    return screen.decode().replace("\r\n", "\n")


def received(terminal: int) -> bytes:
    assert select.select([terminal], [], [], PATIENCE)[0], "nothing was written for too long"
    try:
        return os.read(terminal, 65_536)
    except OSError as error:
        if error.errno != errno.EIO:  # how Linux says that the other end is closed
            raise
        return b""


def plain(screen: str) -> str:
    """What is left to see at the end: without colours, and without lines that were wiped."""
    kept = screen.rpartition("\x1b[2K")[2]
    for code in ("[0m", "[1m", "[2m", "[31m", "[32m", "[33m", "[?25h", "[?25l"):
        kept = kept.replace(f"\x1b{code}", "")
    return kept


def without_port(screen: str) -> str:
    """The same, with a word for the sandbox's API server, whose port is another one each time."""
    return re.sub(r"127\.0\.0\.1:\d+", "SERVER", screen)


@pytest.fixture(name="colourful")
def environment_of_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a terminal's environment looks like."""
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.delenv("COLUMNS")
    monkeypatch.setenv("TERM", "xterm-256color")


@pytest.fixture(name="terminal")
def terminal_of_this_process(monkeypatch: pytest.MonkeyPatch, colourful: None) -> Terminal:
    """Run a command in this process with a terminal for its streams, and answer its question."""

    def run(*arguments: str, answer: bytes = b"", meanwhile: Callable[[], object] = lambda: None) -> Shown:
        with pseudo_terminal(80) as (here, there), concurrent.futures.ThreadPoolExecutor() as threads:
            screen = threads.submit(conversation, here, answer, meanwhile)
            with open(there, "r+b", buffering=0) as raw, contextlib.ExitStack() as streams:  # noqa: PTH123
                for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
                    stream = streams.enter_context(open(os.dup(raw.fileno()), mode, encoding="utf-8"))  # noqa: PTH123
                    monkeypatch.setattr(sys, name, stream)
                code = cli.main(list(arguments))
            return Shown(code, screen.result())

    return run


@pytest.fixture(name="shell")
def terminal_of_a_process(colourful: None) -> Terminal:
    """Run a command in a process and a session of its own, as a shell does."""

    def run(*arguments: str, columns: int = 80, answer: bytes = b"") -> Shown:
        command = [sys.executable, "-c", ON_THE_TERMINAL, *SPIDERCLI, *arguments]
        with pseudo_terminal(columns) as (here, there):
            process = subprocess.Popen(command, stdin=there, stdout=there, stderr=there, start_new_session=True)
            os.close(there)
            try:
                screen = conversation(here, answer)
                return Shown(process.wait(PATIENCE), screen)
            finally:
                process.kill()
                process.wait()

    return run


@pytest.mark.usefixtures("networks")
@pytest.mark.parametrize(("columns", "lines"), [(200, PLAN), (60, NARROW_PLAN)])
def test_a_plan_is_never_cut(shell: Terminal, sandbox: Sandbox, columns: int, lines: list[str]) -> None:
    """Where the terminal is too narrow for a row, the reason gets a line of its own; ids can be copied whole."""
    shown = shell("pools", "diff", "--inventory", FACTS, columns=columns)

    assert shown.code == 0
    assert plain(shown.screen).splitlines() == [*lines, "4 to create"]
    assert "\x1b[32m  + SpiderIPPool master-172" in shown.screen


def test_ctrl_c_at_the_question(shell: Terminal, written: Callable[[], list[str]]) -> None:
    """Ctrl-C instead of an answer is a no."""
    shown = shell("pools", "sync", "--inventory", FACTS, "--color", "never", answer=b"\x03")

    assert shown.code == 130
    assert shown.screen.endswith("error SPC503: interrupted; nothing was written\n  hint: run again to finish\n")
    assert written() == []


@pytest.mark.parametrize(
    ("planned_on", "found"),
    [("172.31.199.185", "172.31.199.185-172.31.199.186"), ("172.31.199.185", None), (None, "172.31.199.185")],
)
def test_an_answer_that_comes_too_late(
    terminal: Terminal, sandbox: Sandbox, spidercli: Run, pods: Any, planned_on: str | None, found: str | None
) -> None:
    """Who answers after a pool of the plan was changed, deleted or created does not undo that."""
    spidercli("pools", "sync", "--yes")
    pods.finish_all()
    pool: Any = sandbox.kube.find(kinds.SPIDERPOOL, "spiderippools", "master-172")

    def put(ips: str | None) -> None:
        if ips is None:
            sandbox.kube.remove(kinds.SPIDERPOOL, "spiderippools", "master-172")
        else:
            sandbox.kube.seed({**pool, "spec": {**pool["spec"], "ips": [ips]}})

    put(planned_on)
    shown = terminal("pools", "sync", "--color", "never", answer=b"y\n", meanwhile=lambda: put(found))

    assert shown.code == 1
    assert "SpiderIPPool master-172: changed since the plan was made; nothing was written" in shown.screen
    now: Any = sandbox.kube.find(kinds.SPIDERPOOL, "spiderippools", "master-172")
    assert (None if now is None else now["spec"]["ips"]) == (None if found is None else [found])


def test_what_is_quick_does_not_flicker(terminal: Terminal, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal, a run that takes a moment shows its result only."""
    monkeypatch.setattr("spidercli.progress.showing._A_MOMENT", PATIENCE)
    shown = terminal("inventory", "--color", "auto")

    assert "Reading" not in shown.screen
    assert "\x1b[?25l" not in shown.screen


@pytest.mark.usefixtures("networks")
@pytest.mark.parametrize("way", ["NO_COLOR", "--color never"])
def test_without_colour(terminal: Terminal, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """NO_COLOR and --color never leave no colour, bold or dim text; symbols carry the meaning."""
    if way == "NO_COLOR":
        monkeypatch.setenv("NO_COLOR", "1")
    shown = terminal("pools", "diff", *(way.split() if way.startswith("--") else ()))

    assert plain(shown.screen).splitlines() == [*PLAN, "4 to create"]
    assert not re.search(r"\x1b\[[\d;]*m", shown.screen)


def test_errors_are_red(terminal: Terminal) -> None:
    """An error stands out on a terminal."""
    shown = terminal("inventory", "--inventory", "missing.yaml")

    assert shown.code == 64
    assert shown.screen.splitlines() == [
        "\x1b[31merror SPC030: missing.yaml: can't be read: No such file or directory\x1b[0m",
        "  hint: `spidercli inventory -o yaml > FILE` saves an inventory",
    ]


@pytest.mark.usefixtures("networks")
def test_yes_applies(terminal: Terminal, sandbox: Sandbox) -> None:
    """A y goes ahead; what is quick shows no bar."""
    shown = terminal("pools", "sync", answer=b"y\n")

    assert shown.code == 0
    assert "Apply 4 changes to sandbox (SERVER)? [y/N] y\n" in without_port(shown.screen)
    assert shown.screen.endswith("[y/N] y\n4 of 4 changes made, 0 unchanged\n")


@pytest.mark.usefixtures("networks")
@pytest.mark.parametrize(
    ("answer", "echo"),
    [(b"n\n", "n\n"), (b"\n", "\n"), (b"maybe\n", "maybe\n"), (b"\x04", "\n")],
    ids=["no", "nothing", "maybe", "end of input"],
)
def test_anything_else_does_not(terminal: Terminal, written: Callable[[], list[str]], answer: bytes, echo: str) -> None:
    """Only y and yes are a yes; exit code 130 says that nothing was done."""
    shown = terminal("pools", "sync", "--color", "never", answer=answer)

    assert shown.code == 130
    assert without_port(shown.screen).endswith(
        f"Apply 4 changes to sandbox (SERVER)? [y/N] {echo}"
        "error SPC502: nothing was written, because the answer was not yes\n"
    )
    assert written() == []


@pytest.mark.usefixtures("networks")
def test_a_question_is_never_asked_blindly(terminal: Terminal, sandbox: Sandbox) -> None:
    """Even with -q the plan is shown before somebody is asked about it."""
    shown = terminal("pools", "sync", "-q", "--color", "never", answer=b"n\n")

    assert shown.screen.splitlines()[:4] == PLAN


def test_one_change_is_singular(terminal: Terminal, sandbox: Sandbox) -> None:
    """The question counts."""
    sandbox.world.remove_eni("eni-bp1b7h3g9k1l5q8w2r6t0")
    sandbox.world.remove_eni("eni-bp1d9s5f1g7h3j6k0m4n8")
    shown = terminal("multus", "sync", "--color", "never", answer=b"n\n")

    assert "Apply 1 change to sandbox (SERVER)? [y/N] n\n" in without_port(shown.screen)


@pytest.mark.usefixtures("networks")
def test_a_piped_result_has_no_colour(
    terminal: Terminal, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each stream is looked at by itself: the story may be coloured while the result is not."""
    with (tmp_path / "result").open("w", encoding="utf-8") as pipe:
        monkeypatch.setattr("spidercli.commands.invocation.Output", lambda **given: Output(**{**given, "stdout": pipe}))
        shown = terminal("pools", "diff", "-v")

    assert (tmp_path / "result").read_text().splitlines() == [*PLAN, "4 to create"]
    assert "\x1b[" in shown.screen


def test_no_escapes_in_ci(spidercli: Run, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a terminal there is neither colour nor animation; GITHUB_ACTIONS changes nothing about it."""
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    ran = spidercli("bootstrap", "--yes")

    assert ran.code == 0
    assert "\x1b" not in ran.stdout + ran.stderr


def test_colour_on_demand(spidercli: Run, sandbox: Sandbox) -> None:
    """--color always colours a pipe, against NO_COLOR."""
    ran = spidercli("pools", "diff", "--color", "always")

    assert ran.stdout.startswith(f"\x1b[32m{PLAN[0]}\x1b[0m\n")


@pytest.mark.parametrize(
    "arguments",
    ["--help", "pools --help", "config schema", f"inventory --inventory {FACTS}", f"export --inventory {FACTS}"],
    ids=lambda arguments: arguments.split(" --inv")[0],
)
def test_a_reader_that_goes_away(arguments: str) -> None:
    """`| head -1` closes the pipe early, which is no failure and not worth a word."""
    ran = without_a_reader(arguments, merged=False)

    assert (ran.returncode, b"rror" in ran.stderr) == (0, False)


@pytest.mark.parametrize("merged", [True, False], ids=["both", "standard error"])
def test_a_run_is_made_without_a_reader(sandbox: Sandbox, spidercli: Run, merged: bool) -> None:
    """`2>&1 | head -1` takes away the story and the result, and not the run."""
    ran = without_a_reader("bootstrap --yes", merged=merged, lost="stderr")

    assert ran.returncode == 0
    assert spidercli("bootstrap", "--dry-run", "--detailed-exitcode").code == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [("bogus", 64), ("nodes provider-id --inventory missing.yaml", 64), ("inventory --timeout soon", 64)],
)
def test_an_error_that_nobody_reads(arguments: str, code: int) -> None:
    """The exit code is the error's, be it heard or not."""
    assert without_a_reader(arguments, merged=False, lost="stderr").returncode == code


@pytest.mark.usefixtures("networks")
@pytest.mark.parametrize(("flag", "code"), [("--detailed-exitcode", 2), ("--strict", 0)])
def test_a_diff_that_nobody_reads(sandbox: Sandbox, flag: str, code: int) -> None:
    """`diff --detailed-exitcode | head` ends with what it would have said."""
    assert without_a_reader(f"pools diff {flag}", merged=False).returncode == code


def without_a_reader(arguments: str, *, merged: bool, lost: str = "stdout") -> subprocess.CompletedProcess[bytes]:
    """Run a command whose one stream, or both, nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    other = {"stdout": "stderr", "stderr": "stdout"}[lost]
    streams: dict[str, Any] = {lost: writer, other: writer if merged else subprocess.PIPE}
    try:
        return subprocess.run([*SPIDERCLI, *arguments.split(), "-vv"], check=False, timeout=PATIENCE, **streams)
    finally:
        os.close(writer)
