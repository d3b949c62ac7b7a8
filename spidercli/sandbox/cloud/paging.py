"""Pages of a listing, in the two ways of Alibaba Cloud's APIs."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from spidercli.sandbox.cloud.errors import invalid
from spidercli.sandbox.cloud.operations import Context
from spidercli.sandbox.cloud.params import Params

T = TypeVar("T")

_DEFAULT_SIZE = 10


def page_of(
    found: Iterable[T],
    context: Context,
    *,
    order: Callable[[T], int],
    most: int,
    least: int = 1,
    default: int = _DEFAULT_SIZE,
) -> tuple[list[T], dict[str, object]]:
    """A page of an ECS listing and the fields that describe it.

    MaxResults and NextToken lead; PageNumber and PageSize, their deprecated forerunners, hold where only they are
    given. MaxResults is not refused: below `least` it means the default, above `most` it means `most`. TotalCount has
    no meaning then, so it is always 0. A page may be shorter than asked for, and even empty, with more to come: where
    the context wants it so, pages have one item and none by turns.

    Args:
        found: everything that matches, ascending in `order`.
        context: the request's.
        order: a number that stays with an item as others come and go.
        most: the largest page.
        least: the smallest size that can be asked for.
        default: the page where no size is given.
    """
    params = context.params
    if not params.text("MaxResults") and not params.text("NextToken") and params.names() & {"PageNumber", "PageSize"}:
        return numbered(list(found), params, most=most)
    token = _read_token(params.text("NextToken"))
    size = _max_results(params, most=most, least=least, default=default)
    shown = token.short_size if context.short else size
    page = list(itertools.islice((item for item in found if order(item) > token.after), shown + 1))
    following = ""
    if len(page) > shown:
        following = str(_Token(after=order(page[shown - 1]) if shown else token.after, empty=not shown))
    return page[:shown], {"NextToken": following, "PageNumber": 1, "PageSize": size, "TotalCount": 0}


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


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Token:
    """Where a page begins."""

    after: int = 0  # the place of the last item that was shown
    empty: bool = False  # whether the page before was empty

    @property
    def short_size(self) -> int:
        """How many items a short page has: one at the beginning and after an empty one."""
        return 1 if self.empty or not self.after else 0

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(f"{'empty' if self.empty else 'after'}:{self.after}".encode()).decode()


def _read_token(token: str) -> _Token:
    if not token:
        return _Token()
    try:
        word, _, position = base64.urlsafe_b64decode(token.encode()).decode().partition(":")
        if word in ("after", "empty"):
            return _Token(after=int(position), empty=word == "empty")
    except (binascii.Error, ValueError):
        pass
    raise invalid("NextToken", "it is none that was given out")
