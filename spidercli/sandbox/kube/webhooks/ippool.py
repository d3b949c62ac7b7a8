"""The webhook of SpiderIPPool (pkg/ippoolmanager: ippool_mutate.go, ippool_validate.go, ippool_webhook.go)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from http import HTTPStatus

from spidercli.model import Family
from spidercli.sandbox.kube import errors
from spidercli.sandbox.kube.admission import Operation
from spidercli.sandbox.kube.errors import Cause
from spidercli.sandbox.kube.spiderpool import FINALIZER, GROUP, POOLS, Spiderpool
from spidercli.sandbox.kube.values import Object, dig
from spidercli.sandbox.kube.webhooks import poolindex, pools, ranges
from spidercli.sandbox.kube.webhooks.ranges import Interval

_DEFAULT_ROUTES = ("0.0.0.0/0", "::/0")


class PoolWebhook:
    """Completes pools, and refuses those that contradict themselves or each other."""

    name = f"spiderippool.{GROUP}"
    resource = POOLS

    def __init__(self, settings: Spiderpool, index: poolindex.PoolIndex) -> None:
        self._settings = settings
        self._index = index

    def mutate(self, manifest: Object) -> None:
        """Add finalizer, label and ipVersion, and merge ranges. What can't be parsed is left to the review."""
        if manifest["metadata"].get("deletionTimestamp"):
            return
        _add_finalizer(manifest)
        spec = manifest.get("spec") or {}
        try:
            version = spec.get("ipVersion") or pools.version_of(spec["subnet"])
        except (KeyError, ValueError):
            return
        spec.setdefault("ipVersion", version)
        manifest["metadata"].setdefault("labels", {})[pools.CIDR_LABEL] = pools.cidr_label(spec["subnet"])
        for field in ("ips", "excludeIPs"):
            _merge_ranges(spec, field, version)

    def review(self, operation: Operation, manifest: Object, live: Object | None) -> None:
        """Refuse a pool.

        Raises:
            ApiError: 422 with every cause, or 403 for a write to a terminating pool and a guarded deletion.
        """
        if operation is Operation.DELETE:
            self._review_deletion(manifest)
            return
        if manifest["metadata"].get("deletionTimestamp"):
            _review_terminating(manifest)
            return
        found = list(self._immutable(manifest, live) if live else self._new_subnet(manifest))
        found = found or list(self._spec(manifest)) or list(_in_use(manifest, live))
        if found:
            raise errors.invalid_kind(GROUP, "SpiderIPPool", manifest["metadata"]["name"], found)

    def _review_deletion(self, manifest: Object) -> None:
        held = dig(manifest, "status", "allocatedIPCount") or 0
        if held and self._settings.guards_deletion:
            raise _forbidden(f"cannot delete an IPPool with allocated IPs({held})")

    def _new_subnet(self, manifest: Object) -> Iterator[Cause]:
        spec = manifest["spec"]
        subnet = spec["subnet"]
        try:
            network = ipaddress.ip_network(subnet, strict=False)
        except ValueError:
            yield Cause.invalid("spec.subnet", f'"{subnet}"', f"invalid CIDR address: {subnet}")
            return
        if str(network) != subnet:
            yield Cause.invalid(
                "spec.subnet", f'"{subnet}"', f"unformatted subnet {subnet}, please change it to {network}"
            )
        if network.version != spec["ipVersion"]:
            detail = f"IPv{spec['ipVersion']} pool with an IPv{network.version} subnet"
            yield Cause.invalid("spec.subnet", f'"{subnet}"', detail)
        if not (self._settings.enable_ipv4 if Family(network.version) is Family.IPV4 else self._settings.enable_ipv6):
            yield Cause.forbidden("spec.ipVersion", f"IPv{network.version} is disabled")
        if overlapping := self._index.overlapping_subnet(manifest["metadata"]["name"], network):
            pool, other = overlapping
            yield Cause.invalid(
                "spec.subnet", f'"{subnet}"', f"overlap with IPPool {pool} which 'spec.subnet' is {other}"
            )

    def _immutable(self, manifest: Object, live: Object) -> Iterator[Cause]:
        for field in ("ipVersion", "subnet"):
            before, after = live["spec"].get(field), manifest["spec"].get(field)
            if before is not None and before != after:
                yield Cause.forbidden(f"spec.{field}", "is not changeable")

    def _spec(self, manifest: Object) -> Iterator[Cause]:
        spec = manifest["spec"]
        for field in ("ips", "excludeIPs"):
            if problem := _bad_ranges(spec, field):
                yield problem
                return
        pool = pools.read(manifest)
        yield from self._overlap(pool)
        yield from _gateway(spec, pool)
        yield from _routes(spec)
        if spec.get("podAffinity") == {}:
            yield Cause.invalid("spec.podAffinity", "{}", "requires at least one element")

    def _overlap(self, pool: pools.Pool) -> Iterator[Cause]:
        if shared := self._index.overlapping_addresses(pool):
            other, intervals = shared
            listed = " ".join(ranges.texts(pool.version, intervals))
            yield Cause.forbidden(
                "spec.ips",
                f"overlap with IPPool {other} in IP ranges [{listed}], total IP addresses of an IPPool are jointly "
                "determined by 'spec.ips' and 'spec.excludeIPs'",
            )


def _add_finalizer(manifest: Object) -> None:
    finalizers = manifest["metadata"].setdefault("finalizers", [])
    if FINALIZER not in finalizers:
        finalizers.append(FINALIZER)


def _merge_ranges(spec: Object, field: str, version: int) -> None:
    """One range stays as it was typed; two and more are sorted and merged."""
    listed = spec.get(field) or ()
    try:
        intervals = [ranges.parse(version, text) for text in listed]
    except ValueError:
        return
    if len(listed) > 1 and all(first <= last for first, last in intervals):
        spec[field] = ranges.texts(version, ranges.merged(intervals))


def _review_terminating(manifest: Object) -> None:
    if FINALIZER in (manifest["metadata"].get("finalizers") or ()):
        raise _forbidden("cannot update a terminating IPPool")


def _forbidden(why: str) -> errors.ApiError:
    return errors.ApiError(HTTPStatus.FORBIDDEN, "Forbidden", f"forbidden: {why}")


def _bad_ranges(spec: Object, field: str) -> Cause | None:
    network = ipaddress.ip_network(spec["subnet"], strict=False)
    seen: list[tuple[str, Interval]] = []
    for index, text in enumerate(spec.get(field) or ()):
        where = f"spec.{field}[{index}]"
        try:
            first, last = ranges.parse(spec["ipVersion"], text)
        except ValueError:
            return Cause.invalid(where, f'"{text}"', f"invalid range: IPv{spec['ipVersion']} IP range {text!r}")
        if not _inside(first, network) or not _inside(last, network):
            return Cause.invalid(where, f'"{text}"', f"not match base subnet {network}")
        for other, interval in seen:
            if ranges.common([interval], [(first, last)]):
                return Cause.invalid(where, f'"{text}"', f"range {text} overlaps with {other}")
        seen.append((text, (first, last)))
    return None


def _inside(address: int, network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    return int(network.network_address) <= address <= int(network.broadcast_address)


def _gateway(spec: Object, pool: pools.Pool) -> Iterator[Cause]:
    gateway = spec.get("gateway")
    if gateway is None:
        return
    if problem := _bad_hop(spec, gateway):
        yield Cause.invalid("spec.gateway", f'"{gateway}"', problem)
    elif ranges.holds(pool.addresses, int(ipaddress.ip_address(gateway))):
        yield Cause.invalid(
            "spec.ips", f'"{gateway}"', f"conflicts with 'spec.gateway' {gateway}, add it to 'spec.excludeIPs'"
        )


def _bad_hop(spec: Object, address: str) -> str | None:
    network = ipaddress.ip_network(spec["subnet"], strict=False)
    try:
        inside = ipaddress.ip_address(address) in network
    except ValueError:
        return f"invalid IP {address!r}"
    return None if inside else f"{address} not pertains to the 'spec.subnet' {network} of IPPool"


def _routes(spec: Object) -> Iterator[Cause]:
    seen: set[str] = set()
    for index, route in enumerate(spec.get("routes") or ()):
        where, destination = f"spec.routes[{index}]", route["dst"]
        if destination in _DEFAULT_ROUTES:
            yield Cause.invalid(
                f"{where}.dst", f'"{destination}"', "please specify 'spec.gateway' for the default route"
            )
        if destination in seen:
            yield Cause.invalid(f"{where}.dst", f'"{destination}"', f"duplicate route {destination}")
        if problem := _bad_hop(spec, route["gw"]):
            yield Cause.invalid(f"{where}.gw", f'"{route["gw"]}"', problem)
        seen.add(destination)


def _in_use(manifest: Object, live: Object | None) -> Iterator[Cause]:
    """Addresses that a pod holds and the update would take away."""
    if live is None:
        return
    kept = pools.read(manifest).addresses
    for address, holder in pools.allocations(live).items():
        if not ranges.holds(kept, int(ipaddress.ip_address(address))):
            yield Cause.forbidden(
                "spec.ips", f"remove an IP address {address} that is being used by Pod {holder['pod']}"
            )
            return
