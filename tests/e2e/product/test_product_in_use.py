"""Addresses that pods hold: never taken away, whoever would have to give them up, and everything else goes on."""

from __future__ import annotations

from typing import Any

import pytest

from spidercli.sandbox.scenarios import guide
from tests.e2e.controlplane.polling import eventually
from tests.e2e.product.between import Between, Write
from tests.e2e.product.running import Product
from tests.e2e.product.witness import Witness

_POD = "default/test-app-1-jpfkj"
_HELD = {"worker-172": {"172.31.199.190": _POD}}


@pytest.fixture
def held(installed: Product, cluster: Any) -> Product:
    """The product, after a bootstrap and with one address in use."""
    cluster.allocate("worker-172", _HELD["worker-172"])
    return installed


def test_both_sides_of_a_moved_address_wait(held: Product, witness: Witness, cluster: Any) -> None:
    """The old pool keeps it, the new one does not get it, other addresses move, and all is well once it is free."""
    held.world.move("172.31.199.190", to=guide.MASTER_ETH0)
    held.world.move("172.31.199.191", to=guide.MASTER_ETH0)

    strict = held("pools", "sync", "--yes", "--strict", "-o", "json")
    waiting = witness.pools()
    left = held("pools", "diff", "--detailed-exitcode")
    cluster.allocate("worker-172", {})
    after = held("pools", "sync", "--yes", "--strict")

    assert (3, ["master-172", "worker-172"]) == (strict.code, strict.lines("blocked"))
    assert _POD in strict.reasons("blocked")
    assert ["172.31.199.185-172.31.199.189", "172.31.199.191"] == waiting["master-172"]
    assert ["172.31.199.190", "172.31.199.192-172.31.199.194"] == waiting["worker-172"]
    assert 2 == left.code
    assert 0 == after.code
    assert ["172.31.199.185-172.31.199.191"] == witness.pools()["master-172"]
    assert ["172.31.199.192-172.31.199.194"] == witness.pools()["worker-172"]


def test_lost_address_stays_while_it_is_used(held: Product, witness: Witness) -> None:
    """The ENI gave two addresses up: the one that a pod holds stays, the other one goes, and the exit code is 0."""
    held.world.unassign(guide.WORKER_ETH0, "172.31.199.190", "172.31.199.191")

    ran = held("pools", "sync", "--yes", "-o", "json")

    assert (0, ["worker-172"]) == (ran.code, ran.lines("blocked"))
    assert ["172.31.199.190", "172.31.199.192-172.31.199.194"] == witness.pools()["worker-172"]
    assert _HELD == witness.allocations()


def test_address_taken_between_plan_and_write(
    installed: Product, witness: Witness, cluster: Any, between: Between, way: str
) -> None:
    """A pod that is quicker than we are wins: the webhook's refusal is told as blocked, and the rest goes on."""
    installed.world.move("172.31.199.190", to=guide.MASTER_ETH0)
    installed.world.assign(guide.MASTER_ETH1, "192.168.0.200")

    def take(write: Write) -> None:
        if write.path.endswith("/worker-172"):
            cluster.allocate("worker-172", _HELD["worker-172"])

    between.before = take
    ran = installed("pools", "sync", "--yes", "-o", "json", "--kubeconfig", way)

    outcomes = {write["name"]: (write["outcome"], write["reason"]) for write in ran.data["writes"]}
    assert 1 == ran.code
    assert ("blocked", f"pod {_POD} holds 172.31.199.190") == outcomes["worker-172"]
    assert ("skipped", "172.31.199.190 is still listed by SpiderIPPool worker-172") == outcomes["master-172"]
    assert "done" == outcomes["master-192"][0]
    assert ["172.31.199.190-172.31.199.194"] == witness.pools()["worker-172"]


@pytest.mark.usefixtures("empty_plane")
def test_pool_taken_between_plan_and_delete(
    installed: Product, witness: Witness, cluster: Any, between: Between, way: str
) -> None:
    """A delete holds only for the pool as it was read: an allocation meanwhile saves it."""
    witness.do("delete", "node", "worker")
    installed.world.remove_instance(guide.WORKER)

    def take(write: Write) -> None:
        if write.method == "DELETE" and write.path.endswith("/worker-172"):
            cluster.allocate("worker-172", _HELD["worker-172"])

    between.before = take
    ran = installed("pools", "sync", "--prune", "--max-delete", "50%", "--yes", "--kubeconfig", way)

    assert 1 == ran.code
    assert "refused: SpiderIPPool worker-172: changed meanwhile, run again" in ran.stdout
    assert "deletionTimestamp" not in witness.pool("worker-172")["metadata"]
    assert "worker-192" not in witness.pools()


def test_pool_that_hangs_in_deletion(held: Product, witness: Witness, cluster: Any) -> None:
    """A pool deleted by hand stays until its pod is gone: blocked until then, made anew afterwards."""
    witness.do("delete", "spiderippool", "worker-172", "--wait=false")
    held.world.assign(guide.MASTER_ETH1, "192.168.0.200")

    hanging = held("pools", "sync", "--yes", "-o", "json")
    cluster.allocate("worker-172", {})
    eventually(lambda: "worker-172" not in witness.pools(), "the pool is gone")
    gone = held("pools", "sync", "--yes")

    assert (0, ["worker-172"]) == (hanging.code, hanging.lines("blocked"))
    assert "it is being deleted" in hanging.reasons("blocked")
    assert _POD in hanging.reasons("blocked")
    assert "192.168.0.200" in witness.pools()["master-192"]
    assert 0 == gone.code, gone.stderr
    assert ["172.31.199.190-172.31.199.194"] == witness.pools()["worker-172"]


def test_address_of_a_hanging_pool_can_not_move(held: Product, witness: Witness) -> None:
    """Spiderpool goes on counting the addresses of a pool in deletion, free ones too: the plan knows."""
    witness.do("delete", "spiderippool", "worker-172", "--wait=false")
    held.world.move("172.31.199.194", to=guide.MASTER_ETH0)

    ran = held("pools", "sync", "--yes", "-o", "json")

    assert (0, ["master-172", "worker-172"]) == (ran.code, ran.lines("blocked"))
    assert "172.31.199.194 can't join" in ran.reasons("blocked")
    assert ["172.31.199.185-172.31.199.189"] == witness.pools()["master-172"]
