"""The README does not lie."""

from __future__ import annotations

import typer.main

from spidercli.commands.root import app
from spidercli.errors import ExitCode
from tests.readme import blocks


def test_console_blocks_show_what_the_commands_print() -> None:
    """Every transcript is what its commands print today; `make readme` rewrites them."""
    text = blocks.README.read_text(encoding="utf-8")

    assert blocks.rewritten(text) == text


def test_every_command_is_listed() -> None:
    """The table of commands leaves none out."""
    table = blocks.README.read_text(encoding="utf-8").split("## Commands")[1].split("## Exit codes")[0]
    root = typer.main.get_command(app)

    missing = []
    for name, command in root.commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", {})
        missing += [f"{name} {part}" for part in inner if f"{name} {part}" not in table and f"`{part}" not in table]
        if not inner and f"`{name}" not in table:
            missing.append(name)
    assert missing == []


def test_every_exit_code_is_listed() -> None:
    """The table of exit codes leaves none out."""
    table = blocks.README.read_text(encoding="utf-8").split("## Exit codes")[1].split("## What")[0]

    assert [code for code in ExitCode if f"| {code.value} |" not in table] == []
