"""A proxy between the product and the API server, which notes every request and can get in the way of writes."""

from __future__ import annotations

import contextlib
import dataclasses
import http.server
import json
import pathlib
import sys
import threading
import types
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Self

import urllib3

from tests.e2e.controlplane.polling import eventually
from tests.e2e.controlplane.rest import Access

_TOLD_ON = ("Content-Type", "Content-Encoding", "Warning", "Retry-After")
_READS = ("GET", "HEAD")


class CutError(Exception):
    """Break the connection off instead of answering."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Passed:
    """A request that the API server answered, whether or not the answer got any further."""

    method: str
    path: str  # without its query
    body: bytes
    status: int

    @property
    def target(self) -> str:
        """The object, PLURAL/NAME; a create has no name yet."""
        return "/".join(self.path.split("/")[-2:])


@dataclasses.dataclass(frozen=True, kw_only=True)
class Write:
    """A write on its way to the API server."""

    number: int  # from 1, in the order in which they came here
    method: str
    path: str


def _let_pass(write: Write) -> None:
    """Do nothing."""


class Between:
    """Listens on loopback, inside of the `with` block.

    Attributes:
        before: called with every write before the API server sees it; CutError keeps it from there.
        after: called with every write that the API server has answered; CutError keeps the answer from the client.
        passed: every request that the API server answered.
    """

    def __init__(self, access: Access) -> None:
        self.before: Callable[[Write], None] = _let_pass
        self.after: Callable[[Write], None] = _let_pass
        self.passed: list[Passed] = []
        self._access = access
        self._count = self._busy = 0
        self._lock = threading.Lock()
        certificate, key = access.certificate or (None, None)
        self._upstream = urllib3.PoolManager(
            ca_certs=str(access.authority),
            cert_file=certificate and str(certificate),
            key_file=key and str(key),
            maxsize=32,
            retries=False,
        )
        self._server = _Server(self)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._upstream.clear()

    @property
    def writes(self) -> list[Passed]:
        """The writes that the API server accepted, those of Leases left out."""
        accepted = [each for each in self.passed if each.method not in _READS and each.status < 300]
        return [each for each in accepted if "/leases" not in each.path]

    def kubeconfig(self, path: pathlib.Path) -> str:
        """Write a kubeconfig that leads through here."""
        document = json.loads(self._access.kubeconfig())
        document["clusters"][0]["cluster"] = {"server": f"http://127.0.0.1:{self._server.server_port}"}
        path.write_text(json.dumps(document), encoding="utf-8")
        return str(path)

    def relay(self, method: str, url: str, headers: dict[str, str], body: bytes) -> urllib3.BaseHTTPResponse:
        """Pass one request on.

        Raises:
            CutError: nobody answered, or somebody is in the way.
        """
        write = self._numbered(method, url) if method not in _READS else None
        if write:
            self.before(write)
        with self._on_its_way():
            try:
                answer = self._upstream.request(
                    method, f"{self._access.url}{url}", body=body, headers=headers, decode_content=False
                )
            except urllib3.exceptions.HTTPError as error:
                raise CutError from error
            self.passed.append(Passed(method=method, path=_path(url), body=body, status=answer.status))
        if write:
            self.after(write)
        return answer

    def settle(self) -> None:
        """Wait until nothing is on its way to the API server, after a client was killed."""
        eventually(lambda: self._busy == 0, "nothing is on its way")

    @contextlib.contextmanager
    def _on_its_way(self) -> Iterator[None]:
        with self._lock:
            self._busy += 1
        try:
            yield
        finally:
            with self._lock:
                self._busy -= 1

    def _numbered(self, method: str, url: str) -> Write:
        with self._lock:
            self._count += 1
            return Write(number=self._count, method=method, path=_path(url))


def _path(url: str) -> str:
    return url.partition("?")[0]


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, between: Between) -> None:
        self.between = between
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that were killed: their connections break."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # an answer is sent in two parts, and the second one would wait 40 ms
    server: _Server
    hop_by_hop: ClassVar = {"host", "connection", "content-length"}

    def relay(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in self.hop_by_hop}
        try:
            answer = self.server.between.relay(self.command, self.path, headers, body)
        except CutError:
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name in _TOLD_ON:
            for value in answer.headers.getlist(name):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.data)))
        self.end_headers()
        self.wfile.write(answer.data)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = relay  # noqa: N815 (the library's names)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the library's name for it)
        """Say nothing: what passed is noted."""
