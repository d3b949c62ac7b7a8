"""Complete readings: every page of every batch, or an error. A partial answer is never an answer.

Each page becomes slim values at once, so that the JSON of 10,000 ENIs (16 MB) is never held together.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from spidercli import signals
from spidercli.errors import CloudAnswerInvalid
from spidercli.gateways.alibaba.calls import Call
from spidercli.gateways.alibaba.fields import Fields

T = TypeVar("T")
Send = Callable[[Call], Mapping[str, Any]]
Convert = Callable[[Fields], list[T]]


def by_token(send: Send, first: Call, convert: Convert[T]) -> list[T]:
    """All pages of a call with MaxResults and NextToken; the last page has an empty token.

    A short page is not the end (ECS filters after it has cut the pages). TotalCount means nothing in this mode.

    Raises:
        CloudAnswerInvalid: a token or a page came twice, or a full page came without the token's field.
    """
    found: list[T] = []
    before: list[T] = []
    seen: set[str] = set()
    call: Call | None = first
    while call is not None:
        items, token = _slim(send(call), call, convert)
        found.extend(items)
        if token in seen:
            raise _answer(first, {}).invalid("NextToken", f"{token}, which came before")
        if items and items == before:
            raise _repeated(first.name)
        before = items
        seen.add(token)
        call = _with(first, NextToken=token) if token else None
    return found


def by_number(send: Send, first: Call, convert: Convert[T]) -> list[T]:
    """All pages of a call with PageNumber and PageSize, until TotalCount objects are there.

    Raises:
        CloudAnswerInvalid: a page is empty too early or came twice, or TotalCount is wrong or changed on the way.
    """
    found: list[T] = []
    before: list[T] = []
    total: int | None = None
    number = 1
    while total is None or len(found) < total:
        page = _answer(first, send(_with(first, PageNumber=str(number))))
        items = convert(page)
        counted = page.number("TotalCount")
        if total not in (None, counted) or (counted and not items):
            raise _changed(first.name)
        if items and items == before:
            raise _repeated(first.name)
        found.extend(items)
        if len(found) > counted:
            raise page.invalid("TotalCount", f"{counted}, with {len(found)} listed")
        before, total = items, counted
        number += 1
    return found


def batches(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """The values, without duplicates and in order, in lists of at most `size`."""
    unique = list(dict.fromkeys(values))
    for start in range(0, len(unique), size):
        yield unique[start : start + size]


def parallel(
    function: Callable[[Call], list[T]], calls: Sequence[Call], *, threads: int, interrupt: Callable[[], None]
) -> list[T]:
    """The results of all calls, in their order; the first error cancels what has not begun, Ctrl-C also `interrupt`s.

    After an error nothing is waited for, least of all an answer that does not come; the interruption wakes up threads
    that wait for a retry.
    """
    executor = ThreadPoolExecutor(threads, thread_name_prefix="alibaba-cloud")
    futures = [executor.submit(function, call) for call in calls]
    try:
        return [item for future in futures for item in signals.result(future)]
    except KeyboardInterrupt:
        interrupt()
        raise
    finally:
        executor.shutdown(wait=False, cancel_futures=True)


def unique(items: Iterable[T], key: Callable[[T], str]) -> tuple[T, ...]:
    """The items by ascending key; one that came twice, in two pages or batches, is kept once.

    Raises:
        CloudAnswerInvalid: it came in two versions, so it changed while it was read.
    """
    found: dict[str, T] = {}
    for item in items:
        before = found.setdefault(key(item), item)
        if before is not item and before != item:
            raise _changed(key(item))
    return tuple(found[name] for name in sorted(found))


def _slim(values: Mapping[str, Any], call: Call, convert: Convert[T]) -> tuple[list[T], str]:
    """The items of one answer, and the token of the next; the answer itself is let go before that one comes."""
    page = _answer(call, values)
    items = convert(page)
    return items, _next_token(page, full=len(items) >= int(call.parameters["MaxResults"]))


def _answer(call: Call, values: Mapping[str, Any]) -> Fields:
    return Fields(label=f"answer to {call.name}", values=values)


def _next_token(page: Fields, *, full: bool) -> str:
    return page.optional_text("NextToken") if "NextToken" in page.values or not full else page.text("NextToken")


def _with(call: Call, **parameters: str) -> Call:
    return dataclasses.replace(call, parameters={**call.parameters, **parameters})


def _repeated(name: str) -> CloudAnswerInvalid:
    """An endpoint that does not know what a page is would be read for ever."""
    return CloudAnswerInvalid(
        f"{name} gives the same page again and again", hint="is the endpoint that of the API, and of nothing else?"
    )


def _changed(name: str) -> CloudAnswerInvalid:
    return CloudAnswerInvalid(f"{name} changed while it was read", hint="run the command again")
