"""The errors that faults answer with, as Alibaba Cloud words them.

Codes and statuses: the error centres of ECS, VPC and the OpenAPI gateway; OperationFailed.Throttling is the spelling
of VPC's writes (it is among the codes that the Terraform provider tries again).
"""

from __future__ import annotations

from collections.abc import Mapping

from spidercli.sandbox.cloud.errors import ApiError, invalid
from spidercli.sandbox.faults import Fault, Kind

_DENIED = "Request was denied due to"
_ERRORS: Mapping[Kind, tuple[int, str, str]] = {
    Kind.THROTTLED: (400, "Throttling", f"{_DENIED} request throttling."),
    Kind.THROTTLED_USER: (400, "Throttling.User", f"{_DENIED} user flow control."),
    Kind.THROTTLED_FLOW: (400, "OperationFailed.Throttling", f"{_DENIED} operation throttling."),
    Kind.TOO_MANY: (429, "Throttling.Api", f"{_DENIED} api flow control."),
    Kind.ERROR: (500, "InternalError", "The request processing has failed due to some unknown error."),
    Kind.UNAVAILABLE: (503, "ServiceUnavailable", "The request has failed due to a temporary failure of the server."),
    Kind.FORBIDDEN: (403, "Forbidden.RAM", "User not authorized to operate on the specified resource, or this API."),
    Kind.UNAUTHORIZED: (404, "InvalidAccessKeyId.NotFound", "Specified access key is not found."),
}
_STATUSES: Mapping[Kind, tuple[int, str]] = {
    Kind.TOO_MANY: (429, "Too Many Requests"),
    Kind.ERROR: (500, "Internal Server Error"),
    Kind.UNAVAILABLE: (503, "Service Unavailable"),
    Kind.FORBIDDEN: (403, "Forbidden"),
    Kind.UNAUTHORIZED: (401, "Unauthorized"),
}


def of_api(fault: Fault | None) -> ApiError | None:
    """The error of an OpenAPI call that is struck; None if it is carried out, or not even answered."""
    if fault is None:
        return None
    if isinstance(fault.error, ApiError):
        return fault.error
    if fault.kind is Kind.EXPIRED:
        return invalid("NextToken", "it has expired")
    if fault.kind not in _ERRORS:
        return None
    waits = {"x-acs-retry-after": str(round(fault.seconds * 1000))} if fault.kind is Kind.TOO_MANY else {}
    return ApiError(*_ERRORS[fault.kind], headers=waits)


def forbidden() -> ApiError:
    """The error of a call that RAM does not allow."""
    return ApiError(*_ERRORS[Kind.FORBIDDEN])


def of_metadata(fault: Fault | None) -> ApiError | None:
    """The same for the metadata service, whose errors are a status and its words."""
    if fault is None:
        return None
    if isinstance(fault.error, ApiError):
        return fault.error
    if fault.kind not in _STATUSES:
        return None
    status, words = _STATUSES[fault.kind]
    return ApiError(status, words, f"{status} - {words}")
