"""Which requests are sent again, and how long apart."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from spidercli.errors import ClusterUnreachable
from spidercli.gateways.cluster.retrying import ConnectionLost, Patience
from spidercli.gateways.cluster.wire import Request

APPLY = Request(method="PATCH", path="/x", purpose="apply SpiderIPPool p", resend_on_conflict=True)
REPLACE = Request(method="PUT", path="/x", purpose="replace SpiderIPPool p")


@pytest.mark.parametrize(
    "refusal",
    [
        (429, ""),
        (502, ""),
        (503, ""),
        (504, ""),
        (500, 'failed calling webhook "x": context deadline exceeded'),
        (500, "etcdserver: leader changed"),
        (500, "etcdserver: request timed out"),
        (422, "spec.subnet: Internal error: failed to list IPPools: connection refused"),
        (409, "the object has been modified; please apply your changes to the latest version"),
    ],
    ids=str,
)
def test_what_passes_is_tried_again(
    wire: Any, answer: Any, status: Any, patience: Patience, slept: list[float], refusal: tuple[int, str]
) -> None:
    """A trouble of the moment costs a pause and is not seen by the caller."""
    assert 200 == patience.ask(wire(status(*refusal), answer({})).send, APPLY).status
    assert [0.5] == slept


@pytest.mark.parametrize(
    "refusal",
    [
        (400, ""),
        (401, ""),
        (403, ""),
        (404, ""),
        (422, ""),
        (500, "failed to create typed patch object (p): .spec.timeout: field not declared in schema"),
        (500, "something else"),
        (409, 'Precondition failed: UID in precondition: "a", UID in object meta: "b"'),
    ],
    ids=str,
)
def test_what_stays_is_not_tried_again(
    wire: Any, status: Any, patience: Patience, slept: list[float], refusal: tuple[int, str]
) -> None:
    """A refusal that will be repeated is passed on at once, a bad field in a 500 included."""
    assert refusal[0] == patience.ask(wire(status(*refusal)).send, APPLY).status
    assert [] == slept


def test_a_conflict_over_ownership_is_final(wire: Any, status: Any, patience: Patience, slept: list[float]) -> None:
    """A 409 with causes is no race."""
    conflict = status(409, causes=[{"reason": "FieldManagerConflict"}])

    assert 409 == patience.ask(wire(conflict).send, APPLY).status
    assert [] == slept


def test_a_stale_replace_is_final(wire: Any, status: Any, patience: Patience, slept: list[float]) -> None:
    """A PUT of an old version would be refused for ever."""
    assert 409 == patience.ask(wire(status(409)).send, REPLACE).status
    assert [] == slept


def test_a_broken_connection_is_tried_again(wire: Any, answer: Any, patience: Patience, slept: list[float]) -> None:
    """A lost answer does not matter, because every request may be sent twice."""
    assert 200 == patience.ask(wire(ConnectionLost("gone"), answer({})).send, APPLY).status
    assert [0.5] == slept


def test_an_unreachable_server_is_final(wire: Any, patience: Patience, slept: list[float]) -> None:
    """Who never answered is not waited for."""
    with pytest.raises(ClusterUnreachable, match="nobody"):
        patience.ask(wire(ClusterUnreachable("nobody")).send, APPLY)

    assert [] == slept


def test_pauses_grow_until_the_budget_is_spent(wire: Any, status: Any, patience: Patience, slept: list[float]) -> None:
    """Pauses double up to the longest one, their sum stays within the budget, and the last answer is given back."""
    impatient = dataclasses.replace(patience, budget=20.0, longest=4.0)

    assert 503 == impatient.ask(wire(status(503)).send, APPLY).status
    assert [0.5, 1.0, 2.0, 4.0, 4.0, 4.0, 4.0] == slept


def test_a_late_answer_is_waited_for_twice(wire: Any, patience: Patience, slept: list[float]) -> None:
    """A request that took the whole budget for no answer is sent once more, and not twice more."""
    spent = dataclasses.replace(patience, budget=0.0)
    with pytest.raises(ConnectionLost, match="gone"):
        spent.ask(wire(ConnectionLost("gone")).send, APPLY)

    assert [0.5] == slept


def test_the_last_error_is_raised(wire: Any, patience: Patience) -> None:
    """When the budget is spent on a dead connection, that is the error, and it names the call."""
    with pytest.raises(ConnectionLost) as caught:
        patience.ask(wire(ConnectionLost("api.test gave no answer in time")).send, APPLY)

    assert f"can't {APPLY.purpose}: api.test gave no answer in time" == caught.value.message


def test_the_server_may_say_how_long(wire: Any, answer: Any, patience: Patience, slept: list[float]) -> None:
    """Retry-After is obeyed when it asks for more than we would wait."""
    busy = answer({}, status=429, retry_after=7.0)

    patience.ask(wire(busy, answer({})).send, APPLY)

    assert [7.0] == slept


def test_pauses_are_jittered(wire: Any, status: Any, answer: Any, slept: list[float]) -> None:
    """Many clients don't come back at the same moment."""
    lucky = Patience(sleep=slept.append, jitter=lambda: 0.0)

    lucky.ask(wire(status(503), answer({})).send, APPLY)

    assert [0.25] == slept


def test_a_stopped_run_does_not_try_again(wire: Any, status: Any, patience: Patience, slept: list[float]) -> None:
    """After Ctrl-C the first answer counts."""
    stopped = dataclasses.replace(patience, stopped=lambda: True)

    assert 503 == stopped.ask(wire(status(503)).send, APPLY).status
    assert [] == slept


def test_each_pause_is_told(wire: Any, status: Any, answer: Any, patience: Patience) -> None:
    """With -v somebody reads why it takes so long."""
    told: list[tuple[str, float]] = []
    talkative = dataclasses.replace(patience, note=lambda text, seconds: told.append((text, seconds)))

    talkative.ask(wire(status(503, "busy"), ConnectionLost("gone"), answer({}, status=502), answer({})).send, APPLY)

    assert [
        ("apply SpiderIPPool p: busy", 0.5),
        ("apply SpiderIPPool p: gone", 1.0),
        ("apply SpiderIPPool p: status 502", 2.0),
    ] == told


@pytest.mark.parametrize(
    ("attempts", "in_doubt"),
    [
        ([ConnectionLost("no answer", in_doubt=True)], True),
        ([ConnectionLost("connection refused")], False),
        ([(504, "")], True),
        ([(503, "")], False),
        ([(500, "etcdserver: request timed out")], True),
        ([(500, 'failed calling webhook "x": context deadline exceeded')], False),
        ([ConnectionLost("no answer", in_doubt=True), (503, "")], True),
    ],
    ids=["lost", "never-sent", "gateway", "busy", "etcd", "webhook", "lost-then-busy"],
)
def test_what_may_have_been_done_is_remembered(
    wire: Any, status: Any, patience: Patience, attempts: list[Any], in_doubt: bool
) -> None:
    """Whatever the last answer says: an attempt without an answer may have been carried out."""
    told = [each if isinstance(each, Exception) else status(*each) for each in attempts]

    assert in_doubt is patience.ask(wire(*told, status(403, "no")).send, APPLY).in_doubt
