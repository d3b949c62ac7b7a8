"""Who a request is from: the two signatures that Alibaba Cloud's SDKs write.

RPC v1 (HMAC-SHA1) is a parameter among the others, ACS3-HMAC-SHA256 is in the Authorization header.
"""

from __future__ import annotations

import base64
import calendar
import hashlib
import hmac
import re
import time
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, quote

from spidercli.sandbox.cloud.errors import ApiError
from spidercli.sandbox.cloud.http import Request
from spidercli.sandbox.cloud.identity import AccessKey

Clock = Callable[[], float]
"""Seconds since the epoch."""

_ACS3 = "ACS3-HMAC-SHA256"
_TOLERANCE = 15 * 60
_TIMESTAMP = "%Y-%m-%dT%H:%M:%SZ"


def parameters(request: Request) -> dict[str, str]:
    """The parameters of query and form body together."""
    form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    body = request.body.decode("utf-8", "replace") if form else ""
    return dict(parse_qsl(request.query, keep_blank_values=True) + parse_qsl(body, keep_blank_values=True))


def rpc_string_to_sign(method: str, params: Mapping[str, str]) -> str:
    """What RPC v1 signs: every parameter but the signature itself."""
    return f"{method}&%2F&{_encode(_canonical(params, without='Signature'))}"


def rpc_signature(secret: str, string_to_sign: str) -> str:
    """The RPC v1 signature, in base64."""
    digest = hmac.new(f"{secret}&".encode(), string_to_sign.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def acs3_string_to_sign(request: Request, signed_headers: list[str]) -> str:
    """What ACS3 signs: method, path, query, the named headers and the body's hash."""
    headers = "".join(f"{name}:{request.headers.get(name, '').strip()}\n" for name in signed_headers)
    query = _canonical(dict(parse_qsl(request.query, keep_blank_values=True)))
    body = hashlib.sha256(request.body).hexdigest()
    canonical = "\n".join([request.method, request.path, query, headers, ";".join(signed_headers), body])
    return f"{_ACS3}\n{hashlib.sha256(canonical.encode()).hexdigest()}"


def acs3_signature(secret: str, string_to_sign: str) -> str:
    """The ACS3 signature, in hexadecimal."""
    return hmac.new(secret.encode(), string_to_sign.encode(), hashlib.sha256).hexdigest()


class Verifier:
    """Lets a request in, or says why not."""

    def __init__(self, keys: Mapping[str, AccessKey], clock: Clock) -> None:
        self._keys = keys
        self._clock = clock
        self._nonces: dict[str, float] = {}  # oldest first

    def verify(self, request: Request, params: Mapping[str, str]) -> AccessKey:
        """The key that signed the request.

        Raises:
            ApiError: unknown key, wrong signature, stale time, used nonce, or a security token that is not the key's.
        """
        if request.headers.get("authorization", "").startswith(_ACS3):
            return self._verify_acs3(request)
        return self._verify_rpc(request, params)

    def _verify_rpc(self, request: Request, params: Mapping[str, str]) -> AccessKey:
        key = self._key(params.get("AccessKeyId", ""))
        self._check_time(params.get("Timestamp", ""))
        string_to_sign = rpc_string_to_sign(request.method, params)
        _compare(rpc_signature(key.secret, string_to_sign), params.get("Signature", ""), string_to_sign)
        self._check_nonce(params.get("SignatureNonce", ""))
        _check_token(key, params.get("SecurityToken"))
        return key

    def _verify_acs3(self, request: Request) -> AccessKey:
        credential, signed_headers, signature = _authorization(request.headers["authorization"])
        key = self._key(credential)
        self._check_time(request.headers.get("x-acs-date", ""))
        string_to_sign = acs3_string_to_sign(request, signed_headers)
        _check_signed(request, signed_headers)
        _compare(acs3_signature(key.secret, string_to_sign), signature, string_to_sign)
        self._check_nonce(request.headers.get("x-acs-signature-nonce", ""))
        _check_token(key, request.headers.get("x-acs-security-token"))
        return key

    def _key(self, access_key_id: str) -> AccessKey:
        if not access_key_id:
            raise ApiError(400, "MissingAccessKeyId", "AccessKeyId is mandatory for this action.")
        if access_key_id not in self._keys:
            raise ApiError(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
        return self._keys[access_key_id]

    def _check_time(self, text: str) -> None:
        try:
            sent = calendar.timegm(time.strptime(text, _TIMESTAMP))
        except ValueError:
            raise ApiError(400, "InvalidTimeStamp.Format", "Specified time stamp is not well formatted.") from None
        if abs(self._clock() - sent) > _TOLERANCE:
            raise ApiError(400, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.")

    def _check_nonce(self, nonce: str) -> None:
        now = self._clock()
        while self._nonces and next(iter(self._nonces.values())) < now - 2 * _TOLERANCE:
            del self._nonces[next(iter(self._nonces))]
        if not nonce or nonce in self._nonces:
            raise ApiError(400, "SignatureNonceUsed", "Specified signature nonce was used already.")
        self._nonces[nonce] = now


def _encode(text: str) -> str:
    return quote(text, safe="~")  # RFC 3986: letters, digits, - _ . ~ stay


def _canonical(params: Mapping[str, str], *, without: str | None = None) -> str:
    return "&".join(f"{_encode(name)}={_encode(params[name])}" for name in sorted(params) if name != without)


def _authorization(header: str) -> tuple[str, list[str], str]:
    found = re.fullmatch(rf"{_ACS3} Credential=([^,]*),SignedHeaders=([^,]*),Signature=([0-9a-f]*)", header)
    if found is None:
        raise ApiError(400, "InvalidAuthorization", "The Authorization header is not well formatted.")
    return found[1], found[2].split(";"), found[3]


def _check_signed(request: Request, signed_headers: list[str]) -> None:
    """Every header of the protocol has to be signed, else it could be changed on the way."""
    unsigned = {name for name in request.headers if name == "host" or name.startswith("x-acs-")} - set(signed_headers)
    if unsigned:
        raise _mismatch(f"not signed:{', '.join(sorted(unsigned))}")
    if request.headers.get("x-acs-content-sha256") != hashlib.sha256(request.body).hexdigest():
        raise _mismatch("not the body's hash:x-acs-content-sha256")


def _compare(expected: str, given: str, string_to_sign: str) -> None:
    if not hmac.compare_digest(expected.encode(), given.encode()):
        raise _mismatch(f"server string to sign is:{string_to_sign}")


def _mismatch(detail: str) -> ApiError:
    # The legacy SDK takes what follows the first colon for the string to sign, and fails where there is no colon.
    return ApiError(400, "SignatureDoesNotMatch", f"Specified signature is not matched with our calculation. {detail}")


def _check_token(key: AccessKey, token: str | None) -> None:
    if key.security_token and not token:
        raise ApiError(400, "MissingSecurityToken", "SecurityToken is mandatory for this action.")
    if (token or None) != key.security_token:
        text = "Specified SecurityToken is not the one of the access key."
        raise ApiError(400, "InvalidSecurityToken.MismatchWithAccessKey", text)
    if key.expired:
        raise ApiError(400, "InvalidSecurityToken.Expired", "Specified SecurityToken is expired.")
