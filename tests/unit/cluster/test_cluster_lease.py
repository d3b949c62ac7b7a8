"""The Lease against a server with one Lease and optimistic locking."""

from __future__ import annotations

import copy
import dataclasses
import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from spidercli.errors import ClusterForbidden, RunInProgress, WriteConflict
from spidercli.gateways.cluster.api import Api
from spidercli.gateways.cluster.holders import identity
from spidercli.gateways.cluster.lease import Lease
from spidercli.gateways.cluster.retrying import ConnectionLost
from spidercli.gateways.cluster.wire import Answer, Request

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def refusal(status: int, message: str = "", **details: str) -> Answer:
    document = {"kind": "Status", "message": message, "details": details}
    return Answer(status=status, body=json.dumps(document).encode())


@dataclasses.dataclass
class LeaseServer:
    """One Lease, with resourceVersions, and with ways to get in the way."""

    host: str = "api.test"
    lease: dict[str, Any] | None = None
    versions: int = 0
    broken: Answer | Exception | None = None  # answers everything
    late: int = 0  # so many reads don't see the Lease yet
    contended: bool = False  # somebody else writes it all the time
    methods: list[str] = dataclasses.field(default_factory=list)

    def send(self, request: Request) -> Answer:
        self.methods.append(request.method)
        if isinstance(self.broken, Exception):
            raise self.broken
        return self.broken or getattr(self, f"_{request.method.lower()}")(request)

    def put_aside(self, **spec: object) -> None:
        """Write the Lease as somebody else would."""
        self._store({"metadata": {"name": "spidercli"}, "spec": spec})

    def _get(self, _request: Request) -> Answer:
        self.late -= 1
        if self.lease is None or self.late >= 0:
            return refusal(404, "not found", kind="leases", name="spidercli")
        return Answer(status=200, body=json.dumps(self.lease).encode())

    def _post(self, request: Request) -> Answer:
        if self.lease is not None:
            return refusal(409, "already exists")
        return self._store(request.body)

    def _put(self, request: Request) -> Answer:
        if self.lease is None:
            return refusal(404, "not found", kind="leases", name="spidercli")
        if self.contended or self._version(request.body) != self._version(self.lease):
            return refusal(409, "the object has been modified")
        return self._store(request.body)

    def _store(self, body: Any) -> Answer:
        self.versions += 1
        self.lease = copy.deepcopy(body)
        assert self.lease is not None
        self.lease["metadata"]["resourceVersion"] = str(self.versions)
        return Answer(status=201, body=json.dumps(self.lease).encode())

    def _version(self, body: Any) -> str:
        return str(body["metadata"].get("resourceVersion"))

    @property
    def spec(self) -> dict[str, Any]:
        assert self.lease is not None
        spec: dict[str, Any] = self.lease["spec"]
        return spec


@pytest.fixture(name="server")
def _server() -> LeaseServer:
    """A server without a Lease."""
    return LeaseServer()


@pytest.fixture(name="make")
def _make(api: Callable[..., Api], server: LeaseServer, patience: Any) -> Callable[..., Lease]:
    """A Lease of a given holder at a given second after noon."""

    def build(holder: str = "me", second: float = 0, **extra: Any) -> Lease:
        time = NOON + timedelta(seconds=second)
        return Lease(Api(server, patience), "kube-system", holder=holder, now=lambda: time, **extra)

    return build


def test_a_lease_is_created(make: Callable[..., Lease], server: LeaseServer) -> None:
    """The first run creates the Lease, with times in microseconds, which the API insists on."""
    make().acquire()

    assert {
        "holderIdentity": "me",
        "leaseDurationSeconds": 60,
        "acquireTime": "2026-11-22T12:00:00.000000Z",
        "renewTime": "2026-11-22T12:00:00.000000Z",
    } == server.spec


def test_a_held_lease_is_respected(make: Callable[..., Lease]) -> None:
    """The second run is told who runs since when, and how long to wait."""
    make("first").acquire()

    with pytest.raises(RunInProgress) as caught:
        make("second", second=20).acquire()
    assert "another run holds Lease kube-system/spidercli: first, since 2026-11-22T12:00:00Z" == caught.value.message
    assert "expires in 40 s" in str(caught.value.hint)


def test_an_expired_lease_is_taken_over(make: Callable[..., Lease], server: LeaseServer) -> None:
    """A run that died does not lock others out."""
    make("first").acquire()

    make("second", second=60).acquire()

    assert ("second", "2026-11-22T12:01:00.000000Z") == (server.spec["holderIdentity"], server.spec["acquireTime"])


@pytest.mark.parametrize("spec", [{}, {"holderIdentity": ""}, {"holderIdentity": "x", "renewTime": "?"}], ids=str)
def test_a_free_lease_is_taken(make: Callable[..., Lease], server: LeaseServer, spec: dict[str, str]) -> None:
    """A Lease without holder, or without a time that anybody could wait for, is free."""
    server.put_aside(**spec)

    make().acquire()

    assert "me" == server.spec["holderIdentity"]


def test_a_released_lease_is_free_at_once(make: Callable[..., Lease], server: LeaseServer) -> None:
    """The next run need not wait for the end of the duration."""
    with make("first"):
        assert "first" == server.spec["holderIdentity"]

    make("second", second=1).acquire()

    assert "second" == server.spec["holderIdentity"]


def test_a_lease_is_released_after_an_error(make: Callable[..., Lease], server: LeaseServer) -> None:
    """An error in the middle of a run frees the Lease and is not covered up."""

    class Boom(Exception):
        """An error of the run."""

    with pytest.raises(Boom), make():
        raise Boom

    assert "" == server.spec["holderIdentity"]


def test_a_failing_release_is_silent(make: Callable[..., Lease], server: LeaseServer) -> None:
    """What can't be released expires; the run's own outcome counts."""
    with make() as lease:
        server.broken = ConnectionLost("gone")

    assert not lease.lost.is_set()


def test_renewing_moves_the_time(make: Callable[..., Lease], server: LeaseServer) -> None:
    """A renewal keeps holder and acquireTime."""
    times = iter([0, 20])
    lease = Lease(make()._api, "kube-system", holder="me", now=lambda: NOON + timedelta(seconds=next(times)))
    lease.acquire()

    lease.renew()

    assert ("2026-11-22T12:00:00.000000Z", "2026-11-22T12:00:20.000000Z") == (
        server.spec["acquireTime"],
        server.spec["renewTime"],
    )


def test_a_stolen_lease_is_noticed(make: Callable[..., Lease], server: LeaseServer) -> None:
    """Who finds another holder in it stops, and leaves the Lease alone."""
    lost = threading.Event()
    lease = make(on_lost=lost.set)
    lease.acquire()
    server.put_aside(holderIdentity="other")

    lease.renew()
    lease.release()

    assert lost.is_set()
    assert lease.lost.is_set()
    assert "other" == server.spec["holderIdentity"]


def test_a_lease_that_was_stolen_is_not_released(make: Callable[..., Lease], server: LeaseServer) -> None:
    """A theft that no renewal saw is seen at the end, and told."""
    lease = make()
    lease.acquire()
    server.put_aside(holderIdentity="other")

    lease.release()

    assert "other" == server.spec["holderIdentity"]
    assert isinstance(lease.loss, RunInProgress)
    assert "another run took Lease kube-system/spidercli over: other" == lease.loss.message


def test_an_edited_lease_is_released(make: Callable[..., Lease], server: LeaseServer) -> None:
    """A change of its version is no reason to keep others waiting for a minute."""
    lease = make()
    lease.acquire()
    server.put_aside(**server.spec)

    lease.release()

    assert "" == server.spec["holderIdentity"]
    assert not lease.lost.is_set()


def test_a_release_whose_answer_was_lost_is_one(make: Callable[..., Lease], server: LeaseServer) -> None:
    """The next run may have the Lease before the release is sent again: that is no theft."""
    lease = make()
    lease.acquire()

    def lose_the_first(request: Request) -> Answer:
        del server._put
        server._put(request)
        server.put_aside(holderIdentity="next", leaseDurationSeconds=60, renewTime="2026-11-22T12:00:00.000000Z")
        raise ConnectionLost("gone", in_doubt=True)

    server._put = lose_the_first  # type: ignore[method-assign]
    lease.release()

    assert (None, None) == (lease.loss, lease.unreleased)
    assert "next" == server.spec["holderIdentity"]


def test_a_release_that_is_refused_is_told(make: Callable[..., Lease], server: LeaseServer) -> None:
    """Whoever may create Leases and not update them keeps other runs waiting."""
    lease = make()
    lease.acquire()
    denied = 'leases is forbidden: User "ci" cannot update resource "leases" in API group "coordination.k8s.io"'
    server.broken = refusal(403, denied)

    lease.release()

    assert isinstance(lease.unreleased, ClusterForbidden)
    assert "user ci may not update leases.coordination.k8s.io" == lease.unreleased.message


def test_a_renewal_that_is_refused_is_no_theft(make: Callable[..., Lease], server: LeaseServer) -> None:
    """The run ends all the same, once the Lease has expired, and says why."""
    times = [NOON]
    lease = Lease(make()._api, "kube-system", holder="me", now=lambda: times[0])
    lease.acquire()
    server.broken = refusal(403, "no")
    times[0] = NOON + timedelta(seconds=61)

    lease.renew()

    assert lease.loss is not None
    assert "Lease kube-system/spidercli could not be renewed in time: can't replace Lease spidercli: no" == (
        lease.loss.message
    )


def test_a_deleted_lease_is_lost(make: Callable[..., Lease], server: LeaseServer) -> None:
    """Somebody who deletes the Lease wants the run to end."""
    lease = make()
    lease.acquire()
    server.lease = None

    lease.renew()

    assert lease.lost.is_set()


def test_an_edit_by_others_is_no_theft(make: Callable[..., Lease], server: LeaseServer) -> None:
    """A label that somebody added changes the version, not the holder."""
    lease = make()
    lease.acquire()
    server.put_aside(**server.spec)

    lease.renew()
    lease.renew()

    assert not lease.lost.is_set()


@pytest.mark.parametrize(("second", "lost"), [(59, False), (60, True)], ids=["in-time", "too-late"])
def test_without_an_answer_a_lease_lasts_its_duration(
    make: Callable[..., Lease], server: LeaseServer, second: int, lost: bool
) -> None:
    """A network that is away for a moment costs nothing; one that is away too long costs the Lease."""
    times = [NOON]
    lease = Lease(make()._api, "kube-system", holder="me", now=lambda: times[0])
    lease.acquire()
    server.broken = ConnectionLost("gone")
    times[0] = NOON + timedelta(seconds=second)

    lease.renew()

    assert lost is lease.lost.is_set()


def test_losing_a_race_is_told(make: Callable[..., Lease], server: LeaseServer) -> None:
    """Two runs that start in the same moment don't both get the Lease."""
    server.late = 1
    server.put_aside(holderIdentity="first", leaseDurationSeconds=60, renewTime="2026-11-22T12:00:00.000000Z")

    with pytest.raises(RunInProgress, match="first"):
        make("second").acquire()


def test_our_own_create_is_recognised(make: Callable[..., Lease], server: LeaseServer) -> None:
    """A create that arrived although its answer was lost is ours."""
    server.late = 1
    server.put_aside(holderIdentity="me", leaseDurationSeconds=60, renewTime="2026-11-22T12:00:00.000000Z")

    lease = make("me")
    lease.acquire()
    lease.renew()

    assert not lease.lost.is_set()


def test_a_conflict_without_a_holder_is_told(make: Callable[..., Lease], server: LeaseServer) -> None:
    """A Lease that somebody else writes all the time is a conflict, not a claim."""
    server.put_aside(holderIdentity="")
    server.contended = True

    with pytest.raises(WriteConflict):
        make().acquire()


def test_a_lease_that_comes_and_goes_is_a_conflict(make: Callable[..., Lease], server: LeaseServer) -> None:
    """Who can neither create the Lease nor find it says so."""
    server.put_aside()
    server.late = 2

    with pytest.raises(WriteConflict, match="can't create Lease spidercli"):
        make().acquire()


def test_the_time_is_now(server: LeaseServer, patience: Any) -> None:
    """Without a clock of its own a Lease takes the computer's."""
    Lease(Api(server, patience), "kube-system").acquire()

    assert abs(datetime.fromisoformat(server.spec["renewTime"]) - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_missing_right_is_named(make: Callable[..., Lease], server: LeaseServer) -> None:
    """Without RBAC for Leases the verb is told."""
    server.broken = refusal(403, 'User "ci" cannot get resource "leases" in API group "coordination.k8s.io"')

    with pytest.raises(ClusterForbidden, match="user ci may not get leases"):
        make().acquire()


def test_the_lease_is_renewed_in_the_background(make: Callable[..., Lease], server: LeaseServer) -> None:
    """While a run goes on, its Lease is renewed without its doing."""
    renewed = threading.Event()
    lease = make(duration=0)
    lease.renew = renewed.set  # type: ignore[method-assign]

    with lease:
        assert renewed.wait(5)


def test_identities_differ() -> None:
    """Two runs of one process on one host are two holders."""
    assert identity() != identity()
