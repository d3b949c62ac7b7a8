"""Refusals on order: what a test or a rehearsal wants the server to fail with."""

from __future__ import annotations

import dataclasses
from http import HTTPStatus

from spidercli.sandbox.kube.errors import ApiError
from spidercli.sandbox.kube.requests import Recorded, Request

ANY = "*"

_REASONS = {
    HTTPStatus.UNAUTHORIZED: "Unauthorized",
    HTTPStatus.FORBIDDEN: "Forbidden",
    HTTPStatus.CONFLICT: "Conflict",
    HTTPStatus.TOO_MANY_REQUESTS: "TooManyRequests",
    HTTPStatus.INTERNAL_SERVER_ERROR: "InternalError",
    HTTPStatus.SERVICE_UNAVAILABLE: "ServiceUnavailable",
    HTTPStatus.GATEWAY_TIMEOUT: "Timeout",
}
_MESSAGES = {
    HTTPStatus.UNAUTHORIZED: "Unauthorized",
    HTTPStatus.TOO_MANY_REQUESTS: "the server has received too many requests and has asked us to try again later",
    HTTPStatus.SERVICE_UNAVAILABLE: "the server is currently unable to handle the request",
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Call:
    """A request as rules look at it."""

    verb: str
    plural: str  # "" for what is no resource, such as discovery
    group: str = ""
    namespace: str = ""

    def forbidden(self) -> str:
        """What RBAC says of such a request."""
        qualified = f"{self.plural}.{self.group}" if self.group else self.plural
        where = f'in the namespace "{self.namespace}"' if self.namespace else "at the cluster scope"
        return (
            f'{qualified} is forbidden: User "sandbox" cannot {self.verb} resource "{self.plural}" '
            f'in API group "{self.group}" {where}'
        )

    def recorded(self, request: Request, status: int) -> Recorded:
        """The request as tests look at it."""
        return Recorded(
            method=request.method,
            path=request.path,
            query=request.query,
            user_agent=request.user_agent,
            verb=self.verb,
            plural=self.plural,
            status=status,
        )


@dataclasses.dataclass(kw_only=True)
class Rule:
    """Requests that are answered with an error."""

    verb: str  # or "*"
    plural: str  # or "*", which also means what is no resource
    status: int
    reason: str = ""  # empty: the usual one of the status
    message: str = ""  # empty: the usual one of the status
    times: int | None = None  # how many requests more; None means all
    retry_after: int | None = None  # seconds

    def matches(self, call: Call) -> bool:
        """Whether a request is meant."""
        return self.times != 0 and self.verb in (ANY, call.verb) and self.plural in (ANY, call.plural)

    def refusal(self, call: Call) -> ApiError:
        """The error for a request."""
        usual = call.forbidden() if self.status == HTTPStatus.FORBIDDEN else _MESSAGES.get(HTTPStatus(self.status), "")
        return ApiError(
            self.status,
            self.reason or _REASONS.get(HTTPStatus(self.status), ""),
            self.message or usual or HTTPStatus(self.status).phrase,
            retry_after=self.retry_after,
        )


class Rules:
    """The rules in force; the first that matches counts."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []

    def add(self, rule: Rule) -> None:
        """Put a rule in force."""
        self._rules.append(rule)

    def clear(self) -> None:
        """Lift all rules."""
        self._rules.clear()

    def permits(self, call: Call) -> bool:
        """Whether a request would not be forbidden; asking does not use a rule up."""
        return not any(rule.matches(call) and rule.status == HTTPStatus.FORBIDDEN for rule in self._rules)

    def check(self, call: Call) -> None:
        """Refuse a request that a rule means.

        Raises:
            ApiError: what the rule says.
        """
        for rule in self._rules:
            if rule.matches(call):
                if rule.times is not None:
                    rule.times -= 1
                raise rule.refusal(call)
