"""The gateway's readings of an API server over HTTP."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest

from spidercli import kinds
from spidercli.errors import ClusterForbidden, ClusterUnauthorized, KindMissing
from spidercli.gateways.cluster.api import Api
from spidercli.gateways.cluster.client import KubernetesCluster
from spidercli.gateways.cluster.connection import Connection
from spidercli.gateways.cluster.retrying import Patience
from spidercli.gateways.cluster.wire import Answer, Request
from spidercli.sandbox.kube.api import KubeApi
from spidercli.sandbox.kube.app import kube_app
from spidercli.sandbox.serving import Server


def config_map(name: str, namespace: str = "default") -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}}


def test_the_version_is_read(cluster: KubernetesCluster) -> None:
    """The server says which version it is."""
    assert cluster.version().startswith("v1.")


def test_many_objects_are_listed_once_each(kube: KubeApi, cluster: KubernetesCluster) -> None:
    """A listing of several pages has every object, with its type and its managedFields."""
    for at in range(1100):
        kube.seed(config_map(f"c{at:04}"))

    found = cluster.list(kinds.CONFIG_MAP)

    assert [f"c{at:04}" for at in range(1100)] == [kinds.name(item) for item in found if kinds.namespace(item)]
    assert {("v1", "ConfigMap")} == {(item["apiVersion"], item["kind"]) for item in found}


def test_a_listing_survives_the_end_of_its_history(kube: KubeApi, cluster: KubernetesCluster) -> None:
    """When the server forgets the listing's state between two pages, the listing is of a newer one."""
    for at in range(600):
        kube.seed(config_map(f"c{at:04}"))

    class Forgetful:
        """A wire to a server that forgets after each answer."""

        host = "forgetful"

        def send(self, request: Request) -> Answer:
            answer = cluster._api.ask_once(request)
            kube.seed(config_map("late"))
            kube.compact()
            return answer

    found = KubernetesCluster(Api(Forgetful(), Patience())).list(kinds.CONFIG_MAP)

    assert 601 == len(found)


def test_a_namespace_limits_a_listing(kube: KubeApi, cluster: KubernetesCluster) -> None:
    """Objects of other namespaces are left out."""
    kube.seed(config_map("a"))
    kube.seed(config_map("b", "kube-system"))

    assert ["b"] == [kinds.name(item) for item in cluster.list(kinds.CONFIG_MAP, namespace="kube-system")]


def test_an_object_is_read_or_missing(kube: KubeApi, cluster: KubernetesCluster) -> None:
    """One object, or None."""
    kube.seed(config_map("a"))

    assert "a" == kinds.name(cluster.get(kinds.CONFIG_MAP, "a", "default") or {})
    assert cluster.get(kinds.CONFIG_MAP, "b", "default") is None


@pytest.mark.parametrize("how", ["list", "get", "send"])
def test_a_cluster_without_spiderpool_says_so(reach: Any, pool: Any, applying: Any, how: str) -> None:
    """Without the CRDs every call says that Spiderpool is not installed."""
    with Server(kube_app(KubeApi(spiderpool=None))) as server:
        cluster = KubernetesCluster(reach(server.url))
        calls: dict[str, Callable[[], object]] = {
            "list": lambda: cluster.list(kinds.IP_POOL),
            "get": lambda: cluster.get(kinds.IP_POOL, "p"),
            "send": lambda: cluster.send(applying(pool())),
        }

        with pytest.raises(KindMissing, match="Spiderpool is not installed"):
            calls[how]()


def test_a_missing_right_names_verb_and_resource(kube: KubeApi, cluster: KubernetesCluster) -> None:
    """A refusal by RBAC tells what to grant."""
    kube.refuse("list", "spiderippools", 403)

    with pytest.raises(ClusterForbidden, match=r"may not list spiderippools\.spiderpool\.spidernet\.io"):
        cluster.list(kinds.IP_POOL)


def test_bad_credentials_are_told(kube: KubeApi, cluster: KubernetesCluster) -> None:
    """A 401 is about who we are."""
    kube.refuse("*", "*", 401)

    with pytest.raises(ClusterUnauthorized):
        cluster.version()


def test_a_busy_server_is_waited_for(kube: KubeApi, cluster: KubernetesCluster, slept: list[float]) -> None:
    """A 429 costs the pause that the server asks for."""
    kube.refuse("list", "nodes", 429, times=1, retry_after=3)

    assert [] == cluster.list(kinds.NODE)
    assert [3.0] == slept


def test_a_restarting_server_is_waited_for(kube: KubeApi, reach: Any) -> None:
    """A server that goes and comes back on the same port is found again."""
    with Server(kube_app(kube)) as server:
        port = int(server.url.rpartition(":")[2])
        cluster = KubernetesCluster(reach(server.url))
        cluster.version()
    again = Server(kube_app(kube), port)
    connection = cluster._api._wire
    assert isinstance(connection, Connection)
    with contextlib.ExitStack() as stack:
        patience = Patience(sleep=lambda _seconds: stack.enter_context(again))

        assert KubernetesCluster(Api(connection, patience)).version().startswith("v1.")
