"""What tests and rehearsals do to the server from outside of HTTP."""

from __future__ import annotations

import concurrent.futures
import json
from collections.abc import Callable
from typing import Any

import pytest

from spidercli import kinds
from spidercli.model import Manifest
from spidercli.sandbox.kube.api import KubeApi
from spidercli.sandbox.kube.errors import ApiError
from spidercli.sandbox.kube.requests import Request
from spidercli.sandbox.kube.watching import Watch

Call = Callable[..., Any]
_POOLS = "/apis/spiderpool.spidernet.io/v2beta1/spiderippools"
_MAPS = "/api/v1/namespaces/default/configmaps"


def _config_map(name: str = "a", **metadata: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}}


def test_seeded_object_is_as_given(kube: KubeApi) -> None:
    """A seeded object keeps its uid, times and status, and gets what is missing."""
    metadata = {"name": "n", "uid": "u", "creationTimestamp": "2020-01-01T00:00:00Z"}
    kube.seed({"apiVersion": "v1", "kind": "Node", "metadata": metadata, "status": {"phase": "x"}})

    found: Any = kube.find("v1", "nodes", "n")

    assert metadata.items() <= found["metadata"].items()
    assert {"phase": "x"} == found["status"]
    assert {"resourceVersion", "managedFields"} <= found["metadata"].keys()


def test_seeding_replaces(kube: KubeApi) -> None:
    """A second seed takes the place of the first."""
    kube.seed(_config_map() | {"data": {"a": "1"}})
    kube.seed(_config_map() | {"data": {"b": "2"}})

    found: Any = kube.find("v1", "configmaps", "a", "default")

    assert {"b": "2"} == found["data"]


def test_seed_passes_webhooks_but_not_the_schema(kube: KubeApi) -> None:
    """An administrator's old state may break Spiderpool's rules, not the CRD's."""
    pool: Manifest = {"apiVersion": kinds.SPIDERPOOL, "kind": "SpiderIPPool", "metadata": {"name": "a"}}

    kube.seed(pool | {"spec": {"subnet": "10.0.0.0/24", "ips": ["nonsense"]}})

    assert "ipVersion" not in kube.objects(kinds.IP_POOL)[0]["spec"]  # type: ignore[operator]
    with pytest.raises(ApiError, match="Required value"):
        kube.seed(pool | {"spec": {}})


def test_seed_of_unknown_kind(kube: KubeApi) -> None:
    """A kind that the server does not have can't be seeded."""
    with pytest.raises(LookupError, match=r"no kind Thing in example\.com/v1"):
        kube.seed({"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "a"}})


def test_initial_objects_come_in_any_order() -> None:
    """A namespace, a definition and its object may be given last first."""
    schema = {"openAPIV3Schema": {"type": "object"}}
    crd: Manifest = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Cluster",
            "names": {"plural": "things", "kind": "Thing"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
        },
    }

    kube = KubeApi([{"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "a"}}, crd])

    assert kube.find("example.com/v1", "things", "a") is not None


def test_found_objects_are_copies(kube: KubeApi) -> None:
    """What a test does to a found object does not reach the server."""
    kube.seed(_config_map() | {"data": {"a": "1"}})

    kube.find("v1", "configmaps", "a", "default")["data"]["a"] = "2"  # type: ignore[index]
    kube.objects(kinds.CONFIG_MAP)[0]["data"]["a"] = "2"  # type: ignore[index]

    found: Any = kube.find("v1", "configmaps", "a", "default")
    assert {"a": "1"} == found["data"]


def test_removed_object(kube: KubeApi) -> None:
    """An object can be removed; one that is not there can't."""
    kube.seed(_config_map())
    kube.remove("v1", "configmaps", "a", "default")

    assert [] == kube.objects(kinds.CONFIG_MAP)
    with pytest.raises(LookupError):
        kube.remove("v1", "configmaps", "a", "default")


def test_requests_are_recorded(kube: KubeApi, call: Call) -> None:
    """Every request is recorded, with the verb that RBAC would see."""
    call("GET", _POOLS, limit="5")
    call("POST", _MAPS, _config_map())
    call("GET", "/version")

    listed, created, version = kube.requests

    assert ("list", "spiderippools", {"limit": "5"}, 200) == (listed.verb, listed.plural, listed.query, listed.status)
    assert ("POST", _MAPS, "unit/1.0", 201) == (created.method, created.path, created.user_agent, created.status)
    assert ("get", "", "/version") == (version.verb, version.plural, version.path)
    kube.forget_requests()
    assert [] == kube.requests


@pytest.mark.parametrize(
    ("status", "reason", "message"),
    [
        (401, "Unauthorized", "Unauthorized"),
        (409, "Conflict", "Conflict"),
        (429, "TooManyRequests", "the server has received too many requests and has asked us to try again later"),
        (500, "InternalError", "Internal Server Error"),
        (503, "ServiceUnavailable", "the server is currently unable to handle the request"),
        (504, "Timeout", "Gateway Timeout"),
    ],
)
def test_refusals(kube: KubeApi, call: Call, status: int, reason: str, message: str) -> None:
    """A refusal has the usual reason and words of its status."""
    kube.refuse("list", "spiderippools", status)

    answer = call("GET", _POOLS)

    assert (status, reason, message) == (answer.status, answer.body["reason"], answer.body["message"])
    assert 200 == call("GET", _MAPS).status


def test_forbidden(kube: KubeApi, call: Call) -> None:
    """A 403 says what RBAC says."""
    kube.refuse("patch", "configmaps", 403)

    message = call("PATCH", f"{_MAPS}/a", {}, kind="application/merge-patch+json").body["message"]

    who = 'configmaps is forbidden: User "sandbox" cannot patch resource "configmaps" in API group ""'
    assert f'{who} in the namespace "default"' == message


def test_refusal_of_so_many_requests(kube: KubeApi, call: Call) -> None:
    """A rule with a number is used up; Retry-After goes out as header and detail."""
    kube.refuse("*", "spiderippools", 429, times=2, retry_after=7)

    refused, again, served = (call("GET", _POOLS) for _ in range(3))

    assert [429, 429, 200] == [refused.status, again.status, served.status]
    assert ["7"] == refused.all_headers()["retry-after"]
    assert 7 == refused.body["details"]["retryAfterSeconds"]


def test_webhook_that_is_down(kube: KubeApi, call: Call) -> None:
    """Own words are possible, for example those of an unreachable webhook."""
    kube.refuse("create", "spiderippools", 500, "InternalError", "failed calling webhook")

    answer = call("POST", _POOLS, {})

    assert ("InternalError", "failed calling webhook") == (answer.body["reason"], answer.body["message"])


def test_everything_is_refused_and_allowed_again(kube: KubeApi, call: Call) -> None:
    """A rule for everything also means discovery; rules can be lifted."""
    kube.refuse("*", "*", 401)

    assert (401, 401) == (call("GET", "/apis").status, call("GET", _POOLS).status)
    kube.refuse_nothing()
    assert (200, 200) == (call("GET", "/apis").status, call("GET", _POOLS).status)


def test_access_reviews_follow_the_rules(kube: KubeApi, call: Call) -> None:
    """A question about access is answered by what is refused as forbidden; asking uses nothing up."""
    kube.refuse("patch", "nodes", 403, times=1)

    def allowed(verb: str) -> bool:
        spec = {"resourceAttributes": {"verb": verb, "resource": "nodes"}}
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": spec}
        answer = call("POST", path, review)
        return bool(answer.body["status"]["allowed"])

    assert (False, True, False) == (allowed("patch"), allowed("get"), allowed("patch"))


def test_expired_page(kube: KubeApi, call: Call) -> None:
    """After a compaction a continue token is too old; the answer brings one for the rest of a newer list."""
    for name in "abc":
        kube.seed(_config_map(name))
    token = call("GET", _MAPS, limit="1").body["metadata"]["continue"]
    kube.seed(_config_map("b2"))
    kube.compact()

    expired = call("GET", _MAPS, limit="1", **{"continue": token})
    rest = call("GET", _MAPS, **{"continue": expired.body["metadata"]["continue"]})

    assert (410, "Expired") == (expired.status, expired.body["reason"])
    assert ["b", "b2", "c"] == [each["metadata"]["name"] for each in rest.body["items"]]


def test_expired_watch(kube: KubeApi, call: Call) -> None:
    """After a compaction a watch from an old resourceVersion ends with an error event."""
    kube.seed(_config_map())
    kube.compact()

    watch = call("GET", _MAPS, watch="1", resourceVersion="1")
    event = json.loads(watch.take()[0])

    assert ("ERROR", 410, "Expired") == (event["type"], event["object"]["code"], event["object"]["reason"])
    assert watch.over


def test_watch_of_a_table(kube: KubeApi) -> None:
    """A watch answers in the form that was asked for."""
    kube.seed(_config_map())
    accept = {"accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}

    watch = kube.handle(Request(method="GET", path=_MAPS, query={"watch": "true"}, headers=accept))

    assert isinstance(watch, Watch)
    assert ["a", 0, "0s"] == json.loads(watch.take()[0])["object"]["rows"][0]["cells"]


def test_threads(kube: KubeApi, call: Call) -> None:
    """Hooks and requests may come from many threads at once."""

    def work(number: int) -> int:
        kube.seed(_config_map(f"seeded-{number}"))
        created: int = call("POST", _MAPS, _config_map(f"created-{number}")).status
        return created

    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        assert {201} == set(threads.map(work, range(50)))
    versions = [each["metadata"]["resourceVersion"] for each in kube.objects(kinds.CONFIG_MAP)]  # type: ignore[index]
    assert 100 == len(set(versions))


def test_ages_come_from_the_clock(kube: KubeApi) -> None:
    """Creation times are the clock's."""
    kube.seed(_config_map())

    assert "2026-01-02T03:04:05Z" == kube.objects(kinds.CONFIG_MAP)[0]["metadata"]["creationTimestamp"]  # type: ignore[index]


@pytest.mark.parametrize("path", ["/healthz", "/livez", "/readyz"])
def test_health(call: Call, path: str) -> None:
    """The server is well."""
    assert ("ok", "text/plain") == ((answer := call("GET", path)).body, answer.content_type)


def test_definition_takes_its_objects_along(kube: KubeApi) -> None:
    """With a definition all of its objects go."""
    pool = {"apiVersion": kinds.SPIDERPOOL, "kind": "SpiderIPPool", "metadata": {"name": "a"}}
    kube.seed({**pool, "spec": {"subnet": "10.0.0.0/24"}})

    kube.remove("apiextensions.k8s.io/v1", "customresourcedefinitions", "spiderippools.spiderpool.spidernet.io")

    assert [] == kube.objects(kinds.IP_POOL)


def test_who_am_i(call: Call) -> None:
    """The sandbox has one user."""
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}

    answer = call("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", review)

    assert "sandbox" == answer.body["status"]["userInfo"]["username"]


def test_post_to_nowhere(call: Call) -> None:
    """A path that is no resource takes no writes."""
    assert 405 == call("POST", "/version", {}).status
    assert 404 == call("POST", "/nowhere", {}).status


def test_forgotten_moment(kube: KubeApi, call: Call) -> None:
    """After a compaction a list of an old moment can't be had any more."""
    kube.seed(_config_map())
    kube.compact()

    answer = call("GET", _MAPS, resourceVersion="1", resourceVersionMatch="Exact")

    assert (410, "Expired") == (answer.status, answer.body["reason"])


def test_external_service(call: Call) -> None:
    """A Service that is only a name has no cluster IP."""
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}}
    spec = {"type": "ExternalName", "externalName": "example.com"}

    body = call("POST", "/api/v1/namespaces/default/services", service | {"spec": spec}).body

    assert "clusterIP" not in body["spec"]


def test_namespace_takes_its_objects_along(call: Call) -> None:
    """A deleted namespace is gone with everything in it (on a real cluster by kube-controller-manager, a bit later)."""
    call("POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "gone"}})
    maps = "/api/v1/namespaces/gone/configmaps"
    call("POST", maps, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}})

    call("DELETE", "/api/v1/namespaces/gone")

    assert [] == call("GET", maps).body["items"]


def test_seeded_node_is_ready(kube: KubeApi) -> None:
    """A node that is seeded stays as it is written, without the taint of a new one."""
    kube.seed({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "one"}, "spec": {"providerID": "a.i-1"}})

    assert {"providerID": "a.i-1"} == (kube.find("v1", "nodes", "one") or {})["spec"]
