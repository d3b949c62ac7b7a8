"""The gateway on a bad day of the API server's: what heals, and what the user is told of the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from spidercli import errors, kinds
from spidercli.gateways.cluster.api import Api
from spidercli.gateways.cluster.client import KubernetesCluster
from spidercli.gateways.cluster.connection import connect
from spidercli.gateways.cluster.lease import Lease
from spidercli.model import Manifest
from spidercli.planning.plan import Verb
from spidercli.sandbox.faults import Fault, Kind
from spidercli.sandbox.kube.api import KubeApi
from spidercli.sandbox.kube.app import kube_app
from spidercli.sandbox.serving import Server

Strike = Callable[..., None]
_LIST, _APPLY, _DELETE = (f"k8s:{verb}:spiderippools" for verb in ("list", "patch", "delete"))


@pytest.fixture(name="strike")
def _strike(kube: KubeApi) -> Strike:
    """Let something go wrong."""
    return lambda kind, call, **more: kube.faults.add(Fault(kind=kind, call=call, **more))


def _ips(manifest: Manifest | None) -> object:
    return kinds.spec(manifest or {}).get("ips")


@pytest.mark.parametrize(
    "kind", [Kind.ERROR, Kind.UNAVAILABLE, Kind.TOO_MANY, Kind.RESET, Kind.LOST, Kind.CUT, Kind.SHORT, Kind.EXPIRED]
)
def test_listing_heals(kube: KubeApi, cluster: KubernetesCluster, pool: Any, strike: Strike, kind: Kind) -> None:
    """A trouble of the moment on any page leaves the listing complete, each object once."""
    for name in "abc":
        kube.seed(pool(name))
    strike(kind, _LIST, seconds=0)
    strike(Kind.SHORT, _LIST, times=2)

    assert [kinds.name(each) for each in cluster.list(kinds.IP_POOL)] == ["a", "b", "c"]
    assert (_LIST, kind) in kube.faults.struck


@pytest.mark.parametrize(
    "kind",
    [
        *(Kind.ERROR, Kind.UNAVAILABLE, Kind.TOO_MANY, Kind.RESET, Kind.LOST, Kind.CUT, Kind.CONFLICT),
        *(Kind.WEBHOOK_DOWN, Kind.WEBHOOK_SLOW),
    ],
)
def test_apply_heals(
    kube: KubeApi, cluster: KubernetesCluster, pool: Any, applying: Any, strike: Strike, kind: Kind
) -> None:
    """An apply arrives in the end, also where the first one arrived and its answer did not."""
    strike(kind, _APPLY, seconds=0)
    stored = cluster.send(applying(pool("a", "10.0.0.7")))

    assert (_ips(stored), kube.faults.struck) == (["10.0.0.7"], [(_APPLY, kind)])
    assert [_ips(each) for each in kube.objects(kinds.IP_POOL)] == [["10.0.0.7"]]


@pytest.mark.parametrize("kind", [Kind.LOST, Kind.CUT, Kind.RESET, Kind.WEBHOOK_DOWN])
def test_delete_heals(
    kube: KubeApi, cluster: KubernetesCluster, pool: Any, deleting: Any, strike: Strike, kind: Kind
) -> None:
    """A delete that was carried out already is not missed."""
    kube.seed(pool("a"))
    [live] = kube.objects(kinds.IP_POOL)
    strike(kind, _DELETE, seconds=0)

    assert cluster.send(deleting(live)) is None
    assert not kube.objects(kinds.IP_POOL)
    assert kube.faults.struck == [(_DELETE, kind)]


@pytest.mark.parametrize("kind", [Kind.LOST, Kind.CUT])
def test_replace_heals(
    kube: KubeApi, cluster: KubernetesCluster, pool: Any, applying: Any, strike: Strike, kind: Kind
) -> None:
    """A replace whose answer got lost meets its own work, and knows it."""
    kube.seed(pool("a"))
    [live] = kube.objects(kinds.IP_POOL)
    body = {**live, "spec": {**kinds.spec(live), "ips": ["10.0.0.7"]}}
    strike(kind, "k8s:update:*")

    assert _ips(cluster.send(applying(body, verb=Verb.REPLACE))) == ["10.0.0.7"]


@pytest.mark.parametrize(
    ("kind", "error", "code"),
    [
        (Kind.GARBAGE, "an answer with status 200 is not from a Kubernetes API server", 1),
        (Kind.FORBIDDEN, "user sandbox may not patch spiderippools.spiderpool.spidernet.io", 4),
        (Kind.UNAUTHORIZED, "the Kubernetes API does not accept the kubeconfig's credentials", 4),
        (Kind.WEBHOOK_REFUSES, "can't apply SpiderIPPool a: the sandbox was told to refuse this", 1),
        (Kind.WEBHOOK_DOWN, "can't apply SpiderIPPool a: Spiderpool's webhook does not answer: failed calling web", 1),
        (Kind.CONFLICT, "can't apply SpiderIPPool a: it was changed since it was read", 1),
        (Kind.RESET, "can't apply SpiderIPPool a: 127.0.0.1:", 1),
    ],
)
def test_what_does_not_heal(
    kube: KubeApi,
    cluster: KubernetesCluster,
    pool: Any,
    applying: Any,
    strike: Strike,
    kind: Kind,
    error: str,
    code: int,
) -> None:
    """What stays is told in one message; a write that was not carried out is not taken for one that was."""
    strike(kind, _APPLY, times=None)
    with pytest.raises(errors.ClusterError) as caught:
        cluster.send(applying(pool("a")))

    assert caught.value.message.startswith(error)
    assert caught.value.exit_code == code
    assert not kube.objects(kinds.IP_POOL)


@pytest.fixture(name="hurried")
def _hurried(kube: KubeApi, tmp_path: Path, api: Api) -> Iterator[KubernetesCluster]:
    """The gateway with little patience for each answer."""
    with Server(kube_app(kube)) as server:
        path = tmp_path / "hurried"
        path.write_text((tmp_path / "config").read_text().replace(api.host, server.url.removeprefix("http://")))
        yield KubernetesCluster(connect(kubeconfig=path, environ={}, timeout=0.5))


@pytest.mark.parametrize("kind", [Kind.HANG, Kind.HANG_AFTER, Kind.SLOW])
def test_no_answer_in_time(
    kube: KubeApi, hurried: KubernetesCluster, pool: Any, applying: Any, strike: Strike, kind: Kind
) -> None:
    """A request that hangs is given up and sent again."""
    strike(kind, _APPLY, seconds=3600)

    assert _ips(hurried.send(applying(pool("a", "10.0.0.7")))) == ["10.0.0.7"]
    assert kube.faults.struck == [(_APPLY, kind)]


def test_lease_that_somebody_else_takes_first(kube: KubeApi, api: Api, strike: Strike) -> None:
    """Between our look and our claim another run claims it: its name is told, and nothing is taken over."""
    strike(Kind.LEASE_STOLEN, "k8s:create:leases")
    with pytest.raises(errors.RunInProgress, match="somebody-else/1/sandbox"):
        Lease(api, "kube-system").acquire()


def test_lease_that_is_taken_away(kube: KubeApi, api: Api, strike: Strike) -> None:
    """A renewal that finds another holder ends the run, and does not release what is not ours."""
    lost: list[bool] = []
    lease = Lease(api, "kube-system", on_lost=lambda: lost.append(True))
    lease.acquire()
    strike(Kind.LEASE_STOLEN, "k8s:update:leases")
    lease.renew()
    lease.release()

    [live] = kube.objects(kinds.LEASE)
    assert (lost, kinds.spec(live)["holderIdentity"]) == ([True], "somebody-else/1/sandbox")


@pytest.mark.parametrize("kind", [Kind.LOST, Kind.CUT, Kind.RESET])
@pytest.mark.parametrize("call", ["k8s:create:leases", "k8s:update:leases", "k8s:get:leases"])
def test_lease_heals(kube: KubeApi, api: Api, strike: Strike, kind: Kind, call: str) -> None:
    """Taking, and taking over, survive an answer that got lost: the holder is found to be ourselves."""
    if call != "k8s:create:leases":
        first = Lease(api, "kube-system", holder="first")
        first.acquire()
        first.release()
    strike(kind, call)
    lease = Lease(api, "kube-system", holder="second")
    lease.acquire()

    [live] = kube.objects(kinds.LEASE)
    assert kinds.spec(live)["holderIdentity"] == "second"
    lease.renew()
    assert not lease.lost.is_set()
