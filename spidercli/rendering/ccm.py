"""What a version of the Cloud Controller Manager (CCM) needs to run: image, flags and RBAC that fit each other.

Unknown flags end the process, a missing right leaves Services pending for ever, and the `delete` verb on nodes lets a
wrong providerID delete a Node. Rules and flags are those that were seen to be enough for the two versions offered.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
from collections.abc import Mapping

from spidercli.config.schema import CcmCredentials
from spidercli.desired.ccm import AccessKey, CcmSpec

NAME = "cloud-controller-manager"
NAMESPACE = "kube-system"
CLUSTER_ROLE = "system:cloud-controller-manager"
CLOUD_CONFIG = "cloud-config"
CLOUD_CONFIG_FILE = "cloud-config.conf"
SECRET = "cloud-controller-manager-access-key"  # noqa: S105 - the name of an object
KEY_ID_ENV, SECRET_ENV = "ACCESS_KEY_ID", "ACCESS_KEY_SECRET"
_MOUNT = "/etc/kubernetes/config"
_PLACEHOLDERS = {KEY_ID_ENV: "<<access-key-id>>", SECRET_ENV: "<<access-key-secret>>"}

Rule = dict[str, list[str]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Release:
    """A version of the CCM, and what is particular to it."""

    image: str
    amd64_only: bool
    flags: tuple[str, ...]
    rules: tuple[Rule, ...]


def _rule(group: str, resources: str, verbs: str) -> Rule:
    return {"groups": [group], "resources": resources.split(), "verbs": verbs.split()}


RELEASES: Mapping[str, Release] = {
    # The leader's lock is left to the default, endpointsleases, so that endpoints and leases are both written.
    "v2.5.0": Release(
        image="registry.cn-hangzhou.aliyuncs.com/acs/cloud-controller-manager-amd64:v2.5.0",
        amd64_only=True,
        flags=("--metrics-bind-addr=0",),
        rules=(
            _rule("", "events", "create patch update"),
            _rule("", "nodes", "get list watch patch update"),
            _rule("", "nodes/status", "patch update"),
            _rule("", "services", "get list watch patch update"),
            _rule("", "services/status", "patch update"),
            _rule("", "endpoints", "get list watch create patch update"),
            _rule("coordination.k8s.io", "leases", "get list create update"),
        ),
    ),
    # Source/destination checks matter to routers only, ipvlan keeps the ENI's own addresses: the RAM right is spared.
    "v2.13.0": Release(
        image="registry-cn-hangzhou.ack.aliyuncs.com/acs/cloud-controller-manager:v2.13.0",
        amd64_only=False,
        flags=("--metrics-bind-addr=0", "--pprof-bind-addr=0", "--skip-disable-source-dest-check=true"),
        rules=(
            _rule("", "events", "create patch"),
            _rule("", "nodes", "get list watch patch"),
            _rule("", "nodes/status services/status pods/status", "patch"),
            _rule("", "services", "get list watch patch"),
            _rule("", "pods", "get list watch"),
            _rule("discovery.k8s.io", "endpointslices", "get list watch"),
            _rule("coordination.k8s.io", "leases", "get create update"),
        ),
    ),
}


def manager_values(spec: CcmSpec) -> dict[str, object]:
    """What `ccm/cloud-controller-manager.yaml.j2` is filled with."""
    release = RELEASES[spec.version]
    return {
        "name": NAME,
        "namespace": NAMESPACE,
        "cluster_role": CLUSTER_ROLE,
        "image": spec.image or release.image,
        "amd64_only": release.amd64_only and spec.image is None,
        "command": command(spec),
        "rules": release.rules,
        "config_map": CLOUD_CONFIG,
        "config_mount": _MOUNT,
        "config_digest": _digest(spec),
        "secret": SECRET if spec.credentials is CcmCredentials.SECRET else None,
        "secret_env": [KEY_ID_ENV, SECRET_ENV],
    }


def command(spec: CcmSpec) -> list[str]:
    """The container's command. `--cluster-cidr` is read by the route controller alone."""
    routes = spec.route_cidr is not None
    return [
        "/cloud-controller-manager",
        "--cloud-provider=alicloud",
        f"--cloud-config={_MOUNT}/{CLOUD_CONFIG_FILE}",
        f"--controllers={','.join(spec.controllers)}",
        f"--configure-cloud-routes={'true' if routes else 'false'}",
        *([f"--cluster-cidr={spec.route_cidr}"] if routes else []),
        "--leader-elect=true",
        *RELEASES[spec.version].flags,
    ]


def cloud_config_values(spec: CcmSpec, key: AccessKey | None) -> dict[str, object]:
    """What `ccm/cloud-config.yaml.j2` is filled with; the CCM wants its AccessKey in base64, and only in this file."""
    values: dict[str, str] = {}
    if spec.credentials is CcmCredentials.CONFIG_MAP:
        pair = _encoded(key) if key else _PLACEHOLDERS
        values = {"accessKeyID": pair[KEY_ID_ENV], "accessKeySecret": pair[SECRET_ENV]}
    text = json.dumps({"Global": {**values, **spec.cloud_config}}, indent=4)
    return {"name": CLOUD_CONFIG, "namespace": NAMESPACE, "file": CLOUD_CONFIG_FILE, "text": text}


def secret_values(key: AccessKey | None) -> dict[str, object]:
    """What `ccm/secret.yaml.j2` is filled with: `data` of an AccessKey, or `string_data` to be completed by hand."""
    return {
        "name": SECRET,
        "namespace": NAMESPACE,
        "data": _encoded(key) if key else {},
        "string_data": {} if key else _PLACEHOLDERS,
    }


def has_placeholders(manifest: Mapping[str, object]) -> bool:
    """Whether an AccessKey is still to be filled in; such an object is for reading, not for applying."""
    text = json.dumps(manifest)
    return any(placeholder in text for placeholder in _PLACEHOLDERS.values())


def _encoded(key: AccessKey) -> dict[str, str]:
    pair = {KEY_ID_ENV: key.key_id, SECRET_ENV: key.secret}
    return {name: base64.b64encode(text.encode()).decode() for name, text in pair.items()}


def _digest(spec: CcmSpec) -> str:
    """Changes with cloud-config, so that pods start anew: the CCM reads the file once. Credentials are left out."""
    return hashlib.sha256(json.dumps(spec.cloud_config, sort_keys=True).encode()).hexdigest()[:16]
