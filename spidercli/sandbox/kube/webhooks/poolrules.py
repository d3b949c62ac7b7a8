"""The rules for SpiderIPPools (pkg/ippoolmanager/ippool_validate.go). Most of them stop at the first problem."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator
from http import HTTPStatus

from spidercli.sandbox.kube import errors
from spidercli.sandbox.kube.errors import Cause
from spidercli.sandbox.kube.spiderpool import GROUP, Spiderpool
from spidercli.sandbox.kube.values import Object
from spidercli.sandbox.kube.webhooks import families, labelselectors, pools, ranges
from spidercli.sandbox.kube.webhooks.poolindex import PoolIndex

_DEFAULT_ROUTES = {4: "0.0.0.0/0", 6: "::/0"}
_TOTAL = "total IP addresses of an IPPool are jointly determined by 'spec.ips' and 'spec.excludeIPs'"


class PoolRules:
    """What is wrong with a pool, alone and beside the other pools."""

    def __init__(self, settings: Spiderpool, index: PoolIndex) -> None:
        self._settings = settings
        self._index = index

    def of_new(self, manifest: Object) -> list[Cause]:
        """The causes to refuse a create.

        Raises:
            ApiError: 409 if there is a pool of that name and IP version.
        """
        found = _first([*self._version(manifest)] or self._subnet(manifest))
        return found or [*_first(self._spec(manifest)), *_affinity(manifest["spec"])]

    def of_changed(self, manifest: Object, live: Object) -> list[Cause]:
        """The causes to refuse an update."""
        found = _first(_immutable(manifest["spec"], live["spec"])) or _first(self._version(manifest))
        found = found or _first(self._spec(manifest)) or [*_affinity(manifest["spec"])]
        return found or _first(_in_use(manifest))

    def _version(self, manifest: Object) -> Iterator[Cause]:
        hint = "'spec.subnet' may be invalid"
        return families.problems(manifest["spec"].get("ipVersion"), self._settings, hint)

    def _subnet(self, manifest: Object) -> Iterator[Cause]:
        name, spec = manifest["metadata"]["name"], manifest["spec"]
        subnet, version = spec["subnet"], spec["ipVersion"]
        try:
            network = ranges.network_of(version, subnet)
        except ValueError as problem:
            yield _invalid("spec.subnet", subnet, str(problem))
            return
        if str(network) != subnet:
            yield _invalid("spec.subnet", subnet, f"unformatted subnet {subnet}, please change it to {network}")
        same, other = self._index.get(name), self._index.overlapping_subnet(network)
        if same and same.version == version and (other is None or name <= other.name):
            raise _already_exists(name)
        if other:
            detail = f"overlap with IPPool {other.name} which 'spec.subnet' is {other.subnet}"
            yield _invalid("spec.subnet", subnet, detail)

    def _spec(self, manifest: Object) -> Iterator[Cause]:
        spec = manifest["spec"]
        yield from self._addresses(manifest)
        if spec.get("gateway") is not None:
            yield from _gateway(spec, spec["gateway"])
        yield from _routes(spec)

    def _addresses(self, manifest: Object) -> Iterator[Cause]:
        try:
            pool = pools.read(manifest)
        except ValueError as problem:
            yield _invalid("spec.subnet", manifest["spec"]["subnet"], str(problem))
            return
        if shared := self._index.overlapping_addresses(pool):
            other, listed = shared
            yield Cause.forbidden(
                "spec.ips", f"overlap with IPPool {other} in IP ranges [{' '.join(listed)}], {_TOTAL}"
            )


def _first(causes: Iterable[Cause]) -> list[Cause]:
    return list(itertools.islice(causes, 1))


def _invalid(field: str, text: str, detail: str) -> Cause:
    return Cause.invalid(field, f'"{text}"', detail)


def _already_exists(name: str) -> errors.ApiError:
    message = f'SpiderIPPool.{GROUP} "{name}" already exists'
    details = {"name": name, "group": GROUP, "kind": "SpiderIPPool"}
    return errors.ApiError(HTTPStatus.CONFLICT, "AlreadyExists", message, details=details)


def _immutable(spec: Object, live: Object) -> Iterator[Cause]:
    for field in ("ipVersion", "subnet"):
        before, after = live.get(field), spec.get(field)
        if before is not None and after is not None and before != after:
            yield Cause.forbidden(f"spec.{field}", "is not changeable")


def _gateway(spec: Object, gateway: str) -> Iterator[Cause]:
    yield from _hop(spec, gateway, "spec.gateway")
    if any(_lists(spec["ipVersion"], text, gateway) for text in spec.get("excludeIPs") or ()):
        return
    for index, text in enumerate(spec.get("ips") or ()):
        if _lists(spec["ipVersion"], text, gateway):
            yield _invalid(
                f"spec.ips[{index}]",
                text,
                f"conflicts with 'spec.gateway' {gateway}, add the gateway IP address to 'spec.excludeIPs' or remove "
                "it from 'spec.ips'",
            )


def _hop(spec: Object, address: str, where: str) -> Iterator[Cause]:
    version, subnet = spec["ipVersion"], spec["subnet"]
    try:
        number = ranges.address(version, address)
    except ValueError as problem:
        yield _invalid(where, address, str(problem))
        return
    network = ranges.network_of(version, subnet)
    if not int(network.network_address) <= number <= int(network.broadcast_address):
        yield _invalid(where, address, f"not pertains to the 'spec.subnet' {subnet} of IPPool")


def _lists(version: int, text: str, address: str) -> bool:
    """Whether a range holds an address; a lone address is compared as text."""
    if "-" not in text:
        return text == address
    try:
        return ranges.holds([ranges.parse(version, text)], ranges.address(version, address))
    except ValueError:
        return False


def _routes(spec: Object) -> Iterator[Cause]:
    seen: set[str] = set()
    for index, route in enumerate(spec.get("routes") or ()):
        where, destination = f"spec.routes[{index}]", route["dst"]
        if destination == _DEFAULT_ROUTES[spec["ipVersion"]]:
            yield _invalid(f"{where}.dst", destination, "please specify 'spec.gateway' to configure the default route")
        if destination in seen:
            yield _invalid(f"{where}.dst", destination, "duplicate route with the same dst")
        seen.add(destination)
        try:
            ranges.network_of(spec["ipVersion"], destination)
        except ValueError as problem:
            yield _invalid(f"{where}.dst", destination, str(problem))
        yield from _hop(spec, route["gw"], f"{where}.gw")


def _affinity(spec: Object) -> Iterator[Cause]:
    selector = spec.get("podAffinity")
    if selector is None:
        return
    yield from labelselectors.problems(selector, "spec.podAffinity")
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        yield Cause.invalid("spec.podAffinity", json.dumps(selector), "empty podAffinity is invalid for SpiderIPPool")


def _in_use(manifest: Object) -> Iterator[Cause]:
    """Addresses that a pod holds and the update would take away."""
    name, spec = manifest["metadata"]["name"], manifest["spec"]
    try:
        listed, excluded = (
            [ranges.parse(spec["ipVersion"], text) for text in spec.get(field) or ()] for field in ("ips", "excludeIPs")
        )
    except ValueError as problem:
        detail = f"failed to assemble the total IP addresses of the IPPool {name}: {problem}"
        yield Cause("spec.ips", "InternalError", f"Internal error: {detail}")
        return
    kept = ranges.without(listed, excluded)
    for address, holder in pools.allocations(manifest).items():
        if not ranges.holds(kept, ranges.address(spec["ipVersion"], address)):
            detail = f"remove an IP address {address} that is being used by Pod {holder['pod']}, {_TOTAL}"
            yield Cause.forbidden("spec.ips", detail)
