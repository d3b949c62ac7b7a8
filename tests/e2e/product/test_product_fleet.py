"""500 nodes with two NICs each: 1,000 pools behind Spiderpool's webhooks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from spidercli.kinds import IP_POOL, NODE
from spidercli.sandbox.scenarios import large
from spidercli.sandbox.scenarios.scenario import Scenario
from tests.e2e.controlplane.plane import ControlPlane
from tests.e2e.controlplane.polling import eventually
from tests.e2e.product.between import Between
from tests.e2e.product.running import Product
from tests.e2e.product.witness import Witness

_NODES = 500
_PAGES = 2  # of 500 objects


@pytest.fixture
def big(own_plane: ControlPlane, cluster: Any, product_in: Callable[[Scenario], Product]) -> Iterator[Product]:
    """The product on a big cluster, which is swept with one request for each kind afterwards: it has to be our own."""
    scenario = large.build(nodes=_NODES, addresses=10)
    cluster.seed(scenario.manifests)
    yield product_in(scenario)
    cluster.rest.must("DELETE", NODE.collection)
    cluster.rest.must("DELETE", IP_POOL.collection)
    eventually(lambda: not cluster.rest.items(IP_POOL.collection), "all pools are gone", seconds=120)


def test_five_hundred_nodes(big: Product, witness: Witness, between: Between, way: str) -> None:
    """All pools and providerIDs are made; a second run is two pages of one list per kind; a move is two writes."""
    made = big("bootstrap", "--yes", "--quiet")
    assert (0, f"{3 * _NODES + 2:,} of {3 * _NODES + 2:,} changes made, 0 unchanged\n") == (made.code, made.stdout)
    assert 2 * _NODES == len(witness.pools())
    assert None not in witness.provider_ids().values()

    again = big("pools", "sync", "--yes", "--kubeconfig", way)
    assert f"nothing to do: {2 * _NODES:,} unchanged\n" == again.stdout
    listed = {"GET v1/nodes": 1, "GET v2beta1/spidermultusconfigs": 1, "GET v2beta1/spiderippools": _PAGES}
    assert listed == Counter(f"{each.method} {each.target}" for each in between.passed)

    big.world.move("10.0.0.2", to="eni-node-00001-0")
    moved = big("pools", "sync", "--yes", "--kubeconfig", way)
    assert f"2 of 2 changes made, {2 * _NODES - 2:,} unchanged\n" == moved.stdout
    assert ["spiderippools/node-00000-eth0", "spiderippools/node-00001-eth0"] == [
        each.target for each in between.writes
    ]
