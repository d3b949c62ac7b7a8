"""The server that applications run in."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import http.client
import socket
import threading
import urllib.request
import warnings

import pytest

from spidercli.sandbox.asgi import Receive, Scope, Send
from spidercli.sandbox.serving import Server

_LARGE = 1 << 26


async def _app(scope: Scope, receive: Receive, send: Send) -> None:
    assert scope["type"] == "http"
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"first", "more_body": scope["path"] == "/endless"})
    if scope["path"] == "/endless":
        await asyncio.Event().wait()


async def _large(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": bytes(_LARGE)})


def _connect(url: str) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)


def test_serves_on_loopback() -> None:
    """The address is on loopback, with a port of the kernel's choice, ready when the block begins."""
    with Server(_app) as server, urllib.request.urlopen(server.url) as answer:  # noqa: S310 - http on loopback
        assert (server.url.startswith("http://127.0.0.1:"), answer.read()) == (True, b"first")


def test_stops_in_the_middle_of_an_answer() -> None:
    """Leaving the block ends an answer that would never end, and nothing is left running."""
    before = set(threading.enumerate())  # other tests of this process may have servers of their own
    with Server(_app) as server:
        connection = _connect(server.url)
        connection.request("GET", "/endless")
        response = connection.getresponse()
        assert response.read(5) == b"first"
    connection.close()
    response.close()

    assert set(threading.enumerate()) - before == set()


def test_stops_while_a_client_does_not_read() -> None:
    """An answer that nobody takes is given up, with its connection, instead of being kept for ever."""
    with Server(_large) as server:
        connection = _connect(server.url)
        connection.request("GET", "/")
        assert connection.sock.recv(1)

    with contextlib.closing(connection):
        assert sum(map(len, iter(lambda: connection.sock.recv(1 << 20), b""))) < _LARGE


def test_port_is_free_afterwards() -> None:
    """A stopped server no longer answers."""
    with Server(_app) as server:
        connection = _connect(server.url)

    with pytest.raises(ConnectionRefusedError):
        connection.request("GET", "/")


def test_port_of_choice() -> None:
    """A port may be asked for; one in use is an error of the operating system's."""
    with Server(_app) as server:
        port = int(server.url.rpartition(":")[2])
        with pytest.raises(OSError, match="in use"), Server(_app, port=port):
            pass
    with Server(_app, port=port) as again:
        assert again.url == server.url


def test_stops_while_clients_come() -> None:
    """Connections that were just accepted are closed like all others: none is left to the garbage collector."""
    with contextlib.ExitStack() as clients:
        for _ in range(10):
            with Server(_app) as server:
                port = int(server.url.rpartition(":")[2])
                for _ in range(50):
                    clients.enter_context(socket.create_connection(("127.0.0.1", port)))
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always", ResourceWarning)
        gc.collect()

    assert heard == []
