from __future__ import annotations

import json
import logging
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spidercli.gateways.alibaba.redaction import REPLACEMENT, Redactor, silence_sdk_loggers

secrets = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=8, max_size=40).filter(
    lambda text: not any(part in text for part in (REPLACEMENT, "Signature", "AccessKey", "redacted"))
)


@given(key_id=secrets, secret=secrets, token=secrets)
def test_no_learned_secret_survives(key_id: str, secret: str, token: str) -> None:
    """Whatever a secret looks like, no spelling of it that URLs, headers and JSON use is left in a text."""
    redactor = Redactor()
    redactor.learn(secret, token, key_id)
    query = urlencode({"AccessKeyId": key_id, "SecurityToken": token, "Signature": secret})
    texts = [
        f"Max retries exceeded with url: /?{query} (Caused by X)",
        f"https://ecs.aliyuncs.com/?{query}",
        f"server string to sign is:POST&%2F&{quote(query, safe='~')}",
        f"plain {secret} and {token}{key_id}",
        json.dumps({"a": secret, "b": [token, key_id]}),
        repr({"x-acs-security-token": token, "k": secret}),
    ]

    for text in texts:
        cleaned = redactor.clean(text)
        for value in (key_id, secret, token):
            for spelling in (value, quote(value, safe="~"), json.dumps(value)[1:-1], repr(value)[1:-1]):
                assert spelling not in cleaned.replace(REPLACEMENT, "\0")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("url: /?AccessKeyId=LTAIabcdefgh12&Signature=abc%3D (x)", "url: /?[redacted] (x)"),
        ("https://h/?a=1&SecurityToken=x failed", "https://h/?[redacted] failed"),
        ("Authorization: ACS3-HMAC-SHA256 Credential=LT,Signature=ab", "Authorization: [redacted]"),
        ("{'Authorization': 'Bearer abc', 'x': 'y'}", "{'Authorization': '[redacted]', 'x': 'y'}"),
        (
            "to sign is:POST&%2F&AccessKeyId%3Dabc%26Action%3DX",
            "to sign is:POST&%2F&AccessKeyId%3D[redacted]%26Action%3DX",
        ),
        ('{"SecurityToken": "abc", "Code": "Success"}', '{"SecurityToken": "[redacted]", "Code": "Success"}'),
        ("key LTAI5tAbCdEfGhIjKl is unknown", "key [redacted] is unknown"),
        ("proxy http://user:pw@proxy:3128 refused", "proxy http://[redacted]@proxy:3128 refused"),
        ("X-aliyun-ecs-metadata-token: abc", "X-aliyun-ecs-metadata-token: [redacted]"),
        ("SignatureMethod=HMAC-SHA1&SignatureVersion=1.0", "SignatureMethod=HMAC-SHA1&SignatureVersion=1.0"),
        ("The specified SecurityToken is expired.", "The specified SecurityToken is expired."),
    ],
)
def test_secrets_are_known_by_their_look(text: str, expected: str) -> None:
    """Credentials that nobody taught us are recognised by what stands before them; the rest of the text stays."""
    assert Redactor().clean(text) == expected


def test_long_texts_are_cut() -> None:
    """A whole error page never becomes a message."""
    assert len(Redactor().clean("x" * 10_000)) < 700


def test_short_values_are_not_secrets() -> None:
    """A value of three letters would take half of the words along."""
    redactor = Redactor()
    redactor.learn("eni", None, "")

    assert redactor.clean("eni-1") == "eni-1"


@pytest.mark.parametrize(
    "name", ["aliyunsdkcore.client", "aliyunsdkcore.http.http_response", "darabonba-core", "credentials"]
)
def test_sdk_loggers_reach_no_output(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Even with everything at DEBUG, an SDK's log line is printed nowhere."""
    root = logging.getLogger()
    handler = logging.StreamHandler()
    logger = logging.getLogger(name)
    logger.addHandler(logging.StreamHandler())
    silence_sdk_loggers()
    root.addHandler(handler)
    level = logger.level
    try:
        logger.setLevel(logging.DEBUG)
        logger.error("signed https://h/?Signature=abc")
    finally:
        root.removeHandler(handler)
        logger.setLevel(level)

    assert capsys.readouterr() == ("", "")


def test_urllib3_prints_no_signed_url(caplog: pytest.LogCaptureFixture) -> None:
    """urllib3's DEBUG lines are dropped when their URL is signed, and kept otherwise."""
    silence_sdk_loggers()
    logger = logging.getLogger("urllib3.connectionpool")

    with caplog.at_level(logging.DEBUG):
        logger.debug('%s "%s %s"', "https://h", "POST", "/?Action=X&Signature=abc")
        logger.debug('%s "%s %s"', "https://k8s", "GET", "/api/v1/nodes?limit=500")

    assert [record.args for record in caplog.records] == [("https://k8s", "GET", "/api/v1/nodes?limit=500")]
