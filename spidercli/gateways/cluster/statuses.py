"""Kubernetes' `Status`, the body of every refusal, read into what the error table asks about."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from spidercli.gateways.cluster.wire import Answer

_LONGEST = 400
_MANY = 5
_MISTYPED = ("field not declared in schema", "failed to create typed patch object")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cause:
    """One of the reasons of a refusal."""

    reason: str  # for example FieldValueForbidden, FieldManagerConflict
    field: str  # for example spec.ips
    message: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Status:
    """A refusal. Everything is empty where the body was not a Status: nobody knows what such a body holds."""

    reason: str = ""
    message: str = ""  # as the server sent it
    kind: str = ""  # the plural of what is meant, for example spiderippools
    name: str = ""
    causes: tuple[Cause, ...] = ()

    @classmethod
    def of(cls, answer: Answer) -> Status:
        """Read an answer's body."""
        try:
            document = json.loads(answer.body)
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict) or document.get("kind") != "Status":
            return cls()
        details = _mapping(document.get("details"))
        causes = details.get("causes")
        return cls(
            reason=str(document.get("reason") or ""),
            message=str(document.get("message") or ""),
            kind=str(details.get("kind") or ""),
            name=str(details.get("name") or ""),
            causes=tuple(_cause(_mapping(cause)) for cause in (causes if isinstance(causes, list) else ())),
        )

    @property
    def summary(self) -> str:
        """Why, in one line: the causes where there are some, else the message without the webhook's preamble."""
        told = [": ".join(filter(None, (cause.field, cause.message))) for cause in self.causes]
        more = [f"and {len(told) - _MANY} more"] if len(told) > _MANY else []
        text = "; ".join(told[:_MANY] + more) or self.message.partition(" denied the request: ")[2] or self.message
        return shortened(text)

    @property
    def mistyped(self) -> bool:
        """Whether a server-side apply holds a field or a type that the schema does not have (a 500, of all things)."""
        return any(text in self.message for text in _MISTYPED)


def shortened(text: str) -> str:
    """A text on one line, cut to a length that a terminal shows."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _cause(cause: dict[str, Any]) -> Cause:
    return Cause(
        reason=str(cause.get("reason") or ""),
        field=str(cause.get("field") or ""),
        message=str(cause.get("message") or ""),
    )
