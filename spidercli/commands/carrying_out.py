"""What every command that changes the cluster does with its plan: show, ask, apply, report."""

from __future__ import annotations

import typer

from spidercli import outcomes, views
from spidercli.applying import Report
from spidercli.errors import ExitCode
from spidercli.gateways import github
from spidercli.output import Output
from spidercli.planning.plan import Action, Change, Plan
from spidercli.session import Session


def preview(session: Session, plan: Plan, *, detailed: bool = False, strict: bool = False) -> None:
    """Print a plan as the command's result, and leave with the exit code that tells about it."""
    output = session.output
    github.tell(plan, session.environ)
    if output.structured:
        output.data(views.plan_data(plan))
    elif output.form == "name":
        output.stdout.write("".join(f"{name}\n" for name in views.plan_names(plan)))
    else:
        rows, styles = views.plan_rows(_worth_showing(output, plan))
        if rows:
            output.table((), rows, styles=styles)
        output.text(views.plan_summary(plan))
    _leave(plan, detailed=detailed, strict=strict)


def carry_out(session: Session, plan: Plan, *, strict: bool = False) -> None:
    """Show a plan, ask, apply it, and print what became of it.

    Raises:
        UsageProblem: there is nobody to ask.
        Declined: the answer was no.
        SpiderError: some writes were not made; the report has been printed.
    """
    narrate(session.output, plan)
    github.tell(plan, session.environ)
    report = session.apply(plan) if ask(session.output, plan) else None
    print_outcome(session.output, plan, report)
    if report is not None:
        report.raise_if_incomplete()
    _leave(plan, strict=strict)


def narrate(output: Output, plan: Plan) -> None:
    """Tell a plan on the way to carrying it out."""
    rows, styles = views.plan_rows(_worth_showing(output, plan))
    if rows:
        output.note_table(rows, styles=styles)


def ask(output: Output, plan: Plan) -> bool:
    """Whether there is something to apply; if so, ask for leave first."""
    changes = sum(1 for change in plan.changes if change.writes)
    if changes:
        output.confirm(f"Apply {changes:,} change{'s' if changes != 1 else ''}?")
    return changes > 0


def print_outcome(output: Output, plan: Plan, report: Report | None) -> None:
    """The result of a run: its plan, and what became of each write."""
    if output.structured:
        output.data(outcomes.outcome_data(plan, report))
    elif output.form == "name":
        output.stdout.write("".join(f"{name}\n" for name in views.plan_names(plan)))
    else:
        output.text("\n".join(outcomes.outcome_lines(plan, report)))


def _worth_showing(output: Output, plan: Plan) -> list[Change]:
    return [change for change in plan.changes if change.action is not Action.UNCHANGED or output.verbosity > 0]


def _leave(plan: Plan, *, detailed: bool = False, strict: bool = False) -> None:
    if strict and plan.of(Action.BLOCKED, Action.CONFLICT):
        raise typer.Exit(ExitCode.FINDINGS)
    if detailed and plan.pending:
        raise typer.Exit(ExitCode.CHANGES)
