"""What tests do to a cluster besides running the product: put objects there, play Spiderpool's agent, clear up."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any

from spidercli import kinds
from spidercli.model import Manifest
from tests.e2e.controlplane.polling import eventually
from tests.e2e.controlplane.rest import MERGE_PATCH, Refused, Rest

_NOT_OURS_TO_DELETE = ("events", "componentstatuses")
_NOW = {"gracePeriodSeconds": 0, "propagationPolicy": "Background"}


class Cluster:
    """A cluster that goes back to what it was when this object was made, on `reset`."""

    def __init__(self, rest: Rest) -> None:
        self.rest = rest
        self._resources = list(self._deletable())
        self._first = set(self._everything())

    def seed(self, manifests: Iterable[Manifest]) -> None:
        """Create objects as somebody before us would have, with their status.

        The status of Spiderpool's kinds is left to its controller. A namespace may be there already.

        Raises:
            Refused: the API server or a webhook said no.
        """
        for manifest in manifests:
            created = self.rest.ask("POST", self.rest.collection(manifest), manifest, query={"fieldManager": "seed"})
            if not created.ok and not (created.status == HTTPStatus.CONFLICT and manifest["kind"] == "Namespace"):
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
        """Delete every object that was not there at the start, and those that controllers make meanwhile."""
        eventually(self._is_swept, "everything that the test left behind is gone", seconds=60)

    def _is_swept(self) -> bool:
        added = sorted(set(self._everything()) - self._first)
        for path in added:
            self._delete(path)
        return not added

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

    def _everything(self) -> Iterator[str]:
        """The paths of all objects that can be deleted."""
        for root, resource in self._resources:
            for manifest in self.rest.items(f"{root}/{resource}"):
                namespace = kinds.namespace(manifest)
                middle = f"namespaces/{namespace}/" if namespace else ""
                yield f"{root}/{middle}{resource}/{kinds.name(manifest)}"

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
