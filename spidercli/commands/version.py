"""`spidercli version`."""

from __future__ import annotations

from typing import Annotated

import typer

import spidercli
from spidercli.commands.invocation import session_of
from spidercli.errors import ClusterError


def version(
    ctx: typer.Context, client: Annotated[bool, typer.Option("--client", help="Do not ask the cluster.")] = False
) -> None:
    """Show the versions of spidercli, and of the cluster if there is one, and where that is."""
    session = session_of(ctx, with_file=not client)
    found: dict[str, object] = {"spidercli": spidercli.__version__}
    if not client:
        try:
            found |= {"context": session.connections.api.context, "server": session.connections.api.host}
            found["kubernetes"] = session.connections.cluster.version()
        except ClusterError as error:
            session.output.warn(f"the cluster's version is unknown: {error.message}")
    session.output.record(found)
