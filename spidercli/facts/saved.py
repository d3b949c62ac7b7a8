"""A saved inventory against the configuration and the cluster that it is used with.

The file was true when it was saved. Since then a node may have been installed anew, on another machine, under its old
name; and the configuration may ask for fewer nodes than the file has.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Address

from spidercli.config.schema import Config, Nodes
from spidercli.config.texts import shown
from spidercli.desired.addressing import Exclusions
from spidercli.errors import ConfigInvalid, FactsInvalid, NodeUnknown
from spidercli.facts import exclusion, provider_id, selection
from spidercli.facts.kubernetes import ClusterNodes
from spidercli.facts.problems import listed, refuse
from spidercli.facts.provider_id import Form
from spidercli.model import Inventory, IPAddress, KubeNode, Node

_ANEW = (
    "save the inventory anew with `spidercli inventory -o yaml`, without --no-cluster, so that nodes are matched to "
    "their instances; or choose another cluster with --context; a file that is written by hand may have the node's "
    "InternalIPs as its ownAddresses"
)


def select(found: Inventory, nodes: Nodes, *, region: str | None, vpc: str | None, where: str) -> Inventory:
    """The nodes of a saved inventory that the configuration asks for, as it would ask the cloud.

    Args:
        found: the whole inventory.
        nodes: the configuration's `nodes`.
        region: the region that all nodes have to be in; None is any.
        vpc: likewise, for nodes whose VPC the file tells.
        where: the file, as messages name it.

    Raises:
        ConfigInvalid: nodes are selected by tags, which the file does not have.
        FactsInvalid: nodes are in another region or VPC.
        NodeUnknown: a selected id is not in the file.
    """
    if nodes.tags:
        raise ConfigInvalid(
            f"{where}: a saved inventory has no tags, so nodes.tags can't be applied to it",
            hint="remove nodes.tags, and save the inventory with it in force or select with nodes.ids",
        )
    chosen, left_alone = selection.configured(nodes), exclusion.configured(nodes.exclude)
    kept = tuple(
        node for node in found.nodes if chosen.allows_id(node.instance_id) and not left_alone.has_name(node.name)
    )
    refuse(_ids_without_node(found, nodes, where))
    refuse(_elsewhere(kept, region, vpc, where))
    return dataclasses.replace(found, nodes=kept)


def check(found: Inventory, live: ClusterNodes, config: Config, where: str) -> None:
    """Make sure that the facts of a saved inventory are those of the cluster's nodes of the same names.

    Raises:
        FactsInvalid: a node is another one by its uid, its providerID or its InternalIP, or is to be left alone.
    """
    nodes, excluded = {node.name: node for node in live.ours}, Exclusions(config.pools.exclude)
    marked = frozenset(live.left_out)
    problems = [
        (node, "is one that nodes.exclude leaves out by a label") for node in found.nodes if node.name in marked
    ]
    owners = {address: node for node in found.nodes for address in _own_addresses(node)}
    pairs = ((node, nodes[node.name]) for node in found.nodes if node.name in nodes)
    problems += [
        (node, _contradiction(node, current, owners) or _offered(node, current, excluded)) for node, current in pairs
    ]
    refuse(FactsInvalid(f"{where}: node {node.name} {problem}", hint=_ANEW) for node, problem in problems if problem)


def check_known(found: Inventory, live: ClusterNodes, where: str) -> None:
    """Make sure that a saved inventory is of this cluster, and not as it was long ago.

    Raises:
        NodeUnknown: it has nodes that the cluster has not.
    """
    known = live.names
    if strange := [node.name for node in found.nodes if node.name not in known]:
        raise NodeUnknown(f"{where}: the cluster has no node {listed(strange)}", hint=_ANEW)


def _ids_without_node(found: Inventory, nodes: Nodes, where: str) -> Iterator[NodeUnknown]:
    for instance_id in sorted(set(nodes.ids) - {node.instance_id for node in found.nodes}):
        yield NodeUnknown(f"{where}: nodes.ids has {shown(instance_id)}, but no node is on it", hint="check nodes.ids")


def _elsewhere(nodes: Iterable[Node], region: str | None, vpc: str | None, where: str) -> Iterator[FactsInvalid]:
    for node in nodes:
        if region not in (None, node.region_id):
            yield FactsInvalid(
                f"{where}: node {node.name} is in {node.region_id}, but region is set to {region}",
                hint="change or remove region, or give another file",
            )
        if vpc not in (None, node.vpc_id or vpc):
            yield FactsInvalid(
                f"{where}: node {node.name} is in {node.vpc_id}, but vpc is set to {vpc}",
                hint="change or remove vpc, or give another file",
            )


def _contradiction(node: Node, current: KubeNode, owners: Mapping[IPAddress, Node]) -> str:
    """The first thing that says that a node is another machine than the file's, as the end of a sentence."""
    if node.uid and node.uid != current.uid:
        return f"has the uid {node.uid}, but the cluster's has {current.uid}: it was registered anew"
    return _other_instance(node, current) or _other_address(node, current, owners)


def _other_address(node: Node, current: KubeNode, owners: Mapping[IPAddress, Node]) -> str:
    """What the node's IPv4 InternalIPs say, where none of them is one of the file's node, as far as the file knows.

    An address that nobody in the file has says nothing against a providerID that names the file's instance: that may
    go with an InternalIP of no ENI. Nor where the file, written by hand, leaves out the primary NIC, whose address it
    most often is, or the primary address of a NIC.
    """
    addresses = [address for address in current.internal_ips if isinstance(address, IPv4Address)]
    if not addresses or any(_has(node, address) for address in addresses):
        return ""
    owner = next((owners[address] for address in addresses if address in owners), None)
    named = _meant(current.provider_id) == _meant(node.expected_provider_id)
    if owner is None and (named or not _tells_primary_addresses(node)):
        return ""
    own = f"{node.instance_id} with {listed(list(map(str, _own_addresses(node)))) or 'other addresses'}"
    theirs = f"that of {owner.instance_id}, {owner.name} in the file" if owner else "on none of its NICs"
    return f"is {own}, but the cluster's has the InternalIP {listed(list(map(str, addresses)))}, {theirs}"


def _tells_primary_addresses(node: Node) -> bool:
    return any(nic.primary for nic in node.nics) and all(nic.primary_ip for nic in node.nics)


def _own_addresses(node: Node) -> tuple[IPAddress, ...]:
    """The addresses that a node itself uses, as far as the file knows."""
    return (*(nic.primary_ip for nic in node.nics if nic.primary_ip), *node.own_addresses)


def _has(node: Node, address: IPAddress) -> bool:
    blocks = (block.addresses for nic in node.nics for block in nic.blocks)
    return address in _own_addresses(node) or any(address in addresses for addresses in blocks)


def _offered(node: Node, current: KubeNode, excluded: Exclusions) -> str:
    blocks = [block.addresses for nic in node.nics for block in nic.blocks]
    own = [each for each in current.internal_ips if each not in excluded]
    offered = [str(address) for address in own if any(address in addresses for addresses in blocks)]
    return f"offers pods {listed(offered)}, but that is the InternalIP of the cluster's own" if offered else ""


def _other_instance(node: Node, current: KubeNode) -> str:
    if not current.provider_id:
        return ""
    if node.provider_id and _meant(node.provider_id) != _meant(current.provider_id):
        return f"has the providerID {shown(node.provider_id)}, but the cluster's has {shown(current.provider_id)}"
    if _names_another_instance(current.provider_id, node):
        return f"is on {node.expected_provider_id}, but the cluster's has the providerID {shown(current.provider_id)}"
    return ""


def _meant(text: str) -> object:
    """What a providerID says, be it with the cloud's prefix or without."""
    parsed = provider_id.parse(text)
    return parsed if parsed.form is Form.ECS else text


def _names_another_instance(text: str, node: Node) -> bool:
    return provider_id.parse(text).form is Form.ECS and _meant(text) != _meant(node.expected_provider_id)
