"""The managedFields walk against a small model of server-side apply with one owner and one stranger."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spidercli.planning.fieldtrees import FieldTree
from spidercli.planning.ownership import differences, owned

NAMES = st.sampled_from(["a", "b", "c", "d"])
SCALARS = st.one_of(st.integers(0, 3), st.sampled_from(["x", "y"]))
ATOMIC_LISTS = st.lists(st.integers(0, 3), min_size=1, max_size=3)
MAPS = st.dictionaries(NAMES, SCALARS, min_size=1, max_size=3)
KEYED = st.lists(
    st.builds(lambda name, value: {"name": name, "value": value}, NAMES, SCALARS),
    min_size=1,
    max_size=4,
    unique_by=lambda element: element["name"],
)
SPECS = st.fixed_dictionaries(
    {"subnet": SCALARS}, optional={"ips": ATOMIC_LISTS, "labels": MAPS, "ports": KEYED, "size": SCALARS}
)


def fields_of(value: Any) -> dict[str, Any]:
    """The FieldsV1 tree of an applied value: keyed lists are lists of objects with a name."""
    if isinstance(value, dict):
        return {f"f:{name}": fields_of(child) for name, child in value.items()}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return {f"k:{json.dumps({'name': item['name']})}": {".": {}, **fields_of(item)} for item in value}
    return {}


def applied(spec: dict[str, Any]) -> dict[str, Any]:
    """The live object after our apply."""
    entry = {
        "manager": "spidercli",
        "operation": "Apply",
        "apiVersion": "x/v1",
        "fieldsV1": {"f:spec": fields_of(spec)},
    }
    return {
        "apiVersion": "x/v1",
        "kind": "Pool",
        "metadata": {"name": "p", "managedFields": [entry]},
        "spec": copy.deepcopy(spec),
    }


def wanted(spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "x/v1", "kind": "Pool", "metadata": {"name": "p"}, "spec": spec}


@given(SPECS)
def test_what_was_applied_is_unchanged(spec: dict[str, Any]) -> None:
    """Applying the same again never finds anything to do."""
    assert [] == differences(wanted(spec), applied(spec))


@given(SPECS, SPECS)
def test_any_change_of_ours_is_found(before: dict[str, Any], after: dict[str, Any]) -> None:
    """There is a difference exactly if we want something else than we applied."""
    assert (before != after) == bool(differences(wanted(after), applied(before)))


@given(SPECS, st.dictionaries(st.sampled_from(["e", "f"]), SCALARS, min_size=1))
def test_additions_of_others_are_ignored(spec: dict[str, Any], added: dict[str, Any]) -> None:
    """Whatever a stranger adds beside our fields, also inside our maps and lists, is no difference."""
    live = applied(spec)
    live["spec"].update(added)
    live["spec"].get("labels", {}).update(added)
    live["spec"].get("ports", []).extend({"name": name, "value": 0} for name in added)

    assert [] == differences(wanted(spec), live)


@given(SPECS, st.data())
def test_a_foreign_change_of_our_value_is_found(spec: dict[str, Any], data: st.DataObject) -> None:
    """A stranger who changes or removes a value of ours is always noticed."""
    live = applied(spec)
    name = data.draw(st.sampled_from(sorted(spec)))
    if data.draw(st.booleans()):
        del live["spec"][name]
    else:
        live["spec"][name] = "foreign"

    assert [] != differences(wanted(spec), live)


@given(SPECS)
def test_the_owned_part_is_what_was_applied(spec: dict[str, Any]) -> None:
    """Strangers' additions apart, `owned` gives back what we sent."""
    live = applied(spec)
    live["spec"].update({"theirs": 1})

    assert {"metadata": {"name": "p"}, "spec": spec} == owned(live)


VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS | st.none() | ATOMIC_LISTS | KEYED, lambda inner: st.dictionaries(NAMES, inner), max_leaves=6
)
KEYS = NAMES.map(lambda name: f"f:{name}") | st.sampled_from([".", 'v:"a"', 'k:{"name":"a"}', "v:1"])
TREES: st.SearchStrategy[Any] = st.recursive(st.just({}), lambda inner: st.dictionaries(KEYS, inner), max_leaves=6)


@st.composite
def nearly_alike(draw: st.DrawFn) -> tuple[Any, Any, Any]:
    """A tree, a desired spec and a live one, which may have been equal before somebody touched one of them."""
    spec = draw(st.dictionaries(NAMES | st.sampled_from(["1", '"a"']), VALUES))
    other, tree = copy.deepcopy(spec), fields_of(spec)
    tree.update(draw(st.dictionaries(KEYS, TREES, max_size=1)))
    other.update(draw(st.dictionaries(NAMES, VALUES, max_size=1)))
    return (tree, spec, other) if draw(st.booleans()) else (tree, other, spec)


@given(nearly_alike())
def test_what_agrees_at_a_glance_agrees_in_a_walk(worlds: tuple[Any, Any, Any]) -> None:
    """The short cut for objects that are as they should be never hides what the walk would find."""
    tree, desired, there = worlds
    live = applied({})
    live["metadata"]["managedFields"][0]["fieldsV1"] = {"f:spec": tree}
    live["spec"] = there
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FieldTree, "agree", lambda *_: False)
        thorough = differences(wanted(desired), live)

    assert thorough == differences(wanted(desired), live)
