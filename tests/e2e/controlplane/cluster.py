"""What tests do to a cluster besides running the product: put objects there, play Spiderpool's agent, clear up."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any, cast

from spidercli import kinds
from spidercli.model import Manifest
from tests.e2e.controlplane.polling import eventually
from tests.e2e.controlplane.rest import MERGE_PATCH, Refused, Rest

_NOT_OURS_TO_DELETE = ("events", "componentstatuses")
_CONTROLLED = ("/apis/spiderpool.spidernet.io/", "/apis/k8s.cni.cncf.io/")
_MANAGERS = {"e2e", "first", "second", "seed", "teller", kinds.FIELD_MANAGER}
_WRITTEN = {
    *("clusterrolebindings", "clusterroles", "configmaps", "daemonsets", "deployments", "leases", "namespaces"),
    *("network-attachment-definitions", "nodes", "pods", "rolebindings", "roles"),
    *("spidercoordinators", "spiderippools", "spidermultusconfigs", "spiderreservedips"),
}
_NODES = kinds.NODE.collection + "/"
_NOW = {"gracePeriodSeconds": 0, "propagationPolicy": "Background"}


class Cluster:
    """A cluster that goes back to what it was when this object was made, on `reset`.

    Attributes:
        strangers: the names of nodes that were there before.
    """

    may_be_there = frozenset({"Namespace"})  # kinds of which `seed` leaves an object alone that is there already

    def __init__(self, rest: Rest) -> None:
        self.rest = rest
        self._resources = list(self._deletable())
        self._written = [each for each in self._resources if each[1] in _WRITTEN]
        self._first = dict(self._everything(self._resources))
        self.strangers = frozenset(path.rpartition("/")[2] for path in self._first if path.startswith(_NODES))

    def seed(self, manifests: Iterable[Manifest]) -> None:
        """Create objects as somebody before us would have, with their status.

        The status of Spiderpool's kinds is left to its controller.

        Raises:
            Refused: the API server or a webhook said no.
        """
        for manifest in manifests:
            created = self.rest.ask("POST", self.rest.collection(manifest), manifest, query={"fieldManager": "seed"})
            if created.status == HTTPStatus.CONFLICT and manifest["kind"] in self.may_be_there:
                continue
            if not created.ok:
                raise Refused(f"{manifest['kind']} {kinds.name(manifest)}: {created.status} {created.message}")
            if "status" in manifest and manifest["apiVersion"] != kinds.SPIDERPOOL:
                self._patch_status(self.rest.path(manifest), manifest["status"])

    def allocate(self, pool: str, pods: Mapping[str, str]) -> None:
        """Let pods hold addresses of a pool, as the agent notes it: address to NAMESPACE/NAME; {} frees all."""
        held = {address: {"pod": pod, "podUid": f"uid-of-{pod}"} for address, pod in pods.items()}
        status = {"allocatedIPs": json.dumps(held) if held else None, "allocatedIPCount": len(held)}
        self._patch_status(kinds.IP_POOL.path(pool, None), status)

    def find(self, kind: kinds.Kind, name: str, namespace: str | None = None) -> Any:
        """An object; None if it does not exist."""
        answer = self.rest.read(kind.path(name, namespace))
        return answer.body if answer.ok else None

    def reset(self) -> None:
        """Delete every object that was not there at the start, and those that controllers make meanwhile.

        Only kinds that tests are known to write are looked at, after every test; `left_behind` looks at all.
        """
        eventually(self._is_swept, "everything that the test left behind is gone", seconds=60)

    def left_behind(self) -> list[str]:
        """The paths of new objects of any kind that tests made, whether `reset` knows the kind or not."""
        return [path for path, manifest in self._everything(self._resources) if self._is_new(path) and _made(manifest)]

    def _is_new(self, path: str) -> bool:
        return path not in self._first

    def _is_swept(self) -> bool:
        found = self._everything(self._written)
        added = [path for path, manifest in found if self._is_new(path) and self._is_ours(path, manifest)]
        for path in sorted(added):
            self._delete(path)
        return not added

    def _is_ours(self, path: str, manifest: Manifest) -> bool:
        """Whether a new object may be deleted."""
        return True

    def _delete(self, path: str) -> None:
        """Delete an object whose finalizers nobody will remove; a pool's controller does, when it is empty."""
        kept_by_controller = path.startswith(kinds.IP_POOL.collection)
        blank = {"status": {"allocatedIPs": None}} if kept_by_controller else {"metadata": {"finalizers": None}}
        self.rest.ask("DELETE", path, _NOW)
        self.rest.ask("PATCH", f"{path}/status" if kept_by_controller else path, blank, content_type=MERGE_PATCH)
        if path.startswith("/api/v1/namespaces/") and path.count("/") == 4:
            self._finalize(path)

    def _finalize(self, path: str) -> None:
        """Do for a namespace what kube-controller-manager would."""
        namespace = self.rest.must("GET", path)
        self.rest.must("PUT", f"{path}/finalize", {**namespace, "spec": {"finalizers": []}})

    def _patch_status(self, path: str, status: object) -> None:
        self.rest.must("PATCH", f"{path}/status", {"status": status}, content_type=MERGE_PATCH)

    def _everything(self, resources: Iterable[tuple[str, str]]) -> Iterator[tuple[str, Manifest]]:
        """All objects of some kinds, by their paths."""
        for root, resource in resources:
            for manifest in self.rest.items(f"{root}/{resource}"):
                namespace = kinds.namespace(manifest)
                middle = f"namespaces/{namespace}/" if namespace else ""
                yield f"{root}/{middle}{resource}/{kinds.name(manifest)}", manifest

    def _deletable(self) -> Iterator[tuple[str, str]]:
        """The kinds that were there at the start, as the API's root and the resource's name."""
        for root in self._roots():
            for resource in self.rest.must("GET", root)["resources"]:
                if {"list", "delete"} <= set(resource["verbs"]) and resource["name"] not in _NOT_OURS_TO_DELETE:
                    yield root, resource["name"]

    def _roots(self) -> Iterator[str]:
        yield "/api/v1"
        for group in self.rest.must("GET", "/apis")["groups"]:
            yield f"/apis/{group['preferredVersion']['groupVersion']}"


class SharedCluster(Cluster):
    """A cluster in which others are at work, too: only what tests made is deleted.

    That is every new object of Spiderpool's kinds, of which nobody else makes any meanwhile, and of the other kinds
    that tests write those of their field managers. Objects of Spiderpool's kinds that tests changed are set back.
    """

    may_be_there = frozenset(
        {"ConfigMap", "DaemonSet", "Deployment", "Namespace", "SpiderCoordinator", "SpiderMultusConfig"}
    )

    def reset(self) -> None:
        """Delete what tests made, and set back what they changed."""
        super().reset()
        for path, manifest in self._first.items():
            if path.startswith(f"/apis/{kinds.SPIDERPOOL}/"):
                self._restore(path, manifest)

    def _is_ours(self, path: str, manifest: Manifest) -> bool:
        return path.startswith(_CONTROLLED) or _made(manifest)

    def _restore(self, path: str, manifest: Manifest) -> None:
        live = self.rest.ask("GET", path)
        if not live.ok:
            fresh = {**manifest, "metadata": _kept(manifest)}
            self.rest.must("POST", path.rpartition("/")[0], fresh)
        elif (live.body["spec"], _kept(live.body)) != (manifest["spec"], _kept(manifest)):
            version = {"resourceVersion": live.body["metadata"]["resourceVersion"]}
            self.rest.must("PUT", path, {**manifest, "metadata": {**_kept(manifest), **version}})

    def _deletable(self) -> Iterator[tuple[str, str]]:
        return (found for found in super()._deletable() if found[1] in _WRITTEN)


def _made(manifest: Manifest) -> bool:
    """Whether one of its managers is ours; a node of which a test said nothing has no manager."""
    managers = {entry["manager"] for entry in cast("Any", manifest["metadata"]).get("managedFields", ())}
    return not managers or not managers.isdisjoint(_MANAGERS)


def _kept(manifest: Manifest) -> dict[str, Any]:
    """What people write into an object's metadata."""
    wanted = ("name", "namespace", "labels", "annotations", "finalizers", "ownerReferences")
    return {key: value for key, value in cast("dict[str, Any]", manifest["metadata"]).items() if key in wanted}
