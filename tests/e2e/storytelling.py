"""Requests that are sent to a real control plane and to the sandbox alike, and answers made comparable."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from spidercli import kinds
from spidercli.kinds import CONFIG_MAP, Kind
from tests.e2e.controlplane.cluster import Cluster
from tests.e2e.controlplane.polling import eventually
from tests.e2e.controlplane.rest import APPLY_PATCH, MERGE_PATCH, Answer

COORDINATOR = Kind(kinds.SPIDERPOOL, "SpiderCoordinator", "spidercoordinators", namespaced=False)
RESERVED = Kind(kinds.SPIDERPOOL, "SpiderReservedIP", "spiderreservedips", namespaced=False)
NAD = Kind("k8s.cni.cncf.io/v1", "NetworkAttachmentDefinition", "network-attachment-definitions", namespaced=True)

Fields = Mapping[str, Any]

_MANAGER = {"fieldManager": "teller"}
_CONTROLLER = "spiderpool-controller"
_GO_VALUE = re.compile(r"(?<=Invalid value: )(\{|v1\.|v2beta1\.|map\[).*\}(?=: )")


class Storyteller:
    """Sends requests to one of the two, and keeps what was answered."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.answers: list[dict[str, Any]] = []

    def create(self, kind: Kind, name: str, spec: Fields, /, *, query: Fields | None = None, **metadata: Any) -> None:
        """POST an object."""
        manifest = _manifest(kind, name, spec, metadata)
        collection = kind.path(name, "default").rpartition("/")[0]
        self._send("POST", collection, manifest, query={**_MANAGER, **(query or {})})

    def apply(self, kind: Kind, name: str, spec: Fields, *, manager: str = "teller", force: bool = True) -> None:
        """Server-side apply."""
        query = {"fieldManager": manager, "force": str(force).lower()}
        path = kind.path(name, "default")
        self._send("PATCH", path, _manifest(kind, name, spec, {}), content_type=APPLY_PATCH, query=query)

    def merge(self, kind: Kind, name: str, patch: Any, *, content_type: str = MERGE_PATCH) -> None:
        """Merge patch, or one of another type."""
        path = kind.path(name, "default")
        self._send("PATCH", path, patch, content_type=content_type, query=_MANAGER)

    def replace(self, kind: Kind, name: str, spec: Fields) -> None:
        """PUT with the metadata that the object has, again if a controller wrote in between."""
        path = kind.path(name, "default")

        def attempt() -> Answer | None:
            metadata = self.cluster.rest.must("GET", path)["metadata"]
            answer = self.cluster.rest.ask("PUT", path, _manifest(kind, name, spec, metadata), query=_MANAGER)
            return None if answer.status == HTTPStatus.CONFLICT else answer

        self._note("PUT", path, eventually(attempt, f"{name} can be replaced"))

    def delete(self, kind: Kind, name: str) -> None:
        """DELETE."""
        self._send("DELETE", kind.path(name, "default"))

    def read(self, kind: Kind, name: str) -> None:
        """GET."""
        self._send("GET", kind.path(name, "default"))

    def allocate(self, name: str, pods: Mapping[str, str]) -> None:
        """Let pods hold addresses of a pool; nothing to compare."""
        self.cluster.allocate(name, pods)

    def wait_until_gone(self, kind: Kind, name: str) -> None:
        """Wait for controllers to remove the finalizer."""
        eventually(lambda: self.cluster.find(kind, name, "default") is None, f"{name} is gone", seconds=15)

    def wait_until_there(self, kind: Kind, name: str) -> None:
        """Wait for controllers to make an object."""
        eventually(lambda: self.cluster.find(kind, name, "default"), f"{name} is there", seconds=15)

    def _send(self, method: str, path: str, body: Any = None, **how: Any) -> None:
        self._note(method, path, self.cluster.rest.ask(method, path, body, **how))

    def _note(self, method: str, path: str, answer: Answer) -> None:
        self.answers.append({"request": f"{method} {path}", "status": answer.status, **_comparable(answer)})


def _manifest(kind: Kind, name: str, spec: Fields, metadata: Fields) -> dict[str, Any]:
    place = {"namespace": "default"} if kind.namespaced else {}
    head = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"name": name, **place, **metadata}}
    return {**head, "data": spec} if kind is CONFIG_MAP else {**head, "spec": spec}


def _comparable(answer: Answer) -> dict[str, Any]:
    if not isinstance(answer.body, dict):
        return {"text": answer.body}
    if answer.body.get("kind") == "Status":
        causes = answer.body.get("details", {}).get("causes", ())
        message = _GO_VALUE.sub("a structure", answer.message)  # Go prints some with their addresses in memory
        head, mark, listed = message.partition("errors:\n")
        message = head + mark + "\n".join(sorted(listed.splitlines()))  # Go goes through maps in random order
        return {
            "reason": answer.body.get("reason"),
            "message": message,
            "causes": [(cause.get("reason"), cause.get("field")) for cause in causes],
        }
    body = {key: value for key, value in answer.body.items() if key not in ("status", "metadata")}
    return {"object": {**body, "metadata": dict(_stable(answer.body["metadata"]))}}


def _stable(metadata: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in sorted(metadata.items()):
        if key == "managedFields":
            yield key, sorted(_ours(value), key=lambda entry: (entry["manager"], entry["operation"]))
        elif key == "ownerReferences":
            yield key, [{**owner, "uid": ""} for owner in value]
        elif key.endswith("Timestamp"):
            yield key, "some time"
        elif key not in ("uid", "resourceVersion"):
            yield key, value


def _ours(entries: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """What storytellers own; the server orders entries by time, which has seconds only."""
    for entry in entries:
        if entry["manager"] != _CONTROLLER and "subresource" not in entry:
            yield {name: part for name, part in entry.items() if name != "time"}


def differences(real: Any, imitation: Any, where: str = "") -> Iterator[str]:
    """What differs, leaf by leaf."""
    if isinstance(real, dict) and isinstance(imitation, dict):
        for key in sorted(real.keys() | imitation.keys()):
            yield from differences(real.get(key), imitation.get(key), f"{where}.{key}")
    elif isinstance(real, list | tuple) and isinstance(imitation, list | tuple) and len(real) == len(imitation):
        for index, (left, right) in enumerate(zip(real, imitation, strict=True)):
            yield from differences(left, right, f"{where}[{index}]")
    elif real != imitation:
        yield f"{where}\n  real:    {real!r}\n  sandbox: {imitation!r}"
