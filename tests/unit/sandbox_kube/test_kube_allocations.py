"""Pods and the addresses that they hold."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from spidercli.sandbox.kube.api import KubeApi
from spidercli.sandbox.kube.spiderpool import Spiderpool

Pod = Callable[..., dict[str, Any]]
_NETWORK = "v1.multus-cni.io/default-network"


def _held(pools: Any, name: str) -> dict[str, Any]:
    status = pools.get(name)["status"]
    found: dict[str, Any] = json.loads(status.get("allocatedIPs", "{}"))
    assert len(found) == status["allocatedIPCount"]
    return found


def test_counts_of_a_new_pool(pools: Any) -> None:
    """A new pool has all of its addresses, and none in use."""
    pools.create("a", "10.0.0.1-10.0.0.5", excludeIPs=["10.0.0.2"])

    assert {"totalIPCount": 4, "allocatedIPCount": 0} == pools.get("a")["status"]


def test_counts_follow_the_ranges(pools: Any) -> None:
    """A grown pool has more."""
    pools.create("a", "10.0.0.1")
    pools.patch("a", {"spec": {"ips": ["10.0.0.1-10.0.0.9"]}})

    assert 9 == pools.get("a")["status"]["totalIPCount"]


def test_pod_takes_its_address(kube: KubeApi, pools: Any, pod: Pod) -> None:
    """A pod with an address is written into the pool that lists it."""
    pools.create("a", "10.0.0.1-10.0.0.5")
    pools.create("b", "10.0.0.6-10.0.0.9")

    kube.seed(pod("p", "10.0.0.7"))

    assert {"10.0.0.7": {"pod": "default/p", "podUid": "uid-of-p"}} == _held(pools, "b")
    assert {} == _held(pools, "a")


def test_pool_takes_waiting_pods(kube: KubeApi, pools: Any, pod: Pod) -> None:
    """A pod that was there first is served as soon as a pool lists its address."""
    kube.seed(pod("p", "10.0.0.7"))

    pools.create("a", "10.0.0.7")

    assert ["10.0.0.7"] == list(_held(pools, "a"))


def test_both_families(kube: KubeApi, pools: Any, pod: Pod) -> None:
    """A dual-stack pod holds an address of each family."""
    pools.create("a", "10.0.0.1")
    pools.create("b", "2001:db8::1", subnet="2001:db8::/64")

    kube.seed(pod("p", "10.0.0.1", "2001:db8::1"))

    assert (["10.0.0.1"], ["2001:db8::1"]) == (list(_held(pools, "a")), list(_held(pools, "b")))


@pytest.mark.parametrize(
    "spec",
    [{"nodeName": ["worker"]}, {"multusName": ["kube-system/ipvlan-eth1"]}, {"excludeIPs": ["10.0.0.1"]}],
    ids=["node", "network", "excluded"],
)
def test_pools_of_others(kube: KubeApi, pools: Any, pod: Pod, spec: dict[str, Any]) -> None:
    """A pool of another node or network, or one that excludes the address, does not serve the pod."""
    pools.create("a", "10.0.0.1", **spec)

    kube.seed(pod("p", "10.0.0.1"))

    assert {} == _held(pools, "a")


@pytest.mark.parametrize("listed", ["ipvlan-eth1", "kube-system/ipvlan-eth1"])
@pytest.mark.parametrize("asked", ["ipvlan-eth1", "kube-system/ipvlan-eth1"])
def test_network_of_a_pod(kube: KubeApi, pools: Any, pod: Pod, listed: str, asked: str) -> None:
    """Networks without a namespace are in Spiderpool's, on both sides."""
    pools.create("a", "10.0.0.1", multusName=[listed])

    kube.seed(pod("p", "10.0.0.1", annotations={_NETWORK: asked}))

    assert ["10.0.0.1"] == list(_held(pools, "a"))


def test_default_network(kube: KubeApi, pools: Any, pod: Pod) -> None:
    """A pod that names no network is in the installation's default one."""
    pools.create("a", "10.0.0.1", multusName=[f"kube-system/{Spiderpool().default_network}"])

    kube.seed(pod("p", "10.0.0.1"))

    assert ["10.0.0.1"] == list(_held(pools, "a"))


def test_removed_pod_gives_back(kube: KubeApi, pools: Any, pod: Pod) -> None:
    """A pod that goes leaves its address, and nothing but a count of zero remains."""
    pools.create("a", "10.0.0.1")
    kube.seed(pod("p", "10.0.0.1"))

    kube.remove("v1", "pods", "p", "default")

    assert {"totalIPCount": 1, "allocatedIPCount": 0} == pools.get("a")["status"]


def test_finished_pod_gives_back(kube: KubeApi, pools: Any, pod: Pod) -> None:
    """So does one that has ended."""
    pools.create("a", "10.0.0.1")
    kube.seed(pod("p", "10.0.0.1"))
    ended = pod("p", "10.0.0.1")
    ended["status"]["phase"] = "Succeeded"

    kube.seed(ended)

    assert {} == _held(pools, "a")


def test_host_network_takes_nothing(kube: KubeApi, pools: Any, pod: Pod) -> None:
    """A pod in its node's network has no address of a pool."""
    pools.create("a", "10.0.0.1")
    hosted = pod("p", "10.0.0.1")
    hosted["spec"]["hostNetwork"] = True

    kube.seed(hosted)

    assert {} == _held(pools, "a")


def test_terminating_pool_serves_nobody(kube: KubeApi, pools: Any, pod: Pod) -> None:
    """A pool that is being deleted gives out nothing new."""
    pools.create("a", "10.0.0.1-10.0.0.2")
    kube.seed(pod("p", "10.0.0.1"))
    pools.delete("a")

    kube.seed(pod("q", "10.0.0.2"))

    assert ["10.0.0.1"] == list(_held(pools, "a"))


def test_endpoint_says_where_an_address_is(kube: KubeApi, pools: Any, pod: Pod) -> None:
    """While a pod holds an address, a SpiderEndpoint tells its node and pool."""
    pools.create("a", "10.0.0.1")
    kube.seed(pod("p", "10.0.0.1"))
    where = ("spiderpool.spidernet.io/v2beta1", "spiderendpoints", "p", "default")

    current = kube.find(*where)["status"]["current"]  # type: ignore[index]

    assert "master" == current["node"]
    assert [{"interface": "eth0", "ipv4": "10.0.0.1/24", "ipv4Pool": "a", "vlan": 0}] == current["ips"]
    kube.remove("v1", "pods", "p", "default")
    assert kube.find(*where) is None
