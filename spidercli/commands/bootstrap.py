"""`spidercli bootstrap`: the guide from start to end."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from spidercli.commands.invocation import session_of
from spidercli.commands.options import Adopt, DetailedExitcode, DryRun, MaxDelete, Prune, Strict

if TYPE_CHECKING:
    from spidercli.bootstrapping import Checked, Step, Wish
    from spidercli.planning.plan import Plan
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
    strict: Strict = False,
) -> None:
    """Take the guide's steps: preflight, multus, pools, provider-id. A second run finishes what a first one left."""
    from spidercli import bootstrapping
    from spidercli.commands import carrying_out
    from spidercli.planning.plan import join

    session = session_of(ctx)
    steps = bootstrapping.choose(only or [], skip or [], start)
    wish = bootstrapping.Wish(prune=prune, adopt=adopt, max_delete=session.plans.max_delete(max_delete))
    found = _checks(session, steps, wish)
    plan = join(checked.plan for checked in found)
    carrying_out.carry_out(
        session,
        plan,
        dry_run=dry_run,
        detailed=detailed_exitcode,
        strict=strict,
        check=lambda: _check(found),
        confirm=lambda: _confirm(session, steps, wish, plan),
    )


def _checks(session: Session, steps: list[Step], wish: Wish) -> list[Checked]:
    from spidercli import bootstrapping

    found = []
    checks = bootstrapping.check(steps, session, wish)
    for number, (step, checked) in enumerate(zip(steps, checks, strict=True), start=1):
        session.output.note(f"[{number}/{len(steps)}] {step.name:<12} {checked.summary}")
        for warning in checked.warnings:
            session.output.warn(warning)
        found.append(checked)
    return found


def _check(found: Iterable[Checked]) -> None:
    for checked in found:
        checked.check()


def _confirm(session: Session, steps: list[Step], wish: Wish, written: Plan) -> None:
    """Read the cluster again: what was written has to be there. What could be done by now is for the next run.

    Raises:
        ApplyIncomplete: something was changed back, or not kept.
        FamilyGap: pods can't start any more.
    """
    from spidercli import bootstrapping
    from spidercli.errors import ApplyIncomplete

    session.facts.refresh()
    looking = dataclasses.replace(wish, max_delete="100%")  # nothing is going to be written
    more = 0
    for step, checked in zip(steps, bootstrapping.check(steps, session, looking), strict=True):
        checked.check()
        now = checked.plan
        if change := bootstrapping.changed_back(written, now):
            raise ApplyIncomplete(
                f"step {step.name}: {change.target} is not as it was written",
                hint="does something else manage it too?",
            )
        more += sum(1 for change in now.changes if change.writes)
    session.output.note("confirmed: the cluster is as planned")
    if more:
        session.output.warn(f"{more:,} more change{'s' if more != 1 else ''} can be made by now: run again")
