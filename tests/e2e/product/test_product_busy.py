"""A cluster that never rests: pods come and go while addresses move."""

from __future__ import annotations

from typing import Any

from spidercli.sandbox.scenarios import guide
from tests.e2e.controlplane.plane import Plane
from tests.e2e.product.agent import Agent, lost
from tests.e2e.product.running import Product
from tests.e2e.product.witness import Witness

_ENIS = (guide.MASTER_ETH0, guide.WORKER_ETH0)


def test_no_allocation_is_lost(installed: Product, plane: Plane, witness: Witness, cluster: Any) -> None:
    """Whatever agents do between our reading and our writing, a pod's address stays listed; at rest all converges."""
    agent = Agent(plane.admin)
    codes = []
    with agent.working():
        for turn in range(10):
            for number in range(185, 195):
                target = _ENIS[(turn + number) % 2]
                if installed.world.owner(f"172.31.199.{number}") != target:
                    installed.world.move(f"172.31.199.{number}", to=target)
            codes.append(installed("pools", "sync", "--yes").code)
            assert [] == [pool["metadata"]["name"] for pool in witness.get("spiderippools")["items"] if lost(pool)]

    for pool in witness.allocations():
        cluster.allocate(pool, {})
    last = installed("pools", "sync", "--yes", "--strict")

    assert agent.allocated > len(codes)
    assert {*codes} <= {0, 1}
    assert 0 == last.code, last.stdout
    assert 0 == installed("pools", "diff", "--detailed-exitcode").code
