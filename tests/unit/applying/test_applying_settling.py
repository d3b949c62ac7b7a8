"""What the pools that had to make room look like, and what they are in the way of."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest

from spidercli.applying import settling
from spidercli.applying.settling import Settled
from spidercli.model import IPNetwork
from spidercli.planning.plan import Phase, Write

NARROW, WIDE = ipaddress.ip_network("10.0.0.0/24"), ipaddress.ip_network("10.0.0.0/23")


def there(subnets: dict[IPNetwork, list[str]]) -> Settled:
    return Settled(hanging={}, unheld=(), listed={}, subnets=subnets)


@pytest.fixture(name="growing")
def _growing(writing: Any) -> Any:
    """A write of a pool in the wide subnet."""

    def write(name: str) -> Write:
        made: Write = writing(Phase.GROW, name, body={"spec": {"subnet": str(WIDE), "ips": ["10.0.1.1"]}})
        return made

    return write


def test_a_subnet_in_the_way_is_told_with_a_pool(growing: Any) -> None:
    """The first pool of it that is not the written one itself."""
    settled = there({WIDE: ["x"], NARROW: ["p", "q"]})

    told = "subnet 10.0.0.0/23 overlaps 10.0.0.0/24 of SpiderIPPool {}, which is still there"
    assert settled.obstacle(growing("p")) == told.format("q")
    assert settled.obstacle(growing("other")) == told.format("p")
    assert there({WIDE: ["x"], NARROW: ["p"]}).obstacle(growing("p")) == ""


def test_subnets_are_compared_once(growing: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of pools that wait for thousands of others share a few subnets."""
    compared: list[Any] = []
    monkeypatch.setattr(settling, "_clash", lambda *pair: compared.append(pair))
    settled = there({NARROW: [f"old{at}" for at in range(50)]})

    for at in range(50):
        settled.obstacle(growing(f"new{at}"))

    assert compared == [(WIDE, NARROW)]


def test_pools_of_no_concern_are_not_read(bench: Any, cluster_of: Any, plan_of: Any) -> None:
    """A pool of others may be as broken as it likes."""
    cluster = cluster_of({"old": {1}})
    as_it_is = cluster.list
    broken = [{"metadata": {"name": "broken"}, "spec": {"subnet": "?", "ips": 7}, "status": {"allocatedIPs": "?"}}]
    cluster.list = lambda kind: [*as_it_is(kind), *broken, {"metadata": {"name": "empty"}}]

    assert bench.apply(plan_of({"old": {1}}, {"new": {1}}), cluster).ok


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"status": {"allocatedIPs": "?"}}, "status.allocatedIPs can't be read"),
        ({"spec": {"subnet": "?", "ips": ["10.0.0.1"]}}, "spec.subnet can't be read"),
    ],
    ids=["allocations", "subnet"],
)
def test_a_pool_that_can_not_be_read_is_still_there(
    bench: Any, cluster_of: Any, plan_of: Any, broken: Any, reason: str
) -> None:
    """What can be read of it goes on blocking, and nobody claims that no pod holds an address."""
    cluster = cluster_of({"old": {1}})
    cluster.lingering = 1000
    as_it_is = cluster.list
    cluster.list = lambda kind: [{**manifest, **broken} for manifest in as_it_is(kind)]

    report = bench.apply(plan_of({"old": {1}}, {"new": {1}}), cluster)

    old, new = report.results
    assert f"still being deleted: SpiderIPPool old: {reason}" in old.reason
    assert new.reason == "10.0.0.1 is still listed by SpiderIPPool old"
