"""The columns of built-in kinds, as the real server prints them (pkg/printers/internalversion)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from spidercli.sandbox.kube import durations, tables
from spidercli.sandbox.kube.resources import Resource
from spidercli.sandbox.kube.tables import AGE, NAME, Cell
from spidercli.sandbox.kube.values import Object, dig

_ROLE = "node-role.kubernetes.io/"


def columns(resource: Resource) -> tuple[Cell, ...]:
    """The columns of a kind's table."""
    if resource.custom:
        return tables.custom_columns(resource)
    return _BY_KIND.get(resource.qualified, (NAME, AGE))


def _cell(title: str, show: Callable[[Object], Any], *, kind: str = "string", wide: bool = False) -> Cell:
    return Cell(title, lambda manifest, _now: show(manifest), kind, wide)


def _field(title: str, *path: str, missing: Any = "<none>", wide: bool = False) -> Cell:
    def show(manifest: Object) -> Any:
        value = dig(manifest, *path)
        return missing if value in (None, "") else value

    return _cell(title, show, wide=wide)


def _count(title: str, *path: str) -> Cell:
    return _cell(title, lambda manifest: dig(manifest, *path) or 0, kind="integer")


def _size(title: str, *fields: str) -> Cell:
    return _cell(title, lambda manifest: sum(len(manifest.get(field) or ()) for field in fields), kind="integer")


def _since(title: str, *path: str) -> Cell:
    def show(manifest: Object, now: dt.datetime) -> Any:
        return durations.age(dig(manifest, *path) or manifest["metadata"].get("creationTimestamp"), now)

    return Cell(title, show)


def _pairs(values: Object | None) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted((values or {}).items())) or "<none>"


def _node_status(node: Object) -> str:
    ready = next((each for each in dig(node, "status", "conditions") or () if each["type"] == "Ready"), None)
    status = {None: "Unknown", "True": "Ready"}.get(ready and ready["status"], "NotReady")
    return status + (",SchedulingDisabled" if dig(node, "spec", "unschedulable") else "")


def _node_roles(node: Object) -> str:
    labels = node["metadata"].get("labels") or {}
    return ",".join(sorted(key.removeprefix(_ROLE) for key in labels if key.startswith(_ROLE))) or "<none>"


def _node_address(kind: str) -> Callable[[Object], str]:
    def show(node: Object) -> str:
        addresses = dig(node, "status", "addresses") or ()
        return next((each["address"] for each in addresses if each["type"] == kind), "<none>")

    return show


def _pod_ready(pod: Object) -> str:
    ready = sum(bool(each.get("ready")) for each in dig(pod, "status", "containerStatuses") or ())
    return f"{ready}/{len(dig(pod, 'spec', 'containers') or ())}"


def _pod_status(pod: Object) -> str:
    if pod["metadata"].get("deletionTimestamp"):
        return "Terminating"
    status = pod.get("status") or {}
    found = status.get("reason") or status.get("phase") or "Unknown"
    for container in status.get("containerStatuses") or ():
        state = container.get("state") or {}
        found = dig(state, "waiting", "reason") or dig(state, "terminated", "reason") or found
    return str(found)


def _restarts(pod: Object) -> str:
    return str(sum(each.get("restartCount", 0) for each in dig(pod, "status", "containerStatuses") or ()))


def _service_ports(service: Object) -> str:
    found = [_service_port(port) for port in dig(service, "spec", "ports") or ()]
    return ",".join(found) or "<none>"


def _service_port(port: Object) -> str:
    node_port = f":{port['nodePort']}" if port.get("nodePort") else ""
    return f"{port['port']}{node_port}/{port.get('protocol', 'TCP')}"


def _external_address(service: Object) -> str:
    ingress = dig(service, "status", "loadBalancer", "ingress") or ()
    found = [each.get("ip") or each.get("hostname") for each in ingress] + list(
        dig(service, "spec", "externalIPs") or ()
    )
    if found:
        return ",".join(found)
    return "<pending>" if dig(service, "spec", "type") == "LoadBalancer" else "<none>"


def _event_object(event: Object) -> str:
    about = event.get("involvedObject") or event.get("regarding") or {}
    return f"{str(about.get('kind', '')).lower()}/{about.get('name', '')}"


def _job_completions(job: Object) -> str:
    return f"{dig(job, 'status', 'succeeded') or 0}/{dig(job, 'spec', 'completions') or 1}"


def _job_status(job: Object) -> str:
    conditions = dig(job, "status", "conditions") or ()
    return next((each["type"] for each in conditions if each["status"] == "True"), "Running")


def _deployment_ready(deployment: Object) -> str:
    return f"{dig(deployment, 'status', 'readyReplicas') or 0}/{dig(deployment, 'spec', 'replicas') or 0}"


def _role_ref(binding: Object) -> str:
    return f"{dig(binding, 'roleRef', 'kind')}/{dig(binding, 'roleRef', 'name')}"


_CREATED_AT = _field("Created At", "metadata", "creationTimestamp")
_BY_KIND: dict[str, tuple[Cell, ...]] = {
    "nodes": (
        NAME,
        _cell("Status", _node_status),
        _cell("Roles", _node_roles),
        AGE,
        _field("Version", "status", "nodeInfo", "kubeletVersion", missing=""),
        _cell("Internal-IP", _node_address("InternalIP"), wide=True),
        _cell("External-IP", _node_address("ExternalIP"), wide=True),
        _field("OS-Image", "status", "nodeInfo", "osImage", missing="<unknown>", wide=True),
        _field("Kernel-Version", "status", "nodeInfo", "kernelVersion", missing="<unknown>", wide=True),
        _field("Container-Runtime", "status", "nodeInfo", "containerRuntimeVersion", missing="<unknown>", wide=True),
    ),
    "pods": (
        NAME,
        _cell("Ready", _pod_ready),
        _cell("Status", _pod_status),
        _cell("Restarts", _restarts),
        AGE,
        _field("IP", "status", "podIP", wide=True),
        _field("Node", "spec", "nodeName", wide=True),
        _field("Nominated Node", "status", "nominatedNodeName", wide=True),
        _cell("Readiness Gates", lambda _pod: "<none>", wide=True),
    ),
    "namespaces": (NAME, _field("Status", "status", "phase"), AGE),
    "configmaps": (NAME, _size("Data", "data", "binaryData"), AGE),
    "secrets": (NAME, _field("Type", "type"), _size("Data", "data"), AGE),
    "services": (
        NAME,
        _field("Type", "spec", "type"),
        _field("Cluster-IP", "spec", "clusterIP"),
        _cell("External-IP", _external_address),
        _cell("Port(s)", _service_ports),
        AGE,
        _cell("Selector", lambda service: _pairs(dig(service, "spec", "selector")), wide=True),
    ),
    "events": (
        _since("Last Seen", "lastTimestamp"),
        _field("Type", "type"),
        _field("Reason", "reason"),
        _cell("Object", _event_object),
        _field("Message", "message", missing=""),
    ),
    "daemonsets.apps": (
        NAME,
        _count("Desired", "status", "desiredNumberScheduled"),
        _count("Current", "status", "currentNumberScheduled"),
        _count("Ready", "status", "numberReady"),
        _count("Up-to-date", "status", "updatedNumberScheduled"),
        _count("Available", "status", "numberAvailable"),
        _cell("Node Selector", lambda each: _pairs(dig(each, "spec", "template", "spec", "nodeSelector"))),
        AGE,
    ),
    "deployments.apps": (
        NAME,
        _cell("Ready", _deployment_ready),
        _count("Up-to-date", "status", "updatedReplicas"),
        _count("Available", "status", "availableReplicas"),
        AGE,
    ),
    "jobs.batch": (NAME, _cell("Status", _job_status), _cell("Completions", _job_completions), AGE),
    "leases.coordination.k8s.io": (NAME, _field("Holder", "spec", "holderIdentity", missing=""), AGE),
    "rolebindings.rbac.authorization.k8s.io": (NAME, _cell("Role", _role_ref), AGE),
    "clusterrolebindings.rbac.authorization.k8s.io": (NAME, _cell("Role", _role_ref), AGE),
    "roles.rbac.authorization.k8s.io": (NAME, _CREATED_AT),
    "clusterroles.rbac.authorization.k8s.io": (NAME, _CREATED_AT),
    "customresourcedefinitions.apiextensions.k8s.io": (NAME, _CREATED_AT),
}
