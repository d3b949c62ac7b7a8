from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests

from spidercli.gateways.alibaba import transport
from spidercli.gateways.alibaba.calls import Cause, Failure

URL = "https://ecs.cn-beijing.aliyuncs.com"


@pytest.mark.parametrize(
    ("environ", "url", "expected"),
    [
        ({}, URL, {}),
        ({"HTTPS_PROXY": "http://p:1"}, URL, {"https": "http://p:1"}),
        ({"HTTPS_PROXY": "http://p:1", "https_proxy": "http://q:2"}, URL, {"https": "http://q:2"}),
        ({"ALL_PROXY": "http://p:1"}, URL, {"https": "http://p:1"}),
        ({"HTTP_PROXY": "http://p:1"}, URL, {}),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": ".aliyuncs.com"}, URL, {}),
        ({"HTTPS_PROXY": "http://p:1", "no_proxy": "*"}, URL, {}),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "10.0.0.0/8"}, "https://10.1.2.3:443", {}),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": ".example.com"}, URL, {"https": "http://p:1"}),
        ({"HTTP_PROXY": "http://p:1", "ALL_PROXY": "http://p:1"}, "http://127.0.0.1:99", {}),
    ],
)
def test_proxies_are_those_of_the_given_environment(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], url: str, expected: dict[str, str]
) -> None:
    """HTTPS_PROXY, ALL_PROXY and NO_PROXY count, the process's own environment does not, and plain HTTP has none."""
    monkeypatch.setenv("HTTPS_PROXY", "http://of-the-process:1")
    monkeypatch.setenv("NO_PROXY", "nothing")

    assert transport.proxies(url, environ) == expected


def test_a_proxy_that_is_down_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The request goes to the proxy of the environment that the session was given."""
    monkeypatch.delenv("HTTPS_PROXY", raising=False)
    session = transport.Session({"HTTPS_PROXY": "http://127.0.0.1:1"}, threads=1)

    with pytest.raises(Failure, match="the proxy did not answer") as caught:
        session.get(f"{URL}/?Signature=abc")
    assert caught.value.cause is Cause.NETWORK
    assert caught.value.__context__ is None


def test_a_certificate_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    """A wrong ALIBABA_CLOUD_CA_BUNDLE is no network problem."""
    session = transport.Session({"ALIBABA_CLOUD_CA_BUNDLE": str(tmp_path / "none.pem")}, threads=1)

    with pytest.raises(Failure, match="certificate authorities can't be read") as caught:
        session.get("https://127.0.0.1:1/")
    assert caught.value.cause is Cause.TLS


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, True),
        ({"REQUESTS_CA_BUNDLE": "/b"}, "/b"),
        ({"ALIBABA_CLOUD_CA_BUNDLE": "/a", "CURL_CA_BUNDLE": "/c"}, "/a"),
    ],
)
def test_certificate_authorities(environ: dict[str, str], expected: str | bool) -> None:
    """Alibaba's own variable comes before those of requests and curl."""
    assert transport.ca_bundle(environ) == expected


def test_redirects_are_not_followed(loopback: Any) -> None:
    """A signed request goes nowhere but to the host that it was signed for."""
    loopback.answer = lambda _: (302, {"Location": f"http://{loopback.host}/elsewhere"}, "")
    session = transport.Session({}, threads=1)

    assert session.get(f"http://{loopback.host}/").status_code == 302
    assert [request.path for request in loopback.received] == ["/"]


@pytest.mark.parametrize("size", [0, 1, 3 << 20])
def test_an_answer_of_any_size_is_read_whole(loopback: Any, size: int) -> None:
    """It is there when `get` returns, and the connection serves the next request."""
    loopback.answer = lambda _: (200, {}, "x" * size)
    session = transport.Session({}, threads=1)

    for _ in range(2):
        response = session.get(f"http://{loopback.host}/")
        assert response.raw.closed or response.raw.isclosed()
        assert len(response.content) == size


def test_netrc_is_not_read(loopback: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The library would add an Authorization header from ~/.netrc."""
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login user password pw\n")
    monkeypatch.setenv("HOME", str(tmp_path))

    transport.Session({}, threads=1).get(f"http://{loopback.host}/")

    assert "Authorization" not in loopback.received[0].headers


@pytest.mark.parametrize(
    ("error", "expected", "cause"),
    [
        (requests.ConnectTimeout(), "no connection in time", Cause.NETWORK),
        (requests.ReadTimeout(), "no answer in time", Cause.NETWORK),
        (requests.ConnectionError("NameResolutionError(...)"), "does not resolve", Cause.NETWORK),
        (requests.ConnectionError("RemoteDisconnected"), "failed or was cut off", Cause.NETWORK),
        (requests.exceptions.ChunkedEncodingError(), "ended early", Cause.NETWORK),
        (requests.exceptions.InvalidURL(), "could not be sent", Cause.LOCAL),
    ],
)
def test_network_errors_in_words(
    monkeypatch: pytest.MonkeyPatch, error: Exception, expected: str, cause: Cause
) -> None:
    """Each of requests' errors becomes a failure that says what happened and nothing about the URL."""

    def fail(*_: object, **__: object) -> None:
        raise error

    session = transport.Session({}, threads=1)
    monkeypatch.setattr(session.get_adapter("https://"), "send", fail)

    with pytest.raises(Failure, match=expected) as caught:
        session.get(f"{URL}/?Signature=abc")
    assert caught.value.cause is cause
