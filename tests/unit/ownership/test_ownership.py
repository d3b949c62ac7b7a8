"""The managedFields walk, example by example."""

from __future__ import annotations

from typing import Any

import pytest

from spidercli.planning.ownership import Difference, Drift, differences, owned

POOL_FIELDS = {
    "f:metadata": {"f:labels": {"f:app": {}}},
    "f:spec": {"f:ips": {}, "f:subnet": {}},
}


def entry(fields: dict[str, Any], **changes: object) -> dict[str, Any]:
    """An entry of metadata.managedFields, ours unless told otherwise."""
    usual = {"manager": "spidercli", "operation": "Apply", "apiVersion": "x/v1", "fieldsV1": fields}
    return {**usual, **changes}


def pool(*, fields: dict[str, Any] | None = POOL_FIELDS, spec: dict[str, Any] | None = None) -> dict[str, Any]:
    """A live object as our apply leaves it, with what a webhook and others added."""
    meta: dict[str, Any] = {
        "name": "p",
        "uid": "u",
        "labels": {"app": "a", "theirs": "t"},
        "finalizers": ["spiderpool.spidernet.io"],
    }
    if fields is not None:
        meta["managedFields"] = [entry({"f:status": {}}, manager="controller", operation="Update"), entry(fields)]
    return {
        "apiVersion": "x/v1",
        "kind": "Pool",
        "metadata": meta,
        "spec": spec or {"subnet": "10.0.0.0/24", "ips": ["10.0.0.1"], "ipVersion": 4},
        "status": {"totalIPCount": 1},
    }


def desired(**spec: object) -> dict[str, Any]:
    """What we last applied, with changes; None takes a field out."""
    fields = {"subnet": "10.0.0.0/24", "ips": ["10.0.0.1"], **spec}
    return {
        "apiVersion": "x/v1",
        "kind": "Pool",
        "metadata": {"name": "p", "labels": {"app": "a"}},
        "spec": {key: value for key, value in fields.items() if value is not None},
    }


def wanted(spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "x/v1", "kind": "Pool", "metadata": {"name": "p"}, "spec": spec}


def told(found: list[Difference]) -> list[tuple[str, Drift]]:
    return [(difference.field, difference.kind) for difference in found]


def test_what_others_added_is_no_difference() -> None:
    """Labels, finalizers, defaults and status of others don't make us write."""
    assert [] == differences(desired(), pool())


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"ips": ["10.0.0.2"]}, ("spec.ips", Drift.CHANGED)),
        ({"ips": None}, ("spec.ips", Drift.EXTRA)),
        ({"gateway": "10.0.0.254"}, ("spec.gateway", Drift.MISSING)),
        ({"ipVersion": 4}, ("spec.ipVersion", Drift.NOT_OWNED)),
        ({"ipVersion": 6}, ("spec.ipVersion", Drift.CHANGED)),
    ],
    ids=["changed", "given-up", "new", "equal-but-not-ours", "theirs-and-different"],
)
def test_a_field_of_ours_is_compared(spec: dict[str, Any], expected: tuple[str, Drift]) -> None:
    """Each way in which a field can differ has its name."""
    assert [expected] == told(differences(desired(**spec), pool()))


def test_a_value_that_somebody_removed_is_missing() -> None:
    """A field that we own and that is gone has to be sent again."""
    assert [("spec.ips", Drift.MISSING)] == told(differences(desired(), pool(spec={"subnet": "10.0.0.0/24"})))


def test_an_object_that_we_never_applied_is_not_ours() -> None:
    """Without an entry of ours the whole object differs, and the values that differ are told too."""
    live = pool()
    live["metadata"]["managedFields"] = [entry(POOL_FIELDS, manager="kubectl")]

    assert [("", Drift.NOT_OWNED), ("spec.ips", Drift.CHANGED)] == told(differences(desired(ips=["10.0.0.9"]), live))


@pytest.mark.parametrize("foreign", [{"operation": "Update"}, {"subresource": "status"}], ids=str)
def test_only_an_apply_to_the_object_itself_counts(foreign: dict[str, str]) -> None:
    """Our name on an update, or on a write to a subresource, makes nothing ours."""
    live = pool()
    live["metadata"]["managedFields"] = [entry(POOL_FIELDS, **foreign)]

    assert [("", Drift.NOT_OWNED)] == told(differences(desired(), live))


def test_another_version_is_not_ours() -> None:
    """An entry of another API version can't be compared field by field, so it is written again."""
    live = pool()
    live["metadata"]["managedFields"][1]["apiVersion"] = "x/v1beta1"

    assert ("apiVersion", Drift.NOT_OWNED) in told(differences(desired(), live))


def test_without_managed_fields_values_decide() -> None:
    """Where the server strips managedFields, desired values that are live are enough."""
    assert [] == differences(desired(), pool(fields=None))
    assert [("spec.ips", Drift.CHANGED)] == told(differences(desired(ips=["10.0.0.2"]), pool(fields=None)))
    assert [("spec.gateway", Drift.MISSING)] == told(differences(desired(gateway="g"), pool(fields=None)))


CONTAINER_FIELDS: dict[str, Any] = {
    "f:spec": {
        "f:containers": {
            'k:{"name":"a"}': {".": {}, "f:name": {}, "f:image": {}},
            'k:{"name":"b"}': {".": {}, "f:name": {}, "f:image": {}},
        }
    }
}


def containers(*names: str, image: str = "i", extra: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"containers": [{"name": name, "image": image, **(extra or {})} for name in names]}


@pytest.mark.parametrize(
    ("mine", "live", "expected"),
    [
        (("a", "b"), ("a", "b"), []),
        (("a", "b"), ("a", "injected", "b"), []),
        (("a", "b"), ("b", "a"), [("spec.containers", Drift.ORDER)]),
        (("a",), ("a", "b"), [("spec.containers[name=b]", Drift.EXTRA)]),
        (("a", "b"), ("a",), [("spec.containers[name=b]", Drift.MISSING)]),
        (("a", "b", "c"), ("a", "b"), [("spec.containers", Drift.MISSING)]),
        (("a", "b", "c"), ("a", "b", "c"), [("spec.containers", Drift.MISSING)]),
    ],
    ids=["same", "foreign-element", "reordered", "given-up", "removed", "new", "new-but-there"],
)
def test_list_elements_are_told_by_their_keys(
    mine: tuple[str, ...], live: tuple[str, ...], expected: list[tuple[str, Drift]]
) -> None:
    """An element of a keyed list is ours or theirs by itself, and ours keep their order."""
    there = pool(fields=CONTAINER_FIELDS, spec=containers(*live, extra={"pullPolicy": "Always"}))
    want = wanted(containers(*mine))

    assert expected == told(differences(want, there))


def test_a_key_with_a_default_may_be_left_out() -> None:
    """A port without a protocol is the TCP port that the server made of it."""
    fields: dict[str, Any] = {"f:spec": {"f:ports": {'k:{"port":53,"protocol":"TCP"}': {".": {}, "f:port": {}}}}}
    live = pool(fields=fields, spec={"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]})
    want = wanted({"ports": [{"port": 53}]})

    assert [] == differences(want, live)


def test_set_elements_are_members() -> None:
    """An element of a set is there or not; others may add theirs."""
    fields: dict[str, Any] = {"f:spec": {"f:verbs": {'v:"get"': {}, 'v:"list"': {}, 'v:"create"': {}}}}
    live = pool(fields=fields, spec={"verbs": ["watch", "list", "create"]})
    want = wanted({"verbs": ["create", "get"]})

    assert [("spec.verbs[get]", Drift.MISSING), ("spec.verbs[list]", Drift.EXTRA)] == told(differences(want, live))


def test_an_empty_map_of_ours_may_be_filled_by_others() -> None:
    """To own an empty map is to own that it exists."""
    live = pool(fields={"f:spec": {"f:selector": {}}}, spec={"selector": {"theirs": 1}})
    want = wanted({"selector": {}})

    assert [] == differences(want, live)


def test_a_key_that_means_no_field_owns_none() -> None:
    """Only a field's own key makes it ours, whatever else ends like it."""
    live = pool(fields={"f:spec": {"v:1": {}}}, spec={"1": "x"})

    assert [("spec.1", Drift.NOT_OWNED)] == told(differences(wanted({"1": "x"}), live))


def test_a_difference_is_told_in_words() -> None:
    """A plan shows differences as short phrases."""
    assert "spec.ips differs" == str(Difference(path=("spec", "ips"), kind=Drift.CHANGED))
    assert "the object was not applied by spidercli" == str(Difference(path=(), kind=Drift.NOT_OWNED))


def test_what_we_own_can_be_applied_again() -> None:
    """The owned part of an object is what our last apply sent."""
    assert {"metadata": desired()["metadata"], "spec": desired()["spec"]} == owned(pool())


def test_owned_list_elements_are_picked() -> None:
    """Of a keyed list and of a set, only our elements are picked, in their live order."""
    fields: dict[str, Any] = {
        "f:spec": {"f:verbs": {'v:"get"': {}}, "f:containers": {'k:{"name":"b"}': {".": {}, "f:name": {}}}}
    }
    live = pool(fields=fields, spec={"verbs": ["watch", "get"], **containers("a", "b")})

    assert {"verbs": ["get"], "containers": [{"name": "b"}]} == owned(live)["spec"]


def test_objects_in_a_list_are_compared_one_by_one() -> None:
    """Without managedFields, what the server added to a list's objects is no difference."""
    live = pool(fields=None, spec=containers("a", "b", extra={"pullPolicy": "Always"}))

    assert [] == differences(wanted(containers("a", "b")), live)
    assert [("spec.containers[1].name", Drift.CHANGED)] == told(differences(wanted(containers("a", "c")), live))
    assert [("spec.containers", Drift.CHANGED)] == told(differences(wanted(containers("a")), live))


def test_a_config_map_without_an_entry_has_no_spec() -> None:
    """A kind without a spec is described by its metadata alone."""
    assert {"metadata": {"name": "c"}} == owned({"kind": "ConfigMap", "metadata": {"name": "c"}})


def test_what_was_never_applied_is_described() -> None:
    """Without an entry of ours, labels and spec stand in for what we applied."""
    live = pool(fields=None)

    assert {"metadata": {"name": "p", "labels": live["metadata"]["labels"]}, "spec": live["spec"]} == owned(live)
