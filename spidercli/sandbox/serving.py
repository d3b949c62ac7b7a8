"""An ASGI application on a loopback port, for as long as a `with` block lasts."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from types import TracebackType
from typing import Any, Self, cast

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from spidercli.sandbox import delivery
from spidercli.sandbox.asgi import App

_HOST = "127.0.0.1"
_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: on, for no time, so that closing sends a reset
_TURNS = 4  # of the event loop


class Server:
    """Serves an application from a thread of its own.

    The port is bound before the block is entered, so that nobody has to wait for it; on leaving, open
    connections are cut, because their clients belong to the block.
    """

    def __init__(self, app: App, port: int = 0) -> None:
        config = uvicorn.Config(
            app,
            http=_Protocol,
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            date_header=False,
        )
        config.load()  # here rather than in the thread, where an error would be lost
        self._port = port
        self._uvicorn = _Uvicorn(config)

    @property
    def url(self) -> str:
        """The server's address, http://127.0.0.1:PORT."""
        return f"http://{_HOST}:{self._port}"

    def __enter__(self) -> Self:
        listener = _Listener(fileno=socket.create_server((_HOST, self._port)).detach())
        # asyncio sets this itself only on sockets made with IPPROTO_TCP; without it every answer waits 40 ms.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._port = listener.getsockname()[1]
        self._thread = threading.Thread(target=self._uvicorn.run, args=([listener],), name="sandbox", daemon=True)
        self._thread.start()
        self._uvicorn.ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._uvicorn.stop()
        self._thread.join()


class _Listener(socket.socket):
    """A socket that stops to accept at once: asyncio goes on for as long as clients come."""

    over = False

    def accept(self) -> tuple[socket.socket, Any]:
        if self.over:
            raise BlockingIOError
        return super().accept()


class _Protocol(H11Protocol):
    """HTTP/1.1 whose applications can end the connection: two functions in the state of each scope."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self.app_state = {**self.app_state, delivery.CLOSE: transport.close, delivery.RESET: self._reset}

    def _reset(self) -> None:
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self.transport.abort()


class _Uvicorn(uvicorn.Server):
    """uvicorn, told to stop by an event and stopping at once.

    Its own loop looks at a flag ten times a second, and its shutdown sleeps before it waits for the clients.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def main_loop(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        await self.on_tick(0)
        self.ready.set()
        await self._end.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for listener in cast("list[_Listener]", sockets):
            listener.over = True
        # What was accepted turns up among the connections within two turns; a closed server would lose it unclosed.
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        for server in self.servers:  # which closes the listeners
            server.close()
        connections = list(self.server_state.connections)
        for connection in connections:
            connection.shutdown()
        tasks = list(self.server_state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for connection in connections:  # a client that does not read would keep its connection open
            connection.transport.abort()
        await asyncio.sleep(0)

    def stop(self) -> None:
        """End the server; callable from any thread."""
        self._loop.call_soon_threadsafe(self._end.set)
