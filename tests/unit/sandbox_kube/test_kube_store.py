"""The store and its history."""

from __future__ import annotations

from typing import Any

import pytest

from spidercli.sandbox.kube.resources import Registry, Resource
from spidercli.sandbox.kube.store import HistoryLost, Store


@pytest.fixture(name="maps")
def _maps() -> Resource:
    found = Registry().find("v1", "configmaps")
    assert found is not None
    return found


def _map(name: str, value: str = "1") -> dict[str, Any]:
    return {"metadata": {"namespace": "default", "name": name}, "data": {"a": value}}


def test_past_states(maps: Resource) -> None:
    """The objects of any remembered moment can be had again."""
    store = Store()
    moments: dict[int, list[dict[str, Any]]] = {store.revision: []}
    steps = [(store.put, _map("a")), (store.put, _map("b")), (store.put, _map("a", "2")), (store.remove, _map("b"))]
    for step, manifest in steps:
        step(maps, manifest)
        moments[store.revision] = store.all(maps)

    for revision, objects in moments.items():
        assert objects == store.at(maps, revision)


def test_history_is_limited(maps: Resource) -> None:
    """Of each resource only the latest changes are remembered."""
    store = Store(history=2)
    revisions = [store.put(maps, _map("a", str(number))).revision for number in range(4)]

    assert 2 == len(store.since(maps, revisions[1]))
    with pytest.raises(HistoryLost):
        store.since(maps, revisions[0])


def test_listeners_are_told(maps: Resource) -> None:
    """A listener is called after every write, as long as it listens."""
    store, told = Store(), []

    with store.listening(lambda: told.append(store.revision)):
        store.put(maps, _map("a"))
    store.put(maps, _map("b"))

    assert [2] == told
