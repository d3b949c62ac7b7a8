"""The HTTP session under both SDKs: what they get wrong is put right here, once.

The legacy SDK vendors a urllib3 that sends no SNI on Python 3.12 and later; both SDKs ignore NO_PROXY, follow the
process's environment only, and put signed URLs into the text of a network error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
import requests.adapters
import requests.utils

from spidercli.gateways.alibaba.calls import REFUSED, Cause, Failure

_CA_VARIABLES = ("ALIBABA_CLOUD_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_CONNECT_SECONDS = 5.0
READ_SECONDS = 20.0
_PIECE = 1 << 20  # bytes; requests itself would read 10 kB at a time, which costs as much as a third of the parsing
_WHITESPACE = 64  # how much of it may come before a JSON object


class Session(requests.Session):
    """A requests session with keep-alive for `threads` threads that takes nothing from the process's environment."""

    def __init__(
        self,
        environ: Mapping[str, str],
        *,
        threads: int,
        connect_seconds: float = _CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
    ) -> None:
        super().__init__()
        self._timeout = (connect_seconds, read_seconds)
        self.trust_env = False  # no .netrc, and proxies from the environment that we were given
        self._environ = environ
        self._proxies: dict[str, dict[str, str]] = {}
        adapter = requests.adapters.HTTPAdapter(pool_maxsize=threads)
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send a request; arguments of the SDK that would weaken it are replaced.

        Raises:
            Failure: there was no answer. The library's own error is dropped, for its text holds the signed URL.
        """
        kwargs |= {
            "proxies": self._proxies_for(str(request.url)),
            "verify": ca_bundle(self._environ),
            "allow_redirects": False,  # a signed request is for the host that it was signed for
            "timeout": self._timeout,
            "stream": True,
        }
        try:
            response = super().send(request, **kwargs)
            response._content = b"".join(response.iter_content(_PIECE))  # noqa: SLF001 - there is no other way in
        except (requests.RequestException, OSError) as error:
            failure = _failure(error)
        else:
            return response
        raise failure

    def _proxies_for(self, url: str) -> dict[str, str]:
        """The proxies of a URL's host, found once."""
        base = "{0.scheme}://{0.netloc}".format(urlsplit(url))
        if base not in self._proxies:
            self._proxies[base] = proxies(base, self._environ)
        return self._proxies[base]


class ApiSession(Session):
    """The session under the SDKs, which stumble on an answer that is not JSON, or repeat all of it."""

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send a request.

        Raises:
            Failure: there was no answer, or the page of a gateway, a proxy or a hotel's network.
        """
        response = super().send(request, **kwargs)
        if response.content[:_WHITESPACE].lstrip().startswith(b"{"):
            return response
        raise Failure(
            "the answer is a page, not one of the API",
            cause=Cause.LOCAL if response.ok and not response.is_redirect else Cause.API,
            status=response.status_code,
        )


def proxies(url: str, environ: Mapping[str, str]) -> dict[str, str]:
    """The proxy for a URL by HTTPS_PROXY, ALL_PROXY and NO_PROXY, in small letters first.

    Plain HTTP never takes one: only loopback and the metadata service are spoken to that way.
    """
    if not url.startswith("https://") or requests.utils.should_bypass_proxies(url, _variable(environ, "no_proxy")):
        return {}
    proxy = _variable(environ, "https_proxy") or _variable(environ, "all_proxy")
    return {"https": proxy} if proxy else {}


def ca_bundle(environ: Mapping[str, str]) -> str | bool:
    """The file with trusted certificate authorities, or True for the built-in ones."""
    return next((environ[name] for name in _CA_VARIABLES if environ.get(name)), True)


def _variable(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name) or environ.get(name.upper()) or ""


def _failure(error: Exception) -> Failure:
    """What happened, in words without the URL; a plain OSError comes from the file that `verify` names."""
    if isinstance(error, requests.exceptions.SSLError):
        return Failure("the TLS certificate or handshake was refused", cause=Cause.TLS)
    if isinstance(error, requests.exceptions.ProxyError):
        return Failure("the proxy did not answer", cause=Cause.NETWORK)
    if isinstance(error, requests.ConnectTimeout):
        return Failure("no connection in time", cause=Cause.NETWORK)
    if isinstance(error, requests.ReadTimeout):
        return Failure("no answer in time", cause=Cause.NETWORK)
    if isinstance(error, requests.ConnectionError):
        return Failure(_connection_problem(error), cause=Cause.NETWORK)
    if isinstance(error, requests.exceptions.ChunkedEncodingError | requests.exceptions.ContentDecodingError):
        return Failure("the answer ended early", cause=Cause.NETWORK)
    if isinstance(error, requests.RequestException):
        return Failure("the request could not be sent", cause=Cause.LOCAL)
    return Failure("the file with certificate authorities can't be read", cause=Cause.TLS)


def _connection_problem(error: requests.ConnectionError) -> str:
    """Which of the usual reasons it was; the error's own text is not shown, only searched."""
    text = str(error)
    if "NameResolution" in text or "getaddrinfo" in text:
        return "the host name does not resolve"
    if "refused" in text:
        return REFUSED
    return "the connection failed or was cut off"
