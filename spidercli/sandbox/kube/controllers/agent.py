"""spiderpool-agent's bookkeeping: which pod holds which address of which pool.

The agent of a real node is asked by the CNI plugin. Here a pod that is written with an address takes it from the pool
that lists it, as if the agent had just given it out, or as soon as there is such a pool; a pod that goes, or ends,
gives it back.
"""

from __future__ import annotations

import ipaddress
import json
from typing import Any

from spidercli.sandbox.kube.cluster import Cluster
from spidercli.sandbox.kube.spiderpool import API_VERSION, FINALIZER, POOLS, Spiderpool
from spidercli.sandbox.kube.store import DELETED, Change
from spidercli.sandbox.kube.values import Object, dig
from spidercli.sandbox.kube.webhooks import pools
from spidercli.sandbox.kube.webhooks.poolindex import PoolIndex

_MANAGER = "spiderpool-agent"
_NETWORK = "v1.multus-cni.io/default-network"
_OVER = ("Failed", "Succeeded")

Allocations = dict[str, dict[str, Any]]


class Agent:
    """Keeps status.allocatedIPs of pools and SpiderEndpoints in step with pods."""

    def __init__(self, cluster: Cluster, index: PoolIndex, settings: Spiderpool) -> None:
        self._cluster = cluster
        self._index = index
        self._settings = settings
        self._waiting: dict[str, Object] = {}  # addresses that no pool lists yet, with their pods

    def react(self, change: Change) -> None:
        """Follow a pod, or a pool that may list what pods wait for."""
        if change.resource.qualified == "pods":
            self._settle(change.object, gone=change.type == DELETED)
        elif change.resource.qualified == POOLS and change.type != DELETED:
            self._serve_waiting(change.object["metadata"]["name"])

    def _serve_waiting(self, name: str) -> None:
        pool = self._index.get(name)
        for address in [each for each in self._waiting if pool and pool.lists(each)]:
            if pod := self._waiting.get(address):
                self._settle(pod, gone=False)

    def _settle(self, pod: Object, *, gone: bool) -> None:
        """Bring pools and the pod's SpiderEndpoint in step with the pod."""
        uid = pod["metadata"]["uid"]
        sources = {} if gone else self._sources(pod)
        held = {address: pool for address, pool in sources.items() if pool is not None}
        self._waiting = {address: each for address, each in self._waiting.items() if each["metadata"]["uid"] != uid}
        self._waiting |= {address: pod for address, pool in sources.items() if pool is None}
        self._free(uid, held)
        for address, pool in held.items():
            self._take(pool, address, pod)
        self._report(pod, held)

    def _sources(self, pod: Object) -> dict[str, str | None]:
        """The pod's addresses, each with the name of the pool that it is from."""
        if dig(pod, "spec", "hostNetwork") or dig(pod, "status", "phase") in _OVER:
            return {}
        return {address: self._pool_for(address, pod) for address in _addresses(pod)}

    def _pool_for(self, address: str, pod: Object) -> str | None:
        for name in self._index.listing(address):
            pool = self._cluster.find(API_VERSION, "spiderippools", name)
            if pool is not None and self._serves(pool, pod):
                return name
        return None

    def _serves(self, pool: Object, pod: Object) -> bool:
        if pool["metadata"].get("deletionTimestamp"):
            return False
        nodes, networks = pool["spec"].get("nodeName"), pool["spec"].get("multusName")
        if nodes and dig(pod, "spec", "nodeName") not in nodes:
            return False
        return not networks or self._network(pod) in map(self._qualified, networks)

    def _network(self, pod: Object) -> str:
        annotations = pod["metadata"].get("annotations") or {}
        return self._qualified(annotations.get(_NETWORK) or self._settings.default_network)

    def _qualified(self, network: str) -> str:
        return network if "/" in network else f"{self._settings.namespace}/{network}"

    def _free(self, uid: str, held: dict[str, str]) -> None:
        for pool in self._cluster.all(API_VERSION, "spiderippools"):
            if uid not in (dig(pool, "status", "allocatedIPs") or ""):
                continue
            name, current = pool["metadata"]["name"], pools.allocations(pool)
            kept = {
                address: holder
                for address, holder in current.items()
                if holder.get("podUid") != uid or held.get(address) == name
            }
            if kept != current:
                self._write(pool, kept)

    def _take(self, name: str, address: str, pod: Object) -> None:
        pool = self._cluster.find(API_VERSION, "spiderippools", name)
        if pool is not None:
            metadata = pod["metadata"]
            holder = {"pod": f"{metadata['namespace']}/{metadata['name']}", "podUid": metadata["uid"]}
            self._write(pool, {**pools.allocations(pool), address: holder})

    def _write(self, pool: Object, allocations: Allocations) -> None:
        def edit(manifest: Object) -> None:
            status = manifest.setdefault("status", {})
            status.pop("allocatedIPs", None)
            if allocations:
                status["allocatedIPs"] = json.dumps(allocations, separators=(",", ":"))
            status["allocatedIPCount"] = len(allocations)

        self._cluster.change(pool, edit, _MANAGER, subresource="status")

    def _report(self, pod: Object, held: dict[str, str]) -> None:
        """Keep the pod's SpiderEndpoint: the only record that says on which node an address is."""
        metadata = pod["metadata"]
        live = self._cluster.find(API_VERSION, "spiderendpoints", metadata["name"], metadata["namespace"])
        if live is not None and not held:
            self._cluster.change(live, _let_go, _MANAGER)
            self._cluster.delete_found(live)
        elif held and live is None and self._cluster.serves(API_VERSION, "spiderendpoints"):
            self._cluster.create(self._endpoint(pod, held), _MANAGER)

    def _endpoint(self, pod: Object, held: dict[str, str]) -> Object:
        metadata = pod["metadata"]
        owner = next(iter(metadata.get("ownerReferences") or ()), {"kind": "Pod", "name": metadata["name"]})
        reference = {"apiVersion": "v1", "kind": "Pod", "name": metadata["name"], "uid": metadata["uid"]}
        return {
            "apiVersion": API_VERSION,
            "kind": "SpiderEndpoint",
            "metadata": {
                "name": metadata["name"],
                "namespace": metadata["namespace"],
                "finalizers": [FINALIZER],
                "ownerReferences": [reference],
            },
            "status": {
                "current": {
                    "uid": metadata["uid"],
                    "node": pod["spec"]["nodeName"],
                    "ips": [self._interface(held)],
                },
                "ownerControllerType": owner["kind"],
                "ownerControllerName": owner["name"],
            },
        }

    def _interface(self, held: dict[str, str]) -> Object:
        interface: Object = {"interface": "eth0"}
        for text, name in held.items():
            pool = self._cluster.find(API_VERSION, "spiderippools", name)
            version = ipaddress.ip_address(text).version
            mask = pool["spec"]["subnet"].partition("/")[2] if pool else ""
            interface |= {f"ipv{version}": f"{text}/{mask}", f"ipv{version}Pool": name}
        return interface


def _addresses(pod: Object) -> list[str]:
    listed = [each["ip"] for each in dig(pod, "status", "podIPs") or ()]
    single = dig(pod, "status", "podIP")
    return list(dict.fromkeys([*([single] if single else []), *listed]))


def _let_go(endpoint: Object) -> None:
    endpoint["metadata"].pop("finalizers", None)
