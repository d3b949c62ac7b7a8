"""The guide's cloud behind a real server, and the official SDKs pointed at it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import CommonRequest

from spidercli.sandbox import scenarios
from spidercli.sandbox.cloud.app import cloud_app
from spidercli.sandbox.cloud.world import World
from spidercli.sandbox.serving import Server

VERSIONS = {"Ecs": "2014-05-26", "Vpc": "2016-04-28", "Sts": "2015-04-01"}


@pytest.fixture(name="world")
def _world() -> World:
    return scenarios.build("guide").world


@pytest.fixture(name="url")
def _url(world: World) -> Iterator[str]:
    with Server(cloud_app(world)) as server:
        yield server.url


@pytest.fixture(name="host")
def _host(url: str) -> str:
    """The server as the SDKs want it: HOST:PORT."""
    return url.removeprefix("http://")


@pytest.fixture(name="legacy")
def _legacy(world: World) -> Iterator[AcsClient]:
    """The legacy SDK's client."""
    key = world.account.key
    client = AcsClient(key.access_key_id, key.secret, world.region_id, auto_retry=False, proxy={"-": ""})
    yield client
    client.session.close()


@pytest.fixture(name="call")
def _call(legacy: AcsClient, host: str) -> Callable[..., dict[str, Any]]:
    """Call any action through the legacy SDK; double underscores in names stand for dots."""

    def call(product: str, action: str, **params: object) -> dict[str, Any]:
        request = CommonRequest(product=product, version=VERSIONS[product], action_name=action)
        request.set_endpoint(host)
        request.set_protocol_type("http")
        for name, value in params.items():
            request.add_query_param(name.replace("__", "."), value)
        answer: dict[str, Any] = json.loads(legacy.do_action_with_exception(request))
        return answer

    return call
