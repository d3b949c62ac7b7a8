"""Spiderpool's rules for SpiderMultusConfigs and SpiderCoordinators, and the NADs that come of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from spidercli.sandbox.kube.api import KubeApi

Call = Callable[..., Any]
_BASE = "/apis/spiderpool.spidernet.io/v2beta1/namespaces/kube-system/spidermultusconfigs"
_COORDINATORS = "/apis/spiderpool.spidernet.io/v2beta1/spidercoordinators"


def _config(spec: dict[str, Any], name: str = "ipvlan-eth0", **metadata: Any) -> dict[str, Any]:
    return {
        "apiVersion": "spiderpool.spidernet.io/v2beta1",
        "kind": "SpiderMultusConfig",
        "metadata": {"name": name, "namespace": "kube-system", **metadata},
        "spec": spec,
    }


_IPVLAN = {"cniType": "ipvlan", "ipvlan": {"master": ["eth0"]}}
_CUSTOM = {"cniType": "custom", "enableCoordinator": False}


def _nad(kube: KubeApi, name: str = "ipvlan-eth0") -> Any:
    return kube.find("k8s.cni.cncf.io/v1", "network-attachment-definitions", name, "kube-system")


def _cni(kube: KubeApi, name: str = "ipvlan-eth0") -> Any:
    return json.loads(_nad(kube, name)["spec"]["config"])


def test_ipvlan_is_completed(call: Call) -> None:
    """Every default is written out."""
    spec = call("POST", _BASE, _config(_IPVLAN)).body["spec"]

    assert {
        "master": ["eth0"],
        "mtu": 0,
        "vlanID": 0,
        "rdmaResourceName": "",
        "ippools": {"matchMasterSubnet": False},
    } == spec["ipvlan"]
    assert True is spec["enableCoordinator"]
    assert {
        "mode": "auto",
        "hostRuleTable": 500,
        "podDefaultRouteNIC": "",
        "podMACPrefix": "",
        "podRPFilter": 0,
        "tunePodRoutes": True,
        "txQueueLen": 0,
        "vethLinkAddress": "",
    } == spec["coordinator"]


def test_nad_of_ipvlan(kube: KubeApi, call: Call) -> None:
    """The controller makes a NAD with the chain of plugins, owned by the configuration."""
    call("POST", _BASE, _config(_IPVLAN, annotations={"a": "1"}, labels={"b": "2"}))

    ipvlan = {"type": "ipvlan", "master": "eth0", "mtu": 0, "ipam": {"type": "spiderpool"}}
    coordinator = {"txQueueLen": 0, "tunePodRoutes": True, "mode": "auto", "type": "coordinator"}
    assert {"cniVersion": "0.3.1", "name": "ipvlan-eth0", "plugins": [ipvlan, coordinator]} == _cni(kube)
    assert {"a": "1"} == _nad(kube)["metadata"]["annotations"]
    assert "labels" not in _nad(kube)["metadata"]
    assert "ipvlan-eth0" == _nad(kube)["metadata"]["ownerReferences"][0]["name"]


def test_nad_goes_with_its_configuration(kube: KubeApi, call: Call) -> None:
    """The garbage collector removes the NAD of a deleted configuration."""
    call("POST", _BASE, _config(_IPVLAN))
    call("DELETE", f"{_BASE}/ipvlan-eth0")

    assert _nad(kube) is None


def test_nad_under_another_name(kube: KubeApi, call: Call) -> None:
    """Annotations name the NAD, its CNI version and its network."""
    annotations = {
        "multus.spidernet.io/cr-name": "other",
        "multus.spidernet.io/cni-version": "1.0.0",
        "cni.spidernet.io/cniconfig-name": "network",
    }
    call("POST", _BASE, _config(_IPVLAN, annotations=annotations))

    assert _nad(kube) is None
    assert ("1.0.0", "network") == (_cni(kube, "other")["cniVersion"], _cni(kube, "other")["name"])


def test_existing_nad_is_taken_over(kube: KubeApi, call: Call) -> None:
    """A NAD that nobody owns is overwritten."""
    metadata = {"name": "ipvlan-eth0", "namespace": "kube-system", "annotations": {"old": "1"}}
    nad: dict[str, Any] = {
        "apiVersion": "k8s.cni.cncf.io/v1",
        "kind": "NetworkAttachmentDefinition",
        "metadata": metadata,
        "spec": {},
    }
    kube.seed(nad)

    call("POST", _BASE, _config(_IPVLAN))

    assert "annotations" not in _nad(kube)["metadata"]
    assert "ipvlan-eth0" == _cni(kube)["name"]


def test_plugins_of_a_bond_with_vlan(kube: KubeApi, call: Call) -> None:
    """Several masters or a VLAN bring the plugin that makes the interface; default pools go to IPAM."""
    ipvlan = {
        "master": ["eth1", "eth2"],
        "vlanID": 100,
        "bond": {"name": "bond0", "mode": 1},
        "ippools": {"ipv4": ["a"]},
    }
    call("POST", _BASE, _config({"cniType": "ipvlan", "ipvlan": ipvlan, "enableCoordinator": False}))

    ifacer, plugin = _cni(kube)["plugins"]

    bond = {"name": "bond0", "mode": 1, "options": ""}
    assert {"type": "ifacer", "interfaces": ["eth1", "eth2"], "vlanID": 100, "bond": bond} == ifacer
    assert "bond0.100" == plugin["master"]
    assert {"type": "spiderpool", "default_ipv4_ippool": ["a"]} == plugin["ipam"]


def test_custom_configuration(kube: KubeApi, call: Call) -> None:
    """A custom configuration without text, as Helm's init job makes it, stores the empty text and an empty NAD."""
    body = call("POST", _BASE, _config(_CUSTOM)).body

    given = {"cniType": "custom", "enableCoordinator": False}
    assert {**given, "customCNI": "", "disableIPAM": False, "chainCNIJsonData": []} == body["spec"]
    assert {"config": ""} == _nad(kube)["spec"]


_TRAP = (
    'admission webhook "spidermultusconfig.spiderpool.spidernet.io" denied the request: '
    'SpiderMultusConfig.spiderpool.spidernet.io "ipvlan-eth0" is invalid: spec.cniType: Forbidden: '
    "the cniType ipvlan only supports spec.ipvlanConfig, please remove other CNI configs"
)


@pytest.mark.parametrize(
    ("kind", "query"),
    [
        ("application/apply-patch+yaml", {"fieldManager": "one", "force": "true"}),
        ("application/merge-patch+json", {"fieldManager": "one"}),
    ],
    ids=["apply", "merge"],
)
def test_custom_configuration_is_not_taken_over(call: Call, kind: str, query: dict[str, str]) -> None:
    """An apply over the init job's object keeps its empty text, and is refused for it."""
    call("POST", _BASE, _config(_CUSTOM))

    answer = call("PATCH", f"{_BASE}/ipvlan-eth0", _config(_IPVLAN), kind=kind, **query)

    assert (422, _TRAP) == (answer.status, answer.body["message"])


def test_custom_configuration_by_one_patch(kube: KubeApi, call: Call) -> None:
    """One merge patch that removes the empty text turns it into ipvlan."""
    call("POST", _BASE, _config(_CUSTOM))
    patch = {"spec": {**_IPVLAN, "customCNI": None, "enableCoordinator": True}}

    answer = call("PATCH", f"{_BASE}/ipvlan-eth0", patch, kind="application/merge-patch+json")

    assert 200 == answer.status
    assert "eth0" == _cni(kube)["plugins"][0]["master"]


def test_custom_configuration_by_replacement(call: Call) -> None:
    """So does a replacement of the whole object."""
    version = call("POST", _BASE, _config(_CUSTOM)).body["metadata"]["resourceVersion"]

    assert 200 == call("PUT", f"{_BASE}/ipvlan-eth0", _config(_IPVLAN, resourceVersion=version)).status


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"cniType": "ipvlan"}, "spec.ipvlanConfig"),
        ({"cniType": "vlan"}, "spec.vlan"),
        ({"cniType": "ipvlan", "ipvlan": {"master": []}}, "spec.ipvlanConfig"),
        ({"cniType": "ipvlan", "ipvlan": {"master": ["a", "b"]}}, "spec.ipvlanConfig"),
        (
            {"cniType": "macvlan", "macvlan": {"master": ["a", "b"], "bond": {"name": "", "mode": 1}}},
            "spec.macvlanConfig",
        ),
        (
            {"cniType": "ipvlan", "ipvlan": {"master": ["a"], "ippools": {"matchMasterSubnet": True}}},
            "spec.ipvlanConfig",
        ),
        ({"cniType": "vlan", "vlan": {"master": ["a"], "vlanMode": "auto", "vlanID": 5}}, "spec.vlan"),
        ({"cniType": "sriov", "sriov": {}}, "spec.sriovConfig"),
        ({"cniType": "sriov", "sriov": {"minTxRateMbps": 1}}, "spec.sriovConfig"),
        ({"cniType": "ipoib", "ipoib": {}}, "spec.ipoibConfig"),
        ({**_IPVLAN, "macvlan": {"master": ["eth0"]}}, "spec.cniType"),
        ({**_IPVLAN, "coordinator": {"podMACPrefix": "01:00"}}, "spec.podMACPrefix"),
        ({**_IPVLAN, "chainCNIJsonData": ["{"]}, "spec.chainCNIJsonData"),
        ({**_IPVLAN, "chainCNIJsonData": ["x"]}, "spec.chainCNIJsonData"),
        ({**_IPVLAN, "chainCNIJsonData": ["{}"]}, "spec.chainCNIJsonData"),
        ({**_IPVLAN, "chainCNIJsonData": ["[]"]}, "spec.chainCNIJsonData"),
        ({"cniType": "custom", "customCNI": "{"}, "spec.customCniTypeConfig"),
    ],
)
def test_bad_configurations(call: Call, spec: dict[str, Any], field: str) -> None:
    """A configuration that contradicts itself is refused for the first problem, by the field's name in Go."""
    answer = call("POST", _BASE, _config(spec))

    assert (422, [field]) == (answer.status, [cause["field"] for cause in answer.body["details"]["causes"]])


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"cniType": "vlan", "vlan": {"master": ["a"], "vlanMode": "auto"}}, {"vlanMode": "auto"}),
        ({"cniType": "vlan", "vlan": {"master": ["a"]}}, {"vlanMode": "manual", "vlanID": 0}),
        ({"cniType": "sriov", "sriov": {"resourceName": "a/b"}}, {"maxTxRateMbps": 0, "rdmaIsolation": False}),
        ({"cniType": "ib-sriov", "ibsriov": {"resourceName": "a/b"}}, {"linkState": "enable", "pkey": ""}),
        ({"cniType": "ovs", "ovs": {"bridge": "br"}}, {"deviceID": "", "vlan": 0}),
    ],
)
def test_other_blocks_are_completed(call: Call, spec: dict[str, Any], expected: dict[str, Any]) -> None:
    """Every CNI type has defaults of its own."""
    cni = spec["cniType"].replace("-", "")
    block = call("POST", _BASE, _config(spec)).body["spec"][cni]

    assert expected.items() <= block.items()
    assert ("vlanID" in expected) == ("vlanID" in block and cni == "vlan")


def test_wrong_type(call: Call) -> None:
    """What Go can't decode is refused by the first webhook, before the schema is checked."""
    answer = call("POST", _BASE, _config({**_IPVLAN, "coordinator": {"policyRoutes": [{"dst": 5, "gw": "10.0.0.1"}]}}))

    told = "json: cannot unmarshal number into Go struct field Route.spec.coordinator.policyRoutes.dst of type string"
    assert (400, True) == (answer.status, answer.body["message"].endswith(told))


def test_bad_vlan(call: Call) -> None:
    """A VLAN outside of its range breaks the schema already."""
    answer = call("POST", _BASE, _config({"cniType": "ipvlan", "ipvlan": {"master": ["a"], "vlanID": 4095}}))

    assert "spec.ipvlan.vlanID in body should be less than or equal to 4094" in answer.body["message"]


def test_bad_cni_version(call: Call) -> None:
    """The CNI version is one of four."""
    answer = call("POST", _BASE, _config(_IPVLAN, annotations={"multus.spidernet.io/cni-version": "9"}))

    told = 'Invalid value: map[string]string{"multus.spidernet.io/cni-version":"9"}: unsupported CNI version 9'
    assert told in answer.body["message"]


def test_nad_has_one_owner(call: Call) -> None:
    """Two configurations can't have one NAD."""
    call("POST", _BASE, _config(_IPVLAN))

    answer = call("POST", _BASE, _config(_IPVLAN, "second", annotations={"multus.spidernet.io/cr-name": "ipvlan-eth0"}))

    told = "already exists and is managed by SpiderMultusConfig kube-system/ipvlan-eth0."
    assert told in answer.body["message"]


def test_nad_by_the_name_of_another_configuration(call: Call) -> None:
    """Nor can a configuration have the NAD that another one chose for itself."""
    call("POST", _BASE, _config(_IPVLAN, annotations={"multus.spidernet.io/cr-name": "second"}))

    answer = call("POST", _BASE, _config(_IPVLAN, "second"))

    assert "Invalid value: map[string]string(nil): the net-attach-def kube-system/second" in answer.body["message"]


def test_nad_name_stays(call: Call) -> None:
    """A configuration's NAD can't be renamed."""
    call("POST", _BASE, _config(_IPVLAN))
    patch = {"metadata": {"annotations": {"multus.spidernet.io/cr-name": "other"}}}

    answer = call("PATCH", f"{_BASE}/ipvlan-eth0", patch, kind="application/merge-patch+json")

    assert "to changed Multus net-attach-def 'ipvlan-eth0' to customized name 'other'" in answer.body["message"]


def test_chosen_nad_name_stays(call: Call) -> None:
    """Nor the one that has a chosen name, but it may lose that name."""
    name = "multus.spidernet.io/cr-name"
    call("POST", _BASE, _config(_IPVLAN, annotations={name: "one"}))

    def patch(value: str | None) -> Any:
        body = {"metadata": {"annotations": {name: value}}}
        return call("PATCH", f"{_BASE}/ipvlan-eth0", body, kind="application/merge-patch+json")

    assert "resource name from 'one' to 'two'" in patch("two").body["message"]
    assert 200 == patch(None).status


def _coordinator(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "spiderpool.spidernet.io/v2beta1",
        "kind": "SpiderCoordinator",
        "metadata": {"name": "default"},
        "spec": spec,
    }


def test_coordinator_is_completed_and_synced(kube: KubeApi, call: Call) -> None:
    """A coordinator gets its defaults, whole CIDRs, a finalizer, and the phase Synced."""
    routes = [{"dst": "10.1.0.1", "gw": "10.0.0.1"}]
    spec = {"podCIDRType": "cluster", "hijackCIDR": ["169.254.0.1", "10.0.0.0/8"], "policyRoutes": routes}
    call("POST", _COORDINATORS, _coordinator(**spec))

    body: Any = kube.find("spiderpool.spidernet.io/v2beta1", "spidercoordinators", "default")

    assert ("auto", 1500, True) == tuple(body["spec"][field] for field in ("mode", "vethMTU", "tunePodRoutes"))
    assert ["169.254.0.1/32", "10.0.0.0/8"] == body["spec"]["hijackCIDR"]
    assert "10.1.0.1/32" == body["spec"]["policyRoutes"][0]["dst"]
    assert ["spiderpool.spidernet.io"] == body["metadata"]["finalizers"]
    assert "Synced" == body["status"]["phase"]


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({}, "spec.podCIDRType"),
        ({"podCIDRType": "auto", "podMACPrefix": "zz"}, "spec.podMACPrefix"),
        ({"podCIDRType": "auto", "podMACPrefix": "01:00"}, "spec.podMACPrefix"),
        ({"podCIDRType": "auto", "hijackCIDR": ["x"]}, "spec.extraCIDR[0]"),
        ({"podCIDRType": "auto", "hijackCIDR": ["10.0.0.0/8", "10.0.0.0/33"]}, "spec.extraCIDR[1]"),
        ({"podCIDRType": "auto", "policyRoutes": [{"dst": "x", "gw": "10.0.0.1"}]}, "spec.policyRoutes[0].dst"),
        ({"podCIDRType": "auto", "policyRoutes": [{"dst": "10.0.0.0/8", "gw": "y"}]}, "spec.policyRoutes[0].gw"),
        ({"podCIDRType": "auto", "policyRoutes": [{"dst": "10.0.0.0/8", "gw": "::1"}]}, "spec.policyRoutes[0]"),
        ({"podCIDRType": "auto", "vethLinkAddress": "x"}, "spec.vethLinkAddress"),
        ({"podCIDRType": "auto", "podRPFilter": 3}, "spec.podRPFilter"),
        ({"podCIDRType": "auto", "txQueueLen": -1}, "spec.txQueueLen"),
    ],
)
def test_bad_coordinators(call: Call, spec: dict[str, Any], field: str) -> None:
    """A coordinator with bad values is refused, and the field is named: hijackCIDR by its old name."""
    answer = call("POST", _COORDINATORS, _coordinator(**spec))

    assert [field] == [cause["field"] for cause in answer.body["details"]["causes"]]


def test_deleted_coordinator_hangs(kube: KubeApi, call: Call) -> None:
    """Nothing removes a coordinator's finalizer."""
    call("POST", _COORDINATORS, _coordinator(podCIDRType="cluster"))
    call("DELETE", f"{_COORDINATORS}/default")

    assert kube.find("spiderpool.spidernet.io/v2beta1", "spidercoordinators", "default") is not None


def test_nad_without_ipam_and_with_more_plugins(kube: KubeApi, call: Call) -> None:
    """IPAM can be left to others, and further plugins follow at the end of the chain."""
    spec = {**_IPVLAN, "disableIPAM": True, "enableCoordinator": False, "chainCNIJsonData": ['{"type":"tuning"}']}
    call("POST", _BASE, _config(spec))

    plugins = _cni(kube)["plugins"]

    assert [{"type": "ipvlan", "master": "eth0", "mtu": 0}, {"type": "tuning"}] == plugins


def test_nad_of_custom_text(kube: KubeApi, call: Call) -> None:
    """A custom configuration's text is the NAD's."""
    call("POST", _BASE, _config({"cniType": "custom", "customCNI": '{"type":"x"}'}))

    assert {"config": '{"type":"x"}'} == _nad(kube)["spec"]


def test_without_multus(kube: KubeApi, call: Call) -> None:
    """Without Multus' definition there are no NADs, and no failure."""
    crd = "network-attachment-definitions.k8s.cni.cncf.io"
    kube.remove("apiextensions.k8s.io/v1", "customresourcedefinitions", crd)

    assert 201 == call("POST", _BASE, _config(_IPVLAN)).status
