"""The Cluster port over a scripted API server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from spidercli import kinds
from spidercli.errors import ClusterError, KindMissing, WriteConflict, WriteRefused
from spidercli.gateways.cluster.client import KubernetesCluster
from spidercli.planning.plan import Phase, Verb, Write

DELETE = Write(phase=Phase.SHRINK, verb=Verb.DELETE, kind=kinds.IP_POOL, name="p", namespace=None, body=None, uid="u")
APPLY = Write(
    phase=Phase.GROW, verb=Verb.APPLY, kind=kinds.IP_POOL, name="p", namespace=None, body={"metadata": {"name": "p"}}
)

REPLACE = Write(
    phase=Phase.MULTUS,
    verb=Verb.REPLACE,
    kind=kinds.MULTUS_CONFIG,
    name="m",
    namespace="ns",
    body={"metadata": {"uid": "u", "resourceVersion": "1", "labels": {"a": "b"}}, "spec": {"cniType": "ipvlan"}},
)


def page(answer: Any, *names: str, token: str = "") -> Any:
    items = [{"kind": "SpiderIPPool", "metadata": {"name": name}} for name in names]
    return answer({"kind": "SpiderIPPoolList", "metadata": {"continue": token}, "items": items})


def not_found(status: Any) -> Any:
    return status(404, "not found", kind="spiderippools", name="p")


def test_a_listing_follows_its_pages(api: Any, wire: Any, answer: Any) -> None:
    """Pages are joined, and each one is asked for with the token of the one before."""
    scripted = wire(page(answer, "a", "b", token="t"), page(answer, "c"))

    found = KubernetesCluster(api(scripted)).list(kinds.IP_POOL)

    assert ["a", "b", "c"] == [kinds.name(item) for item in found]
    assert [(("limit", "500"),), (("limit", "500"), ("continue", "t"))] == [asked.query for asked in scripted.asked]


def test_an_expired_listing_starts_anew(api: Any, wire: Any, answer: Any, status: Any) -> None:
    """Half a listing and another half of another state are no listing: it starts again, in one page."""
    scripted = wire(page(answer, "old", token="t"), status(410, reason="Expired"), page(answer, "new"))

    found = KubernetesCluster(api(scripted)).list(kinds.IP_POOL)

    assert ["new"] == [kinds.name(item) for item in found]
    assert () == scripted.asked[-1].query


def test_an_empty_listing_is_empty(api: Any, answer: Any) -> None:
    """Go writes an empty list as null."""
    empty = answer({"kind": "SpiderIPPoolList", "metadata": {}, "items": None})

    assert [] == KubernetesCluster(api(empty)).list(kinds.IP_POOL)


def test_listed_objects_have_their_type(api: Any, answer: Any) -> None:
    """The API leaves the type out of the items of its own kinds."""
    nodes = answer({"kind": "NodeList", "metadata": {}, "items": [{"metadata": {"name": "n"}}]})

    assert [{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}}] == (
        KubernetesCluster(api(nodes)).list(kinds.NODE)
    )


@pytest.mark.parametrize("how", ["list", "get", "send"])
def test_without_spiderpool_its_kinds_are_missing(api: Any, status: Any, how: str) -> None:
    """A kind that the cluster does not serve is told as what it means."""
    cluster = KubernetesCluster(api(status(404, "the server could not find the requested resource")))
    calls: dict[str, Callable[[], object]] = {
        "list": lambda: cluster.list(kinds.IP_POOL),
        "get": lambda: cluster.get(kinds.IP_POOL, "p"),
        "send": lambda: cluster.send(APPLY),
    }

    with pytest.raises(KindMissing, match="Spiderpool is not installed"):
        calls[how]()


def test_a_missing_object_is_none(api: Any, status: Any) -> None:
    """To read what does not exist is no error."""
    assert KubernetesCluster(api(not_found(status))).get(kinds.IP_POOL, "p") is None


def test_a_write_gives_back_what_was_stored(api: Any, answer: Any) -> None:
    """The server's version of the object has what webhooks made of it."""
    assert {"metadata": {"uid": "u"}} == KubernetesCluster(api(answer({"metadata": {"uid": "u"}}))).send(APPLY)


def test_a_refused_write_raises(api: Any, status: Any) -> None:
    """A refusal is an error of ours."""
    with pytest.raises(WriteRefused, match="can't apply SpiderIPPool p: bad"):
        KubernetesCluster(api(status(422, "bad"))).send(APPLY)


def test_to_delete_what_is_gone_is_success(api: Any, status: Any) -> None:
    """What should go and is not there needs no error."""
    assert KubernetesCluster(api(not_found(status))).send(DELETE) is None


@pytest.mark.parametrize(
    "live", [{"name": "p", "uid": "u", "deletionTimestamp": "now"}, None], ids=["being-deleted", "gone"]
)
def test_a_delete_that_arrived_already_is_success(api: Any, answer: Any, status: Any, live: Any) -> None:
    """A conflict after a lost answer is our own doing."""
    there = not_found(status) if live is None else answer({"metadata": live})

    assert KubernetesCluster(api(status(409, "conflict"), there)).send(DELETE) is None


@pytest.mark.parametrize(
    "live",
    [{"name": "p", "uid": "u"}, {"name": "p", "uid": "other", "deletionTimestamp": "now"}],
    ids=["changed", "another-object"],
)
def test_a_delete_of_a_changed_object_is_a_conflict(api: Any, answer: Any, status: Any, live: dict[str, str]) -> None:
    """An object that is not what was read is not deleted."""
    with pytest.raises(WriteConflict, match="changed since it was read"):
        KubernetesCluster(api(status(409, "conflict"), answer({"metadata": live}))).send(DELETE)


def replaced(uid: str, **spec: str) -> dict[str, Any]:
    metadata = {"name": "m", "uid": uid, "resourceVersion": "2", "labels": {"a": "b", "c": "d"}}
    return {"kind": "SpiderMultusConfig", "metadata": metadata, "spec": spec}


def test_a_replace_that_arrived_already_is_success(api: Any, answer: Any, status: Any) -> None:
    """After a lost answer the object is as it was sent, with what a webhook added."""
    live = replaced("u", cniType="ipvlan", added="by a webhook")

    assert live == KubernetesCluster(api(status(409, "conflict"), answer(live))).send(REPLACE)


@pytest.mark.parametrize(
    "live", [replaced("u", cniType="custom"), replaced("other", cniType="ipvlan")], ids=["changed", "another-object"]
)
def test_a_replace_of_a_changed_object_is_a_conflict(api: Any, answer: Any, status: Any, live: Any) -> None:
    """An object that is not what was read is not overwritten."""
    with pytest.raises(WriteConflict, match="changed since it was read"):
        KubernetesCluster(api(status(409, "conflict"), answer(live))).send(REPLACE)


def test_the_version_is_the_servers(api: Any, answer: Any) -> None:
    """The version is what kubectl shows."""
    assert "v1.27.3" == KubernetesCluster(api(answer({"gitVersion": "v1.27.3"}))).version()


def test_warnings_are_kept_once(api: Any, answer: Any) -> None:
    """A warning that comes with every pool is told once, and one that nobody can act on never."""
    finalizer = 'metadata.finalizers: "spiderpool.spidernet.io": prefer a domain-qualified finalizer name'
    warned = answer({"metadata": {}}, warnings=("deprecated", finalizer))
    cluster = KubernetesCluster(api(warned))

    cluster.send(APPLY)
    cluster.send(APPLY)

    assert ("deprecated",) == cluster.warnings


def owned_pool(name: str, fields: object) -> dict[str, Any]:
    managed = [{"manager": "spidercli", "operation": "Apply", "fieldsV1": fields}]
    return {"kind": "SpiderIPPool", "metadata": {"name": name, "managedFields": managed}}


def test_equal_trees_of_fields_are_kept_once(api: Any, wire: Any, answer: Any) -> None:
    """Ten thousand pools that we applied have a few different trees, in any order."""
    usual: dict[str, Any] = {"f:spec": {"f:ips": {}}}
    other: dict[str, Any] = {"f:spec": {"f:ips": {}, "f:subnet": {}}}
    items = [owned_pool("a", usual), owned_pool("b", other), owned_pool("c", usual)]

    found: list[Any] = KubernetesCluster(api(wire(answer({"items": items})))).list(kinds.IP_POOL)

    one, another, same = (item["metadata"]["managedFields"][0]["fieldsV1"] for item in found)
    assert one is same
    assert (one, another) == (usual, other)


def test_every_tree_of_fields_is_looked_at(api: Any, wire: Any, answer: Any) -> None:
    """A good tree before it makes a bad one no better."""
    items = [owned_pool("a", {"f:spec": {"f:ips": {}}}), owned_pool("b", {"f:spec": {"ips": {}}})]

    with pytest.raises(ClusterError, match=r"SpiderIPPool b: metadata\.managedFields is "):
        KubernetesCluster(api(wire(answer({"items": items})))).list(kinds.IP_POOL)
