"""Options that more than one command has."""

from __future__ import annotations

from typing import Annotated

import typer

DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the plan and stop.")]
DetailedExitcode = Annotated[
    bool, typer.Option("--detailed-exitcode", help="Exit 2 if anything is left that differs: to change, or blocked.")
]
Strict = Annotated[bool, typer.Option("--strict", help="Exit 3 if anything is blocked or in conflict; goes before 2.")]
Prune = Annotated[bool, typer.Option("--prune", help="Delete pools of ours that no NIC of the inventory has.")]
Adopt = Annotated[bool, typer.Option("--adopt", help="Take over objects of the same name that are not ours.")]
MaxDelete = Annotated[
    str | None,
    typer.Option(
        "--max-delete",
        metavar="N|N%",
        help="Most of our pools that may go, with as many addresses; one pool always may (default: 20%).",
    ),
]
NoCluster = Annotated[
    bool, typer.Option("--no-cluster", help="Name nodes after their instances; no cluster is asked (needs --vpc).")
]
