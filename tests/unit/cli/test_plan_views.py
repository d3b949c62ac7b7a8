"""Plans, outcomes and inventories as rows and as data."""

from __future__ import annotations

from typing import Any

import pytest

from spidercli import kinds, outcomes, views
from spidercli.applying import Outcome, Report, Result
from spidercli.errors import ApplyIncomplete
from spidercli.planning.plan import Action, Change, Phase, Plan, Verb, Write


def write(name: str) -> Write:
    return Write(phase=Phase.GROW, verb=Verb.APPLY, kind=kinds.IP_POOL, name=name, namespace=None, body={})


def change(action: Action, name: str, **given: Any) -> Change:
    return Change(action=action, kind=kinds.IP_POOL, name=name, **given)


CREATE = change(Action.CREATE, "a", detail="10.0.0.1 (1)", reason="new", writes=(write("a"),))
UPDATE = change(Action.UPDATE, "b", writes=(write("b"), write("b")))
UNCHANGED = change(Action.UNCHANGED, "c")
BLOCKED = change(Action.BLOCKED, "d", reason="in use")
CONFLICT = change(Action.CONFLICT, "e")
DELETE = change(Action.DELETE, "f", writes=(write("f"),))
PLAN = Plan(changes=(CREATE, UPDATE, UNCHANGED, BLOCKED, CONFLICT, DELETE))


def test_each_action_has_its_symbol() -> None:
    """Symbols carry the meaning, styles repeat it."""
    rows, styles = views.plan_rows(PLAN.changes)

    assert [row[0] for row in rows] == [
        "  + SpiderIPPool a",
        "  ~ SpiderIPPool b",
        "  = SpiderIPPool c",
        "  # SpiderIPPool d",
        "  ! SpiderIPPool e",
        "  - SpiderIPPool f",
    ]
    assert styles == ["green", "yellow", "dim", "magenta", "magenta", "red"]
    assert rows[0][1:] == ("10.0.0.1 (1)", "new")


@pytest.mark.parametrize(
    ("plan", "summary"),
    [
        (PLAN, "1 to create, 1 to update, 1 to delete, 1 unchanged, 1 blocked, 1 in conflict"),
        (Plan(changes=(UNCHANGED, UNCHANGED)), "2 unchanged"),
        (Plan(changes=()), "nothing to compare"),
    ],
)
def test_the_summary(plan: Plan, summary: str) -> None:
    """Only what there is gets counted."""
    assert views.plan_summary(plan) == summary


def test_data_leaves_out_what_agrees() -> None:
    """Unchanged objects are counted and not listed."""
    data: Any = views.plan_data(PLAN)

    assert [item["name"] for item in data["changes"]] == ["a", "b", "d", "e", "f"]
    assert data["summary"]["unchanged"] == 1
    assert data["changes"][0] == {
        "action": "create",
        "kind": "SpiderIPPool",
        "name": "a",
        "namespace": None,
        "reason": "new",
        "before": None,
        "after": None,
    }


def test_names_are_what_would_be_written() -> None:
    """What is blocked or agrees is no name."""
    assert views.plan_names(PLAN) == ["spiderippool/a", "spiderippool/b", "spiderippool/f"]


def test_nothing_to_do() -> None:
    """Without a write there is no report; what waits is told."""
    plan = Plan(changes=(UNCHANGED, BLOCKED, CONFLICT))

    assert outcomes.outcome_lines(plan, None) == ["nothing can be done now: 1 unchanged, 1 blocked, 1 in conflict"]
    assert outcomes.outcome_lines(Plan(changes=(BLOCKED,)), None) == ["nothing can be done now: 1 blocked"]
    assert outcomes.outcome_lines(Plan(changes=(UNCHANGED,)), None) == ["nothing to do: 1 unchanged"]
    assert outcomes.outcome_data(plan, None)["writes"] == []


def test_all_done() -> None:
    """Changes are counted, not writes: a pool that shrinks and grows is one."""
    results = tuple(Result(write=each, outcome=Outcome.DONE) for each in PLAN.writes)

    assert outcomes.outcome_lines(PLAN, Report(results=results)) == [
        "3 of 3 changes made, 1 unchanged, 1 blocked, 1 in conflict"
    ]


def test_half_a_change_is_none() -> None:
    """A change of two writes is made when both are; what was not done comes first, with its reason."""
    plan = Plan(changes=(UPDATE,))
    results = (
        Result(write=UPDATE.writes[0], outcome=Outcome.DONE),
        Result(write=UPDATE.writes[1], outcome=Outcome.REFUSED, reason="no"),
    )
    report = Report(results=results)

    assert outcomes.outcome_lines(plan, report) == ["refused: SpiderIPPool b: no", "0 of 1 changes made, 0 unchanged"]
    data: Any = outcomes.outcome_data(plan, report)
    assert [(each["outcome"], each["reason"]) for each in data["writes"]] == [("done", ""), ("refused", "no")]


def test_large_numbers_can_be_read() -> None:
    """What became of thousands of changes is told with commas."""
    wanted = [change(Action.UPDATE, f"p{at}", writes=(write(f"p{at}"),)) for at in range(1200)]
    plan = Plan(changes=(*wanted, *[UNCHANGED] * 3000, *[CONFLICT] * 1100))
    report = Report(results=tuple(Result.skipped(each, "gone") for each in plan.writes))

    assert outcomes.outcome_lines(plan, report) == [
        "skipped: SpiderIPPool p0, SpiderIPPool p1, SpiderIPPool p10 and 1,197 more: gone",
        "0 of 1,200 changes made, 3,000 unchanged, 1,100 in conflict",
    ]
    with pytest.raises(ApplyIncomplete, match=r"^1,200 of 1,200 writes were not made$"):
        report.raise_if_incomplete()
