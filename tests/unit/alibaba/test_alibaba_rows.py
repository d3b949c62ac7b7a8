from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spidercli.errors import CloudAnswerInvalid
from spidercli.gateways.alibaba.fields import Fields
from spidercli.gateways.alibaba.rows import Rows

values: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=3),
    st.just("x" * 1025),
    st.lists(st.none(), max_size=1),
    st.dictionaries(st.just("inner"), st.text(max_size=1)),
)
objects = st.lists(st.dictionaries(st.just("name"), values), max_size=4)
usual = st.lists(st.fixed_dictionaries({"name": st.text("ab", min_size=1)}), max_size=4)


def names(fields: Fields) -> list[str]:
    return [item.text("name") for item in fields.optional_objects("container", "names")]


@pytest.mark.parametrize(
    ("together", "alone"),
    [
        (lambda rows: rows.texts("name"), lambda fields: fields.text("name")),
        (lambda rows: rows.optional_texts("name"), lambda fields: fields.optional_text("name")),
        (lambda rows: rows.optional_numbers("name"), lambda fields: fields.optional_number("name")),
        (lambda rows: rows.optional_flags("name"), lambda fields: fields.optional_flag("name")),
        (lambda rows: rows.nested("name").values, lambda fields: fields.nested("name").values),
    ],
    ids=["text", "optional text", "optional number", "optional flag", "nested"],
)
@given(items=objects | usual)
def test_together_as_alone(
    together: Callable[[Rows], list[Any]], alone: Callable[[Fields], Any], items: list[dict[str, Any]]
) -> None:
    """Each value is what it would be if its object were read alone, and so is the error, which names the object."""
    labels = [f"object {number}" for number in range(len(items))]
    expected = outcome(
        lambda: [alone(Fields(label=label, values=item)) for label, item in zip(labels, items, strict=True)]
    )

    assert outcome(lambda: together(Rows(labels=labels, values=items))) == expected


def outcome(read: Callable[[], list[Any]]) -> list[Any] | str:
    """What was read, with the types of all values, or the error."""
    try:
        return [(type(value), value) for value in read()]
    except CloudAnswerInvalid as error:
        return error.message


def test_what_is_nested_is_named_by_where_it_is() -> None:
    """The message has the object and the way into it."""
    rows = Rows(labels=["one", "two"], values=[{"name": {"inner": "a"}}, {"name": {"inner": 7}}])

    with pytest.raises(CloudAnswerInvalid, match=re.escape("two.name: field inner is '7'")):
        rows.nested("name").texts("inner")


def test_lists_that_are_empty_are_not_looked_at() -> None:
    """Nothing is nothing; everything else is read, and what is odd there is named by object."""
    items: list[dict[str, Any]] = [{"container": {"names": []}}, {}, {"container": {"names": [{"name": "a"}]}}]
    rows = Rows(labels=["one", "two", "three"], values=items)

    assert rows.lists("container", "names", names, ["nothing"]) == [["nothing"], [], ["a"]]
    items[1]["container"] = {"names": "b"}
    with pytest.raises(CloudAnswerInvalid, match=re.escape("two: field container.names is 'b'")):
        rows.lists("container", "names", names, ["nothing"])
