"""`spidercli nodes`: what the Cloud Controller Manager needs to know of nodes."""

from __future__ import annotations

import typer

from spidercli.commands.invocation import session_of
from spidercli.commands.options import DetailedExitcode, DryRun, Strict

app = typer.Typer(help="Kubernetes nodes and their ECS instances.", no_args_is_help=True)


@app.command("provider-id")
def provider_id(
    ctx: typer.Context,
    dry_run: DryRun = False,
    detailed_exitcode: DetailedExitcode = False,
    strict: Strict = False,
) -> None:
    """Set spec.providerID of nodes that have none; it can never be changed afterwards."""
    from spidercli.commands import carrying_out

    session = session_of(ctx)
    plan = session.plans.provider_ids()
    carrying_out.carry_out(session, plan, dry_run=dry_run, detailed=detailed_exitcode, strict=strict)
