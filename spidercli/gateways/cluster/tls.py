"""TLS towards an API server: certificates and keys, read once, so that the files they come from may go."""

from __future__ import annotations

import contextlib
import os
import shutil
import ssl
import tempfile
import uuid
from collections.abc import Iterator

from kubernetes.client import Configuration
from urllib3.util.ssl_ import create_urllib3_context

from spidercli.errors import ConfigInvalid

_HINT = "certificates and keys have to be PEM, and keys without a passphrase"


@contextlib.contextmanager
def keys_removed() -> Iterator[str | None]:
    """A folder for what OpenSSL reads from files only, client keys among it; afterwards it is gone.

    The official client makes it when it has something to put there, and would leave the keys there until the process
    ends in an orderly way. None if there is no place for temporary files: most kubeconfigs need none.
    """
    try:
        folder = os.path.join(tempfile.gettempdir(), f"spidercli-{uuid.uuid4()}")  # noqa: PTH118 - the client takes text
    except OSError:
        yield None
        return
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def secure(configuration: Configuration) -> ssl.SSLContext | None:
    """What all connections to the server share: whom we trust, and who we are. None if the server is not https.

    Nothing is left in the configuration that the client would read again for each connection. A proxy that is https
    itself is checked against the same CA certificates, as kubectl does; our own certificate is not for it.

    Raises:
        ConfigInvalid: the CA certificates, or the client certificate and its key, can't be used.
    """
    if not configuration.host.startswith("https:"):
        return None
    context = _trusting(configuration)
    if configuration.cert_file:
        _identify(context, configuration.cert_file, configuration.key_file)
    if (configuration.proxy or "").startswith("https:"):
        configuration.proxy_ssl_context = _trusting(configuration)
    configuration.ssl_ca_cert = configuration.cert_file = configuration.key_file = None
    return context


def _trusting(configuration: Configuration) -> ssl.SSLContext:
    """A context as the client makes it for each connection, with the system's CA certificates if none are given."""
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED if configuration.verify_ssl else ssl.CERT_NONE)
    if not configuration.ssl_ca_cert:
        context.load_default_certs()
        return context
    try:
        context.load_verify_locations(configuration.ssl_ca_cert)
    except OSError as error:  # ssl.SSLError is one
        raise ConfigInvalid(f"the cluster's CA certificates can't be used{_reason(error)}", hint=_HINT) from error
    return context


def _identify(context: ssl.SSLContext, certificate: str, key: str | None) -> None:
    try:
        context.load_cert_chain(certificate, key, password="")  # else OpenSSL asks for one on the terminal
    except OSError as error:
        raise ConfigInvalid(f"the client certificate or its key can't be used{_reason(error)}", hint=_HINT) from error


def _reason(error: OSError) -> str:
    """What is wrong, in OpenSSL's words or the system's, without the text that is not ours to show."""
    text = (error.reason or "").replace("_", " ").lower() if isinstance(error, ssl.SSLError) else error.strerror
    return f": {text}" if text else ""
