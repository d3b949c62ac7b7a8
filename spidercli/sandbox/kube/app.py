"""The API server over HTTP: a bare ASGI application around a KubeApi."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qsl

from spidercli.sandbox.asgi import App, Receive, Scope, Send
from spidercli.sandbox.delivery import Exchange, Reply
from spidercli.sandbox.faults import Kind
from spidercli.sandbox.kube.api import KubeApi
from spidercli.sandbox.kube.requests import Answer, Request
from spidercli.sandbox.kube.watching import Watch

_EVENTS = ((b"content-type", b"application/json"),)


def kube_app(api: KubeApi) -> App:
    """An ASGI application that serves an API server's state."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            answer = api.handle(await _read(scope, receive))
            exchange = Exchange(scope=scope, receive=receive, send=send)
            if isinstance(answer, Watch):
                await _stream(api, answer, exchange)
            else:
                await exchange.answer(_reply(answer, api.date), answer.fault)

    return app


async def _read(scope: Scope, receive: Receive) -> Request:
    chunks: list[bytes] = []
    more = True
    while more:
        message = await receive()
        chunks.append(message.get("body", b""))
        more = message.get("more_body", False)
    pairs = parse_qsl(scope["query_string"].decode(), keep_blank_values=True)
    return Request(
        method=scope["method"],
        path=scope["path"],
        query=dict(reversed(pairs)),
        headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
        body=b"".join(chunks),
    )


def _reply(answer: Answer, date: str) -> Reply:
    headers = tuple(
        (name.encode(), value.encode("latin-1", "replace"))
        for name, values in answer.all_headers().items()
        for value in values
    )
    return Reply(status=int(answer.status), headers=((b"date", date.encode()), *headers), body=answer.encoded())


async def _stream(api: KubeApi, watch: Watch, exchange: Exchange) -> None:
    """Send a watch's events until its time is over or the client goes."""
    send = exchange.send
    if watch.fault and watch.fault.kind is not Kind.SLOW:
        with api.locked():
            events = b"".join(watch.take())
        await exchange.answer(Reply(status=200, headers=_EVENTS, body=events), watch.fault)
        return
    await exchange.delay(watch.fault)
    await send({"type": "http.response.start", "status": 200, "headers": _EVENTS})
    loop, news = asyncio.get_running_loop(), asyncio.Event()
    gone = asyncio.ensure_future(exchange.gone())
    deadline = loop.time() + watch.seconds
    try:
        with watch.listening(lambda: loop.call_soon_threadsafe(news.set)):
            more = True
            while more:
                news.clear()
                with api.locked():
                    frames = watch.take()
                await send({"type": "http.response.body", "body": b"".join(frames), "more_body": True})
                more = not watch.over and await _wait(news, gone, deadline - loop.time())
        await send({"type": "http.response.body", "body": b"".join(watch.last())})
    finally:
        gone.cancel()


async def _wait(news: asyncio.Event, gone: asyncio.Future[None], seconds: float) -> bool:
    """Wait for news; False when the time is over or the client gone."""
    arrived = asyncio.ensure_future(news.wait())
    waits: set[asyncio.Future[Any]] = {arrived, gone}
    await asyncio.wait(waits, timeout=max(seconds, 0), return_when=asyncio.FIRST_COMPLETED)
    arrived.cancel()
    return news.is_set() and not gone.done()
