"""The API server or Spiderpool's controller dies in the middle of a run."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sized
from typing import Any

import pytest

from spidercli.kinds import IP_POOL
from spidercli.sandbox.scenarios import large
from spidercli.sandbox.scenarios.scenario import Scenario
from tests.e2e.controlplane.plane import ControlPlane
from tests.e2e.controlplane.polling import eventually
from tests.e2e.controlplane.processes import Program
from tests.e2e.controlplane.rest import Rest
from tests.e2e.product.between import Between, Write
from tests.e2e.product.clouds import change_vswitch
from tests.e2e.product.running import Product
from tests.e2e.product.witness import Witness

_NODES = 20
_POOLS = 2 * _NODES
_SOME = 8


@pytest.fixture
def on_a_large_cluster(cluster: Any, product_in: Callable[[Scenario], Product]) -> Product:
    """The product, before a bootstrap that takes long enough to be disturbed."""
    scenario = large.build(nodes=_NODES, addresses=3)
    cluster.seed(scenario.manifests)
    return product_in(scenario)


@pytest.fixture(params=["apiserver", "controller"])
def victim(own_plane: ControlPlane, request: pytest.FixtureRequest) -> Iterator[Program]:
    """One of the programs; both run again after the test."""
    program: Program = getattr(own_plane, request.param)
    yield program
    own_plane.restart()


def kill_amid(plane: ControlPlane, victim: Program) -> None:
    """Kill a program once some of the pools are there."""
    rest = Rest(plane.admin)
    there = eventually(lambda: _enough(rest.items(IP_POOL.collection)), "some pools are there")
    rest.close()
    victim.kill()
    assert there < _POOLS


def _enough(pools: Sized) -> int | None:
    return len(pools) if len(pools) >= _SOME else None


@contextlib.contextmanager
def meanwhile(act: Callable[[], None]) -> Iterator[None]:
    """Do something beside the block, and wait for its end."""
    thread = threading.Thread(target=act)
    thread.start()
    yield
    thread.join()


def test_short_outage_is_sat_out(
    on_a_large_cluster: Product, own_plane: ControlPlane, victim: Program, witness: Witness
) -> None:
    """Whatever comes back within the run's patience costs time, and nothing else."""

    def interrupt() -> None:
        kill_amid(own_plane, victim)
        victim.start()

    with meanwhile(interrupt):
        ran = on_a_large_cluster("bootstrap", "--yes")

    assert 0 == ran.code, ran.stdout + ran.stderr
    assert _POOLS == len(witness.pools())
    assert f"nothing to do: {_POOLS + _NODES + 2} unchanged\n" == on_a_large_cluster("bootstrap", "--yes").stdout


_MESSAGES = {"apiserver": "does not answer", "controller": "Spiderpool's webhook does not answer"}


def test_long_outage_is_told(
    on_a_large_cluster: Product,
    own_plane: ControlPlane,
    victim: Program,
    witness: Witness,
    request: pytest.FixtureRequest,
) -> None:
    """Beyond its patience a run ends with exit code 1 and says who is missing; the next one finishes."""
    with on_a_large_cluster.start("bootstrap", "--yes", "--timeout=6s") as process:  # alive, it would hold the Lease
        kill_amid(own_plane, victim)
        said, told = process.communicate(timeout=60)
    victim.start()
    before = witness.uids()

    finished = on_a_large_cluster("bootstrap", "--yes")

    assert 1 == process.returncode, told
    assert "the time is over: " in told
    assert _MESSAGES[request.node.callspec.params["victim"]] in told
    assert "changes made" in said
    assert _SOME <= len(before) < _POOLS
    assert 0 == finished.code, finished.stdout + finished.stderr
    assert before.items() <= witness.uids().items()
    assert _POOLS == len(witness.pools())


def test_deleted_pool_without_a_controller(
    installed: Product, own_plane: ControlPlane, witness: Witness, between: Between, way: str
) -> None:
    """Nobody removes the finalizer: the run waits, then says what hangs; the next one finishes."""
    change_vswitch(installed.world)
    witness.hold("worker-192")

    def kill(write: Write) -> None:
        if write.method == "DELETE":
            own_plane.controller.kill()

    between.after = kill
    ran = installed("pools", "sync", "--yes", "--timeout=2s", "--kubeconfig", way)
    own_plane.controller.start()
    witness.do(
        "patch", "spiderippool", "worker-192", "--type=json", '--patch=[{"op":"remove","path":"/metadata/finalizers"}]'
    )
    finished = installed("pools", "sync", "--yes")

    assert 1 == ran.code
    assert "still being deleted: no pod holds an address; is spiderpool-controller running?" in ran.stdout
    assert 0 == finished.code, finished.stdout + finished.stderr
    assert ["192.168.1.10-192.168.1.12"] == witness.pools()["worker-192"]
