from __future__ import annotations

import threading
import weakref
from typing import Any

import pytest

from spidercli.errors import CloudAnswerInvalid, CloudUnreachable
from spidercli.gateways.alibaba import readings
from spidercli.gateways.alibaba.calls import Call, Product
from spidercli.gateways.alibaba.fields import Fields

TOKENS = Call(product=Product.ECS, action="DescribeNetworkInterfaces", parameters={"MaxResults": "2", "VpcId": "vpc-1"})
NUMBERS = Call(product=Product.VPC, action="DescribeVSwitches", parameters={"PageSize": "2"})


class Pages:
    """An API that answers with one page after the other."""

    def __init__(self, *pages: dict[str, Any] | Exception) -> None:
        self.pages = list(pages)
        self.sent: list[dict[str, str]] = []

    def send(self, call: Call) -> dict[str, Any]:
        self.sent.append(dict(call.parameters))
        page = self.pages.pop(0)
        if isinstance(page, Exception):
            raise page
        return page


def items(page: Fields) -> list[str]:
    return list(page.values["Items"])


def test_tokens_are_followed_to_the_end() -> None:
    """A page may be short or empty: only an empty token ends the reading."""
    api = Pages(
        {"Items": ["a", "b"], "NextToken": "t1"},
        {"Items": [], "NextToken": "t2"},
        {"Items": ["c"], "NextToken": ""},
    )

    assert readings.by_token(api.send, TOKENS, items) == ["a", "b", "c"]
    assert [sent.get("NextToken") for sent in api.sent] == [None, "t1", "t2"]
    assert {sent["VpcId"] for sent in api.sent} == {"vpc-1"}


def test_an_answer_is_let_go_before_the_next() -> None:
    """Two of them are never held together, for each is 500 ENIs as parsed JSON."""

    class Answer(dict[str, Any]):
        """An answer that can be watched."""

    held: list[weakref.ref[Answer]] = []
    tokens = ["t1", "t2", ""]

    def send(_: Call) -> Answer:
        assert not any(answer() for answer in held)
        answer = Answer(Items=["a"], NextToken=tokens.pop(0))
        held.append(weakref.ref(answer))
        return answer

    assert readings.by_token(send, TOKENS, lambda page: [str(page.values["NextToken"])]) == ["t1", "t2", ""]


def test_a_short_page_may_come_without_a_token() -> None:
    """Then it is the last one."""
    assert readings.by_token(Pages({"Items": ["a"]}).send, TOKENS, items) == ["a"]


def test_a_full_page_has_to_have_a_token() -> None:
    """Otherwise nobody knows whether there are more."""
    with pytest.raises(CloudAnswerInvalid, match="DescribeNetworkInterfaces: field NextToken is missing"):
        readings.by_token(Pages({"Items": ["a", "b"]}).send, TOKENS, items)


def test_a_repeated_token_is_an_error() -> None:
    """A server that goes round in circles is not waited for."""
    page = {"Items": ["a"], "NextToken": "t1"}

    with pytest.raises(CloudAnswerInvalid, match="NextToken is 't1, which came before'"):
        readings.by_token(Pages(page, page).send, TOKENS, items)


def test_a_failing_page_fails_the_reading() -> None:
    """Nothing of the earlier pages comes out."""
    api = Pages({"Items": ["a", "b"], "NextToken": "t1"}, CloudUnreachable("no answer"))

    with pytest.raises(CloudUnreachable):
        readings.by_token(api.send, TOKENS, items)


def test_numbered_pages_are_read_until_the_total_is_there() -> None:
    """PageNumber goes up until TotalCount objects have come."""
    api = Pages({"Items": ["a", "b"], "TotalCount": 3}, {"Items": ["c"], "TotalCount": 3})

    assert readings.by_number(api.send, NUMBERS, items) == ["a", "b", "c"]
    assert [sent["PageNumber"] for sent in api.sent] == ["1", "2"]


def test_nothing_is_one_empty_page() -> None:
    """A VPC without vSwitches takes one call."""
    assert readings.by_number(Pages({"Items": [], "TotalCount": 0}).send, NUMBERS, items) == []


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ({"Items": [], "TotalCount": 3}, "changed while it was read"),
        ({"Items": ["c"], "TotalCount": 4}, "changed while it was read"),
        ({"Items": ["c"]}, "field TotalCount is missing"),
        (CloudUnreachable("no answer"), "no answer"),
    ],
)
def test_numbered_pages_that_do_not_add_up(second: dict[str, Any] | Exception, expected: str) -> None:
    """A list that changes or fails under our hands is no reading."""
    with pytest.raises((CloudAnswerInvalid, CloudUnreachable), match=expected):
        readings.by_number(Pages({"Items": ["a", "b"], "TotalCount": 3}, second).send, NUMBERS, items)


def test_batches_are_without_duplicates_and_in_order() -> None:
    """Asking twice for one id would waste a place."""
    assert list(readings.batches(["b", "a", "b", "c"], 2)) == [["b", "a"], ["c"]]
    assert list(readings.batches([], 2)) == []


def test_what_comes_twice_is_kept_once() -> None:
    """Two pages or batches may hold the same object; the result is in order."""
    assert readings.unique(["b", "a", "b"], key=str.lower) == ("a", "b")


def test_contradicting_versions_are_an_error() -> None:
    """One id with two contents means that it changed meanwhile."""
    with pytest.raises(CloudAnswerInvalid, match="a changed while it was read"):
        readings.unique(["A", "a"], key=str.lower)


def calls(count: int) -> list[Call]:
    return [Call(product=Product.ECS, action=f"Describe{number}") for number in range(count)]


def test_parallel_readings_keep_their_order() -> None:
    """Results come in the order of the calls, whichever is done first."""
    assert readings.parallel(lambda call: [call.action], calls(20), threads=8, interrupt=lambda: None) == [
        call.action for call in calls(20)
    ]


def test_the_first_error_cancels_what_has_not_begun() -> None:
    """A reading that is lost anyway does not go on calling."""
    begun: list[str] = []

    def read(call: Call) -> list[str]:
        begun.append(call.action)
        raise CloudUnreachable("no answer")

    with pytest.raises(CloudUnreachable):
        readings.parallel(read, calls(500), threads=1, interrupt=lambda: None)
    assert len(begun) < 500


def test_an_interruption_wakes_up_the_other_threads() -> None:
    """Ctrl-C does not wait until retries have run their course."""
    stopped = threading.Event()

    def read(call: Call) -> list[str]:
        if call.action == "Describe0":
            raise KeyboardInterrupt
        assert stopped.wait(30)
        return []

    with pytest.raises(KeyboardInterrupt):
        readings.parallel(read, calls(2), threads=2, interrupt=stopped.set)
