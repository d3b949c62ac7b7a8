"""The objects that should exist, as values that templates are filled from."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from spidercli.model import Addresses, Family, IPAddress, IPNetwork


@dataclasses.dataclass(frozen=True, kw_only=True)
class DesiredPool:
    """A SpiderIPPool: the addresses of one family that pods may take from one NIC of one node."""

    name: str
    node: str
    nic: str
    family: Family
    subnet: IPNetwork
    gateway: IPAddress  # in the subnet, never among the addresses
    addresses: Addresses[IPAddress]  # at least one
    eni_id: str
    instance_id: str
    vswitch_id: str
    multus_name: str  # NAMESPACE/NAME of the NIC's SpiderMultusConfig
    default: bool


@dataclasses.dataclass(frozen=True, kw_only=True)
class DesiredMultus:
    """A SpiderMultusConfig: ipvlan on the interface of one name, on whichever node."""

    name: str
    namespace: str
    nic: str
    coordinator: Mapping[str, object] | None  # keys of the CRD, in its spelling; None leaves Spiderpool's defaults

    @property
    def reference(self) -> str:
        """NAMESPACE/NAME, as a pool's `multusName` and a pod's annotation have it."""
        return f"{self.namespace}/{self.name}"
