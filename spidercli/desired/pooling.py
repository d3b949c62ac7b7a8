"""The SpiderIPPools: one for each node, NIC and IP family that has an address left for pods."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence

from spidercli import addresses
from spidercli.config.schema import Config, FamilyChoice
from spidercli.desired import naming
from spidercli.desired.addressing import Exclusions, Gateways, usable
from spidercli.desired.multus import multus_configs
from spidercli.desired.values import DesiredPool
from spidercli.errors import AddressClaimedTwice, FamilyGap
from spidercli.model import AddressBlock, Addresses, Family, Inventory, IPAddress, IPNetwork, Nic, Node

_FAMILIES = {FamilyChoice.IPV4: frozenset({Family.IPV4}), FamilyChoice.IPV6: frozenset({Family.IPV6})}
_GAPS_SHOWN = 10
_NONE: frozenset[int] = frozenset()


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Slot:
    """A block with its addresses for pods, if there are any."""

    node: Node
    nic: Nic
    block: AddressBlock
    gateway: IPAddress
    addresses: Addresses[IPAddress]


def pools(inventory: Inventory, config: Config) -> tuple[DesiredPool, ...]:
    """Every pool that should exist, in the inventory's order, IPv4 before IPv6.

    Raises:
        ConfigInvalid: a configured gateway is outside its subnet, or `pools.name` gives a bad name or one name twice.
        FactsInvalid: the inventory's gateway is outside its subnet.
        FamilyGap: some NICs have IPv6 addresses and others have none, or the reverse.
        AddressClaimedTwice: two NICs list one address.
    """
    slots = list(_slots(inventory, config))
    _refuse_gaps(slots, config.pools.families)
    made = list(_named(slots, inventory, config))
    _refuse_shared_addresses(made)
    return tuple(made)


def idle(inventory: Inventory, config: Config) -> Iterator[tuple[str, int]]:
    """The ENI and IP version of every block of a wanted family that has no address for pods, and therefore no pool.

    An ENI that nobody named is left out: nothing would lead from its pool to it.
    """
    for slot in _blocks(inventory, config):
        if slot.nic.eni_id and not slot.addresses:
            yield slot.nic.eni_id, slot.block.subnet.version


def _slots(inventory: Inventory, config: Config) -> Iterator[_Slot]:
    return (slot for slot in _blocks(inventory, config) if slot.addresses)


def _blocks(inventory: Inventory, config: Config) -> Iterator[_Slot]:
    wanted = _FAMILIES.get(config.pools.families, frozenset(Family))
    gateways = Gateways.of(config.pools.gateways)
    excluded = Exclusions(config.pools.exclude)
    primaries = {Family.IPV4: frozenset(int(nic.primary_ip) for _, nic in inventory.nics() if nic.primary_ip)}
    for node, nic in inventory.nics():
        for block in nic.blocks:
            if block.family in wanted:
                gateway = gateways.choose(node, nic, block)
                left = usable(block, gateway=gateway, primaries=primaries.get(block.family, _NONE), excluded=excluded)
                yield _Slot(node=node, nic=nic, block=block, gateway=gateway, addresses=left)


def _refuse_gaps(slots: Sequence[_Slot], choice: FamilyChoice) -> None:
    """Spiderpool fails a pod whose NIC lacks a pool of a family that any default pool has (pkg/ipam/allocate.go)."""
    if choice not in {FamilyChoice.AUTO, FamilyChoice.DUAL}:
        return
    present: dict[tuple[str, str], set[Family]] = {}
    for slot in slots:
        present.setdefault((slot.node.name, slot.nic.name), set()).add(slot.block.family)
    needed = set(Family) if choice is FamilyChoice.DUAL else {slot.block.family for slot in slots}
    missing = [
        f"{nic} of {node} has no {family.name.replace('V', 'v')} address for pods"
        for (node, nic), families in present.items()
        for family in sorted(needed - families)
    ]
    if missing:
        raise FamilyGap(
            _gaps(missing),
            hint="assign the missing addresses, or set pools.families: ipv4, "
            "with --prune where there are IPv6 pools already",
        )


def _gaps(missing: Sequence[str]) -> str:
    rest = len(missing) - _GAPS_SHOWN
    listed = ", ".join(missing[:_GAPS_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
    return f"IPv4 and IPv6 pools need addresses of both families on every NIC that has any: {listed}"


def _named(slots: Iterable[_Slot], inventory: Inventory, config: Config) -> Iterator[DesiredPool]:
    patterns = {
        Family.IPV4: ("pools.name", config.pools.name),
        Family.IPV6: ("pools.nameIPv6", config.pools.name_ipv6),
    }
    references = {multus.nic: multus.reference for multus in multus_configs(inventory, config)}
    sources: list[tuple[str, str]] = []
    for slot in slots:
        key, pattern = patterns[slot.block.family]
        name, source = naming.fill(pattern, _fields(slot)), f"{slot.nic.name} of {slot.node.name}"
        naming.check_subdomain(name, key=key, source=source)
        sources.append((name, f"{source} ({slot.block.subnet})"))
        yield _pool(slot, name, references[slot.nic.name], default=config.pools.default)
    naming.check_unique(sources, key="pools.name")


def _fields(slot: _Slot) -> dict[str, str]:
    """The fields of a name, those of config.texts.POOL_FIELDS."""
    return {
        "node": slot.node.name,
        "nic": slot.nic.name,
        "family": str(slot.block.family.value),
        "octet": _first_group(slot.block.subnet),
        "instance": slot.node.instance_id,
        "eni": slot.nic.eni_id,
        "vswitch": slot.nic.vswitch_id,
    }


def _first_group(subnet: IPNetwork) -> str:
    """The first of the subnet's groups as it is written: 172 of 172.31.192.0/20, 2408 of 2408:4005::/64."""
    return subnet.network_address.exploded.replace(":", ".").split(".")[0]


def _pool(slot: _Slot, name: str, multus_name: str, *, default: bool) -> DesiredPool:
    return DesiredPool(
        name=name,
        node=slot.node.name,
        nic=slot.nic.name,
        family=slot.block.family,
        subnet=slot.block.subnet,
        gateway=slot.gateway,
        addresses=slot.addresses,
        eni_id=slot.nic.eni_id,
        instance_id=slot.node.instance_id,
        vswitch_id=slot.nic.vswitch_id,
        multus_name=multus_name,
        default=default,
    )


def _refuse_shared_addresses(made: Iterable[DesiredPool]) -> None:
    owners: dict[Family, dict[int, DesiredPool]] = {family: {} for family in Family}
    for pool in made:
        numbers, owned = pool.addresses.numbers, owners[pool.family]
        if not owned.keys().isdisjoint(numbers):
            number = next(number for number in numbers if number in owned)
            raise AddressClaimedTwice(
                f"{pool.addresses.kind(number)} is listed by {_nic(owned[number])} and by {_nic(pool)}",
                hint="collect the inventory again; pools.exclude leaves an address out of every pool",
            )
        owned.update(dict.fromkeys(numbers, pool))


def _nic(pool: DesiredPool) -> str:
    return f"{pool.nic} ({pool.eni_id}) of {pool.node}"


def left_out(inventory: Inventory, made: Iterable[DesiredPool], config: Config) -> Iterator[str]:
    """What no pool lists though nobody excluded it, in words.

    The cloud assigns no such address; a file written by hand may list a gateway or another reserved one.
    """
    listed: dict[Family, set[int]] = {family: set() for family in Family}
    for pool in made:
        listed[pool.family].update(pool.addresses.numbers)
    wanted = _FAMILIES.get(config.pools.families, frozenset(Family))
    excluded = Exclusions(config.pools.exclude)
    for node, nic in inventory.nics():
        for block in nic.blocks:
            missing = addresses.in_family(block.subnet, set(block.addresses.numbers) - listed[block.family])
            lost = [address for address in missing if address not in excluded]
            if lost and block.family in wanted:
                ranges = ", ".join(addresses.collapse(lost))
                why = "reserved by the VPC, or an ENI's primary address"
                yield f"{nic.name} of {node.name}: pods can't take {ranges}: {why}"
