"""The way to an API server: the official client's transport, credentials and proxies, with our own requests."""

from __future__ import annotations

import os
import ssl
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import urllib3
from kubernetes.client import ApiClient
from kubernetes.client.exceptions import ApiException

import spidercli
from spidercli.errors import ClusterUnauthorized, ClusterUnreachable, ConfigInvalid
from spidercli.gateways.cluster import access as accesses
from spidercli.gateways.cluster import bodies, plugins, wire
from spidercli.gateways.cluster.access import Access
from spidercli.gateways.cluster.api import Api
from spidercli.gateways.cluster.retrying import ConnectionLost, Patience
from spidercli.gateways.cluster.wire import Answer, Request

_TOKEN = "BearerToken"  # noqa: S105 - the client's name for the setting
_TLS = (ssl.SSLError, urllib3.exceptions.SSLError)
_UNBORN = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)


def connect(
    *,
    kubeconfig: Path | None = None,
    context: str | None = None,
    environ: Mapping[str, str],
    threads: int = 16,
    timeout: float = 60.0,
    patience: Patience | None = None,
) -> Api:
    """An API server by kubeconfig; nothing is sent yet. `KubernetesCluster` and `Lease` are built on it.

    Args:
        kubeconfig: the one file to read; None means $KUBECONFIG, then ~/.kube/config, then a pod's service account.
        context: None means the files' current-context.
        environ: for KUBECONFIG, HOME, the proxy variables, and those that a pod has.
        threads: how many requests there may be at the same time.
        timeout: seconds that one request may take, connecting included.
        patience: how often and how long a request is tried again.

    Raises:
        ConfigInvalid: a file or a context does not exist or can't be used.
        ClusterUnreachable: there is nothing to find a cluster with.
        ClusterUnauthorized: the login command of the kubeconfig failed.
    """
    access = accesses.load(kubeconfig=kubeconfig, context=context, environ=environ)
    access.configuration.connection_pool_maxsize = threads
    return Api(Connection(access, timeout=timeout), patience or Patience(), context=access.context)


class Connection:
    """A pool of connections to one API server; safe to use from several threads."""

    def __init__(self, access: Access, *, timeout: float) -> None:
        configuration = access.configuration
        configuration.retries = False  # we decide what is sent again
        self.host = urlsplit(configuration.host).netloc.rpartition("@")[2]
        self._configuration = configuration
        self._timeout = timeout
        self._answered = False
        self._login = threading.Lock()  # a login command that runs again runs once
        self._impersonation = access.impersonation
        self._client = _client(access)

    def send(self, request: Request) -> Answer:
        """Send once.

        Raises:
            ConnectionLost: the server had answered before, or the connection broke, or the answer comes too slowly.
            ClusterUnreachable: the server can't be reached, or its certificate is not accepted.
            ClusterUnauthorized: the credentials can't be sent.
        """
        url = f"{self._configuration.host}{request.path}" + (f"?{urlencode(request.query)}" if request.query else "")
        seconds = min(request.timeout or self._timeout, self._timeout)
        try:
            response = self._client.call_api(request.method, url, self._headers(request), request.body, None, seconds)
            body = bodies.read(response.response, seconds=seconds)
        except (ApiException, urllib3.exceptions.HTTPError, OSError) as error:
            raise self._unanswered(error) from error
        self._answered = True
        return _answer(response.status, response.headers, body)

    def _headers(self, request: Request) -> urllib3.HTTPHeaderDict:
        headers = urllib3.HTTPHeaderDict(self._impersonation)
        headers["accept"] = wire.JSON
        headers["accept-encoding"] = "gzip"
        headers["user-agent"] = f"spidercli/{spidercli.__version__}"
        headers["content-type"] = request.content_type
        token = self._token()
        if token:
            headers["authorization"] = token
        return headers

    def _token(self) -> str | None:
        with self._login, plugins.failures():
            token = self._configuration.get_api_key_with_prefix(_TOKEN)
        if not token:
            return None
        text = str(token).strip()  # token files end with a line break
        if not text.isprintable():
            raise ClusterUnauthorized("the kubeconfig's token can't be sent: it has characters that no token has")
        return text

    def _unanswered(self, error: Exception) -> ClusterUnreachable:
        causes = list(_causes(error))
        for cause in causes:
            if isinstance(cause, ssl.SSLCertVerificationError):
                return _mistrusted(self.host, cause)
        if not self._answered and any(isinstance(cause, _TLS) for cause in causes):
            return ClusterUnreachable(
                f"{self.host}: TLS could not be set up", hint="is it an https port, and the client certificate its own?"
            )
        sent = not any(isinstance(cause, _UNBORN) for cause in causes)
        found = self._lost(_problem(causes), sent=sent)
        if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
            found.refused_at = self.host
        return found

    def _lost(self, problem: str, *, sent: bool) -> ClusterUnreachable:
        if self._answered or sent:
            return ConnectionLost(f"{self.host} {problem}", in_doubt=sent)
        return ClusterUnreachable(
            f"{self.host} {problem}", hint="is the kubeconfig's server right, and reachable from here?"
        )


def _client(access: Access) -> ApiClient:
    if not access.configuration.verify_ssl:  # the kubeconfig says so; a warning on each request helps nobody
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    try:
        client = ApiClient(access.configuration)
    except (ImportError, ValueError, urllib3.exceptions.HTTPError) as error:
        raise ConfigInvalid(
            "the proxy for the Kubernetes API can't be used", hint="SOCKS proxies need the package PySocks"
        ) from error
    if access.tls:
        client.rest_client.pool_manager.connection_pool_kw["ssl_context"] = access.tls
    return client


def _answer(status: int, headers: Any, body: bytes) -> Answer:
    return Answer(
        status=status,
        body=body,
        warnings=wire.warnings(headers.getlist("Warning")),
        retry_after=_seconds(headers.get("Retry-After")),
        date=headers.get("Date"),
    )


def _seconds(text: str | None) -> float | None:
    """A Retry-After in seconds, the only form that API servers send."""
    return float(text) if text and text.isdecimal() else None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and everything it came from; urllib3 keeps some causes as arguments or reasons only."""
    while error is not None:
        yield error
        inner = getattr(error, "reason", None), *error.args, error.__cause__, error.__context__
        error = next((cause for cause in inner if isinstance(cause, BaseException)), None)


def _mistrusted(host: str, error: ssl.SSLCertVerificationError) -> ClusterUnreachable:
    return ClusterUnreachable(
        f"{host}: its certificate is not accepted: {error.verify_message}",
        hint="check the kubeconfig's server and certificate-authority-data; an expired certificate has to be renewed",
    )


def _problem(causes: list[BaseException]) -> str:
    """What the server did, in a few words; the library's own texts may hold URLs with credentials."""
    for kind, text in _PROBLEMS:
        if any(isinstance(cause, kind) for cause in causes):
            return text
    numbers = (cause.errno for cause in causes if isinstance(cause, OSError) and cause.errno)
    why = next((os.strerror(number).lower() for number in numbers), "the connection broke")
    return f"does not answer: {why}"


_PROBLEMS: tuple[tuple[type[BaseException], str], ...] = (
    (urllib3.exceptions.NameResolutionError, "does not answer: its name can't be resolved"),
    (urllib3.exceptions.ReadTimeoutError, "gave no answer in time"),
    (bodies.TooSlow, "gave no answer in time"),
    (TimeoutError, "does not answer: no connection in time"),
)
