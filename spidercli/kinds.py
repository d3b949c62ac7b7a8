"""The Kubernetes kinds that we read or write, with what a request path needs to know of them."""

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

SPIDERPOOL = "spiderpool.spidernet.io/v2beta1"
FIELD_MANAGER = "spidercli"
MANAGED_BY = "app.kubernetes.io/managed-by"
ANNOTATION_INSTANCE = "spidercli.io/instance-id"
ANNOTATION_ENI = "spidercli.io/eni-id"
ANNOTATION_VSWITCH = "spidercli.io/vswitch-id"
ANNOTATION_DEFINITION = "multus.spidernet.io/cr-name"
"""Of a SpiderMultusConfig: the name of its NetworkAttachmentDefinition, if that is not its own."""

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
LABEL = re.compile(rf"(?=.{{1,63}}\Z){_LABEL}\Z")
"""An RFC 1123 label, as Kubernetes' IsDNS1123Label has it."""
SUBDOMAIN = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(\.{_LABEL})*\Z")
"""An RFC 1123 subdomain, as Kubernetes' IsDNS1123Subdomain has it: the name of a node, and of most objects."""


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind and where the API serves it."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool

    @property
    def collection(self) -> str:
        """The path of the kind's collection over all namespaces."""
        root = "/api" if "/" not in self.api_version else "/apis"
        return f"{root}/{self.api_version}/{self.plural}"

    def path(self, name: str, namespace: str | None) -> str:
        """The path of one object."""
        if not self.namespaced:
            return f"{self.collection}/{name}"
        root, _, plural = self.collection.rpartition("/")
        return f"{root}/namespaces/{namespace}/{plural}/{name}"


IP_POOL = Kind(SPIDERPOOL, "SpiderIPPool", "spiderippools", namespaced=False)
MULTUS_CONFIG = Kind(SPIDERPOOL, "SpiderMultusConfig", "spidermultusconfigs", namespaced=True)
NETWORK_DEFINITION = Kind(
    "k8s.cni.cncf.io/v1", "NetworkAttachmentDefinition", "network-attachment-definitions", namespaced=True
)
NODE = Kind("v1", "Node", "nodes", namespaced=False)
CONFIG_MAP = Kind("v1", "ConfigMap", "configmaps", namespaced=True)
LEASE = Kind("coordination.k8s.io/v1", "Lease", "leases", namespaced=True)


def is_ours(manifest: Mapping[str, object]) -> bool:
    """Whether an object carries our ownership label."""
    return labels(manifest).get(MANAGED_BY) == FIELD_MANAGER


def metadata(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    """An object's metadata."""
    return manifest.get("metadata") or {}


def name(manifest: Mapping[str, object]) -> str:
    """An object's name."""
    return str(metadata(manifest).get("name", ""))


def namespace(manifest: Mapping[str, object]) -> str | None:
    """An object's namespace, None for a cluster-scoped one."""
    value = metadata(manifest).get("namespace")
    return None if value is None else str(value)


def labels(manifest: Mapping[str, object]) -> Mapping[str, str]:
    """An object's labels."""
    return metadata(manifest).get("labels") or {}


def annotations(manifest: Mapping[str, object]) -> Mapping[str, str]:
    """An object's annotations."""
    return metadata(manifest).get("annotations") or {}


def spec(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    """An object's spec."""
    return manifest.get("spec") or {}
