"""The webhook of SpiderMultusConfig (pkg/multuscniconfig: multusconfig_mutate.go, multusconfig_validate.go)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from spidercli.sandbox.kube import errors
from spidercli.sandbox.kube.admission import Operation
from spidercli.sandbox.kube.errors import Cause
from spidercli.sandbox.kube.spiderpool import GROUP, MULTUS_CONFIGS
from spidercli.sandbox.kube.values import Object
from spidercli.sandbox.kube.webhooks import coordinator

NAME_ANNOTATION = "multus.spidernet.io/cr-name"
VERSION_ANNOTATION = "multus.spidernet.io/cni-version"
CNI_VERSIONS = ("0.3.0", "0.3.1", "0.4.0", "1.0.0")

_CUSTOM = "custom"
# cniType to the field that configures it; messages name the Go field, which is the JSON field with "Config".
_BLOCKS = {
    "macvlan": "macvlan",
    "ipvlan": "ipvlan",
    "vlan": "vlan",
    "sriov": "sriov",
    "ovs": "ovs",
    "ib-sriov": "ibsriov",
    "ipoib": "ipoib",
    _CUSTOM: "customCNI",
}
_COORDINATOR: Object = {
    "mode": "auto",
    "vethLinkAddress": "",
    "podMACPrefix": "",
    "podDefaultRouteNIC": "",
    "podRPFilter": 0,
    "tunePodRoutes": True,
}
_WITH_MASTER = ("ipvlan", "macvlan", "vlan")

NadOwner = Callable[[str, str], str | None]
"""The name of the SpiderMultusConfig that owns the NAD of a namespace and name."""


def nad_name(manifest: Object) -> str:
    """The name of the NetworkAttachmentDefinition that a SpiderMultusConfig stands for."""
    annotations = manifest["metadata"].get("annotations") or {}
    return str(annotations.get(NAME_ANNOTATION) or manifest["metadata"]["name"])


class MultusWebhook:
    """Completes CNI configurations, and refuses mixed ones."""

    name = f"spidermultusconfig.{GROUP}"
    resource = MULTUS_CONFIGS

    def __init__(self, nad_owner: NadOwner) -> None:
        self._nad_owner = nad_owner

    def mutate(self, manifest: Object) -> None:
        """Write every default out, so that an object of type custom comes to hold `customCNI: ""`."""
        spec = manifest.setdefault("spec", {})
        cni = spec.setdefault("cniType", _CUSTOM)
        if cni == _CUSTOM:
            spec.setdefault("customCNI", "")
            spec.pop("coordinator", None)
            spec["enableCoordinator"] = False
            return
        spec["coordinator"] = {**_COORDINATOR, **(spec.get("coordinator") or {})}
        if cni in _WITH_MASTER and isinstance(spec.get(cni), dict):
            _complete_master(spec[cni])

    def review(self, operation: Operation, manifest: Object, live: Object | None) -> None:
        """Refuse a configuration.

        Raises:
            ApiError: 422 with the first cause found.
        """
        if operation is Operation.DELETE or manifest["metadata"].get("deletionTimestamp"):
            return
        for cause in self._problems(manifest, live):
            raise errors.invalid_kind(GROUP, "SpiderMultusConfig", manifest["metadata"]["name"], [cause])

    def _problems(self, manifest: Object, live: Object | None) -> Iterator[Cause]:
        yield from self._names(manifest, live)
        spec = manifest["spec"]
        cni = spec["cniType"]
        yield from _blocks(spec, cni)
        if cni == _CUSTOM:
            yield from _custom(spec)
        elif cni in _WITH_MASTER:
            yield from _master(spec[cni], f"spec.{cni}")
        yield from coordinator.problems(spec.get("coordinator") or {}, "spec.coordinator")

    def _names(self, manifest: Object, live: Object | None) -> Iterator[Cause]:
        metadata = manifest["metadata"]
        annotations = metadata.get("annotations") or {}
        where = f"metadata.annotations.{NAME_ANNOTATION}"
        if live and nad_name(live) != nad_name(manifest):
            yield Cause.forbidden(where, "the name of the NetworkAttachmentDefinition is not changeable")
        version = annotations.get(VERSION_ANNOTATION)
        if version is not None and version not in CNI_VERSIONS:
            yield Cause.unsupported(f"metadata.annotations.{VERSION_ANNOTATION}", f'"{version}"', CNI_VERSIONS)
        owner = self._nad_owner(metadata["namespace"], nad_name(manifest))
        if owner is not None and owner != metadata["name"]:
            detail = f"the NetworkAttachmentDefinition {nad_name(manifest)} is owned by SpiderMultusConfig {owner}"
            yield Cause.invalid(where, f'"{nad_name(manifest)}"', detail)


def _complete_master(block: Object) -> None:
    for field, value in (("vlanID", 0), ("mtu", 0), ("rdmaResourceName", "")):
        block.setdefault(field, value)
    block.setdefault("ippools", {})
    if isinstance(block.get("bond"), dict):
        block["bond"].setdefault("options", "")


def _blocks(spec: Object, cni: str) -> Iterator[Cause]:
    wanted = _BLOCKS[cni]
    if wanted not in spec:
        yield Cause.required(f"spec.{wanted}", f"the cniType {cni} needs spec.{wanted}")
    if any(field in spec for field in _BLOCKS.values() if field != wanted):
        shown = wanted if cni == _CUSTOM else f"{wanted}Config"
        yield Cause.forbidden(
            "spec.cniType", f"the cniType {cni} only supports spec.{shown}, please remove other CNI configs"
        )


def _custom(spec: Object) -> Iterator[Cause]:
    try:
        json.loads(spec["customCNI"] or "{}")
    except ValueError:
        yield Cause.invalid("spec.customCNI", f'"{spec["customCNI"]}"', "not a JSON object")


def _master(block: Object, where: str) -> Iterator[Cause]:
    masters = block.get("master") or []
    if not masters:
        yield Cause.required(f"{where}.master", "at least one master interface must be specified")
    if len(masters) > 1 and not (block.get("bond") or {}).get("name"):
        yield Cause.required(f"{where}.bond", "several master interfaces need a bond with a name")
    if (block.get("ippools") or {}).get("matchMasterSubnet"):
        yield Cause.invalid(f"{where}.ippools.matchMasterSubnet", "true", "not supported by this cniType")
