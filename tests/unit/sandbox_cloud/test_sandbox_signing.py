"""Who is let in."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from spidercli.sandbox.cloud import signing
from spidercli.sandbox.cloud.http import Request
from spidercli.sandbox.cloud.identity import AccessKey
from spidercli.sandbox.cloud.world import World

STS_KEY = AccessKey(access_key_id="STS.test", secret="test-secret", security_token="test-token", role_name="reader")


def test_rpc_signature_is_the_sdks() -> None:
    """A request that the SDK signed gets the same string to sign and the same signature from us."""
    params = {
        "AccessKeyId": "testid",
        "Action": "CreateNetworkInterface",
        "ClientToken": "tok",
        "DeleteOnRelease": "true",
        "Format": "JSON",
        "RegionId": "cn-hangzhou",
        "SecurityGroupIds.1": "sg-1",
        "Signature": "not signed itself",
        "SignatureMethod": "HMAC-SHA1",
        "SignatureNonce": "0123456789abcdef0123456789abcdef",
        "SignatureType": "",
        "SignatureVersion": "1.0",
        "Tag.1.Key": "a",
        "Tag.1.Value": "b c*~/+é",
        "Timestamp": "2026-01-02T03:04:05Z",
        "VSwitchId": "vsw-1",
        "Version": "2014-05-26",
    }

    string_to_sign = signing.rpc_string_to_sign("POST", params)

    assert string_to_sign == (
        "POST&%2F&AccessKeyId%3Dtestid%26Action%3DCreateNetworkInterface%26ClientToken%3Dtok"
        "%26DeleteOnRelease%3Dtrue%26Format%3DJSON%26RegionId%3Dcn-hangzhou%26SecurityGroupIds.1%3Dsg-1"
        "%26SignatureMethod%3DHMAC-SHA1%26SignatureNonce%3D0123456789abcdef0123456789abcdef%26SignatureType%3D"
        "%26SignatureVersion%3D1.0%26Tag.1.Key%3Da%26Tag.1.Value%3Db%2520c%252A~%252F%252B%25C3%25A9"
        "%26Timestamp%3D2026-01-02T03%253A04%253A05Z%26VSwitchId%3Dvsw-1%26Version%3D2014-05-26"
    )
    assert signing.rpc_signature("testsecret", string_to_sign) == "T4VCrOGbHcEHRjrc3MxIXTI9ABs="


@pytest.mark.parametrize("in_body", [False, True])
def test_parameters_come_from_query_and_form(in_body: bool, ecs: Any) -> None:
    """A parameter counts the same in the query and in a form body."""
    request = ecs.signed({"Action": "GetCallerIdentity", "Version": "2015-04-01"})
    if in_body:
        headers = {"content-type": "application/x-www-form-urlencoded"}
        request = dataclasses.replace(request, query="", body=request.query.encode(), headers=headers)

    assert ecs.send(request).status == 200


def test_get_is_signed_as_get(ecs: Any) -> None:
    """GET is accepted, with a signature of its own."""
    assert ecs.send(ecs.signed({"Action": "DescribeRegions"}, method="GET")).status == 200


def test_unknown_key(ecs: Any) -> None:
    """A key that is nobody's is told apart from a wrong secret."""
    ecs.key = dataclasses.replace(ecs.key, access_key_id="nobody")

    answer = ecs("DescribeRegions")

    assert (answer.status, answer.code) == (404, "InvalidAccessKeyId.NotFound")


def test_wrong_secret(ecs: Any) -> None:
    """A wrong secret gives an error whose message has the server's string to sign after its first colon."""
    ecs.key = dataclasses.replace(ecs.key, secret="wrong")
    request = ecs.signed({"Action": "DescribeRegions"})

    answer = ecs.send(request)

    assert (answer.status, answer.code) == (400, "SignatureDoesNotMatch")
    string_to_sign = signing.rpc_string_to_sign("POST", signing.parameters(request))
    assert answer.body["Message"].split(":")[1] == string_to_sign


def test_changed_parameter(ecs: Any) -> None:
    """A parameter that was changed on the way breaks the signature."""
    request = ecs.signed({"Action": "DescribeRegions", "AcceptLanguage": "en-US"})

    answer = ecs.send(dataclasses.replace(request, query=request.query.replace("en-US", "zh-CN")))

    assert answer.code == "SignatureDoesNotMatch"


def test_replay(ecs: Any) -> None:
    """The same request can't be sent twice."""
    request = ecs.signed({"Action": "DescribeRegions"})

    assert [ecs.send(request).code, ecs.send(request).code] == ["", "SignatureNonceUsed"]


@pytest.mark.parametrize(
    ("off_by", "code"), [(-899, ""), (899, ""), (-901, "InvalidTimeStamp.Expired"), (901, "InvalidTimeStamp.Expired")]
)
def test_clock_skew(off_by: int, code: str, ecs: Any, clock: Any) -> None:
    """A request may be 15 minutes early or late."""
    request = ecs.signed({"Action": "DescribeRegions"})
    clock.now += off_by

    assert ecs.send(request).code == code


def test_malformed_timestamp(ecs: Any) -> None:
    """A timestamp in another format is refused."""
    assert ecs("DescribeRegions", Timestamp="yesterday").code == "InvalidTimeStamp.Format"


def test_old_nonces_are_forgotten(ecs: Any, clock: Any) -> None:
    """A nonce is remembered for as long as its request could be replayed, and no longer."""
    params = {"Action": "DescribeRegions", "SignatureNonce": "same"}
    first = ecs.send(ecs.signed(params)).code
    clock.now += 31 * 60

    assert (first, ecs.send(ecs.signed(params)).code) == ("", "")


def test_security_token(ecs: Any, world: World) -> None:
    """A temporary key works with its token, and is known as its role."""
    world.add_key(STS_KEY)
    ecs.key, ecs.version = STS_KEY, "2015-04-01"

    assert ecs("GetCallerIdentity").body["Arn"].endswith("assumed-role/reader/sandbox")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"security_token": None}, "MissingSecurityToken"),
        ({"security_token": "other"}, "InvalidSecurityToken.MismatchWithAccessKey"),
    ],
)
def test_wrong_security_token(changes: dict[str, Any], code: str, ecs: Any, world: World) -> None:
    """A temporary key without its own token is refused."""
    world.add_key(STS_KEY)
    ecs.key = dataclasses.replace(STS_KEY, **changes)

    assert ecs("DescribeRegions").code == code


def test_expired_security_token(ecs: Any, world: World) -> None:
    """A temporary key whose time is over is refused."""
    ecs.key = dataclasses.replace(STS_KEY, expired=True)
    world.add_key(ecs.key)

    assert ecs("DescribeRegions").code == "InvalidSecurityToken.Expired"


def _acs3(ecs: Any, *, signed: list[str], **headers: str) -> Request:
    body_hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    named = {
        "host": "vpc",
        "x-acs-action": "DescribeVpcs",
        "x-acs-version": "2016-04-28",
        "x-acs-date": "2026-01-02T03:04:05Z",
        "x-acs-signature-nonce": "nonce",
        "x-acs-content-sha256": body_hash,
        **headers,
    }
    request = Request(method="POST", path="/", query="RegionId=cn-hangzhou", headers=named, body=b"")
    signature = signing.acs3_signature(ecs.key.secret, signing.acs3_string_to_sign(request, signed))
    authorization = (
        f"ACS3-HMAC-SHA256 Credential={ecs.key.access_key_id},SignedHeaders={';'.join(signed)},Signature={signature}"
    )
    return dataclasses.replace(request, headers={**named, "authorization": authorization})


ALL_HEADERS = ["host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version"]


def test_acs3(ecs: Any) -> None:
    """A signature in the Authorization header is accepted, with action and version in headers."""
    assert ecs.send(_acs3(ecs, signed=ALL_HEADERS)).body["TotalCount"] == 1


def test_acs3_leaves_no_header_unsigned(ecs: Any) -> None:
    """A header of the protocol that is not signed is refused."""
    answer = ecs.send(_acs3(ecs, signed=ALL_HEADERS[1:]))

    assert (answer.code, answer.body["Message"].split(":")[1]) == ("SignatureDoesNotMatch", "host")


def test_acs3_signs_the_body(ecs: Any) -> None:
    """A body hash that is not the body's is refused."""
    answer = ecs.send(_acs3(ecs, signed=ALL_HEADERS, **{"x-acs-content-sha256": "0" * 64}))

    assert answer.code == "SignatureDoesNotMatch"


def test_malformed_authorization(ecs: Any) -> None:
    """An Authorization header that can't be read is no crash."""
    request = _acs3(ecs, signed=ALL_HEADERS)
    broken = dataclasses.replace(request, headers={**request.headers, "authorization": "ACS3-HMAC-SHA256 nonsense"})

    assert ecs.send(broken).code == "InvalidAuthorization"
