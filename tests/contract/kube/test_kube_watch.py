"""Watches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Manifest = dict[str, Any]


def test_watch_from_a_version(client: Any, pool: Manifest) -> None:
    """A watch tells what happened after the resourceVersion it starts from, in order."""
    version = client.listed("SpiderIPPool").body["metadata"]["resourceVersion"]
    name = pool["metadata"]["name"]
    client.create(pool)
    client.patch(pool, {"spec": {"gateway": "10.0.0.250"}})
    client.delete(pool)

    events = client.watch("SpiderIPPool", count=3, resourceVersion=version, fieldSelector=f"metadata.name={name}")

    assert [("ADDED", name), ("MODIFIED", name), ("DELETED", name)] == events


def test_watch_starts_with_what_is_there(client: Any, pool: Manifest) -> None:
    """Without a resourceVersion a watch starts with all that exists."""
    name = pool["metadata"]["name"]
    client.create(pool)

    assert [("ADDED", name)] == client.watch("SpiderIPPool", count=1, fieldSelector=f"metadata.name={name}")


def test_watch_waits(client: Any, pool: Manifest) -> None:
    """An event is sent when it happens."""
    name = pool["metadata"]["name"]
    version = client.listed("SpiderIPPool").body["metadata"]["resourceVersion"]
    query = {"resourceVersion": version, "fieldSelector": f"metadata.name={name}"}

    assert [("ADDED", name)] == client.watch("SpiderIPPool", count=1, meanwhile=lambda: client.create(pool), **query)


def test_object_enters_and_leaves_a_selection(client: Any, pool: Manifest, unique: Callable[[], str]) -> None:
    """An object that comes to match is added; one that stops to match is deleted."""
    name, value = pool["metadata"]["name"], unique()
    version = client.create(pool).body["metadata"]["resourceVersion"]
    client.patch(pool, {"metadata": {"labels": {"group": value}}})
    client.patch(pool, {"metadata": {"labels": None}})

    events = client.watch("SpiderIPPool", count=2, resourceVersion=version, labelSelector=f"group={value}")

    assert [("ADDED", name), ("DELETED", name)] == events


def test_bookmark_at_the_end(client: Any, pool: Manifest) -> None:
    """Who allows bookmarks gets one before the watch ends in time."""
    name = pool["metadata"]["name"]
    client.create(pool)

    query = {"fieldSelector": f"metadata.name={name}", "timeoutSeconds": "1"}
    events = client.watch("SpiderIPPool", count=9, allowWatchBookmarks="true", **query)

    assert [("ADDED", name), ("BOOKMARK", "")] == events


def test_streamed_list(client: Any, pool: Manifest) -> None:
    """A client may ask for the initial state as events, and is told by a bookmark when it has all."""
    name = pool["metadata"]["name"]
    client.create(pool)
    query = {"sendInitialEvents": "true", "allowWatchBookmarks": "true", "resourceVersionMatch": "NotOlderThan"}

    events = client.watch("SpiderIPPool", count=2, fieldSelector=f"metadata.name={name}", **query)

    assert [("ADDED", name), ("BOOKMARK", "")] == events


def test_watch_of_a_namespace(client: Any, config_map: Manifest) -> None:
    """A watch of a namespace tells nothing of others."""
    version = client.listed("ConfigMap").body["metadata"]["resourceVersion"]
    elsewhere = {**config_map, "metadata": {"name": "elsewhere"}}
    client.call("POST", "/api/v1/namespaces/kube-system/configmaps", elsewhere)
    client.create(config_map)

    (event, *_) = client.watch("ConfigMap", count=1, resourceVersion=version)

    assert ("ADDED", config_map["metadata"]["name"]) == event


def test_watch_from_nonsense(client: Any) -> None:
    """A resourceVersion is a number; a watch from another one fails without a reason."""
    reply = client.listed("SpiderIPPool", watch="1", resourceVersion="x")

    told = 'resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax'
    assert (500, None, told) == (reply.status, reply.body.get("reason"), reply.body["message"])


def test_nonsensical_timeout(client: Any) -> None:
    """A watch's duration is a number."""
    assert 400 == client.listed("SpiderIPPool", watch="1", timeoutSeconds="x").status
