"""HTTP as bare ASGI: a request read in one piece, an answer written in one piece."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from types import MappingProxyType

from spidercli.sandbox.asgi import Receive, Scope
from spidercli.sandbox.delivery import Exchange, Reply
from spidercli.sandbox.faults import Fault

_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


@dataclasses.dataclass(frozen=True, kw_only=True)
class Request:
    """A request; header names are in lower case."""

    method: str
    path: str
    query: str  # as sent, without the question mark
    headers: Mapping[str, str]
    body: bytes


@dataclasses.dataclass(frozen=True, kw_only=True)
class Response:
    """An answer, and what happens to it on its way."""

    status: int
    body: bytes
    content_type: str
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    fault: Fault | None = None


def nothing(fault: Fault) -> Response:
    """No answer, because the request was not carried out; the fault says what its client sees."""
    return Response(status=0, body=b"", content_type="", fault=fault)


def text(status: int, body: str) -> Response:
    """A plain text answer."""
    return Response(status=status, body=body.encode(), content_type="text/plain")


def document(status: int, body: Mapping[str, object], headers: Mapping[str, str] = _NO_HEADERS) -> Response:
    """A JSON answer."""
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(status=status, body=data, content_type="application/json;charset=utf-8", headers=headers)


async def read(scope: Scope, receive: Receive) -> Request:
    """Take in a whole request."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    query = scope["query_string"].decode("latin-1")
    return Request(method=scope["method"], path=scope["path"], query=query, headers=headers, body=body)


async def write(response: Response, exchange: Exchange) -> None:
    """Give out a whole answer, unless a fault keeps it back."""
    headers = {**response.headers, "content-type": response.content_type}
    pairs = tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items())
    await exchange.answer(Reply(status=response.status, headers=pairs, body=response.body), response.fault)
