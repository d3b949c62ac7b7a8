"""Plans carried out on an API server with Spiderpool's webhooks and controllers, over HTTP."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from spidercli import kinds
from spidercli.applying import Report, Waiting, apply
from spidercli.gateways.cluster.client import KubernetesCluster
from spidercli.planning.plan import Action, Plan
from spidercli.planning.pools import plan_pools
from spidercli.sandbox.kube.api import KubeApi


class Silence:
    """Progress that nobody watches."""

    def started(self, total: int) -> None:
        """Say nothing."""

    def finished(self, write: object, outcome: object) -> None:
        """Say nothing."""

    def waiting(self, text: str) -> None:
        """Say nothing."""


def plan(cluster: KubernetesCluster, *desired: Any) -> Plan:
    return plan_pools(desired, cluster.list(kinds.IP_POOL), prune=True)


@pytest.fixture(name="sync")
def _sync(cluster: KubernetesCluster) -> Any:
    """Plan and apply; time passes only by sleeping."""
    slept: list[float] = []

    def run(*desired: Any, meanwhile: Any = lambda: None) -> Report:
        made = plan(cluster, *desired)
        meanwhile()
        wait = Waiting(timeout=5, sleep=slept.append, clock=lambda: sum(slept))
        return apply(made, cluster, threads=8, wait=wait, progress=Silence(), stop=threading.Event())

    return run


def test_pools_follow_their_addresses(cluster: KubernetesCluster, pool: Any, sync: Any) -> None:
    """Addresses swap pools, a pool goes, another appears: one run, and the next one finds nothing to do."""
    assert sync(pool("a", "10.0.0.1-10.0.0.4"), pool("b", "10.0.0.5-10.0.0.8"), pool("c", "10.0.0.9")).ok

    wanted = pool("a", "10.0.0.1-10.0.0.2", "10.0.0.7-10.0.0.8"), pool("b", "10.0.0.3-10.0.0.6"), pool("d", "10.0.0.9")
    report = sync(*wanted)

    assert report.ok, list(report.lines())
    assert not plan(cluster, *wanted).pending


def test_a_pool_moves_to_another_subnet(cluster: KubernetesCluster, pool: Any, sync: Any) -> None:
    """What can't be changed is deleted, waited for, and created again."""
    assert sync(pool("a", "10.0.0.1")).ok

    moved = pool("a", "10.9.0.1", subnet="10.9.0.0/24", gateway="10.9.0.253")
    report = sync(moved)

    assert report.ok, list(report.lines())
    assert not plan(cluster, moved).pending


def test_a_pod_that_comes_in_between_blocks_its_address_only(
    kube: KubeApi, cluster: KubernetesCluster, pool: Any, sync: Any
) -> None:
    """An address that was taken after the plan was made stays, is named, and nothing else suffers."""
    assert sync(pool("a", "10.0.0.1-10.0.0.2"), pool("b", "10.0.0.3")).ok

    def hold() -> None:
        live: Any = cluster.get(kinds.IP_POOL, "a")
        allocated = {"10.0.0.2": {"interface": "eth0", "pod": "ns/web-0", "podUid": "x"}}
        kube.seed({**live, "status": {"allocatedIPCount": 1, "allocatedIPs": json.dumps(allocated)}})

    wanted = pool("a", "10.0.0.1"), pool("b", "10.0.0.2-10.0.0.3"), pool("c", "10.0.0.4")
    report = sync(*wanted, meanwhile=hold)

    assert [
        "blocked: SpiderIPPool a: pod ns/web-0 holds 10.0.0.2",
        "skipped: SpiderIPPool b: 10.0.0.2 is still listed by SpiderIPPool a",
        "1 done, 1 blocked, 1 skipped",
    ] == list(report.lines())
    assert {Action.BLOCKED, Action.UNCHANGED} == {change.action for change in plan(cluster, *wanted).changes}
