"""What tables show of built-in kinds."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest

from spidercli.sandbox.kube import printers, tables
from spidercli.sandbox.kube.resources import Column, Registry, Resource

NOW = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)


def _resource(api_version: str, plural: str) -> Resource:
    found = Registry().find(api_version, plural)
    assert found is not None
    return found


def _cells(api_version: str, plural: str, manifest: dict[str, Any]) -> dict[str, Any]:
    resource = _resource(api_version, plural)
    whole = {"metadata": {"name": "x", "creationTimestamp": "2026-01-01T00:00:00Z"}, **manifest}
    table = tables.table(printers.columns(resource), [whole], {}, NOW, "None")
    names = [column["name"] for column in table["columnDefinitions"]]
    return dict(zip(names, table["rows"][0]["cells"], strict=True))


@pytest.mark.parametrize(
    ("status", "spec", "shown"),
    [
        ({"phase": "Running"}, {}, "Running"),
        ({"phase": "Pending", "containerStatuses": [{"state": {"waiting": {"reason": "Crash"}}}]}, {}, "Crash"),
        ({"phase": "Failed", "reason": "Evicted"}, {}, "Evicted"),
    ],
)
def test_pod_status(status: dict[str, Any], spec: dict[str, Any], shown: str) -> None:
    """A pod's status is the most telling reason."""
    assert shown == _cells("v1", "pods", {"status": status, "spec": spec})["Status"]


@pytest.mark.parametrize(("ready", "shown"), [("True", "Ready"), ("False", "NotReady"), ("Unknown", "NotReady")])
def test_node_status(ready: str, shown: str) -> None:
    """A node is ready or not."""
    manifest = {"status": {"conditions": [{"type": "Ready", "status": ready}]}}

    assert shown == _cells("v1", "nodes", manifest)["Status"]


def test_node_without_conditions() -> None:
    """A node that reported nothing has an unknown status, no roles and no addresses."""
    cells = _cells("v1", "nodes", {"spec": {"unschedulable": True}})

    assert ("Unknown,SchedulingDisabled", "<none>", "<none>") == (cells["Status"], cells["Roles"], cells["Internal-IP"])


def test_load_balancer() -> None:
    """A load balancer's address is shown as soon as there is one."""
    spec = {"type": "LoadBalancer", "clusterIP": "10.0.0.1", "ports": [{"port": 80, "nodePort": 30698}]}
    ingress = {"loadBalancer": {"ingress": [{"ip": "47.98.137.75"}]}}

    pending = _cells("v1", "services", {"spec": spec})
    assigned = _cells("v1", "services", {"spec": spec, "status": ingress})

    assert ("<pending>", "80:30698/TCP") == (pending["External-IP"], pending["Port(s)"])
    assert "47.98.137.75" == assigned["External-IP"]


def test_counts() -> None:
    """Data is counted, and missing counts are zero."""
    assert 2 == _cells("v1", "configmaps", {"data": {"a": "1"}, "binaryData": {"b": "2"}})["Data"]
    assert 0 == _cells("apps/v1", "daemonsets", {})["Ready"]
    assert "0/2" == _cells("apps/v1", "deployments", {"spec": {"replicas": 2}})["Ready"]
    assert (
        "Complete"
        == _cells("batch/v1", "jobs", {"status": {"conditions": [{"type": "Complete", "status": "True"}]}})["Status"]
    )


def test_event() -> None:
    """An event is shown by what it is about."""
    event = {"type": "Warning", "reason": "Bad", "message": "no", "involvedObject": {"kind": "Pod", "name": "p"}}

    cells = _cells("v1", "events", event)

    assert ("24h", "pod/p", "no") == (cells["Last Seen"], cells["Object"], cells["Message"])


def test_binding() -> None:
    """A binding is shown with its role."""
    binding = {"roleRef": {"kind": "ClusterRole", "name": "r"}}

    assert "ClusterRole/r" == _cells("rbac.authorization.k8s.io/v1", "rolebindings", binding)["Role"]


def test_kinds_without_columns_of_their_own() -> None:
    """All others have a name and an age."""
    assert {"Name": "x", "Age": "24h"} == _cells("v1", "serviceaccounts", {})


def test_columns_of_a_custom_resource() -> None:
    """JSONPaths reach into lists, dates become ages, and what is missing stays empty."""
    columns = (
        Column(name="First", type="string", path=".status.list[0].a"),
        Column(name="Second", type="string", path=".status.list[1].a"),
        Column(name="Since", type="date", path=".status.since"),
        Column(name="Until", type="date", path=".status.until"),
        Column(name="Dotted", type="integer", path=".status['a\\.b/c']"),
    )
    resource = dataclasses.replace(_resource("v1", "configmaps"), custom=True, columns=columns)
    status = {"list": [{"a": {"b": 1}}], "since": "2026-01-01T12:00:00Z", "a.b/c": 5}
    manifest = {"metadata": {"name": "x"}, "status": status}

    row = tables.table(printers.columns(resource), [manifest], {}, NOW, "None")["rows"][0]

    assert ["x", '{"b":1}', None, "12h", None, 5] == row["cells"]


def test_custom_resource_without_columns() -> None:
    """A definition without columns shows name and age."""
    resource = dataclasses.replace(_resource("v1", "configmaps"), custom=True)

    assert ["Name", "Age"] == [column.name for column in printers.columns(resource)]
