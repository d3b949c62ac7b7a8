"""What the API server answers when something goes wrong on request."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from spidercli import kinds
from spidercli.sandbox.faults import Fault, Kind
from spidercli.sandbox.kube.api import KubeApi

Call = Callable[..., Any]
_MAPS = "/api/v1/namespaces/default/configmaps"
_LEASE = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/spidercli"
_WEBHOOK = "spiderippool.spiderpool.spidernet.io"
_URL = "https://spiderpool-controller.kube-system.svc:5722"
_MUTATE, _VALIDATE = (
    f"{_URL}/{phase}-spiderpool-spidernet-io-v2beta1-spiderippool" for phase in ("mutate", "validate")
)
_FAILED = f'Internal error occurred: failed calling webhook "{_WEBHOOK}": failed to call webhook: Post'
_REFUSED = "dial tcp 10.96.0.57:5722: connect: connection refused"


def _set(kube: KubeApi, kind: Kind, call: str = "*", **more: Any) -> None:
    kube.faults.add(Fault(kind=kind, call=call, **more))


def _seed_maps(kube: KubeApi, names: str) -> None:
    for name in names:
        kube.seed({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}})


@pytest.mark.parametrize(
    ("kind", "code", "reason", "message"),
    [
        (Kind.TOO_MANY, 429, "TooManyRequests", "the server has received too many requests"),
        (Kind.ERROR, 500, None, "etcdserver: request timed out"),
        (Kind.UNAVAILABLE, 503, "ServiceUnavailable", "the server is currently unable to handle the request"),
        (Kind.UNAUTHORIZED, 401, "Unauthorized", "Unauthorized"),
        (Kind.FORBIDDEN, 403, "Forbidden", 'configmaps is forbidden: User "sandbox" cannot list resource "configmaps"'),
    ],
)
def test_errors(kube: KubeApi, call: Call, kind: Kind, code: int, reason: str | None, message: str) -> None:
    """Every error is a Status in the server's own words; the request after it works."""
    _set(kube, kind, "k8s:list:configmaps")
    struck, next_one = call("GET", _MAPS), call("GET", _MAPS)

    assert (struck.status, struck.body.get("reason"), next_one.status) == (code, reason, 200)
    assert struck.body["message"].startswith(message)


def test_too_many_requests_say_when_to_come_back(kube: KubeApi, call: Call) -> None:
    """Retry-After is in whole seconds, rounded up."""
    _set(kube, Kind.TOO_MANY, seconds=1.2)

    assert call("GET", _MAPS).all_headers()["retry-after"] == ["2"]


def test_what_is_no_resource_has_a_path(kube: KubeApi, call: Call) -> None:
    """Discovery and the like are got by path; RBAC says so, too."""
    _set(kube, Kind.FORBIDDEN, "k8s:get:/version")

    assert call("GET", "/apis").status == 200
    assert call("GET", "/version").body["message"] == 'forbidden: User "sandbox" cannot get path "/version"'
    assert kube.faults.struck == [("k8s:get:/version", Kind.FORBIDDEN)]


def test_conflict(kube: KubeApi, call: Call) -> None:
    """A write to an object meets somebody else's, as the storage words it; a reading and a create never do."""
    _set(kube, Kind.CONFLICT)
    created = call("POST", _MAPS, {"metadata": {"name": "a"}})
    conflict = call("PATCH", f"{_MAPS}/a", {}, kind="application/merge-patch+json")

    assert (created.status, conflict.status, conflict.body["reason"]) == (201, 409, "Conflict")
    assert conflict.body["message"] == (
        'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to '
        "the latest version and try again"
    )


def _pages(call: Call) -> list[int]:
    """The sizes of all pages of the ConfigMaps."""
    sizes: list[int] = []
    token = {"limit": "500"}
    while token:
        body = call("GET", _MAPS, **token).body
        sizes.append(len(body["items"]))
        following = body["metadata"].get("continue")
        token = {"limit": "500", "continue": following} if following else {}
    return sizes


def test_short_pages(kube: KubeApi, call: Call) -> None:
    """Short pages have one item and none by turns; the listing is complete, and always comes to its end."""
    _seed_maps(kube, "abcd")
    _set(kube, Kind.SHORT, times=3)
    _set(kube, Kind.SHORT, first=5, times=None)

    assert (_pages(call), _pages(call)) == ([1, 0, 1, 2], [1, 0, 1, 0, 1, 0, 1])


def test_lists_without_a_limit_are_never_short(kube: KubeApi, call: Call) -> None:
    """Who did not ask for pages gets none."""
    _seed_maps(kube, "ab")
    _set(kube, Kind.SHORT)

    assert len(call("GET", _MAPS).body["items"]) == 2
    assert not kube.faults.struck


def test_expired_token(kube: KubeApi, call: Call) -> None:
    """A continue token is too old; the answer brings another one for the rest."""
    _seed_maps(kube, "abc")
    _set(kube, Kind.EXPIRED)
    token = call("GET", _MAPS, limit="1").body["metadata"]["continue"]
    expired = call("GET", _MAPS, limit="1", **{"continue": token})
    rest = call("GET", _MAPS, **{"continue": expired.body["metadata"]["continue"]})

    assert (expired.status, expired.body["reason"]) == (410, "Expired")
    assert [each["metadata"]["name"] for each in rest.body["items"]] == ["b", "c"]


@pytest.mark.parametrize(
    ("kind", "why"), [(Kind.WEBHOOK_DOWN, _REFUSED), (Kind.WEBHOOK_SLOW, "context deadline exceeded")]
)
def test_webhook_that_can_t_be_asked(kube: KubeApi, pools: Any, kind: Kind, why: str) -> None:
    """The API server says which call of which webhook failed; nothing is written. Status and reads go on."""
    _set(kube, kind)
    answer = pools.apply("p", "10.0.0.5")

    assert (answer.status, answer.body["reason"]) == (500, "InternalError")
    assert answer.body["message"] == f'{_FAILED} "{_MUTATE}?timeout=10s": {why}'
    assert answer.body["details"]["causes"][0]["message"] == answer.body["message"].partition("occurred: ")[2]
    assert pools.get("p") is None


def test_webhook_that_can_t_be_asked_about_a_delete(kube: KubeApi, pools: Any) -> None:
    """A delete is only validated."""
    pools.create("p", "10.0.0.5")
    _set(kube, Kind.WEBHOOK_DOWN, "k8s:delete:*")

    assert pools.delete("p").body["message"] == f'{_FAILED} "{_VALIDATE}?timeout=10s": {_REFUSED}'
    assert pools.delete("p").status == 200


def test_webhook_that_refuses(kube: KubeApi, pools: Any) -> None:
    """A refusal is introduced with the webhook's name."""
    _set(kube, Kind.WEBHOOK_REFUSES)
    answer = pools.apply("p", "10.0.0.5")

    assert (answer.status, answer.body["reason"]) == (403, "Forbidden")
    assert answer.body["message"] == (
        f'admission webhook "{_WEBHOOK}" denied the request: the sandbox was told to refuse this'
    )


def test_only_writes_that_a_webhook_sees_fail_with_it(kube: KubeApi, call: Call, pools: Any) -> None:
    """Reads, status, and kinds without a webhook don't count."""
    pools.create("p", "10.0.0.5")
    _set(kube, Kind.WEBHOOK_DOWN)
    status = "/apis/spiderpool.spidernet.io/v2beta1/spiderippools/p/status"

    assert call("POST", _MAPS, {"metadata": {"name": "a"}}).status == 201
    assert call("PATCH", status, {}, kind="application/merge-patch+json").status == 200
    assert pools.get("p") is not None
    assert pools.apply("p", "10.0.0.6").status == 500


def test_lease_is_stolen(kube: KubeApi, call: Call) -> None:
    """Before the call is served somebody else holds the Lease, freshly renewed; the call itself goes on."""
    for number in (2, 4):
        _set(kube, Kind.LEASE_STOLEN, first=number)
    absent, stolen = call("GET", _LEASE), call("GET", _LEASE)
    spec = stolen.body["spec"]
    mine = call("PUT", _LEASE, {**stolen.body, "spec": {**spec, "holderIdentity": "me"}})
    again = call("PUT", _LEASE, mine.body)

    assert [absent.status, stolen.status, mine.status, again.status] == [404, 200, 200, 409]
    assert (spec["holderIdentity"], spec["renewTime"]) == ("somebody-else/1/sandbox", "2026-01-02T03:04:05.000000Z")
    [lease] = kube.objects(kinds.LEASE)
    assert kinds.spec(lease) == spec


def test_not_carried_out(kube: KubeApi, call: Call) -> None:
    """A request whose connection breaks before it arrived is recorded without a status."""
    _set(kube, Kind.RESET)
    answer = call("POST", _MAPS, {"metadata": {"name": "a"}})

    assert (answer.fault.kind, [each.status for each in kube.requests]) == (Kind.RESET, [0])
    assert not kube.objects(kinds.CONFIG_MAP)


def test_watch_with_a_fault(kube: KubeApi, call: Call) -> None:
    """What happens to a watch's answer comes with the watch; it can still be taken."""
    _seed_maps(kube, "a")
    _set(kube, Kind.CUT, "k8s:watch:*")
    watch = call("GET", _MAPS, watch="1")

    assert watch.fault.kind is Kind.CUT
    assert json.loads(watch.take()[0])["type"] == "ADDED"
