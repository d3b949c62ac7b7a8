"""Keeps secrets out of every text that leaves the gateway.

The SDKs put whole signed URLs (AccessKeyId, SecurityToken, Signature) into exceptions and logs, and the server repeats
the string to sign, percent-encoded, when a signature is wrong.
"""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

REPLACEMENT = "[redacted]"
_SHORTEST = 4  # a shorter value would turn ordinary words into [redacted]
_LONGEST_TEXT = 600

_SEPARATOR = r"""["']?\s*(?:=|:|%3D|%253D)\s*["']?"""
_VALUE = r"""(?:(?!%26|%2526)[^\s"'&<>,;)}\]])+"""
_NAMES = (
    r"(?:x-acs-)?access[-_]?key[-_]?(?:id|secret)|(?:x-acs-)?security[-_]?token|(?:sts|oidc|bearer)[-_]?token"
    r"|(?:x-acs-)?signature(?:-?nonce)?|x-aliyun-ecs-metadata-token"
)
_NAMED = re.compile(rf"(?<![A-Za-z])({_NAMES})({_SEPARATOR}){_VALUE}", re.IGNORECASE)
_AUTHORIZATION = re.compile(rf"""((?:proxy-)?authorization{_SEPARATOR})[^\r\n"']+""", re.IGNORECASE)
_SIGNED_QUERY = re.compile(
    r"""\?[^\s"'<>]*(?:accesskeyid|securitytoken|signature|oidctoken)[^\s"'<>]*""", re.IGNORECASE
)
_USER_INFO = re.compile(r"(https?://)[^\s/@\"']+@", re.IGNORECASE)
_KEY_ID = re.compile(r"\b(?:LTAI|STS\.|TMP\.)[A-Za-z0-9]{8,}")

_LOGGERS = ("aliyunsdkcore", "Tea", "alibabacloud-tea", "darabonba-core", "credentials", "apscheduler")
_SHARED_LOGGERS = ("urllib3.connectionpool", "urllib3.util.retry")


class Redactor:
    """Removes credentials from texts: by their look, and by value once it has learned them. Thread-safe."""

    def __init__(self) -> None:
        self._known: frozenset[str] = frozenset()
        self._pattern: re.Pattern[str] | None = None
        self._lock = threading.Lock()

    def learn(self, *secrets: str | None) -> None:
        """Remember values that must never appear in a text, in any encoding that a URL or JSON gives them."""
        wanted = {secret for secret in secrets if secret and len(secret) >= _SHORTEST}
        if wanted <= self._known:
            return
        with self._lock:
            self._known |= wanted
            longest_first = sorted(_spellings(self._known), key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def clean(self, text: str) -> str:
        """The text without secrets, at most 600 characters of it."""
        if self._pattern is not None:
            text = self._pattern.sub(REPLACEMENT, text)
        text = _SIGNED_QUERY.sub(f"?{REPLACEMENT}", text)
        text = _AUTHORIZATION.sub(rf"\1{REPLACEMENT}", text)
        text = _NAMED.sub(rf"\1\2{REPLACEMENT}", text)
        text = _USER_INFO.sub(rf"\1{REPLACEMENT}@", text)
        text = _KEY_ID.sub(REPLACEMENT, text)
        return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}..."


def _spellings(secrets: Iterable[str]) -> set[str]:
    """Each secret as it is, percent-encoded once and twice, form-encoded, and escaped for JSON and repr."""
    found: set[str] = set()
    for secret in secrets:
        once = quote(secret, safe="~")
        found |= {secret, once, quote(once, safe="~"), quote(secret), quote_plus(secret)}
        found |= {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1]}
    return found


class _SignedUrlFilter(logging.Filter):
    """Drops urllib3's records of requests to Alibaba Cloud: at DEBUG they hold the whole signed URL."""

    def filter(self, record: logging.LogRecord) -> bool:
        return _SIGNED_QUERY.search(record.getMessage()) is None


_FILTER = _SignedUrlFilter()


def silence_sdk_loggers() -> None:
    """Cut the SDKs' loggers off from every output; call it after their import, which attaches handlers to stderr.

    Facts: aliyunsdkcore.http.http_response, darabonba.core and alibabacloud_credentials.provider add a StreamHandler
    when they are imported, and print requests with all headers when the environment says DEBUG=sdk.
    """
    for name in (*_LOGGERS, *_descendants(_LOGGERS)):
        logger = logging.getLogger(name)
        logger.handlers[:] = [logging.NullHandler()]
        logger.propagate = False
    for name in _SHARED_LOGGERS:
        logging.getLogger(name).addFilter(_FILTER)


def _descendants(families: Iterable[str]) -> list[str]:
    prefixes = tuple(f"{family}." for family in families)
    return [name for name in logging.root.manager.loggerDict if name.startswith(prefixes)]
