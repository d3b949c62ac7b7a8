"""Both real SDKs against a server on loopback: what goes over the wire, and what becomes of errors."""

from __future__ import annotations

import base64
import concurrent.futures
import hashlib
import hmac
import inspect
import json
import logging
import os
import socket
import traceback
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from aliyunsdkcore.client import AcsClient
from darabonba.core import DaraCore

from spidercli import errors
from spidercli.gateways.alibaba.client import AlibabaCloud
from spidercli.gateways.alibaba.credentials import Credentials, Keys
from spidercli.gateways.alibaba.endpoints import Endpoint, Endpoints
from spidercli.gateways.alibaba.retrying import RetryNote

Read = Callable[[AlibabaCloud], object]
READS: dict[str, Read] = {
    "legacy": lambda cloud: cloud.enis(vpc_id="vpc-1"),
    "tea": lambda cloud: cloud.vswitches(vpc_id="vpc-1"),
}
EMPTY = {"NetworkInterfaceSets": {"NetworkInterfaceSet": []}, "NextToken": "", "VSwitches": {"VSwitch": []}}


@pytest.fixture(params=READS)
def read(request: pytest.FixtureRequest) -> Read:
    return READS[request.param]


@pytest.fixture
def connect(credentials: Credentials, clock: Any) -> Iterator[Callable[..., AlibabaCloud]]:
    opened: list[AlibabaCloud] = []

    def make(endpoints: Endpoints, **options: Any) -> AlibabaCloud:
        values = {"credentials": credentials, "environ": {}, "clock": clock, "sleep": clock.sleep, **options}
        opened.append(AlibabaCloud(region_id="cn-hangzhou", endpoints=endpoints, **values))
        return opened[-1]

    yield make
    for cloud in opened:
        cloud.close()


def same(endpoint: Endpoint) -> Endpoints:
    return Endpoints(ecs=endpoint, vpc=endpoint, sts=endpoint)


@pytest.fixture
def cloud(loopback: Any, connect: Callable[..., AlibabaCloud]) -> AlibabaCloud:
    return connect(loopback.endpoints)


def test_ecs_requests_are_signed_with_the_keys_of_the_moment(
    loopback: Any, connect: Callable[..., AlibabaCloud], ok: Any
) -> None:
    """Each request carries a signature (RPC, HMAC-SHA1) that an independent computation agrees with."""
    loopback.answer = lambda _: ok(**EMPTY)
    numbers = iter(range(1, 10))

    def fresh() -> Keys:
        number = next(numbers)
        token = f"token-{number}" if number == 1 else None
        return Keys(access_key_id=f"key-{number}", access_key_secret=f"secret-{number}", security_token=token)

    cloud = connect(loopback.endpoints, credentials=Credentials(provider="test", region_id=None, get=fresh))
    cloud.enis(vpc_id="vpc 1+~*")
    cloud.enis(vpc_id="vpc-2")

    for number, request in enumerate(loopback.received, start=1):
        query = dict(request.query)
        assert query.get("SecurityToken") == ("token-1" if number == 1 else None)
        assert query["AccessKeyId"] == f"key-{number}"
        assert query.pop("Signature") == rpc_signature(request.method, query, f"secret-{number}")


def rpc_signature(method: str, query: dict[str, str], secret: str) -> str:
    """Alibaba Cloud's RPC signature, version 1.0."""
    canonical = "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in sorted(query.items()))
    text = f"{method}&%2F&{quote(canonical, safe='~')}"
    digest = hmac.new(f"{secret}&".encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def test_ecs_calls_name_version_region_and_tool(loopback: Any, cloud: AlibabaCloud, ok: Any) -> None:
    """What the API needs besides our parameters comes from the SDK's own request class."""
    loopback.answer = lambda _: ok(**EMPTY)

    cloud.enis(vpc_id="vpc-1")

    request = loopback.received[0]
    wanted = {"Action": "DescribeNetworkInterfaces", "Version": "2014-05-26", "RegionId": "cn-hangzhou"}
    assert wanted.items() <= request.query.items()
    assert {"MaxResults": "500", "VpcId": "vpc-1", "Format": "JSON"}.items() <= request.query.items()
    assert "spidercli/" in request.headers["User-Agent"]


def test_vpc_calls_carry_their_version_and_token(loopback: Any, cloud: AlibabaCloud, ok: Any, keys: Keys) -> None:
    """The Tea SDK signs in headers; the temporary token goes along."""
    loopback.answer = lambda _: ok(TotalCount=0, **EMPTY)

    cloud.vswitches(vpc_id="vpc-1")

    request = loopback.received[0]
    headers = {name.lower(): value for name, value in request.headers.items()}
    assert headers["x-acs-version"] == "2016-04-28"
    assert headers["x-acs-action"] == "DescribeVSwitches"
    assert headers["x-acs-security-token"] == keys.security_token
    assert headers["authorization"].startswith("ACS3-HMAC-SHA256 Credential=LTAIexampleid,")
    assert "spidercli/" in headers["user-agent"]
    assert request.query == {"RegionId": "cn-hangzhou", "VpcId": "vpc-1", "PageSize": "50", "PageNumber": "1"}


def test_identity_comes_from_sts(loopback: Any, cloud: AlibabaCloud, ok: Any) -> None:
    """GetCallerIdentity goes through the generic request of the legacy SDK."""
    loopback.answer = lambda _: ok(AccountId="1", Arn="acs:ram::1:user/ci")

    assert cloud.identity().arn == "acs:ram::1:user/ci"
    assert {"Action": "GetCallerIdentity", "Version": "2015-04-01"}.items() <= loopback.received[0].query.items()


def test_keys_of_the_environment_are_not_used(
    loopback: Any, cloud: AlibabaCloud, ok: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The legacy SDK prefers ALIYUN_ACCESS_KEY_ID to what it was given; ours does not."""
    monkeypatch.setenv("ALIYUN_ACCESS_KEY_ID", "another-id")
    monkeypatch.setenv("ALIYUN_ACCESS_KEY_SECRET", "another-secret")
    loopback.answer = lambda _: ok(**EMPTY)

    cloud.enis(vpc_id="vpc-1")

    assert loopback.received[0].query["AccessKeyId"] == "LTAIexampleid"


def test_throttling_is_retried_with_what_the_api_asks_for(
    loopback: Any, connect: Callable[..., AlibabaCloud], ok: Any, refused: Any, read: Read, clock: Any
) -> None:
    """x-acs-retry-after reaches the retry through both SDKs, which themselves never repeat a call."""
    answers = iter([refused(400, "Throttling.User", x_acs_retry_after="30000"), ok(TotalCount=0, **EMPTY)])
    loopback.answer = lambda _: next(answers)
    notes: list[RetryNote] = []

    read(connect(loopback.endpoints, on_retry=notes.append))

    assert [(note.number, note.reason, note.wait) for note in notes] == [(1, "Throttling.User", 30.0)]
    assert clock.slept == [30.0]
    assert len(loopback.received) == 2


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (404, {"Code": "InvalidAccessKeyId.NotFound", "Message": "Unknown key."}, errors.CredentialsRejected),
        (400, {"Code": "SignatureDoesNotMatch", "Message": "no colon in here"}, errors.CredentialsRejected),
        (403, {"Code": "Forbidden.RAM", "Message": "Not authorized."}, errors.PermissionMissing),
        (404, {"Code": "InvalidVpcId.NotFound", "Message": "No such VPC."}, errors.CloudError),
        (500, {"Code": "InternalError", "Message": "Oops."}, errors.CloudError),
        (502, "<html>Bad gateway</html>", errors.CloudError),
        (503, "", errors.CloudError),
        (400, "<html>Blocked</html>", errors.CloudError),
        (200, "<html>Log in to the hotel's network</html>", errors.CloudAnswerInvalid),
        (200, ["a list"], errors.CloudAnswerInvalid),
        (200, '{"cut": "off', errors.CloudAnswerInvalid),
        (500, '{"cut": "off', errors.CloudError),
        (302, "", errors.CloudError),
    ],
)
def test_any_answer_becomes_one_of_our_errors(
    loopback: Any, cloud: AlibabaCloud, read: Read, status: int, body: object, expected: type[errors.CloudError]
) -> None:
    """No answer, however odd, brings an SDK's own error to the caller."""
    text = body if isinstance(body, str) else json.dumps(body)
    loopback.answer = lambda _: (status, {"Location": "http://127.0.0.1:1/"}, text)

    with pytest.raises(expected) as caught:
        read(cloud)
    assert "html" not in caught.value.message


def test_the_denied_are_named_by_the_answer(loopback: Any, cloud: AlibabaCloud, read: Read) -> None:
    """AccessDeniedDetail says who was denied, and the RequestId is kept."""
    detail = {"AuthPrincipalDisplayName": "ci-bot", "AuthAction": "ecs:Describe"}
    body = {"Code": "Forbidden.RAM", "Message": "No.", "RequestId": "req-7", "AccessDeniedDetail": detail}
    loopback.answer = lambda _: (403, {}, json.dumps(body))

    with pytest.raises(errors.PermissionMissing, match="is not allowed for ci-bot") as caught:
        read(cloud)
    assert caught.value.request_id == "req-7"


def test_a_refused_connection(connect: Callable[..., AlibabaCloud], read: Read) -> None:
    """A closed port is told by its host, with no word about the request."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{closed.getsockname()[1]}"
        cloud = connect(same(Endpoint(host=host, secure=False)))

        with pytest.raises(errors.CloudUnreachable, match=f"on {host}: the connection was refused"):
            read(cloud)


def test_endpoints_are_spoken_to_in_tls(loopback: Any, connect: Callable[..., AlibabaCloud], read: Read) -> None:
    """Without an http:// override even loopback gets a TLS handshake; one that fails is not tried again."""
    cloud = connect(same(Endpoint(host=loopback.host)))

    with pytest.raises(errors.CloudUnreachable, match="TLS certificate or handshake"):
        read(cloud)
    assert loopback.received == []
    assert cloud.calls.total() == 1


def test_credentials_that_fail_are_told_as_such(
    loopback: Any, connect: Callable[..., AlibabaCloud], read: Read
) -> None:
    """An error of the credentials passes through both SDKs unchanged."""

    def fail() -> Keys:
        raise errors.CredentialsRejected("the role can't be assumed")

    cloud = connect(loopback.endpoints, credentials=Credentials(provider="test", region_id=None, get=fail))

    with pytest.raises(errors.CredentialsRejected, match="the role can't be assumed"):
        read(cloud)


@pytest.mark.parametrize("failure", ["refused", "echo", "tls", "odd"])
def test_no_secret_survives_in_an_error(
    loopback: Any,
    connect: Callable[..., AlibabaCloud],
    read: Read,
    keys: Keys,
    failure: str,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Not in the message, the chain of causes, the log at DEBUG, or on stderr."""
    secrets = (keys.access_key_id, keys.access_key_secret, str(keys.security_token))
    echo = f"SecurityToken={secrets[2]}&Secret {secrets[1]} of {secrets[0]} in {quote(' '.join(secrets))}: bad"
    loopback.answer = lambda request: (
        (200, {}, echo)
        if failure == "odd"
        else (400, {}, json.dumps({"Code": "SignatureDoesNotMatch", "Message": f"{echo} {request.query}"}))
    )
    endpoint = {"refused": Endpoint(host="127.0.0.1:1", secure=False), "tls": Endpoint(host=loopback.host)}
    cloud = connect(same(endpoint.get(failure, loopback.endpoint)))

    with caplog.at_level(logging.DEBUG), pytest.raises(errors.CloudError) as caught:
        read(cloud)

    chain: BaseException | None = caught.value
    texts = ["".join(traceback.format_exception(caught.value)), caplog.text, *capfd.readouterr()]
    while chain is not None:
        texts += [str(chain), repr(chain), repr(vars(chain))]
        chain = chain.__cause__ or chain.__context__
    for text in texts:
        for secret in (*secrets, "Signature="):
            assert secret not in text


def test_debugging_of_the_sdks_stays_silent(
    loopback: Any, cloud: AlibabaCloud, ok: Any, read: Read, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    """DEBUG=sdk makes both SDKs print requests with all headers; not here."""
    monkeypatch.setitem(os.environ, "DEBUG", "sdk")
    loopback.answer = lambda _: ok(TotalCount=0, **EMPTY)

    read(cloud)

    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("sdk", "method"),
    [("legacy", "aliyunsdkcore.client.AcsClient._handle_single_request"), ("tea", "darabonba.core.DaraCore.do_action")],
)
def test_an_sdk_that_stumbles(cloud: AlibabaCloud, monkeypatch: pytest.MonkeyPatch, sdk: str, method: str) -> None:
    """An error that an SDK does not know itself is no traceback, and its text is redacted."""

    def stumble(*_: object, **__: object) -> None:
        raise IndexError("list index out of range in /?Signature=abc")

    monkeypatch.setattr(method, stumble)

    with pytest.raises(
        errors.CloudAnswerInvalid, match=r"the SDK failed: IndexError: list index .* in /\?\[redacted\]"
    ):
        READS[sdk](cloud)


def test_threads_share_one_client(loopback: Any, connect: Callable[..., AlibabaCloud], ok: Any, read: Read) -> None:
    """Many threads at once get their own answers, each request has its own nonce, and none is lost."""
    loopback.answer = lambda _: ok(TotalCount=0, **EMPTY)
    cloud = connect(loopback.endpoints, clock=lambda: 0.0, sleep=lambda _: None)

    with concurrent.futures.ThreadPoolExecutor(8) as executor:
        results = list(executor.map(lambda _: read(cloud), range(40)))

    nonces = {
        request.query.get("SignatureNonce") or request.headers["x-acs-signature-nonce"] for request in loopback.received
    }
    assert results == [()] * 40
    assert len(nonces) == cloud.calls.total() == 40


def test_the_private_hook_is_still_there(monkeypatch: pytest.MonkeyPatch, loopback: Any, cloud: AlibabaCloud) -> None:
    """The SDK still asks `_get_server_exception` about every answer, with the arguments that we know."""
    from spidercli.gateways.alibaba import legacy

    asked: list[tuple[object, ...]] = []
    monkeypatch.setattr(legacy._Client, "_get_server_exception", lambda _, *rest: asked.append(rest))
    loopback.answer = lambda _: (200, {}, json.dumps(EMPTY))

    cloud.enis(vpc_id="vpc-1")

    assert [(status, bool(body)) for status, body, *_ in asked] == [(200, True)]
    parameters = inspect.signature(AcsClient._get_server_exception).parameters
    assert list(parameters) == ["self", "http_status", "response_body", "endpoint", "string_to_sign"]


def test_the_tea_sdk_uses_our_session(loopback: Any, cloud: AlibabaCloud, ok: Any) -> None:
    """It finds the session under the key that we expect: it makes none of its own."""
    loopback.answer = lambda _: ok(TotalCount=0, **EMPTY)

    cloud.vswitches(vpc_id="vpc-1")

    assert [key for key in DaraCore._sessions if loopback.host in key] == [f"http://{loopback.host}:80:pool=8"]
