"""GitHub Actions: what a later step of the job, or somebody who looks at it, wants to know of a plan.

Files and their formats: GitHub's "Workflow commands", `GITHUB_OUTPUT` and `GITHUB_STEP_SUMMARY`; a summary may have
1 MiB.
"""

from __future__ import annotations

import html
import pathlib
from collections.abc import Callable, Mapping

from spidercli.output import plain
from spidercli.planning.plan import Action, Change, Plan

_MOST = 200  # lines of a summary


def tell(plan: Plan, environ: Mapping[str, str], warn: Callable[[str], None]) -> None:
    """Append the plan's numbers to the step's outputs and its lines to the summary; elsewhere, do nothing.

    A file that can't be written to is warned of: it is no reason to leave a cluster as it is.
    """
    if environ.get("GITHUB_ACTIONS") != "true":
        return
    for variable, text in (("GITHUB_OUTPUT", outputs), ("GITHUB_STEP_SUMMARY", summary)):
        path = environ.get(variable)
        if path:
            try:
                _append(path, text(plan))
            except OSError as error:
                warn(f"{variable}: {path} can't be written to: {error.strerror}")


def outputs(plan: Plan) -> str:
    """`changes`, `blocked` and `conflict` as outputs of the step."""
    counts = plan.summary
    changes = sum(counts[action] for action in (Action.CREATE, Action.UPDATE, Action.DELETE))
    return f"changes={changes}\nblocked={counts[Action.BLOCKED]}\nconflict={counts[Action.CONFLICT]}\n"


def summary(plan: Plan) -> str:
    """A Markdown table of what differs."""
    changes = [change for change in plan.changes if change.action is not Action.UNCHANGED]
    if not changes:
        return "spidercli: nothing to do\n"
    more = f"\nand {len(changes) - _MOST:,} more\n" if len(changes) > _MOST else ""
    return (
        "| action | object | change | reason |\n| --- | --- | --- | --- |\n"
        + "".join(map(_row, changes[:_MOST]))
        + more
    )


def _row(change: Change) -> str:
    cells = (change.action.value, change.target, change.detail, change.reason)
    return f"| {' | '.join(map(_cell, cells))} |\n"


def _cell(text: str) -> str:
    return html.escape(plain(" ".join(text.split()))).replace("|", "\\|")


def _append(path: str, text: str) -> None:
    with pathlib.Path(path).open("a", encoding="utf-8") as stream:
        stream.write(text)
