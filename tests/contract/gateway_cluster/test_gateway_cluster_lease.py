"""The Lease on an API server over HTTP."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from spidercli import kinds
from spidercli.errors import ClusterForbidden, RunInProgress, WriteRefused
from spidercli.gateways.cluster.api import Api
from spidercli.gateways.cluster.clock import ServerClock
from spidercli.gateways.cluster.lease import Lease
from spidercli.sandbox.kube.api import KubeApi


def held_by(kube: KubeApi) -> Any:
    (lease,) = kube.objects(kinds.LEASE)
    return kinds.spec(lease)["holderIdentity"]


def test_a_lease_is_held_and_released(kube: KubeApi, api: Api) -> None:
    """Inside the block the Lease has a holder that says host and process; afterwards it has none."""
    with Lease(api, "kube-system"):
        assert re.fullmatch(rf"[^/]+/{os.getpid()}/[0-9a-f-]+", held_by(kube))

    assert "" == held_by(kube)


class Later(ServerClock):
    """The server's time in a minute and some seconds."""

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=63)


class Own(ServerClock):
    """The clock of a machine that is wrong, and of somebody who does not listen to the server."""

    def __init__(self, hours: int) -> None:
        super().__init__(local=lambda: datetime.now(UTC) + timedelta(hours=hours))

    def hear(self, date: str | None) -> None:
        """Know better."""


class Wrong(ServerClock):
    """The clock of a machine that is behind."""

    def __init__(self) -> None:
        super().__init__(local=lambda: datetime.now(UTC) - timedelta(hours=1))


def test_the_servers_time_is_written(kube: KubeApi, api: Api) -> None:
    """A machine whose clock is an hour behind holds its Lease for as long as others do."""
    with Lease(api, "kube-system", clock=Wrong()):
        (lease,) = kube.objects(kinds.LEASE)

    written = datetime.fromisoformat(str(kinds.spec(lease)["renewTime"]))
    assert abs(datetime.now(UTC) - written) < timedelta(minutes=1)


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_time_that_is_wrong_does_not_count(kube: KubeApi, api: Api, hours: int) -> None:
    """Whoever writes it holds the Lease, and not for longer than anybody else."""
    Lease(api, "kube-system", holder="other", clock=Own(hours)).acquire()

    with pytest.raises(RunInProgress, match="other"):
        Lease(api, "kube-system", holder="right").acquire()
    Lease(api, "kube-system", holder="later", clock=Later()).acquire()

    assert "later" == held_by(kube)


def test_two_runs_exclude_each_other(kube: KubeApi, api: Api) -> None:
    """The second run is refused, the first one is not disturbed, and the next one is welcome."""
    with Lease(api, "kube-system", holder="first") as first:
        with pytest.raises(RunInProgress, match="first"):
            Lease(api, "kube-system", holder="second").acquire()
        first.renew()
        assert not first.lost.is_set()

    with Lease(api, "kube-system", holder="third"):
        assert "third" == held_by(kube)


def test_an_expired_lease_changes_hands(kube: KubeApi, api: Api) -> None:
    """Who overslept finds out at the next renewal."""
    sleeper = Lease(api, "kube-system", holder="sleeper")
    sleeper.acquire()

    Lease(api, "kube-system", holder="next", clock=Later()).acquire()
    sleeper.renew()

    assert sleeper.lost.is_set()
    assert "next" == held_by(kube)


@pytest.mark.parametrize("verb", ["get", "create", "update"])
def test_a_missing_right_is_named(kube: KubeApi, api: Api, verb: str) -> None:
    """Each of the three verbs that a Lease needs is named when it is missing."""
    if verb == "update":
        with Lease(api, "kube-system"):
            pass
    kube.refuse(verb, "leases", 403)

    with pytest.raises(ClusterForbidden, match=f"may not {verb} leases"):
        Lease(api, "kube-system").acquire()


def test_a_missing_namespace_is_named(api: Api) -> None:
    """A mistyped namespace of Spiderpool's is told before anything is written."""
    with pytest.raises(WriteRefused, match="namespace spiderpol does not exist"):
        Lease(api, "spiderpol").acquire()
