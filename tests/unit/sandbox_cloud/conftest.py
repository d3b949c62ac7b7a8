"""A cloud without HTTP: requests are signed here and handed to the gateway."""

from __future__ import annotations

import calendar
import dataclasses
import itertools
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from spidercli.sandbox import scenarios
from spidercli.sandbox.cloud import signing
from spidercli.sandbox.cloud.gateway import Gateway
from spidercli.sandbox.cloud.http import Request
from spidercli.sandbox.cloud.identity import AccessKey
from spidercli.sandbox.cloud.metadata import Metadata
from spidercli.sandbox.cloud.world import World

NOW = float(calendar.timegm((2026, 1, 2, 3, 4, 5)))


@dataclasses.dataclass
class Clock:
    """Time that only a test moves."""

    now: float = NOW

    def __call__(self) -> float:
        return self.now


@dataclasses.dataclass(frozen=True)
class Answer:
    """A JSON answer."""

    status: int
    body: dict[str, Any]

    @property
    def code(self) -> str:
        return str(self.body.get("Code", ""))


class Ecs:
    """A caller of the gateway."""

    def __init__(self, world: World, clock: Clock) -> None:
        self._gateway = Gateway(world, clock)
        self._clock = clock
        self._nonces = itertools.count()
        self.key: AccessKey = world.account.key
        self.version = "2014-05-26"

    def __call__(self, action: str, **params: object) -> Answer:
        """Call an action; double underscores in names stand for dots: Tag__1__Key."""
        values = {name.replace("__", "."): str(value) for name, value in params.items()}
        return self.send(self.signed({"RegionId": "cn-hangzhou", "Action": action, **values}))

    def signed(self, params: dict[str, str], method: str = "POST") -> Request:
        """A request with a valid RPC v1 signature."""
        common = {
            "Version": self.version,
            "Format": "JSON",
            "AccessKeyId": self.key.access_key_id,
            "SignatureMethod": "HMAC-SHA1",
            "SignatureVersion": "1.0",
            "SignatureNonce": f"nonce-{next(self._nonces)}",
            "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self._clock.now)),
        }
        token = {"SecurityToken": self.key.security_token} if self.key.security_token else {}
        everything = {**common, **token, **params}
        string_to_sign = signing.rpc_string_to_sign(method, everything)
        everything["Signature"] = signing.rpc_signature(self.key.secret, string_to_sign)
        return Request(method=method, path="/", query=urlencode(everything), headers={"host": "ecs"}, body=b"")

    def send(self, request: Request) -> Answer:
        response = self._gateway.handle(request)
        return Answer(response.status, json.loads(response.body))


@pytest.fixture(name="clock")
def _clock() -> Clock:
    return Clock()


@pytest.fixture(name="world")
def _world() -> World:
    return scenarios.build("guide").world


@pytest.fixture(name="ecs")
def _ecs(world: World, clock: Clock) -> Ecs:
    return Ecs(world, clock)


Get = Callable[..., tuple[int, str]]


@pytest.fixture(name="get")
def _get(world: World, clock: Clock) -> Get:
    """A caller of the metadata service: PATH and headers in, status and text out."""
    service = Metadata(world, clock)

    def get(path: str, *, method: str = "GET", **headers: str) -> tuple[int, str]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = Request(method=method, path=f"/latest/{path}", query="", headers=named, body=b"")
        response = service.handle(request)
        return response.status, response.body.decode()

    return get
