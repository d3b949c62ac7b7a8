"""Builders for desired and live pools."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable, Iterable, Mapping

import pytest

from spidercli import kinds
from spidercli.model import Manifest

SUBNET = "10.0.0.0/24"


def _pool(
    name: str,
    *ips: str,
    subnet: str = SUBNET,
    node: str = "node",
    ours: bool = True,
    gateway: str | None = None,
) -> Manifest:
    labels = {kinds.MANAGED_BY: "spidercli"} if ours else {}
    spec: dict[str, object] = {
        "subnet": subnet,
        "ips": list(ips),
        "gateway": gateway or str(ipaddress.ip_network(subnet)[-3]),
        "nodeName": [node],
    }
    metadata = {"name": name, "labels": labels}
    return {"apiVersion": kinds.SPIDERPOOL, "kind": "SpiderIPPool", "metadata": metadata, "spec": spec}


def _live(
    manifest: Manifest, *, held: Mapping[str, str] | Iterable[str] = (), terminating: bool = False, owned: bool = True
) -> Manifest:
    pods = held if isinstance(held, Mapping) else dict.fromkeys(held, "default/web-0")
    metadata: dict[str, object] = {
        **kinds.metadata(manifest),
        "uid": f"uid-{kinds.name(manifest)}",
        "resourceVersion": "7",
    }
    if terminating:
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    if owned and kinds.is_ours(manifest):
        fields = {
            "f:metadata": {"f:labels": {f"f:{kinds.MANAGED_BY}": {}}},
            "f:spec": {f"f:{key}": {} for key in kinds.spec(manifest)},
        }
        metadata["managedFields"] = [
            {"manager": "spidercli", "operation": "Apply", "apiVersion": kinds.SPIDERPOOL, "fieldsV1": fields}
        ]
    allocated = {ip: {"pod": pod, "podUid": "u"} for ip, pod in pods.items()}
    status = {"allocatedIPs": json.dumps(allocated) if allocated else None, "allocatedIPCount": len(allocated)}
    return {**manifest, "metadata": metadata, "status": status}


@pytest.fixture(name="pool", scope="session")
def pool_builder() -> Callable[..., Manifest]:
    """A rendered SpiderIPPool."""
    return _pool


@pytest.fixture(name="live", scope="session")
def live_builder() -> Callable[..., Manifest]:
    """A SpiderIPPool as the cluster has it after we applied it."""
    return _live
