"""The rules of nodes (pkg/apis/core: validation.go, ValidateNode and ValidateNodeUpdate; v1/conversion.go)."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable, Iterator

from spidercli.sandbox.kube import naming
from spidercli.sandbox.kube.errors import Cause
from spidercli.sandbox.kube.values import Object

_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_TAINTS = "metadata.taints"  # as the server says it, although they are in the spec


def settle(spec: Object) -> None:
    """Let podCIDR and podCIDRs say the same; where they don't, podCIDR counts."""
    first, blocks = spec.get("podCIDR"), spec.get("podCIDRs")
    if first and (not blocks or blocks[0] != first):
        spec["podCIDRs"] = [first]
    elif blocks:
        spec["podCIDR"] = blocks[0]


def problems(live: Object | None, manifest: Object) -> Iterator[Cause]:
    """What is wrong with a node."""
    spec = manifest.get("spec") or {}
    yield from _taints(spec.get("taints") or ())
    yield from _pod_cidrs(spec.get("podCIDRs") or ())
    if live is not None:
        before = live.get("spec") or {}
        if before.get("podCIDRs") and before["podCIDRs"] != spec.get("podCIDRs"):
            yield _fixed("podCIDRs", "podCIDR")
        if before.get("providerID") and before["providerID"] != spec.get("providerID"):
            yield _fixed("providerID", "providerID")


def _fixed(field: str, said: str) -> Cause:
    return Cause.forbidden(f"spec.{field}", f'node updates may not change {said} except from "" to valid')


def _taints(taints: Iterable[Object]) -> Iterator[Cause]:
    seen: set[tuple[str, str]] = set()
    for index, taint in enumerate(taints):
        where, key, effect = f"{_TAINTS}[{index}]", taint.get("key", ""), taint.get("effect", "")
        yield from naming.qualified_key(f"{where}.key", key)
        yield from naming.label_value(f"{where}.value", taint.get("value", ""))
        if not effect:
            yield Cause.required(f"{where}.effect")
        elif effect not in _EFFECTS:
            yield Cause.unsupported(f"{where}.effect", f'"{effect}"', _EFFECTS)
        elif (key, effect) in seen:
            yield Cause.duplicate(where, _shown(taint), "taints must be unique by key and effect pair")
        seen.add((key, effect))


def _shown(taint: Object) -> str:
    fields = {"Key": "key", "Value": "value", "Effect": "effect"}
    shown = {name: taint.get(field, "") for name, field in fields.items()}
    return json.dumps({**shown, "TimeAdded": taint.get("timeAdded")}, separators=(",", ":"))


def _pod_cidrs(blocks: Iterable[str]) -> Iterator[Cause]:
    for index, text in enumerate(blocks):
        if not _is_cidr(text):
            detail = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
            yield Cause.invalid(f"spec.podCIDRs[{index}]", f'"{text}"', detail)


def _is_cidr(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return "/" in text
