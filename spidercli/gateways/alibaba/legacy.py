"""ECS and STS through the legacy SDK (aliyun-python-sdk-core 2.16), with its defaults put right.

Facts, all measured against that version: requests go out as plain HTTP unless told otherwise; retries duplicate ENIs;
keys in ALIYUN_ACCESS_KEY_ID override a credential that was passed in; the vendored transport sends no SNI on Python
3.12 and later; every answer is parsed once by the SDK and once by its user.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aliyunsdkcore.auth.signers.signer import Signer
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.http import protocol_type
from aliyunsdkcore.request import AcsRequest, CommonRequest
from aliyunsdkecs.request.v20140526.AssignPrivateIpAddressesRequest import AssignPrivateIpAddressesRequest
from aliyunsdkecs.request.v20140526.DescribeInstancesRequest import DescribeInstancesRequest
from aliyunsdkecs.request.v20140526.DescribeNetworkInterfacesRequest import DescribeNetworkInterfacesRequest
from aliyunsdkecs.request.v20140526.UnassignPrivateIpAddressesRequest import UnassignPrivateIpAddressesRequest

from spidercli import __version__, errors, jsontext
from spidercli.gateways.alibaba.calls import Call, Cause, Failure, Product
from spidercli.gateways.alibaba.credentials import Credentials
from spidercli.gateways.alibaba.endpoints import Endpoint
from spidercli.gateways.alibaba.failures import refusal
from spidercli.gateways.alibaba.redaction import Redactor, silence_sdk_loggers
from spidercli.gateways.alibaba.transport import ApiSession

_REQUESTS = {
    "AssignPrivateIpAddresses": AssignPrivateIpAddressesRequest,
    "DescribeInstances": DescribeInstancesRequest,
    "DescribeNetworkInterfaces": DescribeNetworkInterfacesRequest,
    "UnassignPrivateIpAddresses": UnassignPrivateIpAddressesRequest,
}
_STS_VERSION = "2015-04-01"
_DUMMY = "unused"
_SUCCESS = range(200, 300)


class _BridgingSigner(Signer):  # type: ignore[misc]  # the SDK has no types
    """Signs with whatever our credentials are at the time of each request, so that temporary ones can change."""

    def __init__(self, credentials: Credentials, redactor: Redactor) -> None:
        self._credentials = credentials
        self._redactor = redactor

    def sign(self, region_id: str, request: AcsRequest) -> tuple[dict[str, str], str]:
        """The headers and the signed URL of a request (the interface of aliyunsdkcore's Signer)."""
        keys = self._credentials.get()
        self._redactor.learn(keys.access_key_secret, keys.security_token, keys.access_key_id)
        if keys.security_token:
            request.add_query_param("SecurityToken", keys.security_token)
        pair = (region_id, keys.access_key_id, keys.access_key_secret)
        return request.get_signed_header(*pair), request.get_url(*pair)


class _Client(AcsClient):  # type: ignore[misc]  # the SDK has no types
    """An AcsClient that leaves the reading of answers to us.

    The original parses every answer that went well only to throw the result away (half the CPU time of a large page),
    logs the others, and fails with an IndexError on some of them.
    """

    def _get_server_exception(self, *_: object) -> None:
        return None


class LegacySdk:
    """Sends calls through one AcsClient, which threads share; it holds the connections."""

    def __init__(
        self,
        *,
        region_id: str,
        credentials: Credentials,
        endpoints: Mapping[Product, Endpoint],
        environ: Mapping[str, str],
        redactor: Redactor,
        threads: int,
        read_seconds: float,
    ) -> None:
        silence_sdk_loggers()
        self._endpoints = endpoints
        self._redactor = redactor
        self._client = _Client(_DUMMY, _DUMMY, region_id, auto_retry=False)
        self._client.session = ApiSession(environ, threads=threads, read_seconds=read_seconds)
        self._client._signer = _BridgingSigner(credentials, redactor)  # noqa: SLF001 - there is no other way in
        self._client.append_user_agent("spidercli", __version__)

    def send(self, call: Call) -> dict[str, Any]:
        """The answer to one attempt at a call.

        Raises:
            Failure: the API refused, did not answer, or the SDK stumbled.
            CloudError: the credentials could not be had.
        """
        status, headers, body = self._do(_request(call, self._endpoints[call.product]))
        if status not in _SUCCESS:
            raise self._refusal(status, headers, body)
        return _parse(body)

    def close(self) -> None:
        """Close the connections."""
        self._client.session.close()

    def _do(self, request: AcsRequest) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body of the answer; do_action_with_exception would keep the headers for itself."""
        try:
            status, headers, body, _ = self._client._implementation_of_do_action(request)  # noqa: SLF001 - see above
        except (Failure, errors.SpiderError):
            raise
        except Exception as error:  # noqa: BLE001 - the SDK raises plain built-in errors on answers it does not expect
            failure = self._stumble(error)
        else:
            return status, headers, body
        raise failure  # outside the except block: the original's text may hold the signed URL

    def _stumble(self, error: Exception) -> Failure:
        text = getattr(error, "message", None) or str(error)
        return Failure(self._redactor.clean(f"the SDK failed: {type(error).__name__}: {text}"), cause=Cause.LOCAL)

    def _refusal(self, status: int, headers: Mapping[str, str], body: bytes) -> Failure:
        return refusal(self._redactor, status, headers.get("x-acs-retry-after"), _parse_error(body))


def _request(call: Call, endpoint: Endpoint) -> AcsRequest:
    """A request of the SDK: made anew for each attempt, because sending changes it."""
    if call.product is Product.STS:
        request = CommonRequest(version=_STS_VERSION, action_name=call.action, product="Sts")
        request.set_method("POST")
    else:
        request = _REQUESTS[call.action]()
    request.set_query_params(dict(call.parameters))
    request.set_accept_format("JSON")
    # The SDK compares with `is`: an equal string of another origin would mean plain HTTP.
    request.set_protocol_type(protocol_type.HTTPS if endpoint.secure else protocol_type.HTTP)
    request.set_endpoint(endpoint.host)
    return request


def _parse(body: bytes) -> dict[str, Any]:
    try:
        answer = jsontext.loads(body)
    except (ValueError, RecursionError):  # the latter from brackets in brackets in brackets
        answer = None
    if not isinstance(answer, dict):
        raise Failure("the answer is not a JSON object", cause=Cause.LOCAL)
    return answer


def _parse_error(body: bytes) -> dict[str, Any]:
    """An error's body; a gateway's or proxy's HTML page is not repeated."""
    try:
        return _parse(body)
    except Failure:
        return {}
