"""`spidercli bootstrap`: the guide from start to end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from spidercli.commands.invocation import session_of
from spidercli.commands.options import Adopt, DetailedExitcode, DryRun, MaxDelete, Prune

if TYPE_CHECKING:
    from spidercli.bootstrapping import Checked, Step, Wish
    from spidercli.session import Session


def bootstrap(
    ctx: typer.Context,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="STEP", help="Only this step; can be repeated.")
    ] = None,
    skip: Annotated[
        list[str] | None, typer.Option("--skip", metavar="STEP", help="Not this step; can be repeated.")
    ] = None,
    start: Annotated[str | None, typer.Option("--from", metavar="STEP", help="Begin with this step.")] = None,
    prune: Prune = False,
    adopt: Adopt = False,
    max_delete: MaxDelete = None,
    dry_run: DryRun = False,
    detailed_exitcode: DetailedExitcode = False,
) -> None:
    """Take the guide's steps: preflight, multus, pools, provider-id. A second run finishes what a first one left."""
    from spidercli import bootstrapping
    from spidercli.commands import carrying_out
    from spidercli.planning.plan import join

    session = session_of(ctx)
    steps = bootstrapping.choose(only or [], skip or [], start)
    wish = bootstrapping.Wish(prune=prune, adopt=adopt, max_delete=session.max_delete(max_delete))
    plan = join(checked.plan for checked in _checks(session, steps, wish))
    if dry_run:
        carrying_out.preview(session, plan, detailed=detailed_exitcode)
        return
    carrying_out.carry_out(session, plan)
    if any(plan.writes):
        _confirm(session, steps, wish)


def _checks(session: Session, steps: list[Step], wish: Wish) -> list[Checked]:
    found = []
    for number, step in enumerate(steps, start=1):
        checked = step.check(session, wish)
        session.output.note(f"[{number}/{len(steps)}] {step.name:<12} {checked.summary}")
        for warning in checked.warnings:
            session.output.warn(warning)
        found.append(checked)
    return found


def _confirm(session: Session, steps: list[Step], wish: Wish) -> None:
    """Read the cluster again: what was written has to be there, and nothing may be left to write.

    Raises:
        ApplyIncomplete: something was changed back, or not kept.
    """
    from spidercli.errors import ApplyIncomplete

    session.refresh()
    for step in steps:
        left = list(step.check(session, wish).plan.writes)
        if left:
            raise ApplyIncomplete(
                f"step {step.name}: {left[0].target} is not as it was written",
                hint="does something else manage it too?",
            )
    session.output.note("confirmed: the cluster is as planned")
