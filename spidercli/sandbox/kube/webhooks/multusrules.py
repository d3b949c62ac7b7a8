"""The rules for the CNI part of a SpiderMultusConfig (pkg/multuscniconfig/multusconfig_validate.go).

Causes name fields as Go does: most have "Config" behind the name that they have in JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from spidercli.sandbox.kube import gotypes, malformed
from spidercli.sandbox.kube.errors import Cause
from spidercli.sandbox.kube.values import Object

CUSTOM = "custom"
BLOCKS = {
    "macvlan": "macvlan",
    "ipvlan": "ipvlan",
    "vlan": "vlan",
    "sriov": "sriov",
    "ovs": "ovs",
    "ib-sriov": "ibsriov",
    "ipoib": "ipoib",
    CUSTOM: "customCNI",
}
"""cniType to the field that configures it."""

_FIELDS = {"vlan": "spec.vlan", "customCNI": "spec.customCniTypeConfig"}
_WITH_MASTER = ("ipvlan", "macvlan", "vlan")
_TOLD_AS_SRIOV = ("ib-sriov", "ipoib", "ovs")


def block_problems(spec: Object) -> Iterator[Cause]:
    """What is wrong with the block that configures the CNI plugin."""
    cni = spec["cniType"]
    block, where = spec.get(BLOCKS[cni]), _field(cni)
    if block is None:
        yield Cause.required(where, f"no {where} specified")
        return
    yield from _block_values(cni, block, where)
    if any(field in spec for field in BLOCKS.values() if field != BLOCKS[cni]):
        shown = _field("sriov") if cni in _TOLD_AS_SRIOV else where
        detail = f"the cniType {cni} only supports {shown}, please remove other CNI configs"
        yield Cause.forbidden("spec.cniType", detail)
    if cni == CUSTOM and block and _json_problem(block):
        yield Cause.forbidden(where, "customCniConfig isn't a valid JSON encoding")


def chain_problems(texts: Iterable[str]) -> Iterator[Cause]:
    """What is wrong with the plugins that follow in the chain."""
    for text in texts:
        if problem := _json_problem(text) or _plugin_problem(json.loads(text)):
            yield Cause.forbidden("spec.chainCNIJsonData", f"invalid {text}: error parsing configuration: {problem}")


def _field(cni: str) -> str:
    field = BLOCKS[cni]
    return _FIELDS.get(field, f"spec.{field}Config")


def _block_values(cni: str, block: Object, where: str) -> Iterator[Cause]:
    if cni in _WITH_MASTER:
        problems = _master(cni, block)
        yield from (Cause.invalid(where, json.dumps(block), problem) for problem in problems)
    elif cni == "ipoib" and not block.get("master"):
        yield Cause.required(where, f"no {where}[master] specified")
    elif cni in ("sriov", "ib-sriov"):
        if block.get("minTxRateMbps", 0) > block.get("maxTxRateMbps", 0):
            detail = "minTxRateMbps must be less than maxTxRateMbps"
            yield Cause.invalid(where, str(block["minTxRateMbps"]), detail)
        if not block.get("resourceName"):
            yield Cause.required(where, f"no {where}[resourceName] specified")


def _master(cni: str, block: Object) -> Iterator[str]:
    if block.get("vlanMode") == "auto" and "vlanID" in block:
        yield "vlanId must not be specified when vlanMode is auto"
    if (block.get("ippools") or {}).get("matchMasterSubnet"):
        yield f"MatchMasterSubnet feature is not supported for {cni}"
    masters: list[str] = block.get("master") or []
    bond: Object | None = block.get("bond")
    if not masters:
        yield "master can't be empty"
    elif len(masters) == 1:
        return
    elif bond is None:
        yield "the bond property is nil with multiple Interfaces"
    elif not bond["name"]:
        yield "bond name can't be empty"


def _json_problem(text: str) -> str | None:
    """Why Go can't read a text as JSON."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return malformed.json_problem(error)
    return None


def _plugin_problem(plugin: object) -> str | None:
    if not isinstance(plugin, dict):
        return gotypes.mismatch(plugin, "value of type types.NetConf")
    return None if plugin.get("type") else "missing 'type'"
