"""`spidercli pools`: the SpiderIPPools against the cloud."""

from __future__ import annotations

from typing import Annotated

import typer

from spidercli.commands.invocation import session_of
from spidercli.commands.options import Adopt, DetailedExitcode, DryRun, MaxDelete, Prune, Strict

app = typer.Typer(help="SpiderIPPools: list, compare with the cloud, and make them match.", no_args_is_help=True)


@app.command("diff")
def diff(
    ctx: typer.Context,
    prune: Prune = False,
    adopt: Adopt = False,
    detailed_exitcode: DetailedExitcode = False,
    strict: Strict = False,
) -> None:
    """Show what `pools sync` would do."""
    from spidercli.commands import carrying_out

    session = session_of(ctx)
    pools = session.plans.pools(prune=prune, adopt=adopt)
    limit = session.plans.max_delete(None)
    carrying_out.warn_of_refusal(lambda: pools.check(limit), session.output)
    carrying_out.preview(session, pools.plan, detailed=detailed_exitcode, strict=strict)


@app.command("sync")
def sync(
    ctx: typer.Context,
    prune: Prune = False,
    adopt: Adopt = False,
    max_delete: MaxDelete = None,
    dry_run: DryRun = False,
    detailed_exitcode: DetailedExitcode = False,
    strict: Strict = False,
) -> None:
    """Make the cluster's SpiderIPPools match the secondary addresses on the cloud."""
    from spidercli.commands import carrying_out

    session = session_of(ctx)
    limit = session.plans.max_delete(max_delete)
    pools = session.plans.pools(prune=prune, adopt=adopt)
    carrying_out.carry_out(
        session,
        pools.plan,
        dry_run=dry_run,
        detailed=detailed_exitcode,
        strict=strict,
        check=lambda: pools.check(limit),
    )


@app.command("list")
def list_pools(ctx: typer.Context) -> None:
    """List the cluster's pools with their use, and whether they agree with the cloud.

    CLOUD is in-sync, drift (`pools diff` tells what differs), orphan (nothing
    asks for it), not-read (of a node that was left out), foreign (not made by
    spidercli), conflict (foreign, or of a node that was left out, with a name
    that spidercli needs) or deleting.
    """
    from spidercli import poolviews

    session = session_of(ctx)
    pools = poolviews.overview(session.plans.pool_facts(), network=session.config.multus.name)
    session.output.records(
        pools, poolviews.columns(pools), wide=poolviews.WIDE_COLUMNS, name=lambda pool: f"spiderippool/{pool['name']}"
    )


@app.command("who")
def who(
    ctx: typer.Context, address: Annotated[str, typer.Argument(metavar="IP", help="An IPv4 or IPv6 address.")]
) -> None:
    """Tell which pool, pod, node and ENI an address belongs to; exit 1 if nothing knows it."""
    from spidercli import poolviews
    from spidercli.errors import ExitCode

    session = session_of(ctx)
    wanted, facts = poolviews.parse_address(address), session.plans.pool_facts()
    found = poolviews.who(wanted, facts, session.facts.inventory)
    session.output.record(found)
    if lost := poolviews.lost(found, facts):
        session.output.warn(lost)
    if not poolviews.is_known(found):
        session.output.warn(f"no pool, pod or ENI has {found['address']}")
        raise typer.Exit(ExitCode.FAILED)
