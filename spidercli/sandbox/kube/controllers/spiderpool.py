"""spiderpool-controller: pool counts, the end of deleted pools, and the state of coordinators."""

from __future__ import annotations

from spidercli.sandbox.kube.cluster import Cluster
from spidercli.sandbox.kube.spiderpool import COORDINATORS, FINALIZER, POOLS
from spidercli.sandbox.kube.store import DELETED, Change
from spidercli.sandbox.kube.values import Object, dig
from spidercli.sandbox.kube.webhooks import claims, pools
from spidercli.sandbox.kube.webhooks.poolindex import PoolIndex

_MANAGER = "spiderpool-controller"


class PoolController:
    """Keeps totalIPCount, and lets go of a deleted pool that no pod uses (pkg/ippoolmanager/ippool_informer.go)."""

    def __init__(self, cluster: Cluster, index: PoolIndex) -> None:
        self._cluster = cluster
        self._index = index

    def react(self, change: Change) -> None:
        """Follow a pool."""
        if change.resource.qualified != POOLS:
            return
        self._index.follow(change)
        if change.type == DELETED:
            return
        if change.object["metadata"].get("deletionTimestamp"):
            self._release(change.object)
        elif _counts(change.object) != (change.object.get("status") or {}):
            self._cluster.change(change.object, _count, _MANAGER, subresource="status")

    def _release(self, pool: Object) -> None:
        if FINALIZER in (pool["metadata"].get("finalizers") or ()) and not dig(pool, "status", "allocatedIPs"):
            self._cluster.change(pool, _drop_finalizer, _MANAGER)


def _counts(pool: Object) -> Object:
    """The status as the controller wants it; allocations are the agents' part."""
    status = pool.get("status") or {}
    try:
        total = claims.count(pools.read(pool).claims)
    except ValueError:
        return dict(status)
    return {"allocatedIPCount": 0, **status, "totalIPCount": total}


def _count(pool: Object) -> None:
    pool["status"] = _counts(pool)


def _drop_finalizer(pool: Object) -> None:
    pool["metadata"]["finalizers"].remove(FINALIZER)


class CoordinatorController:
    """Reports coordinators as synced (pkg/coordinatormanager/coordinator_informer.go)."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def react(self, change: Change) -> None:
        """Follow a coordinator."""
        is_new = change.resource.qualified == COORDINATORS and change.type != DELETED
        if is_new and not dig(change.object, "status", "phase"):
            self._cluster.change(change.object, _synced, _MANAGER, subresource="status")


def _synced(coordinator: Object) -> None:
    coordinator["status"] = {"phase": "Synced", "overlayPodCIDR": [], "serviceCIDR": []}
