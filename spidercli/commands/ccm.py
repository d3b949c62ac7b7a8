"""`spidercli ccm`: Alibaba Cloud's Cloud Controller Manager."""

from __future__ import annotations

from typing import Annotated

import typer

from spidercli.commands.invocation import session_of

app = typer.Typer(help="The Cloud Controller Manager (CCM).", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Keep `render` a subcommand: a group of one would be folded into it."""


@app.command("render")
def render(
    ctx: typer.Context,
    with_secrets: Annotated[
        bool, typer.Option("--with-secrets", help="Fill in credentials where the configuration asks for some.")
    ] = False,
) -> None:
    """Print the CCM's manifests for the configured version: flags, RBAC and image that fit each other."""
    from spidercli import exporting, yamltext

    session = session_of(ctx)
    manifests = exporting.ccm_manifests(session, with_secrets=with_secrets)
    if session.output.form == "json":
        session.output.data(manifests)
    elif session.output.form == "name":
        session.output.names(exporting.names(manifests))
    else:
        session.output.text(yamltext.dump_all(manifests))
