"""VPC through the Tea SDK (alibabacloud-tea-openapi 0.4, the base of alibabacloud-vpc20160428).

Its generic `call_api` is used instead of the generated client: importing that one takes 0.8 s more, for 1,200 models of
which one is needed. Version and endpoints are the generated client's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alibabacloud_credentials.models import CredentialModel
from alibabacloud_tea_openapi.client import Client
from alibabacloud_tea_openapi.exceptions import AlibabaCloudException
from alibabacloud_tea_openapi.utils_models import Config, OpenApiRequest, Params
from darabonba.core import DaraCore
from darabonba.runtime import RuntimeOptions

from spidercli import __version__, errors
from spidercli.gateways.alibaba.calls import Call, Cause, Failure
from spidercli.gateways.alibaba.credentials import Credentials
from spidercli.gateways.alibaba.endpoints import Endpoint
from spidercli.gateways.alibaba.failures import refusal
from spidercli.gateways.alibaba.redaction import Redactor, silence_sdk_loggers
from spidercli.gateways.alibaba.transport import ApiSession

VPC_VERSION = "2016-04-28"


class _BridgingCredential:
    """Our credentials in the shape that the Tea client asks for before each request."""

    def __init__(self, credentials: Credentials, redactor: Redactor) -> None:
        self._credentials = credentials
        self._redactor = redactor

    def get_credential(self) -> CredentialModel:
        """The keys of one request (the interface of alibabacloud_credentials.client.Client)."""
        keys = self._credentials.get()
        self._redactor.learn(keys.access_key_secret, keys.security_token, keys.access_key_id)
        return CredentialModel(
            access_key_id=keys.access_key_id,
            access_key_secret=keys.access_key_secret,
            security_token=keys.security_token,
            type="sts" if keys.security_token else "access_key",
        )


class TeaSdk:
    """Sends calls through one Tea client, which threads share."""

    def __init__(
        self,
        *,
        region_id: str,
        credentials: Credentials,
        endpoint: Endpoint,
        environ: Mapping[str, str],
        redactor: Redactor,
        threads: int,
        read_seconds: float,
    ) -> None:
        silence_sdk_loggers()
        self._redactor = redactor
        self._scheme = "HTTPS" if endpoint.secure else "HTTP"
        self._session = ApiSession(environ, threads=threads, read_seconds=read_seconds)
        _use_session(endpoint, self._session, threads)
        config = Config(
            credential=_BridgingCredential(credentials, redactor),
            region_id=region_id,
            endpoint=endpoint.host,
            protocol=self._scheme,
            user_agent=f"spidercli/{__version__}",
            max_idle_conns=threads,
        )
        self._client = Client(config)

    def send(self, call: Call) -> dict[str, Any]:
        """The answer to one attempt at a call.

        Raises:
            Failure: the API refused, did not answer, or the SDK stumbled.
            CloudError: the credentials could not be had.
        """
        try:
            answer = self._client.call_api(self._params(call), _request(call), RuntimeOptions())
        except Exception as error:  # noqa: BLE001 - the SDK raises errors of its own, of Tea, and built-in ones
            failure = self._failure(error)
        else:
            body: dict[str, Any] = answer["body"]
            return body
        raise failure  # outside the except block: the original's text may hold the signed URL

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _params(self, call: Call) -> Params:
        return Params(
            action=call.action,
            version=VPC_VERSION,
            protocol=self._scheme,
            pathname="/",
            method="POST",
            auth_type="AK",
            style="RPC",
            req_body_type="formData",
            body_type="json",
        )

    def _failure(self, error: Exception) -> Exception:
        """What really happened: the SDK wraps our session's and credentials' errors in its own."""
        inner = getattr(error, "inner_exception", error)
        if isinstance(inner, Failure | errors.SpiderError):
            return inner
        if isinstance(inner, AlibabaCloudException):
            retry_after = None if inner.retry_after is None else str(inner.retry_after)
            return refusal(self._redactor, inner.status_code, retry_after, inner.data or {})
        text = f"the SDK failed: {type(inner).__name__}: {inner}"
        return Failure(self._redactor.clean(text), cause=Cause.LOCAL)


def _use_session(endpoint: Endpoint, session: ApiSession, threads: int) -> None:
    """Give the SDK our session for this endpoint, under the key of DaraCore.do_action (port 80 means "none given").

    With another key, in another release, it would make a session of its own, which ignores NO_PROXY; a test holds this.
    """
    DaraCore._sessions[f"{endpoint.scheme}://{endpoint.host}:80:pool={threads}"] = session  # noqa: SLF001


def _request(call: Call) -> OpenApiRequest:
    return OpenApiRequest(query=dict(call.parameters))
