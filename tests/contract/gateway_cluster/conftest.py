"""An embedded API server over HTTP, and the gateway in front of it, set up by a kubeconfig."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from spidercli import kinds
from spidercli.gateways.cluster import wire
from spidercli.gateways.cluster.api import Api
from spidercli.gateways.cluster.client import KubernetesCluster
from spidercli.gateways.cluster.connection import connect
from spidercli.gateways.cluster.retrying import Patience
from spidercli.model import Manifest
from spidercli.planning.plan import Phase, Verb, Write
from spidercli.sandbox.kube.api import KubeApi
from spidercli.sandbox.kube.app import kube_app
from spidercli.sandbox.serving import Server

SUBNET = "10.0.0.0/24"


@pytest.fixture(name="kube")
def _kube() -> KubeApi:
    """The API server's state."""
    return KubeApi()


@pytest.fixture(name="slept")
def _slept() -> list[float]:
    """How long was slept before each further attempt."""
    return []


@pytest.fixture(name="reach")
def _reach(tmp_path: Path, slept: list[float]) -> Callable[[str], Api]:
    """An API by a URL, through a kubeconfig."""

    def build(url: str) -> Api:
        path = tmp_path / "config"
        document = {
            "current-context": "sandbox",
            "contexts": [{"name": "sandbox", "context": {"cluster": "sandbox", "user": "sandbox"}}],
            "clusters": [{"name": "sandbox", "cluster": {"server": url}}],
            "users": [{"name": "sandbox", "user": {"token": "dummy"}}],
        }
        path.write_text(json.dumps(document))
        patience = Patience(sleep=slept.append, jitter=lambda: 1.0)
        return connect(kubeconfig=path, environ={}, timeout=10, patience=patience)

    return build


@pytest.fixture(name="api")
def _api(kube: KubeApi, reach: Callable[[str], Api]) -> Iterator[Api]:
    """The API of the embedded server."""
    with Server(kube_app(kube)) as server:
        yield reach(server.url)


@pytest.fixture(name="cluster")
def _cluster(api: Api) -> KubernetesCluster:
    """The gateway."""
    return KubernetesCluster(api)


@pytest.fixture(name="rehearse")
def _rehearse(api: Api) -> Callable[[Write], Manifest]:
    """What the server would store for a write, without storing it."""

    def ask(write: Write) -> Manifest:
        request = wire.of_write(write)
        return api.call(dataclasses.replace(request, query=(*request.query, ("dryRun", "All"))))

    return ask


@pytest.fixture(name="pool")
def _pool() -> Callable[..., Manifest]:
    """A SpiderIPPool."""

    def build(name: str = "p", *ips: str, **spec: object) -> Manifest:
        fields = {"ipVersion": 4, "subnet": SUBNET, "gateway": "10.0.0.253", "ips": list(ips) or ["10.0.0.1"], **spec}
        meta = {"name": name, "labels": {kinds.MANAGED_BY: kinds.FIELD_MANAGER}}
        return {"apiVersion": kinds.SPIDERPOOL, "kind": "SpiderIPPool", "metadata": meta, "spec": fields}

    return build


@pytest.fixture(name="applying")
def _applying() -> Callable[..., Write]:
    """A write that applies a pool, or something else with other fields."""

    def build(body: Manifest | None, **changes: Any) -> Write:
        usual: dict[str, Any] = {
            "phase": Phase.GROW,
            "verb": Verb.APPLY,
            "kind": kinds.IP_POOL,
            "name": kinds.name(body or {}),
            "namespace": None,
            "body": body,
        }
        return Write(**{**usual, **changes})

    return build


@pytest.fixture(name="deleting")
def _deleting(applying: Callable[..., Write]) -> Callable[..., Write]:
    """A write that deletes an object as it was read."""

    def build(live: Manifest) -> Write:
        meta = kinds.metadata(live)
        return applying(
            None,
            phase=Phase.SHRINK,
            verb=Verb.DELETE,
            name=kinds.name(live),
            uid=meta["uid"],
            resource_version=meta["resourceVersion"],
        )

    return build
