"""SpiderIPPools as they should be, read from their rendered manifests."""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Iterable, Sequence
from typing import cast

from spidercli import kinds
from spidercli.errors import TemplateInvalid
from spidercli.model import IPNetwork, Manifest
from spidercli.planning import live
from spidercli.planning.addresssets import AddressSet


class Target:
    """A pool as it should be.

    Attributes:
        manifest: as it was rendered.
        name: its name.
        subnet: its subnet.
        listed: its addresses, in the family of the subnet.
    """

    def __init__(self, manifest: Manifest) -> None:
        """Read a manifest.

        Raises:
            TemplateInvalid: its subnet or its ranges can't be read; our own template gives only such that can.
        """
        self.manifest = manifest
        self.name = kinds.name(manifest)
        spec = kinds.spec(manifest)
        try:
            self.subnet = _network(str(spec.get("subnet")))
            texts = tuple(map(str, cast("Iterable[object]", spec.get("ips") or ())))
            self.listed = live.addresses_of(self.subnet, texts)
        except (ValueError, TypeError) as error:
            raise TemplateInvalid(
                f"spiderippool.yaml.j2: SpiderIPPool {self.name}: spec.subnet or spec.ips can't be read: {error}"
            ) from error

    @property
    def default(self) -> bool:
        """Whether pods that ask for no pool are to use it."""
        return kinds.spec(self.manifest).get("default") is True

    @property
    def nodes(self) -> Sequence[str]:
        """The nodes that the pool is to serve; none means every node."""
        return cast("Sequence[str]", kinds.spec(self.manifest).get("nodeName") or ())

    def with_addresses(self, numbers: AddressSet) -> Manifest:
        """The manifest with other addresses, in Spiderpool's canonical form."""
        return with_addresses(self.manifest, self.subnet, numbers)


def with_addresses(manifest: Manifest, subnet: IPNetwork, numbers: AddressSet) -> Manifest:
    """A pool's manifest with other addresses, in Spiderpool's canonical form."""
    return {**manifest, "spec": {**kinds.spec(manifest), "ips": live.texts_of(subnet, numbers)}}


def not_default(manifest: Manifest) -> Manifest:
    """A pool's manifest, for pods that ask for this pool only."""
    return {**manifest, "spec": {**kinds.spec(manifest), "default": False}}


@functools.lru_cache(maxsize=4096)  # thousands of pools share their vSwitches
def _network(text: str) -> IPNetwork:
    ipaddress.ip_network(text)  # refuses host bits
    return live.network(text)
