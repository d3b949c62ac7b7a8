"""The webhook of SpiderMultusConfig (pkg/multuscniconfig: multusconfig_mutate.go; multusrules.py validates)."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

from spidercli.sandbox.kube import errors
from spidercli.sandbox.kube.admission import Operation
from spidercli.sandbox.kube.errors import Cause
from spidercli.sandbox.kube.spiderpool import GROUP, MULTUS_CONFIGS
from spidercli.sandbox.kube.values import Object, clone
from spidercli.sandbox.kube.webhooks import coordinator, multusrules, structs

NAME_ANNOTATION = "multus.spidernet.io/cr-name"
VERSION_ANNOTATION = "multus.spidernet.io/cni-version"
CNI_VERSIONS = ("0.3.0", "0.3.1", "0.4.0", "1.0.0")

_ANNOTATIONS = "metadata.annotations"
_COORDINATOR: Object = {
    "mode": "auto",
    "podMACPrefix": "",
    "podDefaultRouteNIC": "",
    "podRPFilter": 0,
    "tunePodRoutes": True,
}
_WITH_MASTER: Object = {"vlanID": 0, "mtu": 0, "rdmaResourceName": "", "ippools": {}}
# cniType to what its block gets.
_DEFAULTS: dict[str, Object] = {
    "macvlan": _WITH_MASTER,
    "ipvlan": _WITH_MASTER,
    "vlan": {**_WITH_MASTER, "vlanMode": "manual"},
    "sriov": {
        "vlanID": 0,
        "mtu": 0,
        "minTxRateMbps": 0,
        "maxTxRateMbps": 0,
        "rdmaIsolation": False,
        "resourceName": "",
        "ippools": {},
    },
    "ib-sriov": {
        "pkey": "",
        "enableIbKubernetes": False,
        "rdmaIsolation": True,
        "resourceName": "",
        "linkState": "enable",
        "ippools": {},
    },
    "ipoib": {"ippools": {}},
    "ovs": {"vlan": 0, "deviceID": "", "ippools": {}},
}

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
        """Write every default out, so that an object of type custom comes to hold `customCNI: ""`.

        Raises:
            ApiError: 400 for a value of a wrong type.
        """
        spec = structs.decode(manifest)
        cni = spec.setdefault("cniType", multusrules.CUSTOM)
        spec.setdefault("chainCNIJsonData", [])
        if cni == multusrules.CUSTOM:
            spec.setdefault("customCNI", "")
            spec.pop("coordinator", None)
            spec["enableCoordinator"] = False
            return
        spec["coordinator"] = {**_COORDINATOR, **spec.get("coordinator", {"vethLinkAddress": ""})}
        _complete_block(cni, spec.get(multusrules.BLOCKS.get(cni, "")))

    def review(self, operation: Operation, manifest: Object, live: Object | None) -> None:
        """Refuse a configuration.

        Raises:
            ApiError: 422 with the first cause found.
        """
        if operation is Operation.DELETE:
            return
        if first := list(itertools.islice(self._problems(manifest, live), 1)):
            raise errors.invalid_kind(GROUP, "SpiderMultusConfig", manifest["metadata"]["name"], first)

    def _problems(self, manifest: Object, live: Object | None) -> Iterator[Cause]:
        annotations = manifest["metadata"].get("annotations") or {}
        if live:
            yield from _renaming(live, annotations.get(NAME_ANNOTATION))
        yield from self._owner(manifest)
        version = annotations.get(VERSION_ANNOTATION)
        if version is not None and version not in CNI_VERSIONS:
            yield Cause.invalid(_ANNOTATIONS, _go_map(annotations), f"unsupported CNI version {version}")
        spec = manifest["spec"]
        yield from multusrules.block_problems(spec)
        yield from coordinator.problems(spec.get("coordinator") or {})
        yield from multusrules.chain_problems(spec.get("chainCNIJsonData") or ())

    def _owner(self, manifest: Object) -> Iterator[Cause]:
        metadata, nad = manifest["metadata"], nad_name(manifest)
        namespace = metadata["namespace"]
        owner = self._nad_owner(namespace, nad)
        if owner is not None and owner != metadata["name"]:
            detail = (
                f"the net-attach-def {namespace}/{nad} already exists and is managed by SpiderMultusConfig "
                f"{namespace}/{owner}."
            )
            yield Cause.invalid(_ANNOTATIONS, _go_map(metadata.get("annotations")), detail)


def _complete_block(cni: str, block: Object | None) -> None:
    if block is None:
        return
    for field, value in _DEFAULTS[cni].items():
        if not (field == "vlanID" and block.get("vlanMode") == "auto"):
            block.setdefault(field, clone(value))
    if "bond" in block:
        block["bond"].setdefault("options", "")


def _renaming(live: Object, name: str | None) -> Iterator[Cause]:
    """The NAD may not come to have another name; it may lose the one that an annotation gave it."""
    before = (live["metadata"].get("annotations") or {}).get(NAME_ANNOTATION)
    if name is None or name == before:
        return
    if before is None:
        own = live["metadata"]["name"]
        detail = f"it's unsupported to changed Multus net-attach-def '{own}' to customized name '{name}'"
        yield Cause.invalid(_ANNOTATIONS, f'"{name}"', detail)
        return
    detail = f"it's unsupported to change customized Multus net-attach-def resource name from '{before}' to '{name}'"
    yield Cause.invalid(_ANNOTATIONS, f'"{before}"', detail)


def _go_map(annotations: Object | None) -> str:
    """Annotations as Go's %#v prints them."""
    if not annotations:
        return "map[string]string(nil)"
    entries = ", ".join(f'"{key}":"{value}"' for key, value in sorted(annotations.items()))
    return f"map[string]string{{{entries}}}"
