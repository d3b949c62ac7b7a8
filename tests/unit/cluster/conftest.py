"""A wire that answers from a script and keeps what it was asked."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest

from spidercli.gateways.cluster.api import Api
from spidercli.gateways.cluster.retrying import Patience
from spidercli.gateways.cluster.wire import Answer, Request


@dataclasses.dataclass
class ScriptedWire:
    """Answers in the given order, the last one for ever; an exception is raised."""

    script: list[Answer | Exception]
    host: str = "api.test:6443"
    asked: list[Request] = dataclasses.field(default_factory=list)

    def send(self, request: Request) -> Answer:
        self.asked.append(request)
        answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def make_answer(document: object, *, status: int = 200, **extra: Any) -> Answer:
    return Answer(status=status, body=json.dumps(document).encode(), **extra)


def make_status(code: int, message: str = "", *, reason: str = "", **details: Any) -> Answer:
    document = {
        "kind": "Status",
        "status": "Failure",
        "message": message,
        "reason": reason,
        "details": details,
        "code": code,
    }
    return make_answer(document, status=code)


@pytest.fixture(name="answer")
def _answer() -> Callable[..., Answer]:
    """An answer with a JSON document."""
    return make_answer


@pytest.fixture(name="status")
def _status() -> Callable[..., Answer]:
    """A refusal as Kubernetes writes it."""
    return make_status


@pytest.fixture(name="slept")
def _slept() -> list[float]:
    """How long was slept before each further attempt."""
    return []


@pytest.fixture(name="patience")
def _patience(slept: list[float]) -> Patience:
    """Patience without waiting and without chance."""
    return Patience(sleep=slept.append, jitter=lambda: 1.0)


@pytest.fixture(name="wire")
def _wire() -> Callable[..., ScriptedWire]:
    """A wire with a script."""
    return lambda *script: ScriptedWire(list(script))


@pytest.fixture(name="api")
def _api(patience: Patience) -> Callable[..., Api]:
    """An API with a script, or over a wire."""

    def build(*script: Answer | Exception | ScriptedWire) -> Api:
        only = script[0]
        return Api(only if isinstance(only, ScriptedWire) else ScriptedWire(list(script)), patience)  # type: ignore[arg-type]

    return build
