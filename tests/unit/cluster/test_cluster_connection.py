"""The official client's transport against servers on the loopback interface."""

from __future__ import annotations

import contextlib
import http.server
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from kubernetes.client import Configuration

from spidercli.errors import ClusterUnauthorized, ClusterUnreachable, ConfigInvalid
from spidercli.gateways.cluster.connection import Connection, connect
from spidercli.gateways.cluster.retrying import ConnectionLost
from spidercli.gateways.cluster.wire import APPLY_PATCH, Request

READ = Request(method="GET", path="/version", purpose="read the version")


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers with what it was sent."""

    protocol_version = "HTTP/1.1"

    def _echo(self) -> None:
        if self.path == "/broken":
            self.close_connection = True
            return
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        told = {"method": self.command, "path": self.path, "body": sent, "headers": dict(self.headers)}
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Warning", '299 - "careful"')
        self.send_header("Retry-After", "3")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_PATCH = do_PUT = do_DELETE = do_POST = _echo  # noqa: N815 - the names that http.server calls

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def serving(context: ssl.SSLContext | None = None) -> Iterator[int]:
    """An echo server's port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    server.daemon_threads = True
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(name="port")
def _port() -> Iterator[int]:
    """A plain echo server's port."""
    with serving() as port:
        yield port


@pytest.fixture(name="closed_port")
def _closed_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


@pytest.fixture(name="reach")
def _reach() -> Callable[..., Connection]:
    """A connection to a URL."""

    def build(url: str, **settings: Any) -> Connection:
        configuration = Configuration(host=url, proxy=settings.pop("proxy", ""), no_proxy="")
        for name, value in settings.items():
            setattr(configuration, name, value)
        return Connection(configuration, timeout=5)

    return build


@pytest.fixture(name="certificate")
def _certificate(tmp_path: Path) -> ssl.SSLContext:
    """A server's TLS context with a certificate that it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "kube-apiserver")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    path = tmp_path / "server.pem"
    path.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(pem)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def test_a_request_arrives_as_it_is(reach: Callable[..., Connection], port: int) -> None:
    """Method, query, body, content type and token reach the server; warnings and Retry-After come back."""
    request = Request(
        method="PATCH",
        path="/x",
        purpose="apply x",
        query=(("fieldManager", "spidercli"), ("continue", "a=b&c")),
        body={"spec": {}},
        content_type=APPLY_PATCH,
    )
    connection = reach(f"http://127.0.0.1:{port}", api_key={"BearerToken": "Bearer t\n"})

    answer = connection.send(request)
    told = answer.document()
    assert ("PATCH", "/x?fieldManager=spidercli&continue=a%3Db%26c", '{"spec": {}}') == (
        told["method"],
        told["path"],
        told["body"],
    )
    headers = {name.lower(): value for name, value in told["headers"].items()}
    assert (APPLY_PATCH, "Bearer t") == (headers["content-type"], headers["authorization"])
    assert headers["user-agent"].startswith("spidercli/")
    assert (("careful",), 3.0) == (answer.warnings, answer.retry_after)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_bodies_are_json(reach: Callable[..., Connection], port: int, method: str) -> None:
    """Every verb that has a body sends it as JSON."""
    request = Request(method=method, path="/x", purpose="x", body={"a": "ö"})

    told = reach(f"http://127.0.0.1:{port}").send(request).document()

    assert {"a": "ö"} == json.loads(told["body"])


def test_nobody_there_is_final(reach: Callable[..., Connection], closed_port: int) -> None:
    """A server that never answered is told at once, with its host."""
    with pytest.raises(ClusterUnreachable) as caught:
        reach(f"http://127.0.0.1:{closed_port}").send(READ)

    assert ClusterUnreachable is type(caught.value)
    assert f"127.0.0.1:{closed_port} does not answer: connection refused" == caught.value.message
    assert f"127.0.0.1:{closed_port}" == caught.value.refused_at


def test_a_server_that_went_away_may_come_back(reach: Callable[..., Connection]) -> None:
    """After an answer, a refused connection is a trouble of the moment."""
    with serving() as port:
        connection = reach(f"http://127.0.0.1:{port}")
        connection.send(READ)
        connection._client.rest_client.close()

    with pytest.raises(ConnectionLost, match="connection refused"):
        connection.send(READ)


def test_a_broken_answer_is_lost(reach: Callable[..., Connection], port: int) -> None:
    """A connection that ends without an answer can be tried again."""
    with pytest.raises(ConnectionLost, match="the connection broke"):
        reach(f"http://127.0.0.1:{port}").send(Request(method="GET", path="/broken", purpose="x"))


def test_silence_ends(reach: Callable[..., Connection]) -> None:
    """A server that accepts and says nothing does not hold us for ever."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        connection = reach(f"http://127.0.0.1:{silent.getsockname()[1]}")
        connection._timeout = 0.05

        with pytest.raises(ConnectionLost, match=rf"^{connection.host} gave no answer in time$"):
            connection.send(READ)


def test_a_token_that_can_not_be_sent_stays_unsaid(reach: Callable[..., Connection], port: int) -> None:
    """A control character in a token is told without the token."""
    connection = reach(f"http://127.0.0.1:{port}", api_key={"BearerToken": "Bearer s3cr3t\nx"})

    with pytest.raises(ClusterUnauthorized) as caught:
        connection.send(READ)
    assert "s3cr3t" not in caught.value.message


def test_credentials_in_the_url_stay_unsaid(reach: Callable[..., Connection], closed_port: int) -> None:
    """The host is all that messages say of a server."""
    assert f"127.0.0.1:{closed_port}" == reach(f"http://user:s3cr3t@127.0.0.1:{closed_port}").host


def test_a_plain_server_is_no_https_server(reach: Callable[..., Connection], port: int) -> None:
    """TLS against a port that does not speak it is told as that."""
    with pytest.raises(ClusterUnreachable, match="TLS could not be set up"):
        reach(f"https://127.0.0.1:{port}").send(READ)


def test_an_unknown_certificate_is_named(reach: Callable[..., Connection], certificate: ssl.SSLContext) -> None:
    """A certificate that nobody vouches for is told with the reason, and is not tried again."""
    with serving(certificate) as port, pytest.raises(ClusterUnreachable) as caught:
        reach(f"https://127.0.0.1:{port}").send(READ)

    assert ClusterUnreachable is type(caught.value)
    assert f"127.0.0.1:{port}: its certificate is not accepted: self-signed certificate" == caught.value.message


def test_a_kubeconfig_may_skip_the_check(reach: Callable[..., Connection], certificate: ssl.SSLContext) -> None:
    """insecure-skip-tls-verify is the user's decision, and no warning is repeated on each request."""
    with serving(certificate) as port:
        assert reach(f"https://127.0.0.1:{port}", verify_ssl=False).send(READ).ok


def test_an_unusable_proxy_is_told(reach: Callable[..., Connection]) -> None:
    """A proxy of an unknown kind is a matter of configuration."""
    with pytest.raises(ConfigInvalid, match="the proxy for the Kubernetes API"):
        reach("https://dev.test", proxy="ftp://user:s3cr3t@proxy.test")


def test_connect_reads_the_kubeconfig(tmp_path: Path, port: int) -> None:
    """A kubeconfig leads to a server that answers."""
    path = tmp_path / "config"
    document = {
        "current-context": "dev",
        "contexts": [{"name": "dev", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
        "users": [{"name": "u", "user": {}}],
    }
    path.write_text(json.dumps(document))

    api = connect(environ={"KUBECONFIG": str(path)}, threads=3, timeout=5)

    assert f"127.0.0.1:{port}" == api.host
    assert "/version" == api.call(READ)["path"]
