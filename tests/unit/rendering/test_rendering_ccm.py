"""The Cloud Controller Manager's manifests fit its version."""

from __future__ import annotations

import base64
import json
from types import SimpleNamespace
from typing import Any

import pytest

from spidercli.desired import AccessKey, CcmSpec
from spidercli.rendering.ccm import RELEASES, has_placeholders
from spidercli.rendering.renderer import Renderer

KEY = AccessKey(key_id="LTAI-id", secret="the-secret")
VERSIONS = sorted(RELEASES)


def by_kind(spec: CcmSpec, key: AccessKey | None = None) -> dict[str, Any]:
    return {str(manifest["kind"]): manifest for manifest in Renderer().ccm(spec, key)}


def container(spec: CcmSpec) -> Any:
    return by_kind(spec)["DaemonSet"]["spec"]["template"]["spec"]["containers"][0]


def rights(spec: CcmSpec) -> dict[str, set[str]]:
    """The verbs of each resource."""
    rules = by_kind(spec)["ClusterRole"]["rules"]
    return {resource: set(rule["verbs"]) for rule in rules for resource in rule["resources"]}


def global_section(manifest: Any) -> dict[str, str]:
    found: dict[str, str] = json.loads(manifest["data"]["cloud-config.conf"])["Global"]
    return found


def test_with_a_ram_role_nothing_is_secret(make: SimpleNamespace) -> None:
    """With a RAM role there is no Secret, no variable and an empty cloud-config."""
    manifests = by_kind(make.spec())

    assert list(manifests) == ["ConfigMap", "ServiceAccount", "ClusterRole", "ClusterRoleBinding", "DaemonSet"]
    assert global_section(manifests["ConfigMap"]) == {}
    assert "env" not in container(make.spec())


def test_secret_holds_plain_keys(make: SimpleNamespace) -> None:
    """The Secret has the variables as keys, and the container takes them from it."""
    spec = make.spec(credentials="secret")

    secret = by_kind(spec, KEY)["Secret"]
    env = {each["name"]: each["valueFrom"]["secretKeyRef"] for each in container(spec)["env"]}

    decoded = {name: base64.b64decode(text).decode() for name, text in secret["data"].items()}
    assert decoded == {"ACCESS_KEY_ID": "LTAI-id", "ACCESS_KEY_SECRET": "the-secret"}
    assert env == {name: {"name": secret["metadata"]["name"], "key": name} for name in decoded}
    assert global_section(by_kind(spec, KEY)["ConfigMap"]) == {}


def test_config_map_holds_base64(make: SimpleNamespace) -> None:
    """In cloud-config the CCM wants both parts of the AccessKey in base64."""
    spec = make.spec(credentials="config-map", backendType="eni")

    assert global_section(Renderer().cloud_config(spec, KEY)) == {
        "accessKeyID": "TFRBSS1pZA==",
        "accessKeySecret": "dGhlLXNlY3JldA==",
        "serviceBackendType": "eni",
    }


@pytest.mark.parametrize(("credentials", "kind"), [("secret", "Secret"), ("config-map", "ConfigMap")])
def test_without_a_key_there_are_placeholders(make: SimpleNamespace, credentials: str, kind: str) -> None:
    """A manifest that waits for its AccessKey can be told from one that is ready."""
    spec = make.spec(credentials=credentials)

    assert [found for found, manifest in by_kind(spec).items() if has_placeholders(manifest)] == [kind]
    assert not any(map(has_placeholders, by_kind(spec, KEY).values()))


@pytest.mark.parametrize("credentials", ["ram-role", "secret", "config-map"])
@pytest.mark.parametrize("version", VERSIONS)
def test_key_is_nowhere_else(make: SimpleNamespace, credentials: str, version: str) -> None:
    """The DaemonSet and the roles are the same with an AccessKey and without."""
    spec = make.spec(credentials=credentials, version=version)

    for kind in ("ServiceAccount", "ClusterRole", "ClusterRoleBinding", "DaemonSet"):
        assert by_kind(spec, KEY)[kind] == by_kind(spec)[kind]


@pytest.mark.parametrize("version", VERSIONS)
def test_everything_is_ours(make: SimpleNamespace, version: str) -> None:
    """Every object has our label."""
    labels = [
        manifest["metadata"]["labels"]["app.kubernetes.io/managed-by"]
        for manifest in by_kind(make.spec(version=version, credentials="secret")).values()
    ]

    assert labels == ["spidercli"] * 6


@pytest.mark.parametrize("version", VERSIONS)
def test_nodes_are_never_deleted(make: SimpleNamespace, version: str) -> None:
    """The verb `delete` is withheld: a wrong providerID would make the CCM delete the Node."""
    assert not any("delete" in verbs or "*" in verbs for verbs in rights(make.spec(version=version)).values())


def test_rights_of_the_guides_version(make: SimpleNamespace) -> None:
    """v2.5 reads and locks with Endpoints."""
    found = rights(make.spec(version="v2.5.0"))

    assert {"get", "list", "watch", "create", "update"} <= found["endpoints"]
    assert "endpointslices" not in found


def test_rights_of_the_newer_version(make: SimpleNamespace) -> None:
    """v2.13 needs EndpointSlices and pods, or Services stay pending, and locks with a Lease alone."""
    found = rights(make.spec(version="v2.13.0"))

    assert {"get", "list", "watch"} <= found["endpointslices"] & found["pods"]
    assert "endpoints" not in found
    assert {"get", "create", "update"} <= found["leases"]


@pytest.mark.parametrize("version", VERSIONS)
def test_lock_is_left_to_the_version(make: SimpleNamespace, version: str) -> None:
    """The guide's lock flag ends a newer CCM, so no version gets one."""
    assert not any("resource-lock" in word for word in container(make.spec(version=version))["command"])


def test_flags_are_known_to_the_version(make: SimpleNamespace) -> None:
    """An unknown flag ends the CCM: v2.5 knows nothing of profiling or source checks."""
    assert container(make.spec(version="v2.5.0"))["command"] == [
        "/cloud-controller-manager",
        "--cloud-provider=alicloud",
        "--cloud-config=/etc/kubernetes/config/cloud-config.conf",
        "--controllers=node,service",
        "--configure-cloud-routes=false",
        "--leader-elect=true",
        "--metrics-bind-addr=0",
    ]


def test_cluster_cidr_goes_with_routes(make: SimpleNamespace) -> None:
    """The pod CIDR is given where routes are on."""
    spec = make.spec(configureCloudRoutes=True, controllers=["node", "route"], cluster_cidr="10.244.0.0/16")

    assert "--cluster-cidr=10.244.0.0/16" in container(spec)["command"]
    assert "--configure-cloud-routes=true" in container(spec)["command"]


@pytest.mark.parametrize(
    ("ccm", "image", "selector"),
    [
        ({"version": "v2.5.0"}, RELEASES["v2.5.0"].image, {"kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}),
        ({}, RELEASES["v2.13.0"].image, {"kubernetes.io/os": "linux"}),
        ({"version": "v2.5.0", "image": "mine:1"}, "mine:1", {"kubernetes.io/os": "linux"}),
    ],
)
def test_image(make: SimpleNamespace, ccm: dict[str, str], image: str, selector: dict[str, str]) -> None:
    """Each version has its image; the guide's runs on amd64 alone."""
    spec = make.spec(**ccm)

    assert container(spec)["image"] == image
    assert by_kind(spec)["DaemonSet"]["spec"]["template"]["spec"]["nodeSelector"] == selector


def test_pods_run_where_nodes_are_not_ready(make: SimpleNamespace) -> None:
    """The taint that the CCM itself removes must not keep it away."""
    pod = by_kind(make.spec())["DaemonSet"]["spec"]["template"]["spec"]

    assert pod["tolerations"] == [{"operator": "Exists"}]
    assert pod["hostNetwork"] is True


def test_pods_start_anew_when_cloud_config_changes(make: SimpleNamespace) -> None:
    """The CCM reads cloud-config once, so its pods change with it."""

    def template(**ccm: str) -> Any:
        return by_kind(make.spec(**ccm))["DaemonSet"]["spec"]["template"]

    assert template() == template(credentials="config-map")
    assert template() != template(clusterID="production")
