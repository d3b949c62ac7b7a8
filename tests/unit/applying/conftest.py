"""A cluster in memory that has Spiderpool's rules for pools, and plans to try on it."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address
from typing import Any, cast

import pytest

from spidercli import addresses, kinds
from spidercli.applying import Outcome, Report, Run, Waiting, apply
from spidercli.errors import AddressInUse, ClusterError, WriteConflict, WriteRefused
from spidercli.model import Manifest
from spidercli.planning.plan import Action, Change, Phase, Plan, Verb, Write

SUBNET = "10.0.0.0/24"


def ranges(numbers: Iterable[int]) -> list[str]:
    return addresses.collapse(IPv4Address(f"10.0.0.{number}") for number in numbers)


@dataclasses.dataclass
class Pool:
    """A pool of the fake cluster; addresses by their last octet."""

    uid: str
    numbers: set[int]
    held: dict[int, str] = dataclasses.field(default_factory=dict)
    looks_left: int | None = None  # while it is being deleted: so many listings still show it


class PoolCluster:
    """Refuses what Spiderpool's webhook refuses; refuses to be asked for anything else."""

    def __init__(self, pools: dict[str, set[int]] | None = None) -> None:
        self.pools = {name: Pool(uid=f"uid-{name}", numbers=set(numbers)) for name, numbers in (pools or {}).items()}
        self.sent: list[Write] = []
        self.failing: dict[str, ClusterError] = {}  # by object name
        self.lingering = 0  # listings until a deleted pool is gone
        self.listings = 0
        self.list_error: ClusterError | None = None
        self.on_send: Callable[[Write], None] = lambda _write: None
        self.busiest = 0  # most writes that were on their way at the same time
        self._busy = 0
        self._lock = threading.Lock()

    def list(self, kind: kinds.Kind, *, namespace: str | None = None) -> list[Manifest]:
        assert (kinds.IP_POOL, None) == (kind, namespace)
        if self.list_error is not None:
            raise self.list_error
        self.listings += 1
        for name, pool in list(self.pools.items()):
            if pool.looks_left is not None and not pool.held:
                pool.looks_left -= 1
                if pool.looks_left < 0:
                    del self.pools[name]
        return [self._manifest(name, pool) for name, pool in self.pools.items()]

    def get(self, kind: kinds.Kind, name: str, namespace: str | None = None) -> Manifest | None:
        raise NotImplementedError

    def version(self) -> str:
        raise NotImplementedError

    def send(self, write: Write) -> Manifest | None:
        with self._lock:
            self.sent.append(write)
            self._busy += 1
            self.busiest = max(self.busiest, self._busy)
        try:
            self.on_send(write)
            with self._lock:
                self._carry_out(write)
        finally:
            with self._lock:
                self._busy -= 1
        return write.body

    def _carry_out(self, write: Write) -> None:
        if write.name in self.failing:
            raise self.failing[write.name]
        if write.kind != kinds.IP_POOL:
            return
        if write.verb is Verb.DELETE:
            self._delete(write)
        else:
            self._apply(write)

    def _delete(self, write: Write) -> None:
        pool = self.pools.get(write.name)
        if pool is None:
            return
        if pool.uid != write.uid:
            raise WriteConflict("it was changed since it was read")
        pool.looks_left = self.lingering

    def _apply(self, write: Write) -> None:
        ips = cast("list[str]", kinds.spec(write.body or {})["ips"])
        wanted = {int(address) & 255 for address in addresses.expand(ips)}
        pool = self.pools.get(write.name)
        if pool is not None and pool.looks_left is not None:
            raise WriteRefused("cannot update a terminating IPPool")
        for name, other in self.pools.items():
            if name != write.name and other.numbers & wanted:
                raise WriteRefused(f"overlap with IPPool {name}")
        if pool is None:
            self.pools[write.name] = Pool(uid=f"uid-{write.name}", numbers=wanted)
            return
        for number, pod in pool.held.items():
            if number not in wanted:
                raise AddressInUse(f"pod {pod} holds 10.0.0.{number}")
        pool.numbers = wanted

    def _manifest(self, name: str, pool: Pool) -> Manifest:
        held = ",".join(f'"10.0.0.{number}": {{"pod": "{pod}"}}' for number, pod in pool.held.items())
        return {
            "metadata": {"name": name, "uid": pool.uid},
            "spec": {"subnet": SUBNET, "ips": ranges(pool.numbers)},
            "status": {"allocatedIPs": f"{{{held}}}"},
        }


def make_write(phase: Phase, name: str, numbers: Iterable[int] = (), **changes: Any) -> Write:
    body: Manifest = {"metadata": {"name": name}, "spec": {"subnet": SUBNET, "ips": ranges(numbers)}}
    usual: dict[str, Any] = {
        "phase": phase,
        "verb": Verb.APPLY,
        "kind": kinds.IP_POOL,
        "name": name,
        "namespace": None,
        "body": body,
    }
    return Write(**{**usual, **changes})


def make_delete(name: str, uid: str | None = None) -> Write:
    return make_write(Phase.SHRINK, name, verb=Verb.DELETE, body=None, uid=uid or f"uid-{name}")


def make_change(*writes: Write, action: Action = Action.UPDATE, before: Iterable[int] | None = None) -> Change:
    there = None if before is None else make_write(Phase.SHRINK, writes[0].name, before).body
    return Change(action=action, kind=writes[0].kind, name=writes[0].name, writes=writes, before=there)


def make_plan(before: dict[str, set[int]], after: dict[str, set[int]]) -> Plan:
    """The plan that leads from some pools to others: what leaves goes first."""
    changes = []
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name, set()), after.get(name, set())
        writes = []
        if old and not new:
            writes.append(make_delete(name))
        elif old - new:
            writes.append(make_write(Phase.SHRINK, name, old & new))
        if new - old:
            writes.append(make_write(Phase.GROW, name, new))
        if writes:
            action = Action.UPDATE if old else Action.CREATE
            changes.append(make_change(*writes, action=action, before=old or None))
    return Plan(changes=tuple(changes))


class Story:
    """Everything that Progress was told."""

    def __init__(self) -> None:
        self.total: int | None = None
        self.through: list[tuple[str, Outcome]] = []
        self.waits: list[str] = []

    def started(self, total: int) -> None:
        self.total = total

    def finished(self, write: Write, outcome: Outcome) -> None:
        self.through.append((write.name, outcome))

    def waiting(self, text: str) -> None:
        self.waits.append(text)


class Bench:
    """Applies plans to a cluster, with time that passes only by sleeping."""

    def __init__(self) -> None:
        self.story = Story()
        self.stop = threading.Event()
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def apply(self, plan: Plan, cluster: PoolCluster, *, threads: int = 4, timeout: float = 10.0) -> Report:
        wait = Waiting(timeout=timeout, first=1.0, longest=4.0, sleep=self.sleep, clock=lambda: sum(self.slept))
        return apply(plan, cluster, threads=threads, wait=wait, progress=self.story, stop=self.stop)

    def run(self, plan: Plan, cluster: PoolCluster, *, threads: int) -> Run:
        """A run that has not begun."""
        wait = Waiting(sleep=self.sleep, clock=lambda: sum(self.slept))
        return Run(plan=plan, cluster=cluster, threads=threads, wait=wait, progress=self.story, stop=self.stop)


@pytest.fixture(name="bench")
def _bench() -> Bench:
    """Applies plans and remembers what was told."""
    return Bench()


@pytest.fixture(name="new_bench")
def _new_bench() -> type[Bench]:
    """Makes benches, one per example of a property."""
    return Bench


@pytest.fixture(name="cluster_of")
def _cluster_of() -> type[PoolCluster]:
    """A cluster with some pools: name to last octets."""
    return PoolCluster


@pytest.fixture(name="plan_of")
def _plan_of() -> Callable[..., Plan]:
    """The plan from some pools to others."""
    return make_plan


@pytest.fixture(name="writing")
def _writing() -> Callable[..., Write]:
    """A write of a pool."""
    return make_write


@pytest.fixture(name="deleting")
def _deleting() -> Callable[..., Write]:
    """A delete of a pool."""
    return make_delete


@pytest.fixture(name="changing")
def _changing() -> Callable[..., Change]:
    """A change made of writes."""
    return make_change
