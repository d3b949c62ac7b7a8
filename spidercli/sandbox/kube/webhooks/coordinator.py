"""The webhook of SpiderCoordinator (pkg/coordinatormanager), and the checks it shares with SpiderMultusConfig."""

from __future__ import annotations

import ipaddress
import itertools
import re
from collections.abc import Iterator

from spidercli.sandbox.kube import errors
from spidercli.sandbox.kube.admission import Operation
from spidercli.sandbox.kube.errors import Cause
from spidercli.sandbox.kube.spiderpool import COORDINATORS, FINALIZER, GROUP
from spidercli.sandbox.kube.values import Object
from spidercli.sandbox.kube.webhooks import structs

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
_RP_FILTERS = ("0", "1", "2")
_MAC_PREFIX = re.compile(r"[0-9a-fA-F]{2}:[0-9a-fA-F]{2}")


class CoordinatorWebhook:
    """Completes coordinators and checks their values."""

    name = f"spidercoordinator.{GROUP}"
    resource = COORDINATORS

    def mutate(self, manifest: Object) -> None:
        """Set defaults, complete bare addresses, add the finalizer (which nothing in normal operation removes).

        Raises:
            ApiError: 400 for a value of a wrong type.
        """
        spec = structs.decode(manifest)
        for field, value in _DEFAULTS.items():
            spec.setdefault(field, value)
        if manifest["metadata"].get("deletionTimestamp") or "podCIDRType" not in spec:
            return
        try:
            _complete_prefixes(spec)
        except ValueError:
            return
        finalizers = manifest["metadata"].setdefault("finalizers", [])
        if FINALIZER not in finalizers:
            finalizers.append(FINALIZER)

    def review(self, operation: Operation, manifest: Object, live: Object | None) -> None:
        """Refuse a coordinator.

        Raises:
            ApiError: 422 with the first cause.
        """
        if operation is Operation.DELETE:
            return
        found = itertools.chain(_cidr_type(manifest["spec"]), problems(manifest["spec"]))
        if first := list(itertools.islice(found, 1)):
            raise errors.invalid_kind(GROUP, "SpiderCoordinator", manifest["metadata"]["name"], first)


def problems(spec: Object) -> Iterator[Cause]:
    """What is wrong with a coordinator's values, in either of the two kinds that have them.

    Causes name fields as if all were a SpiderCoordinator's, hijackCIDR by the name that it had once.
    """
    for index, text in enumerate(spec.get("hijackCIDR") or ()):
        yield from _prefix(f"spec.extraCIDR[{index}]", text)
    for index, route in enumerate(spec.get("policyRoutes") or ()):
        yield from _policy_route(f"spec.policyRoutes[{index}]", route)
    yield from _mac_prefix(spec.get("podMACPrefix"))
    if (length := spec.get("txQueueLen", 0)) < 0:
        yield Cause.invalid("spec.txQueueLen", str(length), "txQueueLen can't be less than 0")
    if (number := spec.get("podRPFilter", 0)) >= len(_RP_FILTERS):
        yield Cause.unsupported("spec.podRPFilter", str(number), _RP_FILTERS)
    if (address := spec.get("vethLinkAddress")) and not _is_address(address):
        yield Cause.invalid("spec.vethLinkAddress", f'"{address}"', "vethLinkAddress is an invalid IP address")


def _cidr_type(spec: Object) -> Iterator[Cause]:
    if not spec.get("podCIDRType"):
        yield Cause.unsupported("spec.podCIDRType", '""', _CIDR_TYPES)


def _complete_prefixes(spec: Object) -> None:
    if "hijackCIDR" in spec:
        spec["hijackCIDR"] = [text if "/" in text else _as_prefix(text) for text in spec["hijackCIDR"]]
    for route in spec.get("policyRoutes", ()):
        route["dst"] = _as_prefix(route["dst"])


def _as_prefix(text: str) -> str:
    """An address or CIDR as Go's netip.Prefix writes it: host bits stay."""
    return str(ipaddress.ip_interface(text))


def _prefix(where: str, text: str) -> Iterator[Cause]:
    address, slash, _ = text.partition("/")
    if not _is_address(address):
        problem = f'ParseAddr("{address}"): unable to parse IP'
        yield Cause.invalid(where, f'"{text}"', f'netip.ParsePrefix("{text}"): {problem}' if slash else problem)
        return
    try:
        _as_prefix(text)
    except ValueError:
        yield Cause.invalid(where, f'"{text}"', f'netip.ParsePrefix("{text}"): prefix length out of range')


def _policy_route(where: str, route: Object) -> Iterator[Cause]:
    yield from _prefix(f"{where}.dst", route["dst"])
    if not _is_address(route["gw"]):
        yield Cause.invalid(f"{where}.gw", f'"{route["gw"]}"', "gw is an invalid IP address")
    elif ipaddress.ip_interface(route["dst"]).version != ipaddress.ip_address(route["gw"]).version:
        shown = f'v2beta1.Route{{Dst:"{route["dst"]}", Gw:"{route["gw"]}"}}'
        yield Cause.invalid(where, shown, "dst and gw must use the same IP family")


def _mac_prefix(prefix: str | None) -> Iterator[Cause]:
    if not prefix:
        return
    if not _MAC_PREFIX.fullmatch(prefix):
        yield Cause.invalid("spec.podMACPrefix", f'"{prefix}"', "not a valid MAC prefix")
    elif int(prefix[:2], 16) & 1:
        detail = "not a unicast MAC: the lowest bit of the first byte must be 0"
        yield Cause.invalid("spec.podMACPrefix", f'"{prefix}"', detail)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
