"""What an API's error codes mean: the error that the user sees, the hint, and whether another try can help.

Codes: ECS and VPC error centres, terway's client, and the Terraform provider. Two codes may mean the same thing, and
throttling is a family (Throttling, Throttling.User, OperationFailed.Throttling), so the table has patterns.
"""

from __future__ import annotations

import dataclasses
import enum
from fnmatch import fnmatchcase
from http import HTTPStatus

from spidercli import errors
from spidercli.gateways.alibaba.calls import REFUSED, Call, Cause, Failure


class Remedy(enum.Enum):
    """What can be done about a failure."""

    NONE = enum.auto()
    RETRY = enum.auto()
    SLOW_DOWN = enum.auto()  # retry, and let nobody else call until then


@dataclasses.dataclass(frozen=True)
class Meaning:
    """What a family of codes stands for."""

    error: type[errors.CloudError]
    hint: str | None = None
    remedy: Remedy = Remedy.NONE


_THROTTLED = Meaning(
    errors.Throttled,
    "all tools of the account share this quota: wait a minute, or raise it in the Quota Center",
    Remedy.SLOW_DOWN,
)
_BUSY = Meaning(errors.CloudError, "this is a fault on Alibaba Cloud's side: run the command again", Remedy.RETRY)
_CONFLICT = Meaning(errors.CloudError, "another change to the same resource is under way", Remedy.RETRY)
_PLAIN = Meaning(errors.CloudError)
_KEY = Meaning(
    errors.CredentialsRejected, "check the AccessKey; the first way of the chain wins, and --profile beats it"
)
_TOKEN = Meaning(errors.CredentialsRejected, "the temporary credentials have ended: log in again, or renew the token")
_CLOCK = Meaning(errors.CredentialsRejected, "requests are valid for 15 minutes: set this machine's clock")
_DENIED = Meaning(errors.PermissionMissing, "attach a RAM policy that allows it; the README lists all actions")
_REGION = Meaning(errors.CloudError, "check --region")
_VPC = Meaning(errors.CloudError, "check --vpc and --region")
_NO_ADDRESSES = Meaning(errors.VSwitchExhausted, "take another vSwitch in the same zone, or free addresses in this one")
_TAKEN = Meaning(errors.CloudError, "`spidercli sandbox move-ip` moves it from the ENI that has it")
_ENI_FULL = Meaning(errors.EniLimitReached, "the instance type carries no more: use another ENI, or a larger type")
_QUOTA = Meaning(errors.CloudError, "raise the quota in the Quota Center, or delete what is unused")

_BY_CODE: tuple[tuple[str, Meaning], ...] = (
    ("Throttling*", _THROTTLED),
    ("*.Throttling*", _THROTTLED),
    ("Operation.Conflict", _CONFLICT),
    ("OperationConflict", _CONFLICT),
    ("TaskConflict", _CONFLICT),
    ("LastTokenProcessing", _CONFLICT),
    ("SignatureNonceUsed", Meaning(errors.CredentialsRejected, None, Remedy.RETRY)),  # a retry has another nonce
    ("InvalidTimeStamp*", _CLOCK),
    ("IllegalTimestamp*", _CLOCK),
    ("InvalidSecurityToken*", _TOKEN),
    ("SecurityTokenExpired", _TOKEN),
    ("InvalidAccessKey*", _KEY),
    ("InvalidCredential*", _KEY),
    ("IncompleteSignature*", _KEY),
    ("SignatureDoesNotMatch", _KEY),
    ("MissingAccessKeyId", _KEY),
    ("MissingSecurityToken", _KEY),
    ("Forbidden.AccessKey*", _KEY),
    ("Abs.InvalidAccount.NotFound", _KEY),
    ("Forbidden.RegionId", _REGION),
    ("InvalidRegion*", _REGION),
    ("Forbidden", _DENIED),
    ("Forbidden.RAM", _DENIED),
    ("Forbidden.SubUser", _DENIED),
    ("Forbidden.NotSupportRAM", _DENIED),
    ("NoPermission*", _DENIED),
    ("InvalidVpcI[dD]*", _VPC),
    ("InvalidIp.IpAssigned", _TAKEN),
    ("InvalidVSwitchId.IpNotEnough", _NO_ADDRESSES),
    ("QuotaExceeded.PrivateIpAddress", _NO_ADDRESSES),
    ("IpPrefixNotEnough", _NO_ADDRESSES),
    ("EniPerInstanceLimitExceeded", _ENI_FULL),
    ("InvalidOperation.Ipv[46]CountExceeded", _ENI_FULL),
    ("MaxEniIpv6IpsCountExceeded", _ENI_FULL),
    ("MaxEniCountExceeded", _QUOTA),
    ("ServiceUnavailable*", _BUSY),
    ("InternalError*", _BUSY),
    ("UnknownError*", _BUSY),
)


def meaning(failure: Failure) -> Meaning:
    """What a failure stands for: by its code, else by its HTTP status, else by where it happened."""
    if failure.cause is Cause.NETWORK:
        return Meaning(errors.CloudUnreachable, _NETWORK_HINT, Remedy.RETRY)
    if failure.cause is Cause.TLS:
        return Meaning(errors.CloudUnreachable, _TLS_HINT)
    if failure.cause is Cause.LOCAL:
        return Meaning(errors.CloudAnswerInvalid, _LOCAL_HINT)
    by_code = next((found for pattern, found in _BY_CODE if fnmatchcase(failure.code, pattern)), None)
    return by_code or _by_status(failure.status)


_NETWORK_HINT = "check the network and the proxy; inside a VPC, --ecs-endpoint ecs-vpc.REGION.aliyuncs.com and the like"
_TLS_HINT = "a proxy that inspects TLS needs its certificate authority in ALIBABA_CLOUD_CA_BUNDLE"
_LOCAL_HINT = "the answer was not one that the API's SDK understands; check the endpoint"


def convert(failure: Failure, call: Call, *, host: str, identity: str | None = None) -> errors.CloudError:
    """The error for the user: the call, the API's words, the RequestId and what to do.

    Args:
        failure: what happened, already free of secrets.
        call: the call that failed.
        host: the endpoint's host, for failures on the way there.
        identity: the caller's ARN, if it is known.
    """
    found = meaning(failure)
    if issubclass(found.error, errors.PermissionMissing):
        message = f"{call.name} is not allowed for {failure.principal or identity or 'these credentials'}"
        message += f" ({failure.code})"
    elif failure.cause is Cause.API:
        message = f"{call.name} failed: {_words(failure)} ({failure.code or failure.status})"
    else:
        message = f"{call.name} on {host}: {failure.message}"
    error = found.error(message, hint=found.hint, request_id=failure.request_id)
    if isinstance(error, errors.CloudUnreachable) and failure.cause is Cause.NETWORK and failure.message == REFUSED:
        error.refused_at = host
    return error


def _words(failure: Failure) -> str:
    """The API's words; after a wrong signature they go on with the whole request, which helps nobody."""
    return "the signature does not fit the secret" if failure.code == "SignatureDoesNotMatch" else failure.message


def _by_status(status: int | None) -> Meaning:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return _THROTTLED
    if status is not None and status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _BUSY
    return _PLAIN
