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

    Lease(api, "kube-system", holder="next", now=lambda: datetime.now(UTC) + timedelta(seconds=61)).acquire()
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
