"""What a plan for pools has to know of the inventory's NICs, besides the pools that they ask for."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet

from spidercli import kinds
from spidercli.model import Inventory, Manifest
from spidercli.planning.addresssets import AddressSet

Block = tuple[str, int]
"""An ENI's id and an IP version."""


class Nics:
    """The NICs of an inventory, looked at when a plan has something to explain."""

    def __init__(self, inventory: Inventory | None = None, idle: Callable[[], Iterable[Block]] = tuple) -> None:
        """Of no inventory nothing is known; `idle` is asked once for the blocks that have no address for pods."""
        self._inventory = inventory
        self._idle = idle

    @functools.cached_property
    def addresses(self) -> Mapping[Block, AddressSet]:
        """What every ENI has on the cloud, whether pods may take it or not."""
        found = self._inventory.nics() if self._inventory else ()
        return {
            (nic.eni_id, block.subnet.version): AddressSet.of(block.addresses.numbers)
            for _, nic in found
            for block in nic.blocks
        }

    @functools.cached_property
    def idle(self) -> AbstractSet[Block]:
        """The blocks that should have a pool, but have no address for pods."""
        return frozenset(self._idle())

    @functools.cached_property
    def enis(self) -> AbstractSet[str]:
        """The ids of all ENIs."""
        return {eni_id for eni_id, _ in self.addresses}


def eni_of(manifest: Manifest) -> str:
    """The ENI that a pool was made for; "" where it does not say."""
    return kinds.annotations(manifest).get(kinds.ANNOTATION_ENI, "")
