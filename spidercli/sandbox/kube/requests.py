"""Requests and answers, apart from ASGI."""

from __future__ import annotations

import collections
import dataclasses
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from spidercli.sandbox.faults import Fault
from spidercli.sandbox.kube.errors import ApiError, PageNotFound


@dataclasses.dataclass(frozen=True, kw_only=True)
class Request:
    """One HTTP request; header names are in lower case, of repeated query keys the first counts."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def accept(self) -> str:
        """What the client can read."""
        return self.headers.get("accept", "")

    @property
    def content_type(self) -> str:
        """What the client sends."""
        return self.headers.get("content-type", "")

    @property
    def user_agent(self) -> str:
        """Who the client is."""
        return self.headers.get("user-agent", "")

    @property
    def wants_watch(self) -> bool:
        """Whether the client waits for changes."""
        return self.method == "GET" and self.query.get("watch", "").lower() in ("1", "true")

    @property
    def dry_run(self) -> bool:
        """Whether nothing may be stored."""
        return self.query.get("dryRun") == "All"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recorded:
    """What is kept of a request, for tests that count requests."""

    method: str
    path: str
    query: Mapping[str, str]
    user_agent: str
    verb: str  # get, list, watch, create, update, patch, delete, deletecollection; "get" for what is no resource
    plural: str  # "" for what is no resource
    status: int  # 0 where it was neither carried out nor answered by the server


class Records:
    """The latest requests, oldest first."""

    def __init__(self, limit: int) -> None:
        self._kept: collections.deque[Recorded] = collections.deque(maxlen=limit)

    def add(self, recorded: Recorded) -> None:
        """Keep a request, and forget the oldest if there are too many."""
        self._kept.append(recorded)

    def all(self) -> list[Recorded]:
        """The requests."""
        return list(self._kept)

    def clear(self) -> None:
        """Forget all."""
        self._kept.clear()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answer:
    """One HTTP answer that is complete, and what happens to it on its way."""

    body: Any  # a JSON value, or text
    status: int = HTTPStatus.OK
    content_type: str = "application/json"
    warnings: tuple[str, ...] = ()
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    fault: Fault | None = None

    def encoded(self) -> bytes:
        """The body's bytes."""
        if isinstance(self.body, str):
            return self.body.encode()
        return json.dumps(self.body, separators=(",", ":"), ensure_ascii=False).encode()

    def all_headers(self) -> dict[str, list[str]]:
        """The headers, apart from the length."""
        escaped = [warning.replace("\\", "\\\\").replace('"', '\\"') for warning in self.warnings]
        return {
            "content-type": [self.content_type],
            "warning": [f'299 - "{warning}"' for warning in escaped],
            **{name: [value] for name, value in self.headers.items()},
        }


def nothing(fault: Fault) -> Answer:
    """No answer, because the request was not carried out; the fault says what its client sees."""
    return Answer(body=None, status=0, fault=fault)


def failure(error: ApiError) -> Answer:
    """A refusal as an answer."""
    if isinstance(error, PageNotFound):
        return Answer(body=error.message, status=error.code, content_type="text/plain; charset=utf-8")
    headers = {} if error.retry_after is None else {"retry-after": str(error.retry_after)}
    return Answer(body=error.status(), status=error.code, headers=headers)
