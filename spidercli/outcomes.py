"""What became of a plan, as data and in words."""

from __future__ import annotations

from spidercli import views
from spidercli.applying import Outcome, Report
from spidercli.planning.plan import Action, Plan


def outcome_data(plan: Plan, report: Report | None) -> dict[str, object]:
    """A plan that was carried out, as data: each write of it with what became of it."""
    results = report.results if report else ()
    writes = [
        {
            "kind": result.write.kind.kind,
            "name": result.write.name,
            "namespace": result.write.namespace,
            "verb": result.write.verb.value,
            "outcome": result.outcome.value,
            "reason": result.reason,
        }
        for result in results
    ]
    return {**views.plan_data(plan), "writes": writes}


def outcome_lines(plan: Plan, report: Report | None) -> list[str]:
    """What became of a plan, in words: what was not done first, the totals last."""
    waiting = {Action.BLOCKED: "blocked", Action.CONFLICT: "in conflict"}
    left = "".join(f", {plan.summary[action]:,} {word}" for action, word in waiting.items() if plan.summary[action])
    unchanged = f"{plan.summary[Action.UNCHANGED]:,} unchanged{left}"
    if report is None:
        return [f"nothing can be done now: {views.plan_summary(plan)}" if left else f"nothing to do: {unchanged}"]
    *problems, _ = report.lines()
    undone = {result.write.target for result in report.results if result.outcome is not Outcome.DONE}
    targets = [change.target for change in plan.changes if change.writes]
    made = sum(1 for target in targets if target not in undone)
    return [*problems, f"{made:,} of {len(targets):,} changes made, {unchanged}"]
