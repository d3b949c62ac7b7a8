"""Server-side apply, whatever is applied."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Manifest = dict[str, Any]

_ADDRESSES = st.lists(st.integers(1, 200).map("10.0.0.{}".format), max_size=4, unique=True)
_SPECS = st.fixed_dictionaries(
    {"subnet": st.just("10.0.0.0/24")},
    optional={
        "default": st.booleans(),
        "gateway": st.sampled_from(["10.0.0.253", "10.0.0.254"]),
        "ips": _ADDRESSES,
        "nodeName": st.lists(st.sampled_from(["a", "b"]), max_size=2, unique=True),
        "podAffinity": st.just({"matchLabels": {"a": "1"}}),
    },
)
_LABELS = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.sampled_from(["1", "2"]))
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab/ \u00e9", max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "name", "", "$patch"]), inner),
    max_leaves=4,
)
_HEADS = st.dictionaries(st.sampled_from(["labels", "finalizers", "ownerReferences", "managedFields", "uid"]), _JSON)
_SPEC_PARTS = st.dictionaries(
    st.sampled_from(["ips", "subnet", "podAffinity", "routes", "providerID", "taints"]), _JSON
)
_PATCHES = st.fixed_dictionaries({}, optional={"metadata": _HEADS | _JSON, "spec": _SPEC_PARTS | _JSON, "kind": _JSON})
_steps = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _config(name: str, spec: Manifest, labels: dict[str, str]) -> Manifest:
    metadata = {"name": name, "labels": labels} if labels else {"name": name}
    return {
        "apiVersion": "spiderpool.spidernet.io/v2beta1",
        "kind": "SpiderIPPool",
        "metadata": metadata,
        "spec": copy.deepcopy(spec),
    }


def _with(defaults: Manifest, spec: Manifest) -> Manifest:
    return {**defaults, **spec}


@_steps
@given(first=_SPECS, second=_SPECS, labels=_LABELS, more=_LABELS)
def test_one_applier_gets_what_it_applies(
    client: Any,
    unique: Callable[[], str],
    first: Manifest,
    second: Manifest,
    labels: dict[str, str],
    more: dict[str, str],
) -> None:
    """Who applies alone has exactly what it applied last, beside the defaults."""
    name = unique()
    client.apply(_config(name, first, labels))

    body = client.apply(_config(name, second, more)).body

    assert _with({"default": False, "disable": False}, second) == body["spec"]
    assert more == body["metadata"].get("labels", {})


@_steps
@given(spec=_SPECS, labels=_LABELS, theirs=_SPECS)
def test_apply_twice_is_apply_once(
    client: Any, unique: Callable[[], str], spec: Manifest, labels: dict[str, str], theirs: Manifest
) -> None:
    """A repeated apply writes nothing, whatever others have applied before."""
    name = unique()
    client.apply(_config(name, theirs, {}), "two")
    first = client.apply(_config(name, spec, labels), force="true").body

    assert first == client.apply(_config(name, spec, labels)).body


@_steps
@given(ours=_SPECS, theirs=_SPECS)
def test_conflicts_are_the_differences(
    client: Any, unique: Callable[[], str], ours: Manifest, theirs: Manifest
) -> None:
    """An apply conflicts in exactly the fields that another applier owns with another value; forced, it has its way."""
    name = unique()
    client.apply(_config(name, theirs, {}), "two")
    different = {f".spec.{key}" for key in ours.keys() & theirs.keys() if ours[key] != theirs[key]}

    reply = client.apply(_config(name, ours, {}))
    forced = client.apply(_config(name, ours, {}), force="true").body["spec"]

    assert different == set(reply.causes)
    assert {**theirs, **ours} == {key: value for key, value in forced.items() if key in theirs | ours}


@_steps
@given(ours=_SPECS, theirs=_SPECS, labels=_LABELS)
def test_everything_applied_has_an_owner(
    client: Any, unique: Callable[[], str], ours: Manifest, theirs: Manifest, labels: dict[str, str]
) -> None:
    """Every field of an object that was only applied to is owned, but for the defaults."""
    name = unique()
    client.apply(_config(name, theirs, labels), "two")
    body = client.apply(_config(name, ours, {}), force="true").body

    owned: set[str] = set()
    for entry in body["metadata"]["managedFields"]:
        owned |= {field.removeprefix("f:") for field in entry["fieldsV1"].get("f:spec", {})}
    assert owned | {"default", "disable"} == body["spec"].keys() | {"default", "disable"}
    assert ours.keys() | theirs.keys() == owned


@_steps
@given(ours=_SPECS, theirs=_SPECS)
def test_leaving_everything_out_leaves_what_is_theirs(
    client: Any, unique: Callable[[], str], ours: Manifest, theirs: Manifest
) -> None:
    """When an applier takes back all but what it must keep, the others' fields are left."""
    name = unique()
    client.apply(_config(name, theirs, {}), "two")
    client.apply(_config(name, ours, {}), force="true")
    lost = {key for key in ours.keys() & theirs.keys() if ours[key] != theirs[key]}

    body = client.apply(_config(name, {"subnet": "10.0.0.0/24"}, {})).body

    kept = {key: value for key, value in theirs.items() if key not in lost}
    assert _with({"default": False, "disable": False}, kept) == body["spec"]


@_steps
@given(patch=_PATCHES)
def test_every_patch_is_answered(client: Any, unique: Callable[[], str], patch: Manifest) -> None:
    """Whatever is sent by whichever patch, the answer is the object or a Status."""
    pool = _config(unique(), {"subnet": "10.0.0.0/24"}, {})
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": unique()}}
    client.create(pool)
    client.create(node)

    replies = [
        client.call("POST", client.path(pool, collection=True), {**pool, **patch}, dryRun="All"),
        client.patch(pool, patch, dryRun="All"),
        client.patch(node, patch, "strategic-merge", dryRun="All"),
        client.call(
            "PATCH",
            client.path(node),
            {**node, **patch},
            kind="application/apply-patch+yaml",
            fieldManager="one",
            dryRun="All",
        ),
    ]

    assert [True] * len(replies) == [isinstance(reply.body, dict) for reply in replies]
