"""The managedFields walk agrees with the server about what an apply would change."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spidercli import kinds
from spidercli.gateways.cluster.client import KubernetesCluster
from spidercli.planning.ownership import differences
from spidercli.planning.plan import Verb

DAEMON_SET = kinds.Kind("apps/v1", "DaemonSet", "daemonsets", namespaced=True)
IPS = st.sampled_from([["10.0.0.1"], ["10.0.0.1-10.0.0.9"], ["10.0.0.1", "10.0.0.3"], []])
SPECS = st.fixed_dictionaries(
    {"ips": IPS},
    optional={
        "gateway": st.sampled_from(["10.0.0.253", "10.0.0.252"]),
        "default": st.booleans(),
        "disable": st.booleans(),
        "nodeName": st.lists(st.sampled_from(["n1", "n2"]), min_size=1, unique=True),
        "routes": st.sampled_from([[{"dst": "10.1.0.0/16", "gw": "10.0.0.253"}]]),
    },
)
LABELS = st.dictionaries(st.sampled_from(["a", "b"]), st.sampled_from(["1", "2"]))
OBJECTS = st.tuples(SPECS, LABELS)


def manifest(drawn: tuple[dict[str, Any], dict[str, str]]) -> dict[str, Any]:
    spec, labels = drawn
    return {
        "apiVersion": kinds.SPIDERPOOL,
        "kind": "SpiderIPPool",
        "metadata": {"name": "p", "labels": labels} if labels else {"name": "p"},
        "spec": {"ipVersion": 4, "subnet": "10.0.0.0/24", **spec},
    }


VALUES = st.sampled_from(["1", "2"])
ENV = st.lists(
    st.builds(lambda name, value: {"name": name, "value": value}, st.sampled_from(["A", "B", "C"]), VALUES),
    unique_by=lambda variable: variable["name"],
    min_size=1,  # nobody can own an empty list of this kind, so one would be sent each time
    max_size=3,
)
PORTS = st.lists(
    st.sampled_from([{"containerPort": 53}, {"containerPort": 53, "protocol": "UDP"}, {"containerPort": 80}]),
    unique_by=str,
    min_size=1,
    max_size=3,
)
CONTAINERS = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from(["a", "b"]), "image": VALUES},
        optional={"env": ENV, "ports": PORTS, "args": st.lists(VALUES, min_size=1, max_size=2)},
    ),
    unique_by=lambda container: container["name"],
    min_size=1,
    max_size=2,
)


def daemon_set(containers: list[dict[str, Any]]) -> dict[str, Any]:
    labels = {"app": "d"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": containers}}
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": "d", "namespace": "kube-system"},
        "spec": {"selector": {"matchLabels": labels}, "template": template},
    }


def essence(live: Any) -> Any:
    """An object without what a rehearsal changes in any case."""
    kept = copy.deepcopy(live)
    for key in ("resourceVersion", "generation"):
        kept["metadata"].pop(key, None)
    for entry in kept["metadata"].get("managedFields", []):
        entry.pop("time", None)
    return kept


unhurried = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@unhurried
@given(ours=OBJECTS, foreign=OBJECTS, next_time=OBJECTS)
def test_the_walk_agrees_with_a_dry_run(
    cluster: KubernetesCluster, applying: Any, deleting: Any, rehearse: Any, ours: Any, foreign: Any, next_time: Any
) -> None:
    """There is a difference exactly if the server would change object or ownership.

    Before the comparison somebody else replaces the object, whose fields we owned.
    """
    cluster.send(applying(manifest(ours)))
    live: Any = cluster.get(kinds.IP_POOL, "p")
    stranger = manifest(foreign)
    stranger["metadata"] = {**live["metadata"], **stranger["metadata"]}
    cluster.send(applying(stranger, verb=Verb.REPLACE))
    live = cluster.get(kinds.IP_POOL, "p")
    try:
        rehearsed = rehearse(applying(manifest(next_time)))

        assert (essence(live) != essence(rehearsed)) == bool(differences(manifest(next_time), live))
    finally:
        cluster.send(deleting(live))


@unhurried
@given(ours=CONTAINERS, foreign=CONTAINERS, next_time=CONTAINERS)
def test_the_walk_misses_nothing_in_nested_lists(
    cluster: KubernetesCluster, applying: Any, deleting: Any, rehearse: Any, ours: Any, foreign: Any, next_time: Any
) -> None:
    """Whatever others did to containers, ports and variables: no difference means that an apply changes nothing."""
    place = {"kind": DAEMON_SET, "namespace": "kube-system"}
    cluster.send(applying(daemon_set(ours), **place))
    live: Any = cluster.get(DAEMON_SET, "d", "kube-system")
    cluster.send(applying({**live, "spec": daemon_set(foreign)["spec"]}, verb=Verb.REPLACE, **place))
    live = cluster.get(DAEMON_SET, "d", "kube-system")
    try:
        rehearsed = rehearse(applying(daemon_set(next_time), **place))

        if not differences(daemon_set(next_time), live):
            assert essence(live) == essence(rehearsed)
        if ours == foreign == next_time:
            assert [] == differences(daemon_set(next_time), live)
    finally:
        cluster.send(dataclasses.replace(deleting(live), **place))
