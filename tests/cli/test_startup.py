"""`--help` is quick because it imports nothing that it does not need."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from spidercli.commands.root import app

LIBRARIES = (
    "kubernetes",
    "aliyunsdkcore",
    "aliyunsdkecs",
    "alibabacloud_vpc20160428",
    "alibabacloud_tea_openapi",
    "alibabacloud_credentials",
    "Tea",
    "jinja2",
    "yaml",
    "requests",
    "urllib3",
    "uvicorn",
    "jsonschema_rs",
    "tenacity",
    "pydantic",
)
OURS = ("spidercli.config.schema", "spidercli.session", "spidercli.sandbox.run")
PROBE = """
import contextlib, io, json, sys
from spidercli import cli
with contextlib.redirect_stdout(io.StringIO()):
    codes = [cli.main([*command.split(), "--help"]) for command in sys.argv[1:]]
print(json.dumps({"codes": codes, "modules": [name for name in sys.modules]}))
"""


def commands() -> Iterator[str]:
    groups: list[tuple[str, Any]] = [("", typer.main.get_command(app))]
    while groups:
        path, group = groups.pop()
        yield path
        groups += [(f"{path} {name}".strip(), command) for name, command in getattr(group, "commands", {}).items()]


def modules_for(*shown: str) -> set[str]:
    """What is imported once the help of these commands has been shown, in a fresh interpreter."""
    ran = subprocess.run([sys.executable, "-c", PROBE, *shown], check=True, capture_output=True, text=True)
    answer = json.loads(ran.stdout)
    assert set(answer["codes"]) == {0}
    return set(answer["modules"])


def test_help_of_the_root() -> None:
    """`spidercli --help` pays for typer and rich, and for nothing else."""
    assert sorted(modules_for("") & {*LIBRARIES, *OURS}) == []


def test_help_of_every_command() -> None:
    """So does the help of every command; pydantic is typer's own, which reads a group's options with it."""
    assert sorted(modules_for(*commands()) & {*LIBRARIES, *OURS}) == ["pydantic"]


def test_help_does_not_start_a_sandbox() -> None:
    """--sandbox with --help is help."""
    assert "spidercli.sandbox.run" not in modules_for("--sandbox pools diff")


@pytest.mark.parametrize("path", list(commands()))
def test_every_command_and_option_has_a_description(path: str) -> None:
    """Help that says nothing is none."""
    command: Any = typer.main.get_command(app)
    for name in path.split():
        command = command.commands[name]

    assert command.help
    assert [parameter.name for parameter in command.params if not getattr(parameter, "help", "")] == []
