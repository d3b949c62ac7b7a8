"""The two situations that are rehearsed: a cluster that has no pools yet, and one whose cloud has changed a lot."""

from __future__ import annotations

import dataclasses
import functools
import json
from ipaddress import IPv4Address, IPv4Network

from spidercli import kinds
from spidercli.model import Manifest
from spidercli.sandbox.cloud.world import World
from spidercli.sandbox.kube.api import KubeApi
from spidercli.sandbox.kube.requests import Request
from spidercli.sandbox.scenarios import guide
from spidercli.sandbox.scenarios.scenario import Scenario
from tests.faults.rehearsal import Stage

COMMANDS = {
    "bootstrap": ("bootstrap", "--yes"),
    "sync": ("pools", "sync", "--yes", "--prune", "--max-delete", "60%"),
}
_KEPT = (
    kinds.Kind("v1", "Namespace", "namespaces", namespaced=False),
    kinds.NODE,
    kinds.CONFIG_MAP,
    kinds.MULTUS_CONFIG,
    kinds.IP_POOL,
    kinds.Kind("v1", "Pod", "pods", namespaced=True),
)


def scene(command: str) -> Scenario:
    """Where a command is rehearsed, made anew each time."""
    fresh = guide.build()
    if command == "bootstrap":
        return fresh
    _change(fresh.world)
    return dataclasses.replace(fresh, manifests=_drifted())


def _change(world: World) -> None:
    """Swap two addresses between the nodes, take away one that is in use and one that is not, and move an ENI."""
    world.move("172.31.199.185", to=guide.WORKER_ETH0)
    world.move("172.31.199.190", to=guide.MASTER_ETH0)
    world.unassign(guide.MASTER_ETH1, "192.168.0.156", "192.168.0.160")  # a pod holds the latter
    world.assign(guide.MASTER_ETH1, "192.168.0.200")
    former = world.eni(guide.WORKER_ETH1)
    other = dataclasses.replace(world.vswitches[former.vswitch_id], vswitch_id="vsw-other")
    world.add_vswitch(dataclasses.replace(other, cidr=IPv4Network("192.168.1.0/24")))
    world.remove_eni(former.eni_id)
    moved = tuple(IPv4Address(f"192.168.1.{number}") for number in (10, 11, 12))
    world.add_eni(
        dataclasses.replace(former, vswitch_id="vsw-other", primary_ip=IPv4Address("192.168.1.9"), secondary_ips=moved)
    )


@functools.cache
def _drifted() -> tuple[Manifest, ...]:
    """The cluster after a bootstrap, with what others have done to it since."""
    with Stage(guide.build()) as stage:
        assert stage.run(*COMMANDS["bootstrap"]).code == 0
        kube = stage.sandbox.kube
    kube.remove("v1", "pods", "test-app-2-r6gwx", "default")  # the last pod of the pool that has to be made anew
    _do(kube, "POST", "", _surplus())
    _do(kube, "PATCH", "/master-172", {"spec": {"gateway": "172.31.207.250"}})
    return tuple(each for kind in _KEPT for each in kube.objects(kind))


def _surplus() -> Manifest:
    """A pool of ours whose node has gone."""
    return {
        "apiVersion": kinds.SPIDERPOOL,
        "kind": kinds.IP_POOL.kind,
        "metadata": {"name": "former-172", "labels": {kinds.MANAGED_BY: kinds.FIELD_MANAGER}},
        "spec": {"subnet": "172.31.192.0/20", "ips": ["172.31.199.220"], "nodeName": ["former"]},
    }


def _do(kube: KubeApi, method: str, path: str, body: Manifest) -> None:
    headers = {"content-type": "application/merge-patch+json" if method == "PATCH" else "application/json"}
    data = json.dumps(body).encode()
    path = kinds.IP_POOL.collection + path
    answer = kube.handle(Request(method=method, path=path, query={}, headers=headers, body=data))
    assert getattr(answer, "status", 0) < 300, answer
