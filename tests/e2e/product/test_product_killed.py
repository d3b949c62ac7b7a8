"""kill -9 after every write, and answers that get lost: the next run finishes what is left, and repeats nothing."""

from __future__ import annotations

import itertools
import signal
import threading
from collections import Counter
from typing import Any

import pytest

from spidercli.sandbox.scenarios import guide
from tests.e2e.product.between import Between, CutError, Write
from tests.e2e.product.clouds import change_vswitch
from tests.e2e.product.running import Product
from tests.e2e.product.witness import Witness

_HELD = {"master-172": {"172.31.199.187": "default/one"}, "worker-172": {"172.31.199.193": "default/two"}}
_BOOTSTRAP_WRITES = 11  # the Lease twice, three for multus, four pools, two nodes
_SYNC_WRITES = 9  # the Lease twice, two pools shrink, one goes, three grow, one comes


def change_everything(product: Product) -> None:
    """Swap two addresses between the nodes, add one, and move an ENI to another vSwitch."""
    product.world.move("172.31.199.185", to=guide.WORKER_ETH0)
    product.world.move("172.31.199.190", to=guide.MASTER_ETH0)
    product.world.assign(guide.MASTER_ETH1, "192.168.0.200")
    change_vswitch(product.world)


_CHANGED = {
    "master-172": ["172.31.199.186-172.31.199.190"],
    "master-192": ["192.168.0.156-192.168.0.160", "192.168.0.200"],
    "worker-172": ["172.31.199.185", "172.31.199.191-172.31.199.194"],
    "worker-192": ["192.168.1.10-192.168.1.12"],
}


def run_until_killed(product: Product, between: Between, number: int, *arguments: str) -> None:
    """Run a command, and kill it once the API server has answered its write of this number."""
    with product.start(*arguments) as process:

        def kill(write: Write) -> None:
            if write.number == number:
                process.kill()
                process.wait()
                raise CutError

        between.after = kill
        _, told = process.communicate(timeout=60)
    assert process.returncode == -9, told
    between.settle()


def repeated(first: Between, second: Between) -> Counter[str]:
    """What two runs both wrote, word by word."""
    done = {(each.method, each.path, each.body) for each in first.writes}
    return Counter(each.target for each in second.writes if (each.method, each.path, each.body) in done)


@pytest.fixture
def again(plane: Any, tmp_path: Any) -> Any:
    """A second proxy, for the run that finishes."""
    with Between(plane.admin) as proxy:
        yield proxy


@pytest.mark.parametrize("number", range(1, _BOOTSTRAP_WRITES + 1))
def test_killed_bootstrap(
    spidercli: Product, witness: Witness, between: Between, way: str, again: Between, tmp_path: Any, number: int
) -> None:
    """Wherever a bootstrap is cut off, a second one finishes it at once, and the third has nothing to do."""
    run_until_killed(spidercli, between, number, "bootstrap", "--yes", "--kubeconfig", way)
    uids = witness.uids()

    finished = spidercli("bootstrap", "--yes", "--kubeconfig", again.kubeconfig(tmp_path / "again"))

    assert 0 == finished.code, finished.stderr
    assert not repeated(between, again)
    assert uids.items() <= witness.uids().items()
    assert 4 == len(witness.pools())
    assert None not in witness.provider_ids().values()
    assert "nothing to do: 8 unchanged\n" == spidercli("bootstrap", "--yes").stdout


@pytest.mark.parametrize("number", range(1, _SYNC_WRITES + 1))
def test_killed_sync(
    installed: Product,
    witness: Witness,
    cluster: Any,
    between: Between,
    way: str,
    again: Between,
    tmp_path: Any,
    number: int,
) -> None:
    """Wherever a sync is cut off, the next one converges, and no allocation is lost on the way."""
    for pool, held in _HELD.items():
        cluster.allocate(pool, held)
    change_everything(installed)
    run_until_killed(installed, between, number, "pools", "sync", "--yes", "--kubeconfig", way)
    assert _HELD == witness.allocations()

    finished = installed("pools", "sync", "--yes", "--kubeconfig", again.kubeconfig(tmp_path / "again"))

    assert 0 == finished.code, finished.stderr
    assert not repeated(between, again)
    assert _CHANGED == witness.pools()
    assert _HELD == witness.allocations()
    assert "nothing to do: 4 unchanged\n" == installed("pools", "sync", "--yes").stdout


def test_interrupted_run_ends_in_good_order(spidercli: Product, witness: Witness, between: Between, way: str) -> None:
    """Ctrl-C: what is on its way is finished, the rest is listed, and the Lease is free at once."""
    writing, go_on = threading.Event(), threading.Event()

    def hold_up(write: Write) -> None:
        if "/spiderippools/" in write.path:
            writing.set()
            go_on.wait(30)

    between.before = hold_up
    with spidercli.start("bootstrap", "--yes", "--kubeconfig", way) as process:
        assert writing.wait(30)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        before = list(itertools.takewhile(lambda line: "stopping: " not in line, process.stderr))
        assert process.poll() is None, before
        go_on.set()
        said, told = process.communicate(timeout=60)
    began = len(witness.pools())
    finished = spidercli("bootstrap", "--yes")

    assert (130, True) == (process.returncode, 1 <= began), told
    assert "the run was stopped" in said
    assert f"{2 + began} of 8 changes made, 0 unchanged\n" in said
    assert f"{6 - began} of {6 - began} changes made, {2 + began} unchanged\n" == finished.stdout


def lose_each_first(between: Between, *, answers: bool) -> None:
    """Lose the first request for every object and verb, or the answer to it."""
    seen: set[tuple[str, str]] = set()

    def lose(write: Write) -> None:
        key = write.method, write.path
        if key not in seen:
            seen.add(key)
            raise CutError

    if answers:
        between.after = lose
    else:
        between.before = lose


@pytest.mark.parametrize("answers", [False, True], ids=["requests", "answers"])
def test_connections_break_in_bootstrap(
    spidercli: Product, witness: Witness, between: Between, way: str, answers: bool
) -> None:
    """Every write is lost once, on its way there or on its way back: it is sent again, and all is well."""
    lose_each_first(between, answers=answers)

    ran = spidercli("bootstrap", "--yes", "--kubeconfig", way)

    assert 0 == ran.code, ran.stdout + ran.stderr
    assert 4 == len(witness.pools())
    assert "nothing to do: 8 unchanged\n" == spidercli("bootstrap", "--yes").stdout


@pytest.mark.parametrize("answers", [False, True], ids=["requests", "answers"])
def test_connections_break_in_sync(
    installed: Product, witness: Witness, cluster: Any, between: Between, way: str, answers: bool
) -> None:
    """The same for a sync that shrinks, deletes, creates and grows."""
    for pool, held in _HELD.items():
        cluster.allocate(pool, held)
    change_everything(installed)
    lose_each_first(between, answers=answers)

    ran = installed("pools", "sync", "--yes", "--kubeconfig", way)

    assert 0 == ran.code, ran.stdout + ran.stderr
    assert (_CHANGED, _HELD) == (witness.pools(), witness.allocations())
