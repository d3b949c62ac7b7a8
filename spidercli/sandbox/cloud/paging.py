"""Pages of a listing, in the two ways of Alibaba Cloud's APIs."""

from __future__ import annotations

import base64
import binascii
import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from spidercli.sandbox.cloud.errors import invalid
from spidercli.sandbox.cloud.params import Params

T = TypeVar("T")

_DEFAULT_SIZE = 10


def page_of(
    found: Iterable[T],
    params: Params,
    *,
    order: Callable[[T], int],
    most: int,
    least: int = 1,
    default: int = _DEFAULT_SIZE,
) -> tuple[list[T], dict[str, object]]:
    """A page of an ECS listing and the fields that describe it.

    MaxResults and NextToken lead; PageNumber and PageSize, their deprecated forerunners, hold where only they are
    given. MaxResults is not refused: below `least` it means the default, above `most` it means `most`. TotalCount has
    no meaning then, so it is always 0.

    Args:
        found: everything that matches, ascending in `order`.
        params: the request's.
        order: a number that stays with an item as others come and go.
        most: the largest page.
        least: the smallest size that can be asked for.
        default: the page where no size is given.
    """
    if not params.text("MaxResults") and not params.text("NextToken") and params.names() & {"PageNumber", "PageSize"}:
        return numbered(list(found), params, most=most)
    size = _max_results(params, most=most, least=least, default=default)
    after = _read_token(params.text("NextToken"))
    rest = (item for item in found if order(item) > after)
    page = list(itertools.islice(rest, size + 1))
    more = len(page) > size
    token = _write_token(order(page[size - 1])) if more else ""
    return page[:size], {"NextToken": token, "PageNumber": 1, "PageSize": size, "TotalCount": 0}


def numbered(found: Sequence[T], params: Params, *, most: int) -> tuple[list[T], dict[str, object]]:
    """A page by PageNumber and PageSize, and the fields that describe it; too large a page is refused."""
    number = params.count("PageNumber", most=10**9) or 1
    size = params.count("PageSize", most=most) or _DEFAULT_SIZE
    start = (number - 1) * size
    return list(found[start : start + size]), {"PageNumber": number, "PageSize": size, "TotalCount": len(found)}


def _max_results(params: Params, *, most: int, least: int, default: int) -> int:
    value = params.integer("MaxResults")
    if value is None or value < least:
        return default
    return min(value, most)


def _write_token(position: int) -> str:
    return base64.urlsafe_b64encode(f"after:{position}".encode()).decode()


def _read_token(token: str) -> int:
    if not token:
        return 0
    try:
        word, _, position = base64.urlsafe_b64decode(token.encode()).decode().partition(":")
        if word == "after":
            return int(position)
    except (binascii.Error, ValueError):
        pass
    raise invalid("NextToken", "it is none that was given out")
