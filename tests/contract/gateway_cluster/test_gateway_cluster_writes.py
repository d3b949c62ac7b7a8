"""The gateway's writes to an API server with Spiderpool's webhooks, over HTTP."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from spidercli import kinds
from spidercli.errors import AddressInUse, ClusterUnreachable, WriteConflict, WriteRefused
from spidercli.gateways.cluster.client import KubernetesCluster
from spidercli.planning.ownership import differences, owned
from spidercli.planning.plan import Phase, Verb
from spidercli.sandbox.kube.api import KubeApi

CONFIG_MAP: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "c", "namespace": "default"},
    "data": {"a": "1"},
}


def version_of(manifest: Any) -> str:
    return str(kinds.metadata(manifest)["resourceVersion"])


def hold(kube: KubeApi, cluster: KubernetesCluster, name: str, address: str) -> None:
    """Let a pod hold an address of a pool."""
    live: Any = cluster.get(kinds.IP_POOL, name)
    allocated = {address: {"interface": "eth0", "pod": "ns/web-0", "podUid": "x"}}
    kube.seed({**live, "status": {"allocatedIPCount": 1, "allocatedIPs": json.dumps(allocated)}})


def test_what_was_applied_has_no_differences(cluster: KubernetesCluster, pool: Any, applying: Any) -> None:
    """After an apply there is nothing to send, whatever the webhook added, and the owned part is what was sent."""
    cluster.send(applying(pool()))

    (live,) = cluster.list(kinds.IP_POOL)
    assert "finalizers" in kinds.metadata(live)
    assert [] == differences(pool(), live)
    assert pool() == {**owned(live), "apiVersion": kinds.SPIDERPOOL, "kind": "SpiderIPPool"}


def test_applying_the_same_again_changes_nothing(cluster: KubernetesCluster, pool: Any, applying: Any) -> None:
    """A second apply keeps the resourceVersion: it may be sent twice."""
    cluster.send(applying(pool()))
    settled = cluster.get(kinds.IP_POOL, "p")  # by then the controller has written its status

    assert version_of(settled) == version_of(cluster.send(applying(pool())))


def test_a_rehearsal_writes_nothing(kube: KubeApi, rehearse: Any, pool: Any, applying: Any) -> None:
    """A dry run is answered as the real thing, and stored nowhere."""
    assert "p" == kinds.name(rehearse(applying(pool())))
    assert [] == kube.objects(kinds.IP_POOL)


def test_the_webhooks_refusal_is_told(cluster: KubernetesCluster, pool: Any, applying: Any) -> None:
    """An address that another pool lists is refused with the other pool's name."""
    cluster.send(applying(pool("a", "10.0.0.1")))

    with pytest.raises(WriteRefused, match=r"can't apply SpiderIPPool b: .*overlap with IPPool a"):
        cluster.send(applying(pool("b", "10.0.0.1")))


def test_an_address_in_use_names_its_pod(kube: KubeApi, cluster: KubernetesCluster, pool: Any, applying: Any) -> None:
    """What the webhook keeps for a pod is told with the pod."""
    cluster.send(applying(pool("p", "10.0.0.1-10.0.0.2")))
    hold(kube, cluster, "p", "10.0.0.1")

    with pytest.raises(AddressInUse, match=r"pod ns/web-0 holds 10\.0\.0\.1"):
        cluster.send(applying(pool("p", "10.0.0.2")))


def test_an_unknown_field_is_final(cluster: KubernetesCluster, pool: Any, applying: Any, slept: list[float]) -> None:
    """A field that the CRD lacks is a 500 of the server, and no reason to try again."""
    with pytest.raises(WriteRefused, match="bogus") as caught:
        cluster.send(applying(pool("p", bogus=1)))

    assert "CRD" in str(caught.value.hint)
    assert [] == slept


def test_all_causes_are_told(cluster: KubernetesCluster, pool: Any, applying: Any) -> None:
    """A value that the schema does not allow is told with its field."""
    with pytest.raises(WriteRefused, match=r"spec\.ipVersion"):
        cluster.send(applying(pool("p", ipVersion=5)))


def test_a_silent_webhook_ends_the_patience(
    kube: KubeApi, cluster: KubernetesCluster, pool: Any, applying: Any, slept: list[float]
) -> None:
    """A webhook that does not answer is tried again for a while, then told as what it is."""
    message = 'Internal error occurred: failed calling webhook "x": connection refused'
    kube.refuse("patch", "spiderippools", 500, "InternalError", message)

    with pytest.raises(ClusterUnreachable, match="Spiderpool's webhook does not answer"):
        cluster.send(applying(pool()))
    assert 40 < sum(slept) <= 60


def test_a_passing_trouble_is_not_seen(
    kube: KubeApi, cluster: KubernetesCluster, pool: Any, applying: Any, slept: list[float]
) -> None:
    """A write that succeeds at the third attempt has succeeded."""
    kube.refuse("patch", "spiderippools", 503, times=2)

    cluster.send(applying(pool()))

    assert [0.5, 1.0] == slept


def test_a_delete_takes_only_what_was_read(cluster: KubernetesCluster, pool: Any, applying: Any, deleting: Any) -> None:
    """A pool that changed since it was read stays; as read, it goes, and a second delete is no error."""
    before: Any = cluster.send(applying(pool()))
    after: Any = cluster.send(applying(pool("p", "10.0.0.9")))

    with pytest.raises(WriteConflict, match="changed since it was read"):
        cluster.send(deleting(before))
    cluster.send(deleting(after))
    assert cluster.get(kinds.IP_POOL, "p") is None
    cluster.send(deleting(after))


def test_a_pool_in_use_hangs(
    kube: KubeApi, cluster: KubernetesCluster, pool: Any, applying: Any, deleting: Any
) -> None:
    """A delete of a pool that a pod uses is accepted and waits; to delete it again is no error."""
    cluster.send(applying(pool()))
    hold(kube, cluster, "p", "10.0.0.1")
    live: Any = cluster.get(kinds.IP_POOL, "p")

    cluster.send(deleting(live))
    cluster.send(deleting(live))

    assert "deletionTimestamp" in kinds.metadata(cluster.get(kinds.IP_POOL, "p") or {})


def test_a_replace_needs_the_version_that_was_read(cluster: KubernetesCluster, applying: Any) -> None:
    """A PUT of an old version does not overwrite a newer one."""
    place = {"kind": kinds.CONFIG_MAP, "namespace": "default"}
    first: Any = cluster.send(applying(CONFIG_MAP, **place))
    one, other = (applying({**first, "data": {"b": value}}, verb=Verb.REPLACE, **place) for value in "23")

    assert {"b": "2"} == (cluster.send(one) or {})["data"]
    with pytest.raises(WriteConflict, match="changed since it was read"):
        cluster.send(other)


def test_a_provider_id_is_set_once(kube: KubeApi, cluster: KubernetesCluster, applying: Any) -> None:
    """A node's providerID is patched into the very node that was read."""
    kube.seed({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n", "uid": "u"}, "spec": {}})
    node = {"phase": Phase.PROVIDER_ID, "verb": Verb.STRATEGIC_PATCH, "kind": kinds.NODE, "name": "n"}

    def patch(uid: str, provider_id: str) -> Any:
        return applying({"metadata": {"uid": uid}, "spec": {"providerID": provider_id}}, **node)

    assert {"providerID": "r.i-1"} == (cluster.send(patch("u", "r.i-1")) or {})["spec"]
    with pytest.raises(WriteConflict, match="another object of that name"):
        cluster.send(patch("other", "r.i-1"))
    with pytest.raises(WriteRefused, match="node updates may not change providerID"):
        cluster.send(patch("u", "r.i-2"))


def test_a_missing_node_is_not_made(kube: KubeApi, cluster: KubernetesCluster, applying: Any) -> None:
    """A patch of a node that went is a conflict, and creates nothing."""
    patch = applying({"spec": {"providerID": "x"}}, verb=Verb.STRATEGIC_PATCH, kind=kinds.NODE, name="gone")

    with pytest.raises(WriteConflict, match="it does not exist any more"):
        cluster.send(patch)
    assert [] == kube.objects(kinds.NODE)


def test_a_missing_namespace_is_named(cluster: KubernetesCluster, applying: Any) -> None:
    """A write into a namespace that does not exist says so."""
    body = {**CONFIG_MAP, "metadata": {"name": "c", "namespace": "nowhere"}}

    with pytest.raises(WriteRefused, match="namespace nowhere does not exist"):
        cluster.send(applying(body, kind=kinds.CONFIG_MAP, namespace="nowhere"))


def test_threads_share_a_gateway(kube: KubeApi, cluster: KubernetesCluster, applying: Any) -> None:
    """Sixteen threads write through one connection pool without getting into each other's way."""
    bodies = [{**CONFIG_MAP, "metadata": {"name": f"c{at}", "namespace": "default"}} for at in range(64)]
    writes = [applying(body, kind=kinds.CONFIG_MAP, namespace="default") for body in bodies]

    with ThreadPoolExecutor(16) as threads:
        stored = list(threads.map(cluster.send, writes))

    assert [write.name for write in writes] == [kinds.name(manifest or {}) for manifest in stored]
    assert {write.name for write in writes} <= {kinds.name(manifest) for manifest in kube.objects(kinds.CONFIG_MAP)}


def test_finalizer_warnings_are_not_repeated(cluster: KubernetesCluster, pool: Any, applying: Any) -> None:
    """The warning that Spiderpool's own webhook causes on every pool is nobody's business."""
    cluster.send(applying(pool()))

    assert () == cluster.warnings
