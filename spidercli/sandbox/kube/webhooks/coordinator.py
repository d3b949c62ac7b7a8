"""The webhook of SpiderCoordinator (pkg/coordinatormanager), and the defaults it shares with SpiderMultusConfig."""

from __future__ import annotations

import contextlib
import ipaddress
import re
from collections.abc import Iterator

from spidercli.sandbox.kube import errors
from spidercli.sandbox.kube.admission import Operation
from spidercli.sandbox.kube.errors import Cause
from spidercli.sandbox.kube.spiderpool import COORDINATORS, FINALIZER, GROUP
from spidercli.sandbox.kube.values import Object

_DEFAULTS: Object = {
    "mode": "auto",
    "tunePodRoutes": True,
    "hostRuleTable": 500,
    "podRPFilter": 0,
    "txQueueLen": 0,
    "vethLinkAddress": "",
    "vethMTU": 1500,
}
_CIDR_TYPES = ("auto", "cluster", "calico", "cilium", "none")
_MAC_PREFIX = re.compile(r"[0-9a-fA-F][02468aceACE]:[0-9a-fA-F]{2}")
_LARGEST_RP_FILTER = 2


class CoordinatorWebhook:
    """Completes coordinators and checks their values."""

    name = f"spidercoordinator.{GROUP}"
    resource = COORDINATORS

    def mutate(self, manifest: Object) -> None:
        """Set defaults, add the finalizer (which nothing in normal operation removes), complete bare addresses."""
        if manifest["metadata"].get("deletionTimestamp"):
            return
        finalizers = manifest["metadata"].setdefault("finalizers", [])
        if FINALIZER not in finalizers:
            finalizers.append(FINALIZER)
        spec = manifest.setdefault("spec", {})
        for field, value in _DEFAULTS.items():
            spec.setdefault(field, value)
        if spec.get("hijackCIDR"):
            spec["hijackCIDR"] = [_as_cidr(text) for text in spec["hijackCIDR"]]

    def review(self, operation: Operation, manifest: Object, live: Object | None) -> None:
        """Refuse a coordinator.

        Raises:
            ApiError: 422 with every cause.
        """
        if operation is Operation.DELETE:
            return
        spec = manifest.get("spec") or {}
        found = [*_cidr_type(spec), *problems(spec, "spec")]
        if found:
            raise errors.invalid_kind(GROUP, "SpiderCoordinator", manifest["metadata"]["name"], found)


def problems(spec: Object, where: str) -> Iterator[Cause]:
    """What is wrong with a coordinator's values, in either of the two kinds that have them."""
    prefix = spec.get("podMACPrefix")
    if prefix and not _MAC_PREFIX.fullmatch(prefix):
        yield Cause.invalid(f"{where}.podMACPrefix", f'"{prefix}"', "not a valid unicast MAC address prefix")
    for index, text in enumerate(spec.get("hijackCIDR") or ()):
        if not _parses(text):
            yield Cause.invalid(f"{where}.hijackCIDR[{index}]", f'"{text}"', f"invalid CIDR address: {text}")
    if spec.get("podRPFilter", 0) > _LARGEST_RP_FILTER:
        yield Cause.invalid(f"{where}.podRPFilter", str(spec["podRPFilter"]), "must be negative, 0, 1 or 2")
    if spec.get("txQueueLen", 0) < 0:
        yield Cause.invalid(f"{where}.txQueueLen", str(spec["txQueueLen"]), "must not be negative")


def _cidr_type(spec: Object) -> Iterator[Cause]:
    if not spec.get("podCIDRType"):
        yield Cause.required("spec.podCIDRType", f"must be one of {', '.join(_CIDR_TYPES)}")


def _as_cidr(text: str) -> str:
    with contextlib.suppress(ValueError):
        return str(ipaddress.ip_network(text)) if "/" not in text else text
    return text


def _parses(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True
