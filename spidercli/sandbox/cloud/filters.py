"""Which resources a listing is about: conditions that parameters turn into."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, Protocol, TypeVar

from spidercli.sandbox.cloud.params import Params


class Tagged(Protocol):
    """Something with tags."""

    @property
    def tags(self) -> Mapping[str, str]: ...


Condition = Callable[[Any], bool]
R = TypeVar("R", bound=Tagged)

_MOST_BY_TAG = 1000


def select(resources: Iterable[R], conditions: Iterable[Condition], params: Params) -> Iterator[R]:
    """The resources that meet all conditions and have the tags that are asked for.

    A filter by tag finds no more than 1,000 resources and does not say that there are more.
    """
    conditions = list(conditions)
    tags = params.tags()
    if not tags:
        return (resource for resource in resources if all(meets(resource) for meets in conditions))
    conditions.append(lambda resource: _has_tags(resource, tags))
    found = (resource for resource in resources if all(meets(resource) for meets in conditions))
    return itertools.islice(found, _MOST_BY_TAG)


def equal(params: Params, fields: Mapping[str, str]) -> Iterator[Condition]:
    """For each parameter that is given, its field has exactly its value."""
    for name, field in fields.items():
        if params.text(name):
            yield _equal(field, params.text(name))


def among(field: str, values: Collection[str]) -> Iterator[Condition]:
    """The field has one of the values, if there are any."""
    if values:
        wanted = frozenset(values)
        yield lambda resource: getattr(resource, field) in wanted


def holding(field: str, values: Collection[str]) -> Iterator[Condition]:
    """The field, a tuple, has one of the values in it, if there are any."""
    if values:
        wanted = frozenset(values)
        yield lambda resource: not wanted.isdisjoint(map(str, getattr(resource, field)))


def _equal(field: str, value: str) -> Condition:
    return lambda resource: str(getattr(resource, field)) == value


def _has_tags(resource: Tagged, wanted: Mapping[str, str | None]) -> bool:
    return all(
        key in resource.tags if value is None else resource.tags.get(key) == value for key, value in wanted.items()
    )
