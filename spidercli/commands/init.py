"""`spidercli init`: the first configuration file."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from spidercli.commands.invocation import session_of


def init(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="The file to write; - is stdout.")] = "spidercli.yaml",
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> None:
    """Write a commented configuration file, with every key and its default."""
    from spidercli.config import starter
    from spidercli.errors import UsageProblem
    from spidercli.gateways import files

    session = session_of(ctx, with_file=False)  # this command mends a file that is broken
    text = starter.text(region=session.config.region, vpc=session.config.vpc)
    if file == "-":
        session.output.text(text)
        return
    path = files.named(file, "FILE")
    if not os.path.isdir(path.parent):  # noqa: PTH112 - pathlib's raises for a long name
        raise UsageProblem(
            f"{path}: there is no folder {path.parent}", hint="make the folder first, or name another file"
        )
    files.write(path, text, overwrite=force)
    session.output.note(f"wrote {file}; next: spidercli inventory")
