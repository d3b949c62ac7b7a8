"""Lists: selectors, pages, and the forms that clients ask for."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

Manifest = dict[str, Any]


@pytest.fixture(name="pools")
def _pools(client: Any, pool: Manifest, unique: Callable[[], str]) -> tuple[str, list[str]]:
    """Five pools with a label of their own, and the label's value."""
    group = unique()
    names = [f"{group}-{number}" for number in range(5)]
    for number, name in enumerate(names):
        each = copy.deepcopy(pool)
        each["metadata"] = {"name": name, "labels": {"group": group, "number": str(number)}}
        client.create(each)
    return group, names


def _names(reply: Any) -> list[str]:
    return [each["metadata"]["name"] for each in reply.body["items"]]


def test_list_is_a_list(client: Any, pools: tuple[str, list[str]]) -> None:
    """A list has its kind, its resourceVersion, and its items in order of their names."""
    group, names = pools

    reply = client.listed("SpiderIPPool", labelSelector=f"group={group}")

    assert "SpiderIPPoolList" == reply.body["kind"]
    assert reply.body["metadata"]["resourceVersion"].isdigit()
    assert names == _names(reply)


@pytest.mark.parametrize(
    ("selector", "numbers"),
    [
        ("number=1", [1]),
        ("number==1", [1]),
        ("number!=1", [0, 2, 3, 4]),
        ("number in (1,2)", [1, 2]),
        ("number notin (1, 2)", [0, 3, 4]),
        ("number", [0, 1, 2, 3, 4]),
        ("!number", []),
        ("number notin (0),number!=4", [1, 2, 3]),
    ],
)
def test_label_selectors(client: Any, pools: tuple[str, list[str]], selector: str, numbers: list[int]) -> None:
    """Equality, sets and existence, and several of them together."""
    group, names = pools

    reply = client.listed("SpiderIPPool", labelSelector=f"group={group},{selector}")

    assert [names[number] for number in numbers] == _names(reply)


def test_field_selector(client: Any, pools: tuple[str, list[str]]) -> None:
    """Every kind can be selected by name."""
    assert [pools[1][2]] == _names(client.listed("SpiderIPPool", fieldSelector=f"metadata.name={pools[1][2]}"))


def test_unknown_field_selector(client: Any) -> None:
    """Fields that are not indexed can't be selected by."""
    reply = client.listed("SpiderIPPool", fieldSelector="spec.subnet=10.0.0.0/24")

    assert (400, "field label not supported: spec.subnet") == (reply.status, reply.body["message"])


def test_pages_show_one_moment(client: Any, pools: tuple[str, list[str]], pool: Manifest) -> None:
    """All pages show the list as it was at the first, whatever is written between them."""
    group, names = pools
    query = {"labelSelector": f"group={group}", "limit": 2}
    first = client.listed("SpiderIPPool", **query)
    late = {**pool, "metadata": {"name": f"{group}-3-late", "labels": {"group": group}}}
    client.create(late)
    client.delete({**pool, "metadata": {"name": names[3]}})

    second = client.listed("SpiderIPPool", **query, **{"continue": first.body["metadata"]["continue"]})
    third = client.listed("SpiderIPPool", **query, **{"continue": second.body["metadata"]["continue"]})

    assert names == _names(first) + _names(second) + _names(third)
    assert "" == third.body["metadata"]["continue"]
    assert first.body["metadata"]["resourceVersion"] == third.body["metadata"]["resourceVersion"]


def test_remaining_items_are_counted(client: Any, pools: tuple[str, list[str]]) -> None:
    """Without selectors a page says how many are left; with one it does not."""
    unselected = client.listed("SpiderIPPool", limit=1).body
    selected = client.listed("SpiderIPPool", limit=1, labelSelector=f"group={pools[0]}").body

    total = len(client.listed("SpiderIPPool").body["items"])
    assert total - 1 == unselected["metadata"]["remainingItemCount"]
    assert "remainingItemCount" not in selected["metadata"]


def test_whole_lists(client: Any) -> None:
    """Only a list of custom resources says that it is the last page; in other forms it does not."""
    query = {"labelSelector": "none=such"}
    table = "application/json;as=Table;v=v1;g=meta.k8s.io"

    assert "" == client.listed("SpiderIPPool", **query).body["metadata"]["continue"]
    assert "continue" not in client.listed("ConfigMap", **query).body["metadata"]
    assert "continue" not in client.listed("SpiderIPPool", accept=table, **query).body["metadata"]


@pytest.mark.parametrize(
    "query",
    [
        {"resourceVersionMatch": "Exact"},
        {"resourceVersionMatch": "Some", "resourceVersion": "1"},
        {"sendInitialEvents": "true"},
        {"watch": "1", "sendInitialEvents": "true"},
        {"watch": "1", "resourceVersionMatch": "NotOlderThan"},
    ],
    ids=["match", "unknown match", "initial events", "without match", "match of a watch"],
)
def test_options_that_contradict(client: Any, query: dict[str, str]) -> None:
    """Options that make no sense together are unprocessable."""
    reply = client.listed("SpiderIPPool", **query)

    assert (422, "ListOptions") == (reply.status, reply.body["details"]["kind"])


def test_bad_continue_token(client: Any) -> None:
    """A token that the server did not make is refused."""
    assert 400 == client.listed("SpiderIPPool", limit=1, **{"continue": "nonsense"}).status


def test_list_of_the_past(client: Any, pools: tuple[str, list[str]], pool: Manifest) -> None:
    """An exact resourceVersion shows the list of that moment."""
    group, names = pools
    version = client.listed("SpiderIPPool").body["metadata"]["resourceVersion"]
    client.delete({**pool, "metadata": {"name": names[0]}})

    query = {"labelSelector": f"group={group}", "resourceVersion": version, "resourceVersionMatch": "Exact"}

    assert names == _names(client.listed("SpiderIPPool", **query))


def test_list_of_the_future(client: Any) -> None:
    """A resourceVersion that is not reached yet times out, and a header says when to ask again."""
    reply = client.listed("SpiderIPPool", resourceVersion="999999999", resourceVersionMatch="NotOlderThan")

    assert (504, "1") == (reply.status, reply.headers["Retry-After"])


def test_any_version_will_do(client: Any, pools: tuple[str, list[str]]) -> None:
    """resourceVersion=0 asks for whatever is at hand."""
    assert pools[1] == _names(client.listed("SpiderIPPool", resourceVersion="0", labelSelector=f"group={pools[0]}"))


def test_table(client: Any, pools: tuple[str, list[str]]) -> None:
    """The form for kubectl: columns of the CRD, rows with metadata."""
    accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"

    table = client.listed("SpiderIPPool", accept=accept, labelSelector=f"group={pools[0]}").body

    assert "Table" == table["kind"]
    columns = [(each["name"], each["priority"] > 0) for each in table["columnDefinitions"]]
    assert [("Name", False), ("VERSION", False), ("SUBNET", False)] == columns[:3]
    assert ("NodeName", True) in columns
    assert [pools[1][0], "4", "10.0.0.0/24", None, None, False] == table["rows"][0]["cells"][:6]
    assert "PartialObjectMetadata" == table["rows"][0]["object"]["kind"]


def test_metadata_alone(client: Any, pools: tuple[str, list[str]]) -> None:
    """The short form for those who need names only."""
    accept = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"

    body = client.listed("SpiderIPPool", accept=accept, labelSelector=f"group={pools[0]}").body

    assert "PartialObjectMetadataList" == body["kind"]
    assert {"apiVersion", "kind", "metadata"} == body["items"][0].keys()


def test_unreadable_form(client: Any) -> None:
    """A client that reads nothing that the server writes is told so."""
    assert 406 == client.listed("SpiderIPPool", accept="text/html").status


def test_collection_is_deleted_by_selector(client: Any, pools: tuple[str, list[str]]) -> None:
    """Deletion of a collection means what the selector selects."""
    group, names = pools

    reply = client.call(
        "DELETE", "/apis/spiderpool.spidernet.io/v2beta1/spiderippools", labelSelector=f"group={group},number!=0"
    )

    assert names[1:] == _names(reply)
    assert names[:1] == _names(client.listed("SpiderIPPool", labelSelector=f"group={group}"))


@pytest.mark.parametrize("body", [None, {"dryRun": ["All"]}], ids=["query", "body"])
def test_dry_run_of_a_collections_deletion(client: Any, pools: tuple[str, list[str]], body: Any) -> None:
    """A collection can be deleted on trial, too."""
    group, names = pools
    query = {"labelSelector": f"group={group}"} | ({} if body else {"dryRun": "All"})

    reply = client.call("DELETE", "/apis/spiderpool.spidernet.io/v2beta1/spiderippools", body, **query)

    assert (200, names) == (reply.status, _names(reply))
    assert names == _names(client.listed("SpiderIPPool", labelSelector=f"group={group}"))


def test_namespaces_are_apart(client: Any, config_map: Manifest) -> None:
    """A namespace's list has its own objects only; the list above has all."""
    name = config_map["metadata"]["name"]
    client.create(config_map)

    elsewhere = client.call("GET", "/api/v1/namespaces/kube-system/configmaps", fieldSelector=f"metadata.name={name}")
    everywhere = client.call("GET", "/api/v1/configmaps", fieldSelector=f"metadata.name={name}")

    assert ([], [name]) == (_names(elsewhere), _names(everywhere))


@pytest.mark.parametrize(
    "query",
    [
        {"labelSelector": "a b"},
        {"fieldSelector": "metadata.name"},
        {"limit": "many"},
        {"resourceVersion": "x"},
    ],
    ids=["labels", "fields", "limit", "version"],
)
def test_bad_questions(client: Any, query: dict[str, str]) -> None:
    """A list that can't be understood is a bad request."""
    assert 400 == client.listed("SpiderIPPool", **query).status


def test_continue_has_its_own_version(client: Any, pools: tuple[str, list[str]]) -> None:
    """A continue token and a resourceVersion contradict each other."""
    query = {"labelSelector": f"group={pools[0]}", "limit": 1}
    token = client.listed("SpiderIPPool", **query).body["metadata"]["continue"]

    assert 400 == client.listed("SpiderIPPool", **query, **{"continue": token, "resourceVersion": "5"}).status


@pytest.mark.parametrize(("part", "kind"), [("Object", "SpiderIPPool"), ("None", None)])
def test_parts_of_a_table(client: Any, pools: tuple[str, list[str]], part: str, kind: str | None) -> None:
    """A table's rows carry as much of the object as was asked for."""
    accept = "application/json;as=Table;v=v1;g=meta.k8s.io"

    table = client.listed("SpiderIPPool", accept=accept, includeObject=part, labelSelector=f"group={pools[0]}").body

    assert kind == (table["rows"][0].get("object") or {}).get("kind")


def test_metadata_of_one_object(client: Any, pool: Manifest) -> None:
    """One object's metadata can be asked for, too."""
    client.create(pool)
    accept = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"

    assert "PartialObjectMetadata" == client.call("GET", client.path(pool), accept=accept).body["kind"]
