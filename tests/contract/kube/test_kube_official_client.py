"""The official Python client against the server."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest
from kubernetes import client as kubernetes
from kubernetes.dynamic import DynamicClient
from kubernetes.dynamic.exceptions import ConflictError, NotFoundError

Manifest = dict[str, Any]


@pytest.fixture(name="dynamic")
def _dynamic(url: str, tmp_path: pathlib.Path) -> DynamicClient:
    configuration = kubernetes.Configuration()
    configuration.host = url
    return DynamicClient(kubernetes.ApiClient(configuration), cache_file=str(tmp_path / "discovery.json"))


def test_discovery_and_apply(dynamic: DynamicClient, pool: Manifest) -> None:
    """The client finds the kind and applies an object."""
    pools = dynamic.resources.get(api_version="spiderpool.spidernet.io/v2beta1", kind="SpiderIPPool")

    applied = pools.server_side_apply(body=pool, field_manager="python").to_dict()

    assert pool["spec"]["ips"] == applied["spec"]["ips"]
    assert pool["metadata"]["name"] == pools.get(name=pool["metadata"]["name"]).metadata.name


def test_conflict_is_an_exception(dynamic: DynamicClient, pool: Manifest) -> None:
    """A conflict arrives as the client's own exception, with the server's words."""
    pools = dynamic.resources.get(api_version="spiderpool.spidernet.io/v2beta1", kind="SpiderIPPool")
    pools.server_side_apply(body=pool, field_manager="one")
    pool["spec"]["ips"] = ["10.0.0.9"]

    with pytest.raises(ConflictError) as caught:
        pools.server_side_apply(body=pool, field_manager="two")

    assert 'conflict with "one": .spec.ips' in caught.value.summary()


def test_missing_object_is_an_exception(dynamic: DynamicClient, pool: Manifest) -> None:
    """So does a missing object."""
    pools = dynamic.resources.get(api_version="spiderpool.spidernet.io/v2beta1", kind="SpiderIPPool")

    with pytest.raises(NotFoundError):
        pools.get(name=pool["metadata"]["name"])


def test_watch(dynamic: DynamicClient, pool: Manifest) -> None:
    """The client's watch yields events."""
    pools = dynamic.resources.get(api_version="spiderpool.spidernet.io/v2beta1", kind="SpiderIPPool")
    pools.create(body=pool)

    stream = pools.watch(field_selector=f"metadata.name={pool['metadata']['name']}", timeout=1)

    assert "ADDED" == next(iter(stream))["type"]
