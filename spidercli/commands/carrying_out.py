"""What every command that changes the cluster does with its plan: show, ask, apply, report."""

from __future__ import annotations

from collections.abc import Callable

import typer

from spidercli import outcomes, views
from spidercli.applying import Report
from spidercli.errors import ExitCode, FamilyGap, GuardTripped
from spidercli.gateways import github
from spidercli.output import Output
from spidercli.planning.plan import Action, Change, Plan
from spidercli.session import Session

_IN_VAIN = "; nothing was written"  # goes without saying where nothing is ever written


def preview(session: Session, plan: Plan, *, detailed: bool = False, strict: bool = False) -> None:
    """Print a plan as the command's result, and leave with the exit code that tells about it."""
    output = session.output
    github.tell(plan, session.environ, output.warn)
    if output.structured:
        output.data(views.plan_data(plan))
    elif output.form == "name":
        output.names(views.plan_names(plan))
    else:
        rows, styles = views.plan_rows(_worth_showing(output, plan))
        if rows:
            output.lines(rows, styles=styles)
        output.text(views.plan_summary(plan))
    _leave(plan.pending, plan.of(Action.BLOCKED, Action.CONFLICT), detailed=detailed, strict=strict)


def carry_out(
    session: Session,
    plan: Plan,
    *,
    dry_run: bool = False,
    detailed: bool = False,
    strict: bool = False,
    check: Callable[[], None] = lambda: None,
    confirm: Callable[[], None] = lambda: None,
) -> None:
    """Show a plan, ask, apply it, print what became of it, and leave with the exit code that tells what is left.

    Args:
        session: where.
        plan: what.
        dry_run: whether it is shown only, as `preview` does.
        detailed: whether anything that is left blocked or in conflict is exit code 2.
        strict: whether it is exit code 3, which wins.
        check: refuses the plan, once it has been shown; of a dry run, that is a warning.
        confirm: looks at the cluster again, after writes.

    Raises:
        UsageProblem: there is nobody to ask.
        Declined: the answer was no.
        SpiderError: `check` refuses, or some writes were not made; the report has been printed.
    """
    if dry_run:
        warn_of_refusal(check, session.output)
        preview(session, plan, detailed=detailed, strict=strict)
        return
    narrate(session.output, plan)
    github.tell(plan, session.environ, session.output.warn)
    check()
    report = session.apply(plan) if ask(session, plan) else None
    print_outcome(session.output, plan, report)
    if report is not None:
        report.raise_if_incomplete()
        confirm()
    left = plan.of(Action.BLOCKED, Action.CONFLICT)
    _leave(left, left, detailed=detailed, strict=strict)


def narrate(output: Output, plan: Plan) -> None:
    """Tell a plan on the way to carrying it out."""
    rows, styles = views.plan_rows(_worth_showing(output, plan))
    if rows:
        output.note_lines(rows, styles=styles)


def warn_of_refusal(check: Callable[[], None], output: Output) -> None:
    """Tell that a run would be refused, if this check of it says so."""
    try:
        check()
    except (GuardTripped, FamilyGap) as error:
        advice = f"; {error.hint}" if isinstance(error, FamilyGap) else ""
        output.warn(f"a run would be refused: {error.message.removesuffix(_IN_VAIN)}{advice}")


def ask(session: Session, plan: Plan) -> bool:
    """Whether there is something to apply; if so, ask for leave first, and say to which cluster."""
    changes = sum(1 for change in plan.changes if change.writes)
    if changes:
        place = session.connections.api.place
        vpc = f", {session.config.vpc}" if session.config.vpc else ""
        session.output.detail(f"from {session.facts.inventory.region_id}{vpc} to {place}")
        session.output.confirm(f"Apply {changes:,} change{'s' if changes != 1 else ''} to {place}?")
        session.facts.check_current()
    return changes > 0


def print_outcome(output: Output, plan: Plan, report: Report | None) -> None:
    """The result of a run: its plan, and what became of each write."""
    if output.structured:
        output.data(outcomes.outcome_data(plan, report))
    elif output.form == "name":
        output.names(views.plan_names(plan))
    else:
        output.text("\n".join(outcomes.outcome_lines(plan, report)))


def _worth_showing(output: Output, plan: Plan) -> list[Change]:
    return [change for change in plan.changes if change.action is not Action.UNCHANGED or output.verbosity > 0]


def _leave(differs: object, stuck: object, *, detailed: bool, strict: bool) -> None:
    """Leave with the exit code for what differs, and for what is blocked or in conflict, if it was asked for."""
    if strict and stuck:
        raise typer.Exit(ExitCode.FINDINGS)
    if detailed and differs:
        raise typer.Exit(ExitCode.CHANGES)
