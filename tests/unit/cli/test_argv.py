"""Global options anywhere on the command line."""

from __future__ import annotations

import pytest
import typer.main

from spidercli.argv import hoist, value_of
from spidercli.commands.root import app
from spidercli.errors import UsageProblem


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("pools diff -o json", "-o json pools diff"),
        ("pools diff -ojson", "-ojson pools diff"),
        ("pools sync --yes --region=cn-hangzhou --prune", "--yes --region=cn-hangzhou pools sync --prune"),
        ("pools diff -vv", "-vv pools diff"),
        ("pools diff --sandbox", "--sandbox=guide pools diff"),
        ("--sandbox pools diff", "--sandbox=guide pools diff"),
        ("pools diff --sandbox=guide", "--sandbox=guide pools diff"),
        ("pools who -- -o", "pools who -- -o"),
        ("sandbox run kubectl get nodes -o json", "sandbox run kubectl get nodes -o json"),
        ("-v sandbox run kubectl get -v", "-v sandbox run kubectl get -v"),
        ("sandbox run --sandbox=drift -- kubectl -v", "--sandbox=drift sandbox run -- kubectl -v"),
        ("sandbox run --nodes 3 --sandbox kubectl -v", "--sandbox=guide sandbox run --nodes 3 kubectl -v"),
        ("sandbox run --fault=x -q kubectl --sandbox", "-q sandbox run --fault=x kubectl --sandbox"),
        ("pools diff --help", "pools diff --help"),
    ],
)
def test_global_options_move_to_the_front(given: str, expected: str) -> None:
    """Global options move with their values; everything else keeps its place."""
    root = typer.main.get_command(app)

    front, rest = hoist(given.split(), root)

    assert expected.split() == [*front, *rest]


def test_a_missing_value_is_told() -> None:
    """An option without its value does not take the command for it."""
    with pytest.raises(UsageProblem, match="--config needs a value"):
        hoist(["pools", "diff", "--config"], typer.main.get_command(app))


@pytest.mark.parametrize(
    ("front", "expected"),
    [
        ("-o json", "json"),
        ("-ojson", "json"),
        ("--output json -v", "json"),
        ("--output=json", "json"),
        ("-o json -o yaml", "yaml"),
        ("-v --region cn-hangzhou", None),
        ("-o", ""),
    ],
)
def test_a_value_is_found_before_anything_is_parsed(front: str, expected: str | None) -> None:
    """The form of the output is known early, so that even a usage error has it."""
    assert expected == value_of(("--output", "-o"), front.split())


def test_no_command_has_an_option_of_a_global_name() -> None:
    """A global option's name means the same everywhere."""
    root = typer.main.get_command(app)
    taken = {name for parameter in root.params for name in parameter.opts} - {"--help", "-h"}

    clashes = []
    groups = [("", root)]
    while groups:
        path, group = groups.pop()
        for name, command in getattr(group, "commands", {}).items():
            groups.append((f"{path} {name}", command))
            clashes += [f"{path} {name} {opt}" for p in command.params for opt in p.opts if opt in taken]
    assert clashes == []
