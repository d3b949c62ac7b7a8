"""The NetworkAttachmentDefinition of each SpiderMultusConfig (pkg/multuscniconfig/multusconfig_informer.go)."""

from __future__ import annotations

import json
from collections.abc import Iterator

from spidercli.sandbox.kube.cluster import Cluster
from spidercli.sandbox.kube.spiderpool import MULTUS_CONFIGS
from spidercli.sandbox.kube.store import DELETED, Change
from spidercli.sandbox.kube.values import Object, clone, dig
from spidercli.sandbox.kube.webhooks import multus

NAD_VERSION = "k8s.cni.cncf.io/v1"
NAD_PLURAL = "network-attachment-definitions"
NAD_KIND = "NetworkAttachmentDefinition"
_NAME_ANNOTATION = "cni.spidernet.io/cniconfig-name"
_MANAGER = "spiderpool-controller"
_COORDINATOR_FIELDS = (
    "hijackCIDR",
    "vethLinkAddress",
    "vethMTU",
    "podMACPrefix",
    "podDefaultRouteNIC",
    "policyRoutes",
)


class NadController:
    """Writes NADs; the garbage collector removes them with their SpiderMultusConfig."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def react(self, change: Change) -> None:
        """Follow a SpiderMultusConfig."""
        if change.resource.qualified != MULTUS_CONFIGS or change.type == DELETED:
            return
        if not self._cluster.serves(NAD_VERSION, NAD_PLURAL):
            return
        nad = definition(change.object)
        metadata = nad["metadata"]
        live = self._cluster.find(NAD_VERSION, NAD_PLURAL, metadata["name"], metadata["namespace"])
        if live is None:
            self._cluster.create(nad, _MANAGER)
        else:
            self._cluster.change(live, lambda existing: _adopt(existing, nad), _MANAGER)


def _adopt(existing: Object, nad: Object) -> None:
    existing["spec"] = nad["spec"]
    existing["metadata"]["annotations"] = nad["metadata"]["annotations"]
    existing["metadata"]["ownerReferences"] = nad["metadata"]["ownerReferences"]


def owner(nad: Object | None) -> str | None:
    """The name of the SpiderMultusConfig that owns a NAD."""
    references = dig(nad, "metadata", "ownerReferences") or ()
    return next((each["name"] for each in references if each["kind"] == "SpiderMultusConfig"), None)


def definition(config: Object) -> Object:
    """The NAD: annotations are copied, labels are not."""
    metadata = config["metadata"]
    return {
        "apiVersion": NAD_VERSION,
        "kind": NAD_KIND,
        "metadata": {
            "name": multus.nad_name(config),
            "namespace": metadata["namespace"],
            "annotations": clone(metadata.get("annotations") or {}),
            "ownerReferences": [
                {
                    "apiVersion": config["apiVersion"],
                    "kind": config["kind"],
                    "name": metadata["name"],
                    "uid": metadata["uid"],
                    "controller": True,
                    "blockOwnerDeletion": True,
                }
            ],
        },
        "spec": _spec(config),
    }


def _spec(config: Object) -> Object:
    spec = config["spec"]
    if spec["cniType"] == "custom":
        return {"config": spec.get("customCNI", "")}
    return {"config": json.dumps(_chain(config), separators=(",", ":"))}


def _chain(config: Object) -> Object:
    annotations = config["metadata"].get("annotations") or {}
    return {
        "cniVersion": annotations.get(multus.VERSION_ANNOTATION, "0.3.1"),
        "name": annotations.get(_NAME_ANNOTATION) or multus.nad_name(config),
        "plugins": list(_plugins(config["spec"])),
    }


def _plugins(spec: Object) -> Iterator[Object]:
    block = spec.get(spec["cniType"]) or {}
    masters, vlan = block.get("master") or [], block.get("vlanID") or 0
    if isinstance(masters, list) and (vlan or len(masters) > 1):
        yield _ifacer(block, masters, vlan)
    yield _main_plugin(spec, block, masters, vlan)
    if spec.get("enableCoordinator", True):
        yield _coordinator(spec.get("coordinator") or {})
    for text in spec.get("chainCNIJsonData") or ():
        yield json.loads(text)


def _ifacer(block: Object, masters: list[str], vlan: int) -> Object:
    """The plugin that makes the VLAN or bond interface which the next one takes as its master."""
    plugin: Object = {"type": "ifacer", "interfaces": masters}
    return plugin | ({"vlanID": vlan} if vlan else {}) | ({"bond": block["bond"]} if block.get("bond") else {})


def _main_plugin(spec: Object, block: Object, masters: list[str] | str, vlan: int) -> Object:
    plugin: Object = {"type": spec["cniType"]}
    if masters:
        plugin["master"] = masters if isinstance(masters, str) else _master(block, masters, vlan)
    if "mtu" in block:
        plugin["mtu"] = block["mtu"]
    if not spec.get("disableIPAM"):
        plugin["ipam"] = {"type": "spiderpool", **_default_pools(block.get("ippools") or {})}
    return plugin


def _master(block: Object, masters: list[str], vlan: int) -> str:
    base: str = block["bond"]["name"] if len(masters) > 1 else masters[0]
    return f"{base}.{vlan}" if vlan else base


def _default_pools(ippools: Object) -> Object:
    return {f"default_{family}_ippool": ippools[family] for family in ("ipv4", "ipv6") if ippools.get(family)}


def _coordinator(spec: Object) -> Object:
    plugin = {"txQueueLen": spec.get("txQueueLen", 0), "tunePodRoutes": spec.get("tunePodRoutes", True)}
    plugin |= {field: spec[field] for field in _COORDINATOR_FIELDS if spec.get(field)}
    return {**plugin, "mode": spec.get("mode", "auto"), "type": "coordinator"}
