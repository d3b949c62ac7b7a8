"""An Inventory as a YAML file that people can read, edit and write by hand.

The shortest file that is one:

    region: cn-hangzhou
    nodes:
      - name: worker
        instance: i-bp1worker
        nics:
          - name: eth0
            ipv4:
              subnet: 172.31.192.0/20
              addresses:
                - 172.31.199.190-172.31.199.194

`parse(dump(inventory))` is the inventory, and `dump(parse(text))` is a text that `dump` wrote.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import pydantic

from spidercli import addresses, yamltext
from spidercli.config import problems
from spidercli.errors import DocumentInvalid
from spidercli.facts import document_checks
from spidercli.facts.document_schema import BlockSection, InventorySection, NicSection, NodeSection, keys_beside
from spidercli.facts.nics import name_order
from spidercli.model import AddressBlock, EniInTransit, Inventory, Nic, Node

_ABOUT = """\
# Nodes, their ENIs and the addresses that pods may take: written by `spidercli inventory -o yaml`, read by --inventory.
# By hand: region and nodes; of a node name, instance and nics; of a NIC name and ipv4 or ipv6: subnet and addresses.
# A node's ownAddresses are its InternalIPs that are no primaryIP of its NICs.
"""
_HINT = "`spidercli inventory -o yaml` writes a file of this kind"


def dump(inventory: Inventory) -> str:
    """The inventory as a file."""
    return _ABOUT + yamltext.dump(as_data(inventory))


def as_data(inventory: Inventory) -> dict[str, object]:
    """The inventory as the file has it, for JSON; what is not known is left out."""
    return {
        "apiVersion": "spidercli.io/v1",
        "kind": "Inventory",
        "source": inventory.source.value,
        "region": inventory.region_id,
        "nodes": [_node_data(node, inventory.region_id) for node in inventory.nodes],
    }


def parse(text: str, where: str) -> Inventory:
    """The inventory that a file holds; `where` is the file as messages name it.

    Raises:
        DocumentInvalid: the text is not such a file; the message has a line for each problem.
    """
    try:
        loaded = yamltext.load(text, where=where)
    except yamltext.YamlInvalid as error:
        raise DocumentInvalid(str(error), hint=_HINT) from error
    try:
        document = InventorySection.model_validate(loaded.data)
    except pydantic.ValidationError as error:
        found = problems.of_schema(error, _unknown_key, loaded.line)
        raise DocumentInvalid(problems.told(found, loaded, where), hint=_HINT) from error
    if found := document_checks.problems(document):
        raise DocumentInvalid(problems.told(found, loaded, where), hint=_HINT)
    return _inventory(document)


def _node_data(node: Node, region_id: str) -> dict[str, object]:
    return _known(
        name=node.name,
        uid=node.uid,
        providerID=node.provider_id,
        instance=node.instance_id,
        instanceType=node.instance_type,
        region="" if node.region_id == region_id else node.region_id,
        zone=node.zone_id,
        vpc=node.vpc_id,
        matchedBy=node.matched_by.value,
        ownAddresses=[str(address) for address in node.own_addresses] or None,
        nics=[_nic_data(nic) for nic in node.nics],
        inTransit=[{"eni": each.eni_id, "transit": each.transit.value} for each in node.in_transit] or None,
    )


def _nic_data(nic: Nic) -> dict[str, object]:
    return _known(
        name=nic.name,
        primary=nic.primary,
        namedBy=nic.named_by.value,
        eni=nic.eni_id,
        mac=nic.mac,
        vswitch=nic.vswitch_id,
        primaryIP=nic.primary_ip and str(nic.primary_ip),
        freeAddresses=nic.free_addresses,
        **{block.family.name.lower(): _block_data(block) for block in nic.blocks},
    )


def _block_data(block: AddressBlock) -> dict[str, object]:
    return _known(
        subnet=str(block.subnet),
        gateway=block.gateway and str(block.gateway),
        addresses=addresses.collapse(block.addresses),
    )


def _known(**fields: object) -> dict[str, object]:
    return {key: value for key, value in fields.items() if value not in ("", None)}


def _inventory(document: InventorySection) -> Inventory:
    nodes = sorted((_node(section, document.region) for section in document.nodes), key=lambda node: node.name)
    return Inventory(source=document.source, region_id=document.region, nodes=tuple(nodes))


def _node(section: NodeSection, region_id: str) -> Node:
    nics = sorted(map(_nic, section.nics), key=lambda nic: name_order(nic.name, primary=nic.primary))
    return Node(
        name=section.name,
        uid=section.uid,
        provider_id=section.provider_id,
        instance_id=section.instance,
        instance_type=section.instance_type,
        region_id=section.region or region_id,
        zone_id=section.zone,
        vpc_id=section.vpc,
        matched_by=section.matched_by,
        nics=tuple(nics),
        in_transit=tuple(EniInTransit(eni_id=each.eni, transit=each.transit) for each in section.in_transit),
        own_addresses=tuple(section.own_addresses),
    )


def _nic(section: NicSection) -> Nic:
    return Nic(
        name=section.name,
        named_by=section.named_by,
        eni_id=section.eni,
        mac=section.mac,
        vswitch_id=section.vswitch,
        primary=document_checks.is_primary(section),
        primary_ip=section.primary_ip,
        free_addresses=section.free_addresses,
        blocks=tuple(_block(block) for _, block in document_checks.blocks(section)),
    )


def _block(section: BlockSection) -> AddressBlock:
    return AddressBlock(
        subnet=section.subnet,
        gateway=section.gateway,
        addresses=addresses.in_family(section.subnet, map(int, addresses.expand(section.addresses))),
    )


def _unknown_key(path: Sequence[str | int]) -> str:
    known = keys_beside(path)
    likely = difflib.get_close_matches(str(path[-1])[:64], known, n=1)
    return f"is no key here, did you mean {likely[0]}?" if likely else f"is no key here: {', '.join(known)}"
