"""`spidercli multus`: the SpiderMultusConfigs, one for each NIC name."""

from __future__ import annotations

import typer

from spidercli.commands.invocation import session_of
from spidercli.commands.options import Adopt, DetailedExitcode, DryRun, Strict

app = typer.Typer(help="SpiderMultusConfigs: compare with the nodes' NICs, and make them match.", no_args_is_help=True)


@app.command("diff")
def diff(
    ctx: typer.Context, adopt: Adopt = False, detailed_exitcode: DetailedExitcode = False, strict: Strict = False
) -> None:
    """Show what `multus sync` would do."""
    from spidercli.commands import carrying_out

    session = session_of(ctx)
    carrying_out.preview(session, session.plans.multus(adopt=adopt), detailed=detailed_exitcode, strict=strict)


@app.command("sync")
def sync(
    ctx: typer.Context,
    adopt: Adopt = False,
    dry_run: DryRun = False,
    detailed_exitcode: DetailedExitcode = False,
    strict: Strict = False,
) -> None:
    """Make the cluster's SpiderMultusConfigs match the nodes' NICs."""
    from spidercli.commands import carrying_out

    session = session_of(ctx)
    plan = session.plans.multus(adopt=adopt)
    carrying_out.carry_out(session, plan, dry_run=dry_run, detailed=detailed_exitcode, strict=strict)
