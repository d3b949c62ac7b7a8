"""What a plan for pools has to know of the inventory's NICs, besides the pools that they ask for."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet

from spidercli import kinds
from spidercli.model import Inventory, Manifest
from spidercli.planning.addresssets import AddressSet
from spidercli.planning.live import LivePool
from spidercli.planning.networks import references
from spidercli.planning.targets import Target

Block = tuple[str, int]
"""An ENI's id and an IP version."""

Place = tuple[tuple[str, ...], tuple[str, ...], int]
"""Nodes, networks and an IP version."""


class Nics:
    """The NICs of an inventory, looked at when a plan has something to explain."""

    def __init__(self, inventory: Inventory | None = None, idle: Callable[[], Iterable[Block]] = tuple) -> None:
        """Of no inventory nothing is known; `idle` is asked once for the blocks that have no address for pods."""
        self._inventory = inventory
        self._idle = idle

    @functools.cached_property
    def addresses(self) -> Mapping[Block, AddressSet]:
        """What every ENI that is known by its id has on the cloud, whether pods may take it or not."""
        found = self._inventory.nics() if self._inventory else ()
        return {
            (nic.eni_id, block.subnet.version): AddressSet.of(block.addresses.numbers)
            for _, nic in found
            if nic.eni_id
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

    @functools.cached_property
    def homes(self) -> Mapping[str, str]:
        """The node of every ENI that is on one, those that are on the way included."""
        nodes = self._inventory.nodes if self._inventory else ()
        found = ((nic.eni_id, node.name) for node in nodes for nic in node.nics if nic.eni_id)
        return {**dict(found), **{each.eni_id: node.name for node in nodes for each in node.in_transit}}

    @functools.cached_property
    def guessed(self) -> Mapping[str, str]:
        """What the ENIs are called whose NIC name is a guess, as "eth1 of worker"."""
        found = self._inventory.nics() if self._inventory else ()
        return {nic.eni_id: f"{nic.name} of {node.name}" for node, nic in found if nic.named_by.is_guess and nic.eni_id}

    @functools.cached_property
    def in_transit(self) -> Mapping[str, str]:
        """What is happening to the ENIs that are on the way, as "being detached from worker"."""
        nodes = self._inventory.nodes if self._inventory else ()
        return {each.eni_id: f"{each.transit.words} {node.name}" for node in nodes for each in node.in_transit}


def eni_of(manifest: Manifest) -> str:
    """The ENI that a pool was made for; "" where it does not say."""
    return kinds.annotations(manifest).get(kinds.ANNOTATION_ENI, "")


def block_of(pool: LivePool | Target) -> Block:
    """The ENI and IP version that a pool is for."""
    return eni_of(pool.manifest), pool.subnet.version


def place_of(pool: LivePool | Target) -> Place | None:
    """What tells the NIC of a pool that tells no ENI, such as one that was made from an inventory without their ids."""
    nodes, networks = tuple(pool.nodes), references(pool.manifest)
    return (nodes, networks, pool.subnet.version) if nodes and networks else None
