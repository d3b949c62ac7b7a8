"""A command against a sandbox in this process, with faults in its way and a witness beside it."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import os
import threading
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self, cast
from unittest import mock

from spidercli import cli, kinds
from spidercli.model import Manifest
from spidercli.pacing import Pace
from spidercli.sandbox.faults import Fault
from spidercli.sandbox.kube.api import KubeApi
from spidercli.sandbox.run import Sandbox
from spidercli.sandbox.scenarios.scenario import Scenario
from tests.convergence.clusters import held_in, listed_in

_WATCHED = (kinds.IP_POOL, kinds.MULTUS_CONFIG, kinds.NODE)
_ANSWER = 0.4  # seconds until an answer is given up; a busy machine has to answer in less
_LEASE_FREE = 60.0  # seconds after which a Lease is free at the latest


class Time:
    """Time that passes by sleeping, at once."""

    def __init__(self) -> None:
        self.now = 0.0
        self._lock = threading.Lock()

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        with self._lock:
            self.now += seconds

    def pace(self) -> Pace:
        """This time, as commands keep it."""
        return Pace(cluster_answer=_ANSWER, cloud_answer=_ANSWER, clock=lambda: self.now, sleep=self.sleep)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Ran:
    """What a command printed, and how it ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def error(self) -> str:
        """The code of the error that ended it, SPC and a number; empty where there was none."""
        last = self.stderr.splitlines()[-1] if self.stderr else ""
        return str(json.loads(last)["error"]["code"]) if last.startswith('{"error"') else ""

    @property
    def outcomes(self) -> set[str]:
        """What became of the writes."""
        return {write["outcome"] for write in json.loads(self.stdout or "{}").get("writes", ())}


class Witness:
    """Looks at the cluster after every request, and holds the promises against it.

    Attributes:
        complaints: promises that were broken.
        deeds: every change of an object's content that was made, in order: the object, and its content afterwards.
    """

    def __init__(self, kube: KubeApi) -> None:
        self.complaints: list[str] = []
        self.deeds: list[tuple[str, str]] = []
        self._kube = kube
        self._handle = kube.handle
        kube.handle = self._attend  # type: ignore[method-assign]

    def _attend(self, request: Any) -> Any:
        if request.method == "GET":
            return self._handle(request)
        with self._kube.locked():
            before, held = self.contents(), self._held()
            answer = self._handle(request)
            after = self.contents()
            self._note(before, after)
            self._check(held)
        return answer

    def contents(self) -> dict[str, str]:
        """What every object says that the product writes, apart from its status."""
        objects = [(kind, each) for kind in _WATCHED for each in self._kube.objects(kind)]
        return {f"{kind.plural}/{kinds.name(each)}": _content(each) for kind, each in objects}

    def _note(self, before: Mapping[str, str], after: Mapping[str, str]) -> None:
        for name in sorted(before.keys() | after.keys()):
            if before.get(name) != after.get(name):
                self.deeds.append((name, after.get(name, "gone")))

    def _held(self) -> dict[str, frozenset[str]]:
        return {kinds.name(pool): held_in(pool) for pool in self._kube.objects(kinds.IP_POOL)}

    def _check(self, held: Mapping[str, frozenset[str]]) -> None:
        live = {kinds.name(pool): listed_in(pool) for pool in self._kube.objects(kinds.IP_POOL)}
        for name, addresses_held in held.items():
            if not addresses_held <= live.get(name, frozenset()):
                self.complaints.append(f"{name} lost {sorted(addresses_held - live.get(name, frozenset()))}, in use")
        everything = [address for listed in live.values() for address in listed]
        twice = {address for address in everything if everything.count(address) > 1}
        if twice:
            self.complaints.append(f"in two pools: {sorted(twice)}")


class Stage:
    """A sandbox with a witness; commands run here see nothing else of the machine."""

    def __init__(self, scenario: Scenario) -> None:
        self.sandbox = Sandbox(scenario)
        self.witness = Witness(self.sandbox.kube)
        self.calls: list[str] = []  # the name of every call, as faults have it
        self._take = self.sandbox.faults.take
        self.sandbox.faults.take = self._recording  # type: ignore[method-assign]

    def __enter__(self) -> Self:
        self.sandbox.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.sandbox.__exit__(kind, error, trace)

    def run(self, *arguments: str, pace: Pace | None = None) -> Ran:
        """Run a command, with JSON as its output."""
        said, told = io.StringIO(), io.StringIO()
        with (
            mock.patch.dict(os.environ, self.sandbox.environ),
            contextlib.redirect_stdout(said),
            contextlib.redirect_stderr(told),
        ):
            code = cli.main([*arguments, "-o", "json"], pace or Time().pace())
        return Ran(code=code, stdout=said.getvalue(), stderr=told.getvalue())

    def let_lease_expire(self) -> None:
        """Let a minute pass for the Lease, whoever holds it.

        Raises:
            AssertionError: that would not free it.
        """
        lease = self.sandbox.kube.find(kinds.LEASE.api_version, kinds.LEASE.plural, "spidercli", "kube-system")
        if lease is not None:
            spec = cast("dict[str, Any]", lease["spec"])
            assert spec["leaseDurationSeconds"] <= _LEASE_FREE
            unnoted = {**kinds.metadata(lease), "managedFields": []}  # else the server knows when it was renewed
            self.sandbox.kube.seed(
                {**lease, "metadata": unnoted, "spec": {**spec, "renewTime": "2020-01-01T00:00:00.000000Z"}}
            )

    def writes(self) -> int:
        """How many requests have changed something, or tried to, apart from those for the Lease."""
        return sum(1 for call in self.calls if is_write(call) and not call.endswith(":leases"))

    def _recording(self, call: str, *, senseless: Any = ()) -> Fault | None:
        self.calls.append(call)
        return self._take(call, senseless=senseless)


def is_write(call: str) -> bool:
    """Whether a call changes the cluster."""
    return call.startswith("k8s:") and call.split(":")[1] not in ("get", "list", "watch")


def numbered(calls: list[str]) -> Iterator[tuple[str, int]]:
    """Every call, with the number that it has among those of its name."""
    seen: dict[str, int] = {}
    for call in calls:
        seen[call] = seen.get(call, 0) + 1
        yield call, seen[call]


def _content(manifest: Manifest) -> str:
    meta = kinds.metadata(manifest)
    told = {key: meta.get(key) for key in ("labels", "annotations", "deletionTimestamp")}
    return json.dumps(
        {**told, "deletionTimestamp": bool(told["deletionTimestamp"]), "spec": manifest.get("spec")}, sort_keys=True
    )
