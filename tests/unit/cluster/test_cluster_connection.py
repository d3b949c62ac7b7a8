"""The official client's transport against servers on the loopback interface."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import http.server
import json
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from kubernetes.client import Configuration

from spidercli.errors import ClusterUnauthorized, ClusterUnreachable, ConfigInvalid
from spidercli.gateways.cluster import tls
from spidercli.gateways.cluster.access import Access
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
        told: dict[str, Any] = {"method": self.command, "path": self.path, "body": sent, "headers": dict(self.headers)}
        told["groups"] = self.headers.get_all("Impersonate-Group")
        if isinstance(self.connection, ssl.SSLSocket):
            told["client"] = self.connection.getpeercert()
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

    def build(url: str, *, impersonation: Any = (), **settings: Any) -> Connection:
        configuration = Configuration(host=url, proxy=settings.pop("proxy", ""), no_proxy="")
        for name, value in settings.items():
            setattr(configuration, name, value)
        access = Access(configuration=configuration, tls=tls.secure(configuration), impersonation=impersonation)
        return Connection(access, timeout=5)

    return build


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


def test_an_unknown_certificate_is_named(reach: Callable[..., Connection], authority: Any) -> None:
    """A certificate that nobody vouches for is told with the reason, and is not tried again."""
    with serving(authority.serving()) as port, pytest.raises(ClusterUnreachable) as caught:
        reach(f"https://127.0.0.1:{port}").send(READ)

    assert ClusterUnreachable is type(caught.value)
    assert (
        f"127.0.0.1:{port}: its certificate is not accepted: unable to get local issuer certificate"
        == caught.value.message
    )


def test_a_kubeconfig_may_skip_the_check(reach: Callable[..., Connection], authority: Any) -> None:
    """insecure-skip-tls-verify is the user's decision, and no warning is repeated on each request."""
    with serving(authority.serving()) as port:
        assert reach(f"https://127.0.0.1:{port}", verify_ssl=False).send(READ).ok


def test_groups_are_sent_one_by_one(reach: Callable[..., Connection], port: int) -> None:
    """A header for each group of an impersonated user: the server would take a list for the name of one group."""
    connection = reach(
        f"http://127.0.0.1:{port}", impersonation=(("Impersonate-Group", "a"), ("Impersonate-Group", "b"))
    )

    assert ["a", "b"] == connection.send(READ).document()["groups"]


def test_the_servers_time_is_told(reach: Callable[..., Connection], port: int) -> None:
    """An answer says when it was made."""
    assert str(reach(f"http://127.0.0.1:{port}").send(READ).date).endswith(" GMT")


def test_a_request_may_have_less_time(reach: Callable[..., Connection]) -> None:
    """What has to be known soon does not wait as long as everything else."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        connection = reach(f"http://127.0.0.1:{silent.getsockname()[1]}")
        began = time.monotonic()

        with pytest.raises(ConnectionLost, match="gave no answer in time"):
            connection.send(dataclasses.replace(READ, timeout=0.05))
        assert time.monotonic() - began < connection._timeout


def test_a_trickle_ends(reach: Callable[..., Connection]) -> None:
    """A server that sends a byte now and then is one that gives no answer."""
    over = threading.Event()

    def trickle(server: socket.socket) -> None:
        client, _ = server.accept()
        with client, contextlib.suppress(OSError):
            client.recv(65_536)
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while not over.wait(0.01):
                client.sendall(b" ")

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=trickle, args=(server,))
        thread.start()
        connection = reach(f"http://127.0.0.1:{server.getsockname()[1]}")
        connection._timeout = 0.1
        with pytest.raises(ConnectionLost, match="gave no answer in time"):
            connection.send(READ)
        over.set()
        thread.join()


def kubeconfig(path: Path, port: int, authority: Any, user: dict[str, Any], **cluster: str) -> Path:
    """A kubeconfig for a server with TLS."""
    server = {"server": f"https://127.0.0.1:{port}", "certificate-authority-data": encoded(authority.certificate)}
    document = {
        "current-context": "dev",
        "contexts": [{"name": "dev", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": server | cluster}],
        "users": [{"name": "u", "user": user}],
    }
    path.write_text(json.dumps(document))
    return path


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def login(pair: Any) -> dict[str, Any]:
    """A login command that gives a client certificate."""
    version = "client.authentication.k8s.io/v1"
    status = {"clientCertificateData": pair.certificate, "clientKeyData": pair.key}
    credential = json.dumps({"apiVersion": version, "kind": "ExecCredential", "status": status})
    command = {"command": sys.executable, "args": ["-c", f"print({credential!r})"]}
    return {"exec": {"apiVersion": version, "interactiveMode": "Never", **command}}


@pytest.mark.parametrize("how", ["data", "login"])
def test_a_client_certificate_is_shown_and_no_key_is_left(
    tmp_path: Path, authority: Any, kept: Callable[[], list[str]], how: str
) -> None:
    """The server sees who we are on every connection, and nobody finds our key among the temporary files."""
    pair = authority.pair("jane")
    data = {"client-certificate-data": encoded(pair.certificate), "client-key-data": encoded(pair.key)}
    with serving(authority.serving(asks=True)) as port:
        path = kubeconfig(tmp_path / "config", port, authority, data if how == "data" else login(pair))
        for _ in range(2):  # the client remembers the files that it wrote
            api = connect(kubeconfig=path, environ={}, timeout=5)
            assert [] == kept()

            assert [[["commonName", "jane"]]] == api.call(READ)["client"]["subject"]
    assert [] == kept()


def test_a_server_may_have_another_name(tmp_path: Path, authority: Any) -> None:
    """With tls-server-name the certificate is that name's, whatever the address."""
    with serving(authority.serving(x509.DNSName("kube.internal"))) as port:
        path = kubeconfig(tmp_path / "config", port, authority, {}, **{"tls-server-name": "kube.internal"})
        assert connect(kubeconfig=path, environ={}, timeout=5).call(READ)

        path = kubeconfig(tmp_path / "config", port, authority, {})
        with pytest.raises(ClusterUnreachable, match="IP address mismatch"):
            connect(kubeconfig=path, environ={}, timeout=5).call(READ)


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
