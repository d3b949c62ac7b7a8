from __future__ import annotations

import pytest

from spidercli import errors
from spidercli.gateways.alibaba.calls import Call, Cause, Failure, Product
from spidercli.gateways.alibaba.errors import convert

CALL = Call(product=Product.ECS, action="DescribeNetworkInterfaces")
HOST = "ecs-cn-hangzhou.aliyuncs.com"


def api(code: str, status: int = 403, message: str = "No.") -> Failure:
    return Failure(message, cause=Cause.API, code=code, status=status, request_id="req-1")


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("Throttling.User", 400, errors.Throttled),
        ("OperationFailed.Throttling", 400, errors.Throttled),
        ("Anything", 429, errors.Throttled),
        ("ServiceUnavailable", 503, errors.CloudError),
        ("", 502, errors.CloudError),
        ("InvalidVSwitchId.IpNotEnough", 403, errors.VSwitchExhausted),
        ("QuotaExceeded.PrivateIpAddress", 400, errors.VSwitchExhausted),
        ("EniPerInstanceLimitExceeded", 403, errors.EniLimitReached),
        ("InvalidOperation.Ipv6CountExceeded", 403, errors.EniLimitReached),
        ("MaxEniCountExceeded", 403, errors.CloudError),
        ("Forbidden.RAM", 403, errors.PermissionMissing),
        ("Forbidden.SubUser", 403, errors.PermissionMissing),
        ("NoPermission", 403, errors.PermissionMissing),
        ("Forbidden.RegionId", 400, errors.CloudError),
        ("InvalidAccessKeyId.NotFound", 404, errors.CredentialsRejected),
        ("InvalidAccessKeySecret", 400, errors.CredentialsRejected),
        ("SignatureDoesNotMatch", 400, errors.CredentialsRejected),
        ("InvalidSecurityToken.Expired", 400, errors.CredentialsRejected),
        ("InvalidTimeStamp.Expired", 400, errors.CredentialsRejected),
        ("SomethingNew", 400, errors.CloudError),
    ],
)
def test_a_code_has_its_error(code: str, status: int, expected: type[errors.CloudError]) -> None:
    """Every family of codes becomes one class, and keeps the API's words and RequestId."""
    found = convert(api(code, status), CALL, host=HOST)

    assert type(found) is expected
    assert code in found.message
    assert found.request_id == "req-1"


def test_a_missing_permission_names_action_and_identity() -> None:
    """An admin can act on the message alone."""
    found = convert(api("Forbidden.RAM"), CALL, host=HOST, identity="acs:ram::1:user/ci")

    assert found.message == ("ecs:DescribeNetworkInterfaces is not allowed for acs:ram::1:user/ci (Forbidden.RAM)")
    assert "RAM policy" in str(found.hint)
    assert found.exit_code == errors.ExitCode.DENIED


def test_a_missing_permission_without_identity() -> None:
    """Who was denied may be unknown; the answer's own word on it comes first."""
    unknown = convert(api("Forbidden.RAM"), CALL, host=HOST)
    failure = Failure("No.", cause=Cause.API, code="NoPermission", principal="ci-bot")

    assert "for these credentials" in unknown.message
    assert "for ci-bot" in convert(failure, CALL, host=HOST, identity="acs:ram::1:user/ci").message


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        (Cause.NETWORK, errors.CloudUnreachable),
        (Cause.TLS, errors.CloudUnreachable),
        (Cause.LOCAL, errors.CloudAnswerInvalid),
    ],
)
def test_a_failure_on_the_way_names_the_host(cause: Cause, expected: type[errors.CloudError]) -> None:
    """Without an answer, the endpoint is the most useful fact."""
    found = convert(Failure("the connection was refused", cause=cause), CALL, host=HOST)

    assert type(found) is expected
    assert found.message == f"ecs:DescribeNetworkInterfaces on {HOST}: the connection was refused"
    assert getattr(found, "refused_at", "") == (HOST if cause is Cause.NETWORK else "")
    assert found.hint
