"""The sandbox behind a mirror that bends its answers, and what no command may ever do."""

from __future__ import annotations

import json
import pathlib
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest

from spidercli.gateways.alibaba import retrying
from spidercli.kinds import IP_POOL
from spidercli.sandbox.asgi import App, Message, Receive, Scope, Send
from spidercli.sandbox.cloud.app import cloud_app
from spidercli.sandbox.kube.app import kube_app
from spidercli.sandbox.run import Sandbox
from spidercli.sandbox.serving import Server

Change = Callable[[Any], Any]
SECRET = "Sup3rS3cretOfTheTest"
_EXIT_CODES = (0, 1, 2, 3, 4, 64, 130)
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class Mirror:
    """Passes requests on to an application, and bends the answers to some of them.

    A call is named by its Action where it has one, else by its path.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._bends: list[tuple[str, Callable[[bytes], bytes], int | None]] = []

    def bend(self, call: str, change: Change) -> None:
        """Let a function change the JSON document that answers the calls whose name ends so."""
        self.replace(call, lambda body: json.dumps(change(json.loads(body))).encode())

    def replace(self, call: str, change: Callable[[bytes], bytes], *, status: int | None = None) -> None:
        """Let a function change the body of answers, whatever it is, and maybe the status."""
        self._bends.append((call, change, status))

    def straighten(self) -> None:
        """Bend nothing any more."""
        self._bends.clear()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = _name(scope)
        said: list[Message] = []

        async def remember(message: Message) -> None:
            said.append(message)

        await self._app(scope, receive, remember)
        body = b"".join(message.get("body", b"") for message in said)
        status = said[0]["status"]
        for call, change, instead in self._bends:
            if name.endswith(call):
                body, status = change(body), instead or status
        headers = [pair for pair in said[0].get("headers", ()) if pair[0].lower() != b"content-length"]
        headers.append((b"content-length", str(len(body)).encode()))
        await send({**said[0], "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _name(scope: Scope) -> str:
    headers = dict(scope["headers"])
    actions = parse_qs(scope["query_string"].decode("latin-1")).get("Action", [])
    return (headers.get(b"x-acs-action", b"").decode() or "".join(actions)) or str(scope["path"])


@pytest.fixture(name="shared", scope="package")
def shared_sandbox() -> Iterator[Sandbox]:
    """The guide's two nodes, for all tests of this folder: starting a sandbox for each is most of their time."""
    with Sandbox("guide") as sandbox:
        yield sandbox


@pytest.fixture(name="sandbox")
def bootstrapped_sandbox(
    shared: Sandbox, monkeypatch: pytest.MonkeyPatch, spidercli: Callable[..., Any]
) -> Iterator[Sandbox]:
    """The same, bootstrapped by the first test that wants it, and an environment that leads there; none may write."""
    for name, value in shared.environ.items():
        monkeypatch.setenv(name, value)
    if not shared.kube.objects(IP_POOL):
        assert spidercli("bootstrap", "--yes", "-q").code == 0
    shared.kube.forget_requests()
    yield shared
    assert {request.method for request in shared.kube.requests} <= {"GET"}


@pytest.fixture(name="cloud_mirror", scope="package")
def mirror_of_the_cloud(shared: Sandbox) -> Iterator[tuple[Mirror, str]]:
    """A mirror before the sandbox's cloud and metadata service, and its URL."""
    mirror = Mirror(cloud_app(shared.world))
    with Server(mirror) as server:
        yield mirror, server.url


@pytest.fixture(name="cloud")
def bending_cloud(
    sandbox: Sandbox, cloud_mirror: tuple[Mirror, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Mirror]:
    """The sandbox's cloud and metadata service, behind a mirror; nobody waits for a retry."""
    monkeypatch.setattr(retrying, "BUDGET", 0.0)
    monkeypatch.setattr(retrying, "NETWORK_BUDGET", 0.0)
    mirror, url = cloud_mirror
    for name in ("ECS", "VPC", "STS", "METADATA"):
        monkeypatch.setenv(f"SPIDERCLI_{name}_ENDPOINT", url)
    yield mirror
    mirror.straighten()


@pytest.fixture(name="cluster_mirror", scope="package")
def mirror_of_the_cluster(shared: Sandbox) -> Iterator[tuple[Mirror, str]]:
    """A mirror before the sandbox's API server, and its URL."""
    mirror = Mirror(kube_app(shared.kube))
    with Server(mirror) as server:
        yield mirror, server.url


@pytest.fixture(name="cluster")
def bending_cluster(
    sandbox: Sandbox,
    cluster_mirror: tuple[Mirror, str],
    monkeypatch: pytest.MonkeyPatch,
    kubeconfig: Callable[..., str],
) -> Iterator[Mirror]:
    """The sandbox's API server, behind a mirror."""
    mirror, url = cluster_mirror
    monkeypatch.setenv("KUBECONFIG", kubeconfig(url))
    yield mirror
    mirror.straighten()


@pytest.fixture(name="behaves")
def good_behaviour(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], Any]:
    """Check what holds for every command, whatever it was given; the run is passed on."""
    for name in ("SPIDERCLI_TEST_PASSWORD", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN"):
        monkeypatch.setenv(name, SECRET)

    def check(ran: Any) -> Any:
        said = ran.stdout + ran.stderr
        assert ran.code in _EXIT_CODES, said
        assert "SPC999" not in said
        assert "Traceback" not in said
        assert not _CONTROL.search(said), _CONTROL.search(said)
        assert SECRET not in said
        if ran.code in (1, 4, 64) and not ran.stdout:  # `pools who` has something to say even if it knows nothing
            assert re.search(r'error SPC\d+: .{8}|{"error": {"code": "SPC\d+", "message": ".{8}', ran.stderr), said
        assert len(ran.stderr) < 6_000
        return ran

    return check


@pytest.fixture(name="write")
def file_writer(tmp_path: pathlib.Path) -> Callable[[str, str | bytes], str]:
    """Write a file, and say where it is."""

    def write(name: str, content: str | bytes) -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write
