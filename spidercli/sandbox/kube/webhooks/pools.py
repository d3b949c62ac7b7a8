"""A SpiderIPPool as the webhook and the controllers look at it."""

from __future__ import annotations

import dataclasses
import ipaddress
import json
from typing import Any

from spidercli.sandbox.kube.values import Object, dig
from spidercli.sandbox.kube.webhooks import claims, ranges
from spidercli.sandbox.kube.webhooks.claims import Claim
from spidercli.sandbox.kube.webhooks.ranges import Interval

CIDR_LABEL = "ipam.spidernet.io/ippool-cidr"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pool:
    """What a pool's addresses are."""

    name: str
    version: int
    subnet: str
    addresses: tuple[Interval, ...]  # ips without excludeIPs, as the agents give them out
    claims: tuple[Claim, ...]  # the same, as they are compared with other pools

    def lists(self, text: str) -> bool:
        """Whether an address is one of the pool's."""
        address = ipaddress.ip_address(text)
        return address.version == self.version and ranges.holds(self.addresses, int(address))


def read(manifest: Object) -> Pool:
    """A stored pool.

    Raises:
        ValueError: a range or the subnet can't be parsed, which admission would have refused.
    """
    spec = manifest["spec"]
    version = spec.get("ipVersion") or ranges.version_of(spec["subnet"])
    listed, excluded = spec.get("ips") or (), spec.get("excludeIPs") or ()
    claimed = claims.read(spec["subnet"], listed, excluded)
    given_out = ranges.without(
        [ranges.ends(version, text) for text in listed], [ranges.ends(version, text) for text in excluded]
    )
    return Pool(
        name=manifest["metadata"]["name"],
        version=version,
        subnet=spec["subnet"],
        addresses=tuple(given_out),
        claims=claimed,
    )


def cidr_label(subnet: str) -> str:
    """The subnet as the value of the pool's label: a text replacement, as in pkg/ip CIDRToLabelValue."""
    return subnet.translate(str.maketrans("./:", "---"))


def allocations(manifest: Object) -> dict[str, dict[str, Any]]:
    """The addresses in use: address to {pod: NAMESPACE/NAME, podUid}."""
    text = dig(manifest, "status", "allocatedIPs")
    found: dict[str, dict[str, Any]] = json.loads(text) if text else {}
    return found
