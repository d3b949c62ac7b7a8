"""Spiderpool's rules for SpiderIPPools."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from spidercli.sandbox.kube.api import KubeApi
from spidercli.sandbox.kube.requests import Request
from spidercli.sandbox.kube.spiderpool import Spiderpool

DENIED = 'admission webhook "spiderippool.spiderpool.spidernet.io" denied the request: '
Pod = Callable[..., dict[str, Any]]


def _affinity(operator: str, *values: str) -> dict[str, Any]:
    return {"podAffinity": {"matchExpressions": [{"key": "a", "operator": operator, "values": list(values)}]}}


def test_created_pool_is_completed(pools: Any) -> None:
    """The webhook adds the finalizer, the label and the IP version."""
    body = pools.create("a", "10.0.0.1").body

    assert ["spiderpool.spidernet.io"] == body["metadata"]["finalizers"]
    assert {"ipam.spidernet.io/ippool-cidr": "10-0-0-0-24"} == body["metadata"]["labels"]
    assert 4 == body["spec"]["ipVersion"]


def test_label_of_an_ipv6_subnet(pools: Any) -> None:
    """The label is the subnet's text with its signs replaced."""
    body = pools.create("a", subnet="2408:4005:3b3:1a00::/64").body

    assert "2408-4005-3b3-1a00---64" == body["metadata"]["labels"]["ipam.spidernet.io/ippool-cidr"]


def test_additions_belong_to_nobody(pools: Any) -> None:
    """What the webhook adds is in no manager's fields."""
    (entry,) = pools.apply("a", "10.0.0.1").body["metadata"]["managedFields"]

    assert {"f:spec": {"f:ips": {}, "f:subnet": {}}} == entry["fieldsV1"]


def test_create_warns_of_the_finalizer(pools: Any) -> None:
    """Every create brings the warning that a real cluster gives."""
    (warning,) = pools.create("a").warnings

    assert warning.startswith('metadata.finalizers: "spiderpool.spidernet.io": prefer a domain-qualified finalizer')


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        (["10.0.0.4", "10.0.0.1-10.0.0.3"], ["10.0.0.1-10.0.0.4"]),
        (["10.0.0.9", "10.0.0.2"], ["10.0.0.2", "10.0.0.9"]),
        (["10.0.0.5-10.0.0.5"], ["10.0.0.5-10.0.0.5"]),
    ],
    ids=["adjacent", "unsorted", "single-stays"],
)
def test_ranges_are_merged(pools: Any, sent: list[str], stored: list[str]) -> None:
    """Two and more ranges are sorted and merged; one is left as it was typed."""
    assert stored == pools.create("a", *sent).body["spec"]["ips"]


def test_unmerged_ranges_are_no_change(pools: Any) -> None:
    """Applying the unmerged form again writes nothing."""
    first = pools.apply("a", "10.0.0.4", "10.0.0.1-10.0.0.3").body

    again = pools.apply("a", "10.0.0.4", "10.0.0.1-10.0.0.3").body

    assert pools.get("a")["metadata"]["resourceVersion"] == again["metadata"]["resourceVersion"]
    assert first["spec"] == again["spec"]


@pytest.mark.parametrize(
    ("spec", "field", "told"),
    [
        ({"subnet": "10.0.0.5/24"}, "spec.subnet", "unformatted subnet 10.0.0.5/24, please change it to 10.0.0.0/24"),
        ({"subnet": "nonsense"}, "spec.ipVersion", "is not generated correctly, 'spec.subnet' may be invalid"),
        ({"subnet": "nonsense", "ipVersion": 4}, "spec.subnet", "invalid CIDR format in IPv4 'nonsense'"),
        ({"ipVersion": 6}, "spec.subnet", "invalid CIDR format in IPv6 '10.0.0.0/24'"),
        ({"ips": ["10.0.1.1"]}, "spec.subnet", "not match base subnet: 10.0.1.1"),
        ({"ips": ["10.0.0.0/28"]}, "spec.subnet", "invalid range: 10.0.0.0/28"),
        ({"ips": ["10.0.0.1", "10.0.0.x"]}, "spec.subnet", "invalid IP address: 10.0.0.x"),
        ({"ips": ["10.0.0.5-10.0.0.1", "10.0.0.2"]}, "spec.subnet", "10.0.0.2 is already covered by 10.0.0.5-10.0.0.1"),
        ({"ips": ["10.0.0.2", "10.0.0.5-10.0.0.1"]}, "spec.subnet", "range 10.0.0.5-10.0.0.1 covers 10.0.0.2"),
        (
            {"ips": ["10.0.0.5-10.0.0.1", "10.0.0.4-10.0.0.9"]},
            "spec.subnet",
            "10.0.0.4-10.0.0.9 overlaps with 10.0.0.5",
        ),
        ({"ips": [None]}, "spec.subnet", "invalid IP address: "),
        ({"excludeIPs": ["10.0.1.1"]}, "spec.subnet", "not match base subnet: 10.0.1.1"),
        ({"gateway": "10.0.0.1", "ips": ["10.0.0.1"]}, "spec.ips[0]", "conflicts with 'spec.gateway'"),
        ({"gateway": "10.0.0.1", "ips": ["10.0.0.5-10.0.0.9", "10.0.0.1"]}, "spec.ips[0]", "conflicts with"),
        ({"gateway": "fe80::1"}, "spec.gateway", "invalid IP format in IPv4 'fe80::1'"),
        ({"gateway": "10.0.1.1"}, "spec.gateway", "not pertains to the 'spec.subnet' 10.0.0.0/24 of IPPool"),
        ({"gateway": "x"}, "spec.gateway", "invalid IP"),
        ({"routes": [{"dst": "0.0.0.0/0", "gw": "10.0.0.1"}]}, "spec.routes[0].dst", "please specify 'spec.gateway'"),
        ({"routes": [{"dst": "x", "gw": "10.0.0.1"}]}, "spec.routes[0].dst", "invalid CIDR format in IPv4 'x'"),
        ({"routes": [{"dst": "1.0.0.0/8"}]}, "spec.routes[0].gw", "invalid IP format in IPv4 ''"),
        ({"routes": [{"dst": "1.0.0.0/8", "gw": "10.0.1.1"}]}, "spec.routes[0].gw", "not pertains to"),
        ({"routes": [{"dst": "1.0.0.0/8", "gw": "10.0.0.1"}] * 2}, "spec.routes[1].dst", "duplicate route"),
        ({"podAffinity": {}}, "spec.podAffinity", "empty podAffinity is invalid for SpiderIPPool"),
        (_affinity("Is"), "spec.podAffinity.matchExpressions[0].operator", "not a valid selector operator"),
        (_affinity("In"), "spec.podAffinity.matchExpressions[0].values", "must be specified"),
        (_affinity("Exists", "x"), "spec.podAffinity.matchExpressions[0].values", "may not be specified"),
    ],
)
def test_bad_pools(pools: Any, spec: dict[str, Any], field: str, told: str) -> None:
    """A pool that contradicts itself is refused for the first problem, and a field is named."""
    answer = pools.create("a", **spec)

    assert (422, "Invalid") == (answer.status, answer.body["reason"])
    assert answer.body["message"].startswith(f'{DENIED}SpiderIPPool.spiderpool.spidernet.io "a" is invalid: {field}: ')
    assert told in answer.body["message"]
    assert pools.get("a") is None


def test_excluded_gateway(pools: Any) -> None:
    """A gateway inside of the ranges is fine if it is excluded."""
    assert 201 == pools.create("a", "10.0.0.1-10.0.0.9", gateway="10.0.0.5", excludeIPs=["10.0.0.5"]).status


@pytest.mark.parametrize(
    "affinity", [_affinity("In", "x"), _affinity("Exists"), {"podAffinity": {"matchLabels": {"a": "b"}}}]
)
def test_pod_affinity(pools: Any, affinity: dict[str, Any]) -> None:
    """A pool can be for some pods only."""
    assert 201 == pools.create("a", **affinity).status


def test_two_kinds_of_problems(pools: Any) -> None:
    """A create is told of the pod affinity beside the first other problem."""
    causes = pools.create("a", ips=["x"], gateway="y", podAffinity={}).body["details"]["causes"]

    assert ["spec.subnet", "spec.podAffinity"] == [cause["field"] for cause in causes]


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({"subnet": 5, "default": "yes"}, "string into Go struct field IPPoolSpec.spec.default of type bool"),
        ({"ips": "10.0.0.1"}, "string into Go struct field IPPoolSpec.spec.ips of type []string"),
        ({"ips": [True]}, "bool into Go struct field IPPoolSpec.spec.ips of type string"),
        ({"ipVersion": "4"}, "string into Go struct field IPPoolSpec.spec.ipVersion of type int64"),
        ({"routes": [5]}, "number into Go struct field IPPoolSpec.spec.routes of type v2beta1.Route"),
        ({"podAffinity": {"matchLabels": []}}, "array into Go struct field LabelSelector.spec.podAffinity.matchLabels"),
        ({"podAffinity": {"matchLabels": {"a": 1}}}, "LabelSelector.spec.podAffinity.matchLabels of type string"),
    ],
)
def test_wrong_types(pools: Any, spec: dict[str, Any], told: str) -> None:
    """Go can't decode a value of a wrong type: the first field in alphabetical order is named."""
    answer = pools.create("a", **spec)

    assert (400, True) == (answer.status, told in answer.body["message"])
    assert answer.body["message"].startswith(f"{DENIED}json: cannot unmarshal ")


def test_empty_lists_are_left_out(pools: Any) -> None:
    """Go leaves out a list that is empty, and what is null."""
    spec = pools.create("a", ips=[], excludeIPs=None, routes=[]).body["spec"]

    assert {"default": False, "disable": False, "ipVersion": 4, "subnet": "10.0.0.0/24"} == spec


def test_backward_range_is_claimed(kube: KubeApi, pools: Any, pod: Pod) -> None:
    """A single range that runs backwards passes and keeps others from its addresses, but none is given out."""
    pools.create("a", "10.0.0.9-10.0.0.1")
    kube.seed(pod("p", "10.0.0.5"))

    assert {"allocatedIPCount": 0, "totalIPCount": 9} == pools.get("a")["status"]
    assert "in IP ranges [10.0.0.9-10.0.0.1]" in pools.create("b", "10.0.0.5").body["message"]


def test_backward_range_is_for_good(pools: Any) -> None:
    """The pool of a backward range can't be updated until the range is turned around."""
    pools.create("a", "10.0.0.9-10.0.0.1")

    told = (
        "spec.ips: Internal error: failed to assemble the total IP addresses of the IPPool a: invalid IP range format"
    )
    assert told in pools.patch("a", {"spec": {"disable": True}}).body["message"]
    assert 200 == pools.patch("a", {"spec": {"ips": ["10.0.0.1-10.0.0.9"]}}).status


def test_backward_hole(pools: Any) -> None:
    """An excluded range that runs backwards takes nothing away."""
    pools.create("a", "10.0.0.1-10.0.0.9", excludeIPs=["10.0.0.7-10.0.0.3"])

    assert 422 == pools.create("b", "10.0.0.5").status


def test_pool_of_the_same_name(pools: Any) -> None:
    """The webhook says that there is such a pool, after it looked at the new one and at those before it by name."""
    pools.create("b", "10.0.0.1")
    pools.create("a", subnet="10.1.0.0/16")
    pools.create("c", subnet="10.2.0.0/16")

    answer = pools.create("b", subnet="10.3.0.0/24")

    told = f'{DENIED}SpiderIPPool.spiderpool.spidernet.io "b" already exists'
    assert (409, "AlreadyExists", told) == (answer.status, answer.body["reason"], answer.body["message"])
    assert "unformatted subnet" in pools.create("b", subnet="10.3.0.1/24").body["message"]
    assert "overlap with IPPool a" in pools.create("b", subnet="10.1.0.0/24").body["message"]
    assert told == pools.create("b", subnet="10.2.0.0/24").body["message"]


def test_overlapping_subnets(pools: Any) -> None:
    """Subnets are equal or disjoint."""
    pools.create("a", subnet="10.0.0.0/16")

    message = pools.create("b", subnet="10.0.1.0/24").body["message"]

    assert "overlap with IPPool a which 'spec.subnet' is 10.0.0.0/16" in message


def test_subnets_of_two_families(pools: Any) -> None:
    """Families do not overlap."""
    pools.create("a", subnet="0.0.0.0/0")

    assert 201 == pools.create("b", subnet="2001:db8::/64").status


def test_overlapping_addresses(pools: Any) -> None:
    """No address is in two pools; the other's ranges are told as a whole."""
    pools.create("a", "10.0.0.1-10.0.0.5")

    answer = pools.create("b", "10.0.0.4-10.0.0.9")

    told = "spec.ips: Forbidden: overlap with IPPool a in IP ranges [10.0.0.1-10.0.0.5]"
    assert (422, True) == (answer.status, told in answer.body["message"])


def test_excluded_addresses_do_not_overlap(pools: Any) -> None:
    """What a pool excludes, another may list."""
    pools.create("a", "10.0.0.1-10.0.0.5", excludeIPs=["10.0.0.4-10.0.0.5"])

    assert 201 == pools.create("b", "10.0.0.4-10.0.0.9").status


def test_moving_an_address(pools: Any) -> None:
    """An address leaves its pool before another may list it."""
    pools.apply("a", "10.0.0.1-10.0.0.5")
    pools.apply("b", "10.0.0.6-10.0.0.9")

    assert 422 == pools.apply("b", "10.0.0.5-10.0.0.9").status
    assert 200 == pools.apply("a", "10.0.0.1-10.0.0.4").status
    assert 200 == pools.apply("b", "10.0.0.5-10.0.0.9").status


@pytest.mark.parametrize(("field", "value"), [("subnet", "10.1.0.0/24"), ("ipVersion", 6)])
def test_immutable_fields(pools: Any, field: str, value: object) -> None:
    """Subnet and IP version stay."""
    pools.create("a")

    assert f"spec.{field}: Forbidden: is not changeable" in pools.patch("a", {"spec": {field: value}}).body["message"]


@pytest.mark.parametrize("patch", [{"ips": ["10.0.0.1"]}, {"ips": []}, {"excludeIPs": ["10.0.0.2"]}])
def test_address_in_use_stays(kube: KubeApi, pools: Any, pod: Pod, patch: dict[str, Any]) -> None:
    """An address that a pod holds can neither be removed nor excluded, and the pod is named."""
    pools.create("a", "10.0.0.1-10.0.0.5")
    kube.seed(pod("p", "10.0.0.2"))

    message = pools.patch("a", {"spec": patch}).body["message"]

    assert "spec.ips: Forbidden: remove an IP address 10.0.0.2 that is being used by Pod default/p" in message


def test_deleted_pool_without_pods_goes(pools: Any) -> None:
    """The controller lets a pool go that no pod uses."""
    pools.create("a", "10.0.0.1")

    assert "deletionTimestamp" in pools.delete("a").body["metadata"]
    assert pools.get("a") is None


def test_deleted_pool_with_pods_hangs(kube: KubeApi, pools: Any, pod: Pod) -> None:
    """A pool that a pod uses is deleted when the pod is; until then it can't be updated, and blocks its addresses."""
    pools.create("a", "10.0.0.1-10.0.0.5")
    kube.seed(pod("p", "10.0.0.2"))
    pools.delete("a")

    update = pools.patch("a", {"spec": {"disable": True}})
    assert (403, f"{DENIED}forbidden: cannot update a terminating IPPool") == (update.status, update.body["message"])
    assert 422 == pools.create("b", "10.0.0.5").status

    kube.remove("v1", "pods", "p", "default")
    assert pools.get("a") is None
    assert 201 == pools.create("b", "10.0.0.5").status


def test_pool_from_before_the_webhook(kube: KubeApi, pools: Any) -> None:
    """A pool that has no IP version yet gets one with its next change."""
    kube.seed(pools.body("a", {"ips": ["10.0.0.1"]}, "10.0.0.0/24"))

    answer = pools.patch("a", {"spec": {"disable": True}})

    assert (200, 4) == (answer.status, answer.body["spec"]["ipVersion"])


def test_guarded_deletion(pod: Pod) -> None:
    """With the chart's guard switched on, the deletion itself is refused, until no pod has an address."""
    kube = KubeApi(spiderpool=Spiderpool(guards_deletion=True))
    pool = {"metadata": {"name": "a"}, "spec": {"subnet": "10.0.0.0/24", "ips": ["10.0.0.1"]}}
    kube.seed({"apiVersion": "spiderpool.spidernet.io/v2beta1", "kind": "SpiderIPPool", **pool})
    kube.seed(pod("p", "10.0.0.1"))

    answer = _delete(kube, "/apis/spiderpool.spidernet.io/v2beta1/spiderippools/a")

    assert (403, "Forbidden") == (answer.status, answer.body["reason"])
    assert answer.body["message"].endswith("cannot delete an IPPool with allocated IPs(1)")
    kube.remove("v1", "pods", "p", "default")
    assert 200 == _delete(kube, "/apis/spiderpool.spidernet.io/v2beta1/spiderippools/a").status


def test_disabled_family() -> None:
    """A pool of a family that Spiderpool does not serve is refused."""
    kube = KubeApi(spiderpool=Spiderpool(enable_ipv6=False))

    assert "IPv6 is disabled" in _post(kube, "2001:db8::/64").body["message"]


def test_without_spiderpool() -> None:
    """A cluster without Spiderpool does not know its kinds."""
    assert 404 == _post(KubeApi(spiderpool=None), "10.0.0.0/24").status


def test_status_is_not_reviewed(call: Callable[..., Any], pools: Any) -> None:
    """Writes to the status do not come to the webhook, not even for a pool that it would refuse."""
    live = pools.create("a", "10.0.0.1").body | {"status": {"allocatedIPCount": 3, "totalIPCount": 1}}
    live["metadata"].pop("resourceVersion")

    answer = call(
        "PATCH",
        "/apis/spiderpool.spidernet.io/v2beta1/spiderippools/a/status",
        live,
        kind="application/merge-patch+json",
    )

    assert (200, 3) == (answer.status, answer.body["status"]["allocatedIPCount"])


def _post(kube: KubeApi, subnet: str) -> Any:
    body = (
        '{"apiVersion": "spiderpool.spidernet.io/v2beta1", "kind": "SpiderIPPool", '
        f'"metadata": {{"name": "a"}}, "spec": {{"subnet": "{subnet}"}}}}'
    )
    path = "/apis/spiderpool.spidernet.io/v2beta1/spiderippools"
    return kube.handle(Request(method="POST", path=path, query={}, headers={}, body=body.encode()))


def _delete(kube: KubeApi, path: str) -> Any:
    return kube.handle(Request(method="DELETE", path=path, query={}, headers={}))
