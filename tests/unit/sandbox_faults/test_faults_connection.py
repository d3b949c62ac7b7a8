"""Answers that don't arrive, or not whole, from the cloud and from the cluster."""

from __future__ import annotations

import dataclasses
import http.client
import json
import threading
from collections.abc import Callable, Collection, Iterator

import pytest

from spidercli.sandbox import scenarios
from spidercli.sandbox.asgi import App
from spidercli.sandbox.cloud.app import cloud_app
from spidercli.sandbox.faults import Fault, Faults, Kind
from spidercli.sandbox.kube.api import KubeApi
from spidercli.sandbox.kube.app import kube_app
from spidercli.sandbox.serving import Server

PATIENCE = 10  # seconds, then a test fails
_MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}


class Noticed(Faults):
    """Faults that say when one of them strikes."""

    def __init__(self) -> None:
        super().__init__()
        self.struck_one = threading.Event()

    def take(self, call: str, *, senseless: Collection[Kind] = ()) -> Fault | None:
        """The fault of a call."""
        found = super().take(call, senseless=senseless)
        if found:
            self.struck_one.set()
        return found


@dataclasses.dataclass(frozen=True)
class Side:
    """One of the two servers, with a request to it."""

    app: App
    faults: Noticed
    request: tuple[str, str, str]  # method, path, body
    statuses: Callable[[], list[int]]  # of the requests so far; 0 for one that was not carried out

    def send(self, connection: http.client.HTTPConnection) -> None:
        """Send the request."""
        method, path, body = self.request
        headers = {"X-aliyun-ecs-metadata-token-ttl-seconds": "60", "content-type": "application/json"}
        connection.request(method, path, body, headers)

    def ask(self, connection: http.client.HTTPConnection) -> http.client.HTTPResponse:
        """Send the request; the answer when its head is there."""
        self.send(connection)
        return connection.getresponse()

    def wait_in_vain(self, connection: http.client.HTTPConnection) -> None:
        """Send the request, and have no answer although the server has got it."""
        self.send(connection)
        assert self.faults.struck_one.wait(PATIENCE)
        assert connection.sock is not None
        connection.sock.settimeout(0.02)
        with pytest.raises(TimeoutError):
            connection.sock.recv(1)
        connection.sock.settimeout(PATIENCE)


def _cloud() -> Side:
    world = scenarios.build("guide").world
    world.faults = faults = Noticed()
    request = ("PUT", "/latest/api/token", "")
    return Side(cloud_app(world), faults, request, lambda: [call.status for call in world.requests])


def _cluster() -> Side:
    kube = KubeApi(faults=(faults := Noticed()))
    request = ("POST", "/api/v1/namespaces/default/configmaps", json.dumps(_MAP))
    return Side(kube_app(kube), faults, request, lambda: [each.status for each in kube.requests])


@pytest.fixture(name="side", params=[_cloud, _cluster], ids=["cloud", "cluster"])
def _side(request: pytest.FixtureRequest) -> Side:
    side: Side = request.param()
    return side


@pytest.fixture(name="connect")
def _connect(side: Side) -> Iterator[Callable[[], http.client.HTTPConnection]]:
    """New connections to the side."""
    opened: list[http.client.HTTPConnection] = []

    def connect() -> http.client.HTTPConnection:
        opened.append(http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=PATIENCE))
        return opened[-1]

    with Server(side.app) as server:
        yield connect
        for connection in opened:
            connection.close()


Connect = Callable[[], http.client.HTTPConnection]


def whole_answer(side: Side, connect: Connect) -> int:
    """The status of an answer that arrives whole, on a connection of its own."""
    response = side.ask(connect())
    response.read()
    return response.status


@pytest.mark.parametrize(
    ("kind", "error", "done"),
    [(Kind.RESET, ConnectionResetError, False), (Kind.LOST, http.client.RemoteDisconnected, True)],
)
def test_connection_ends(side: Side, connect: Connect, kind: Kind, error: type[Exception], done: bool) -> None:
    """The connection is reset before anything is done, or closed after it; the next one works."""
    side.faults.add(Fault(kind=kind, call="*"))
    with pytest.raises(error):
        side.ask(connect())

    assert [bool(status) for status in side.statuses()] == [done]
    assert whole_answer(side, connect) == side.statuses()[-1]


@pytest.mark.parametrize(("kind", "done"), [(Kind.HANG, False), (Kind.HANG_AFTER, True)])
def test_no_answer(side: Side, connect: Connect, kind: Kind, done: bool) -> None:
    """One request hangs, without or with effect; others are answered meanwhile."""
    side.faults.add(Fault(kind=kind, call="*"))
    side.wait_in_vain(connect())

    assert whole_answer(side, connect) == side.statuses()[-1]
    assert [bool(status) for status in side.statuses()] == [done, True]


@pytest.mark.parametrize("kind", [Kind.HANG, Kind.SLOW])
def test_server_ends_while_a_client_waits(side: Side, kind: Kind) -> None:
    """The server's end ends the wait, without an answer."""
    side.faults.add(Fault(kind=kind, call="*", seconds=3600))
    with Server(side.app) as server:
        connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=PATIENCE)
        side.wait_in_vain(connection)

    with pytest.raises(ConnectionResetError):
        connection.getresponse()
    connection.close()


def test_slow_answer(side: Side, connect: Connect) -> None:
    """A slow answer is late, and whole; one to another client is not held up."""
    side.faults.add(Fault(kind=Kind.SLOW, call="*", seconds=3600), Fault(kind=Kind.SLOW, call="*", seconds=0.01))
    side.wait_in_vain(connect())

    assert whole_answer(side, connect) == side.statuses()[-1]


def test_half_of_an_answer(side: Side, connect: Connect) -> None:
    """The head promises more than comes; the request was carried out."""
    side.faults.add(Fault(kind=Kind.CUT, call="*"))
    with side.ask(connect()) as response, pytest.raises(http.client.IncompleteRead) as caught:
        response.read()

    assert caught.value.expected is not None
    assert abs(len(caught.value.partial) - caught.value.expected) <= 1
    assert side.statuses() == [response.status]


def test_somebody_elses_page(side: Side, connect: Connect) -> None:
    """A proxy answers with a page and status 200; the request never arrived."""
    side.faults.add(Fault(kind=Kind.GARBAGE, call="*"))
    response = side.ask(connect())

    assert (response.status, response.getheader("content-type")) == (200, "text/html; charset=utf-8")
    assert response.read().startswith(b"<!DOCTYPE html>")
    assert side.statuses() == [0]
