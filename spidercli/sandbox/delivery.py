"""How an answer reaches its client, or does not: the faults of a connection, for the cloud and the cluster alike."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import Callable, Iterator

from spidercli.sandbox.asgi import Receive, Scope, Send
from spidercli.sandbox.faults import Fault, Kind

CLOSE = "close"
RESET = "reset"
"""What the server puts into the state of a scope: functions that end the connection at once, politely or not."""

_HTML = b"<!DOCTYPE html>\n<html><head><title>Welcome</title></head><body><h1>Please log in</h1></body></html>\n"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reply:
    """A whole answer in bytes; the length is added to the headers."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


_PAGE = Reply(status=200, headers=((b"content-type", b"text/html; charset=utf-8"),), body=_HTML)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Exchange:
    """A request whose body has been read, and the way back to its client."""

    scope: Scope
    receive: Receive
    send: Send

    async def answer(self, reply: Reply, fault: Fault | None = None) -> None:
        """Send an answer, or do what the fault says; without one of a connection's faults it is simply sent.

        Nothing here may hold a lock: a client that hangs must hold nobody else up.
        """
        match fault.kind if fault else None:
            case Kind.RESET:
                await self._end(RESET)
            case Kind.LOST:
                await self._end(CLOSE)
            case Kind.HANG | Kind.HANG_AFTER:
                await self._hang()
            case Kind.CUT:
                await self._half(reply)
            case Kind.GARBAGE:
                await self._whole(_PAGE)
            case _:
                await self.delay(fault)
                await self._whole(reply)

    async def delay(self, fault: Fault | None) -> None:
        """Wait as long as a slow answer takes; not longer than the client does."""
        if fault and fault.kind in (Kind.SLOW, Kind.WEBHOOK_SLOW):
            with self._unless_the_server_ends(), contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.gone(), fault.seconds)

    async def gone(self) -> None:
        """Wait until the client has closed the connection."""
        while (await self.receive())["type"] != "http.disconnect":
            pass

    async def _whole(self, reply: Reply) -> None:
        await self._begin(reply)
        await self.send({"type": "http.response.body", "body": reply.body})

    async def _half(self, reply: Reply) -> None:
        await self._begin(reply)
        half = reply.body[: len(reply.body) // 2]
        await self.send({"type": "http.response.body", "body": half, "more_body": True})
        await self._end(CLOSE)

    async def _begin(self, reply: Reply) -> None:
        headers = [*reply.headers, (b"content-length", str(len(reply.body)).encode())]
        await self.send({"type": "http.response.start", "status": reply.status, "headers": headers})

    async def _hang(self) -> None:
        with self._unless_the_server_ends():
            await self.gone()

    @contextlib.contextmanager
    def _unless_the_server_ends(self) -> Iterator[None]:
        """Give no answer either when the server ends in the middle of a wait."""
        try:
            yield
        except asyncio.CancelledError:
            self._ending(RESET)()
            raise

    async def _end(self, how: str) -> None:
        self._ending(how)()
        await self.gone()

    def _ending(self, how: str) -> Callable[[], None]:
        ending: Callable[[], None] = self.scope["state"][how]
        return ending
