"""The Lease that keeps two runs of spidercli apart, taken away by somebody else."""

from __future__ import annotations

import datetime as dt

from spidercli import kinds
from spidercli.sandbox.kube.cluster import Cluster
from spidercli.sandbox.kube.values import Object

THIEF = "somebody-else/1/sandbox"
_NAME = "spidercli"
_SECONDS = 60


def steal(cluster: Cluster, namespace: str, now: dt.datetime) -> None:
    """Let another run hold the Lease from now on, whether or not somebody held it."""
    time = now.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    spec = {"holderIdentity": THIEF, "leaseDurationSeconds": _SECONDS, "acquireTime": time, "renewTime": time}
    live = cluster.find(kinds.LEASE.api_version, kinds.LEASE.plural, _NAME, namespace)
    if live is not None:
        cluster.change(live, lambda manifest: manifest.update(spec=spec), THIEF)
        return
    manifest: Object = {
        "apiVersion": kinds.LEASE.api_version,
        "kind": kinds.LEASE.kind,
        "metadata": {"name": _NAME, "namespace": namespace},
        "spec": spec,
    }
    cluster.create(manifest, THIEF)
