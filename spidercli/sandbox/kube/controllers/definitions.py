"""CustomResourceDefinitions: their kinds come and go with them."""

from __future__ import annotations

from spidercli.sandbox.kube.cluster import Cluster
from spidercli.sandbox.kube.resources import CRD_KIND, Registry
from spidercli.sandbox.kube.store import DELETED, Change
from spidercli.sandbox.kube.values import Object

_MANAGER = "kube-apiserver"


class Definitions:
    """Serves what definitions describe, and says so in their status."""

    def __init__(self, cluster: Cluster, registry: Registry) -> None:
        self._cluster = cluster
        self._registry = registry

    def react(self, change: Change) -> None:
        """Follow a definition."""
        if change.resource.kind != CRD_KIND:
            return
        if change.type == DELETED:
            self._withdraw(change.object)
        elif change.previous is None or change.previous["spec"] != change.object["spec"]:
            self._registry.define(change.object)
            self._cluster.change(change.object, _establish, _MANAGER, subresource="status")

    def _withdraw(self, crd: Object) -> None:
        for resource in self._registry.of_crd(crd):
            for manifest in self._cluster.all(resource.api_version, resource.plural):
                self._cluster.delete_found(manifest)
        self._registry.forget(crd)


def _establish(crd: Object) -> None:
    spec = crd["spec"]
    since = crd["metadata"]["creationTimestamp"]
    crd["status"] = {
        "acceptedNames": spec["names"],
        "storedVersions": [version["name"] for version in spec["versions"] if version.get("storage")],
        "conditions": [
            _condition("NamesAccepted", "NoConflicts", "no conflicts found", since),
            _condition("Established", "InitialNamesAccepted", "the initial names have been accepted", since),
        ],
    }


def _condition(kind: str, reason: str, message: str, since: str) -> Object:
    return {"type": kind, "status": "True", "reason": reason, "message": message, "lastTransitionTime": since}
