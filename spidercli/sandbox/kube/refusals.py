"""The errors that faults answer with, as a Kubernetes API server words them (k8s.io/apimachinery, k8s.io/apiserver)."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from http import HTTPStatus

from spidercli.sandbox.faults import Fault, Kind
from spidercli.sandbox.kube import errors
from spidercli.sandbox.kube.errors import ApiError
from spidercli.sandbox.kube.requests import Recorded, Request
from spidercli.sandbox.kube.routing import Target

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
_STATUSES: Mapping[Kind, HTTPStatus] = {
    Kind.TOO_MANY: HTTPStatus.TOO_MANY_REQUESTS,
    Kind.UNAUTHORIZED: HTTPStatus.UNAUTHORIZED,
    Kind.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
}
_STORAGE = "etcdserver: request timed out"
_PROBLEMS = {
    Kind.WEBHOOK_DOWN: "dial tcp 10.96.0.57:{port}: connect: connection refused",
    Kind.WEBHOOK_SLOW: "context deadline exceeded",
}
_WEBHOOK_PORT = 5722  # spiderpoolController.webhookPort


@dataclasses.dataclass(frozen=True, kw_only=True)
class Call:
    """A request as rules look at it."""

    verb: str
    plural: str = ""  # "" for what is no resource, such as discovery
    group: str = ""
    namespace: str = ""
    path: str = ""

    @classmethod
    def of(cls, target: Target | None, request: Request) -> Call:
        """The call that a request is."""
        if target is None:
            return cls(verb="get", path=request.path)
        resource = target.resource
        return cls(verb=target.verb, plural=resource.plural, group=resource.group, namespace=target.namespace)

    @property
    def name(self) -> str:
        """The call's name, as faults have it."""
        return f"k8s:{self.verb}:{self.plural or self.path}"

    def forbidden(self) -> str:
        """What RBAC says of such a request."""
        if not self.plural:
            return f'forbidden: User "sandbox" cannot {self.verb} path "{self.path}"'
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


def of_status(status: int, reason: str = "", message: str = "", *, retry_after: int | None = None) -> ApiError:
    """An error with the usual reason and words of its status, where others are not given."""
    known = HTTPStatus(status)
    usual = _MESSAGES.get(known, known.phrase)
    return ApiError(status, reason or _REASONS.get(known, ""), message or usual, retry_after=retry_after)


def of_fault(fault: Fault, call: Call, target: Target | None) -> ApiError | None:
    """The error of a call that is struck; None if something else happens to it."""
    if isinstance(fault.error, ApiError):
        return fault.error
    match fault.kind:
        case Kind.FORBIDDEN:
            return of_status(HTTPStatus.FORBIDDEN, message=call.forbidden())
        case Kind.ERROR:  # such errors come from etcd as they are, without a reason
            return ApiError(HTTPStatus.INTERNAL_SERVER_ERROR, "", _STORAGE)
        case Kind.CONFLICT if target:
            return errors.modified(target.resource, target.name)
        case Kind.TOO_MANY:
            return of_status(HTTPStatus.TOO_MANY_REQUESTS, retry_after=math.ceil(fault.seconds))
    return of_status(_STATUSES[fault.kind]) if fault.kind in _STATUSES else None


def of_webhook(kind: Kind, name: str, phase: str, namespace: str) -> ApiError | None:
    """The error of a write whose webhook can't be asked; None if it can.

    Args:
        kind: what is wrong.
        name: the webhook's, for example spiderippool.spiderpool.spidernet.io.
        phase: mutate or validate.
        namespace: Spiderpool's.
    """
    if kind not in _PROBLEMS:
        return None
    path = f"{phase}-spiderpool-spidernet-io-v2beta1-{name.partition('.')[0]}"
    url = f"https://spiderpool-controller.{namespace}.svc:{_WEBHOOK_PORT}/{path}?timeout=10s"
    why = _PROBLEMS[kind].format(port=_WEBHOOK_PORT)
    problem = f'failed calling webhook "{name}": failed to call webhook: Post "{url}": {why}'
    return ApiError(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "InternalError",
        f"Internal error occurred: {problem}",
        details={"causes": [{"message": problem}]},
    )
