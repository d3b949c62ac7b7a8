"""Refusals of the API server, turned into our errors by one table."""

from __future__ import annotations

import re
from collections.abc import Callable
from http import HTTPStatus

from spidercli import kinds
from spidercli.errors import (
    AddressInUse,
    ClusterError,
    ClusterForbidden,
    ClusterUnauthorized,
    ClusterUnreachable,
    KindMissing,
    WriteConflict,
    WriteRefused,
)
from spidercli.gateways.cluster.statuses import Status
from spidercli.gateways.cluster.wire import Answer, Request

# RBAC's own text: 'x is forbidden: User "ci" cannot patch resource "nodes" in API group "" at the cluster scope'
_RBAC = re.compile(
    r'User "(?P<user>[^"]*)" cannot (?P<verb>\w+) (?:resource|path) "(?P<resource>[^"]*)"'
    r'(?: in API group "(?P<group>[^"]*)")?(?:.* in the namespace "(?P<namespace>[^"]*)")?'
)
# Spiderpool's validation (pkg/ippoolmanager/ippool_validate.go); on a delete only if it is configured to look
_IN_USE = re.compile(r"an IP address (?P<address>\S+) that is being used by Pod (?P<pod>[^\s,]+)")
_DELETE_IN_USE = re.compile(r"cannot delete an IPPool with allocated IPs")
_ANONYMOUS = "system:anonymous"


def refusal(answer: Answer, request: Request, host: str) -> ClusterError:
    """The error that an answer stands for; `host` is how messages name the server."""
    status = Status.of(answer)
    in_use = _in_use(status, request)
    if in_use is not None:
        return in_use
    make = _BY_STATUS.get(answer.status, _unavailable if _is_outage(answer.status) else _refused)
    error = make(status, request, f"{host} answers {answer.status}")
    if isinstance(error, ClusterUnreachable):
        error.in_doubt = answer.in_doubt
    return error


def kind_missing(kind: kinds.Kind) -> KindMissing:
    """The cluster has no such kind."""
    if kind.api_version == kinds.SPIDERPOOL:
        return KindMissing(
            f"Spiderpool is not installed: the cluster has no {kind.kind}",
            hint="install its Helm chart first, or check that the kubeconfig's context is the cluster you mean",
        )
    return KindMissing(f"the cluster does not serve {kind.kind} ({kind.api_version})")


def names_no_object(answer: Answer) -> bool:
    """Whether a 404 means that the kind is unknown: a missing object would be named."""
    return not Status.of(answer).name


def _is_outage(status: int) -> bool:
    return status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _in_use(status: Status, request: Request) -> AddressInUse | None:
    held = _IN_USE.search(status.message)
    if held:
        reason = f"pod {held['pod']} holds {held['address']}"
    elif _DELETE_IN_USE.search(status.message):
        reason = "pods hold addresses of it"
    else:
        return None
    return AddressInUse(
        f"can't {request.purpose}: {reason}", hint="the address stays in its pool; run again when the pod is gone"
    )


def _unauthorized(_status: Status, _request: Request, _answered: str) -> ClusterError:
    return ClusterUnauthorized(
        "the Kubernetes API does not accept the kubeconfig's credentials",
        hint="they may have expired: log in again, or choose another context with --context",
    )


def _forbidden(status: Status, request: Request, answered: str) -> ClusterError:
    denied = _RBAC.search(status.message)
    if denied is None:
        return _refused(status, request, answered)
    if denied["user"] == _ANONYMOUS:
        return _unauthorized(status, request, answered)
    resource = ".".join(filter(None, (denied["resource"], denied["group"])))
    where = f" in namespace {denied['namespace']}" if denied["namespace"] else ""
    scope = f" -n {denied['namespace']}" if denied["namespace"] else ""
    return ClusterForbidden(
        f"user {denied['user']} may not {denied['verb']} {resource}{where}",
        hint=f"grant it with RBAC; `kubectl auth can-i {denied['verb']} {resource}{scope}` checks it",
    )


def _absent(status: Status, request: Request, answered: str) -> ClusterError:
    if status.kind == "namespaces":
        return WriteRefused(
            f"can't {request.purpose}: namespace {status.name} does not exist",
            hint="is spiderpool.namespace right? `helm list --all-namespaces` shows where Spiderpool is installed",
        )
    if status.name:
        return WriteConflict(f"can't {request.purpose}: it does not exist any more", hint="run again")
    return KindMissing(
        f"can't {request.purpose}: the cluster does not serve this kind",
        hint=f"{answered} to {request.path}; is Spiderpool installed?",
    )


def _conflict(status: Status, request: Request, _answered: str) -> ClusterError:
    owners = [cause for cause in status.causes if cause.reason == "FieldManagerConflict"]
    if owners:
        return WriteRefused(f"can't {request.purpose}: {status.summary}")
    if status.reason == "AlreadyExists":
        return WriteConflict(f"can't {request.purpose}: it exists by now", hint="run again")
    return WriteConflict(f"can't {request.purpose}: it was changed since it was read", hint="run again")


def _internal(status: Status, request: Request, answered: str) -> ClusterError:
    if status.mistyped:
        return WriteRefused(
            f"can't {request.purpose}: {status.summary}",
            hint="the cluster's CRD does not know this field or type: upgrade Spiderpool, or override the template",
        )
    return _unavailable(status, request, answered)


def _unavailable(status: Status, request: Request, answered: str) -> ClusterError:
    if "failed calling webhook" in status.message:
        return ClusterUnreachable(
            f"can't {request.purpose}: Spiderpool's webhook does not answer: {status.summary}",
            hint="look at the Deployment, the Service and the pods of spiderpool-controller",
        )
    return ClusterUnreachable(f"can't {request.purpose}: {answered}: {status.summary}".removesuffix(": "))


def _refused(status: Status, request: Request, answered: str) -> ClusterError:
    if any(cause.field == "metadata.uid" for cause in status.causes):  # a patch with the uid of a former object
        return WriteConflict(f"can't {request.purpose}: it is another object of that name by now", hint="run again")
    return WriteRefused(f"can't {request.purpose}: {status.summary or answered}")


_BY_STATUS: dict[int, Callable[[Status, Request, str], ClusterError]] = {
    HTTPStatus.UNAUTHORIZED: _unauthorized,
    HTTPStatus.FORBIDDEN: _forbidden,
    HTTPStatus.NOT_FOUND: _absent,
    HTTPStatus.CONFLICT: _conflict,
    HTTPStatus.INTERNAL_SERVER_ERROR: _internal,
}
