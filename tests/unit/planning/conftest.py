"""Builders for desired and live pools."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable, Iterable, Mapping, Sequence

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
    eni: str = "",
    network: str = "",
) -> Manifest:
    labels = {kinds.MANAGED_BY: "spidercli"} if ours else {}
    spec: dict[str, object] = {
        "subnet": subnet,
        "ips": list(ips),
        "gateway": gateway or str(ipaddress.ip_network(subnet)[-3]),
        "nodeName": [node],
    }
    if network:
        spec["multusName"] = [network]
    metadata: dict[str, object] = {"name": name, "labels": labels}
    if eni:
        metadata["annotations"] = {kinds.ANNOTATION_ENI: eni}
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
        annotations: dict[str, object] = {f"f:{key}": {} for key in kinds.annotations(manifest)}
        fields = {
            "f:metadata": {
                "f:labels": {f"f:{kinds.MANAGED_BY}": {}},
                **({"f:annotations": annotations} if annotations else {}),
            },
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


def _nic_pool(
    name: str, version: int = 4, *, ips: int | Sequence[str] = 2, default: bool = True, **others: object
) -> Manifest:
    """The pool of a NIC, "node-nic", with these addresses, or so many; `others` are fields of its spec."""
    node, _, nic = name.partition("-")
    net, base = int(nic[-1]), 16 * (1 + ord(node[-1]) - ord("a"))
    subnet = f"10.0.{net}.0/24" if version == 4 else f"2408:4005:0:{net}::/64"
    network = ipaddress.ip_network(subnet)
    hosts = [str(network[base + at]) for at in range(ips)] if isinstance(ips, int) else ips
    manifest = _pool(
        name if version == 4 else f"{name}-v6",
        *hosts,
        subnet=subnet,
        node=node,
        eni=f"eni-{name}",
        network=f"kube-system/ipvlan-{nic}",
    )
    return {**manifest, "spec": {**kinds.spec(manifest), "default": default, "ipVersion": version, **others}}


@pytest.fixture(name="nic_pool", scope="session")
def nic_pool_builder() -> Callable[..., Manifest]:
    """A rendered SpiderIPPool of a NIC, in either IP version."""
    return _nic_pool
