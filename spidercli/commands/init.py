"""`spidercli init`: the first configuration file."""

from __future__ import annotations

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
    from spidercli.gateways import files

    session = session_of(ctx)
    text = starter.text(region=session.config.region, vpc=session.config.vpc)
    if file == "-":
        session.output.text(text)
        return
    files.write(files.named(file, "FILE"), text, overwrite=force)
    session.output.note(f"wrote {file}; next: spidercli inventory")
