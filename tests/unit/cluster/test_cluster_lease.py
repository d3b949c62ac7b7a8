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
from spidercli.gateways.cluster.claims import Timing
from spidercli.gateways.cluster.clock import ServerClock
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
    date: str | None = None  # as its answers tell it
    timeouts: list[float | None] = dataclasses.field(default_factory=list)

    def send(self, request: Request) -> Answer:
        self.timeouts.append(request.timeout)
        if isinstance(self.broken, Exception):
            raise self.broken
        answer = self.broken or getattr(self, f"_{request.method.lower()}")(request)
        return dataclasses.replace(answer, date=self.date)

    def put_aside(self, **spec: object) -> None:
        """Write the Lease as somebody else would."""
        self._store({"metadata": {"name": "spidercli"}, "spec": spec})

    def note(self, *entries: dict[str, Any]) -> None:
        """Remember who wrote which field when."""
        assert self.lease is not None
        self.lease["metadata"]["managedFields"] = list(entries)

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


@dataclasses.dataclass
class Time:
    """What all machines' clocks tell, in seconds after noon."""

    second: float = 0.0

    @property
    def clock(self) -> ServerClock:
        return ServerClock(local=lambda: NOON + timedelta(seconds=self.second), seconds=lambda: self.second)


@pytest.fixture(name="time")
def _time() -> Time:
    """The time of every run; noon at first."""
    return Time()


@pytest.fixture(name="make")
def _make(server: LeaseServer, patience: Any, time: Time) -> Callable[..., Lease]:
    """A Lease of a given holder."""

    def build(holder: str = "me", **extra: Any) -> Lease:
        return Lease(Api(server, patience), "kube-system", holder=holder, **{"clock": time.clock, **extra})

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


def test_a_held_lease_is_respected(make: Callable[..., Lease], time: Time) -> None:
    """The second run is told who runs since when, and how long to wait."""
    make("first").acquire()
    time.second = 20

    with pytest.raises(RunInProgress) as caught:
        make("second").acquire()
    assert "another run holds Lease kube-system/spidercli: first, since 2026-11-22T12:00:00Z" == caught.value.message
    assert "expires in 40 s" in str(caught.value.hint)


def test_an_expired_lease_is_taken_over(make: Callable[..., Lease], server: LeaseServer, time: Time) -> None:
    """A run that died does not lock others out."""
    make("first").acquire()
    time.second = 60

    make("second").acquire()

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

    make("second").acquire()

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


def test_renewing_moves_the_time(make: Callable[..., Lease], server: LeaseServer, time: Time) -> None:
    """A renewal keeps holder and acquireTime."""
    lease = make()
    lease.acquire()
    time.second = 20

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


def test_a_renewal_that_is_refused_is_no_theft(make: Callable[..., Lease], server: LeaseServer, time: Time) -> None:
    """The run ends all the same, before the Lease expires, and says why."""
    lease = make()
    lease.acquire()
    server.broken = refusal(403, "no")
    time.second = 41

    lease.renew()
    assert not lease.lost.is_set()
    lease.check()

    assert "Lease kube-system/spidercli could not be renewed in time: can't replace Lease spidercli: no" in (
        str(lease.loss)
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


@pytest.mark.parametrize(("second", "lost"), [(39, False), (40, True)], ids=["in-time", "too-late"])
def test_a_lease_is_given_up_before_it_expires(
    make: Callable[..., Lease], server: LeaseServer, time: Time, second: int, lost: bool
) -> None:
    """A network that is away for a moment costs nothing; when others might soon take the Lease, the run stops."""
    stop = threading.Event()
    lease = make(on_lost=stop.set)
    lease.acquire()
    server.broken = ConnectionLost("gone")
    time.second = second

    lease.renew()
    lease.check()

    assert (lost, lost) == (lease.lost.is_set(), stop.is_set())


def test_a_renewal_counts_from_when_it_was_sent(make: Callable[..., Lease], server: LeaseServer, time: Time) -> None:
    """An answer that took long says nothing about when the renewal arrived."""
    lease = make()
    lease.acquire()
    put = server._put

    def take_nine_seconds(request: Request) -> Answer:
        time.second += 9
        return put(request)

    server._put = take_nine_seconds  # type: ignore[method-assign]
    time.second = 10
    lease.renew()

    time.second = 49
    lease.check()
    assert not lease.lost.is_set()
    time.second = 50
    lease.check()
    assert lease.lost.is_set()


def test_a_renewal_waits_ten_seconds_for_its_answer(make: Callable[..., Lease], server: LeaseServer) -> None:
    """So that one that hangs leaves time for others, however long a request may take otherwise."""
    lease = make()
    lease.acquire()

    lease.renew()

    assert [None, None, 10.0] == server.timeouts


def test_one_renewal_without_an_answer_costs_nothing(
    make: Callable[..., Lease], server: LeaseServer, time: Time
) -> None:
    """The next one that arrives lets the Lease go on."""
    lease = make()
    lease.acquire()
    server.broken = ConnectionLost("gone")
    time.second = 20
    lease.renew()
    server.broken = None
    time.second = 22
    lease.renew()

    time.second = 61
    lease.check()

    assert not lease.lost.is_set()


def test_a_lease_that_took_too_long_is_confirmed(make: Callable[..., Lease], server: LeaseServer, time: Time) -> None:
    """Who waits for its Lease until others may have taken it looks again before it writes anything."""
    lease = make()
    post = server._post

    def arrive_late(request: Request) -> Answer:
        answer = post(request)
        time.second = 60
        server.put_aside(holderIdentity="other")
        return answer

    server._post = arrive_late  # type: ignore[method-assign]

    with pytest.raises(RunInProgress, match="took Lease kube-system/spidercli over: other"):
        lease.acquire()


def test_the_deadline_does_not_wait_for_a_renewal(make: Callable[..., Lease], server: LeaseServer) -> None:
    """A renewal that hangs for ever keeps no run from being stopped."""
    asked, over, stopped = threading.Event(), threading.Event(), threading.Event()

    def hang(request: Request) -> Answer:
        asked.set()
        over.wait(10)
        return refusal(500, request.purpose)

    server._put = hang  # type: ignore[method-assign]
    hasty = Timing(deadline=0.05, renewal=0.0, retry=0.001)
    with make(on_lost=stopped.set, timing=hasty, clock=ServerClock()) as lease:
        assert asked.wait(5)
        assert stopped.wait(5)
        over.set()

    assert "could not be renewed in time: there was no answer" in str(lease.loss)


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
    lease = make(timing=Timing(renewal=0.0, retry=0.001))
    lease.renew = renewed.set  # type: ignore[method-assign]

    with lease:
        assert renewed.wait(5)


def noted(time: str, field: str = "f:renewTime") -> dict[str, Any]:
    """What the server notes about a field."""
    return {"manager": "x", "operation": "Update", "time": time, "fieldsV1": {"f:spec": {field: {}}}}


def test_a_holder_whose_clock_is_behind_keeps_its_lease(make: Callable[..., Lease], server: LeaseServer) -> None:
    """When a Lease was renewed the API server knows better than who renewed it."""
    spec = {"holderIdentity": "behind", "leaseDurationSeconds": 60, "renewTime": "2026-11-22T11:58:30.000000Z"}
    server.put_aside(**spec)
    server.note(noted("2026-11-22T11:59:59Z"), noted("2026-11-22T11:00:00Z", "f:holderIdentity"))

    with pytest.raises(RunInProgress) as caught:
        make().acquire()
    assert "expires in 59 s" in str(caught.value.hint)


def test_a_holder_whose_clock_is_ahead_keeps_nobody_waiting(make: Callable[..., Lease], server: LeaseServer) -> None:
    """A Lease whose renewal is an hour ahead expires when it should, once its holder is gone."""
    spec = {"holderIdentity": "ahead", "leaseDurationSeconds": 60, "renewTime": "2026-11-22T13:00:00.000000Z"}
    server.put_aside(**spec)
    server.note(noted("2026-11-22T11:59:00Z"))

    make().acquire()

    assert "me" == server.spec["holderIdentity"]


def test_nobody_waits_longer_than_a_lease_lasts(make: Callable[..., Lease], server: LeaseServer) -> None:
    """Where the server's note is missing, a time that is ahead counts as now."""
    spec = {"holderIdentity": "ahead", "leaseDurationSeconds": 60, "renewTime": "2026-11-22T13:00:00.000000Z"}
    server.put_aside(**spec)

    with pytest.raises(RunInProgress) as caught:
        make().acquire()
    assert "expires in 60 s" in str(caught.value.hint)


def test_the_servers_clock_counts(make: Callable[..., Lease], server: LeaseServer, time: Time) -> None:
    """A machine whose clock is an hour ahead neither takes a Lease that is held nor writes a time that is wrong."""
    make("first").acquire()
    server.date = "Sun, 22 Nov 2026 12:00:20 GMT"
    time.second = 3600

    with pytest.raises(RunInProgress) as caught:
        make("second").acquire()
    assert "expires in 40 s" in str(caught.value.hint)

    server.date = "Sun, 22 Nov 2026 12:01:00 GMT"
    make("second").acquire()
    assert "2026-11-22T12:01:00.000000Z" == server.spec["renewTime"]


def test_identities_differ() -> None:
    """Two runs of one process on one host are two holders."""
    assert identity() != identity()
