"""The Inventory: cloud and cluster joined, or an error that says where they do not fit."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address

from spidercli.config.schema import Config
from spidercli.errors import AddressClaimedTwice, FactsInvalid
from spidercli.facts import blocks, corroboration, exclusion, matching, naming, nics, selection
from spidercli.facts.matching import Match, Matching
from spidercli.facts.nics import NamedEni
from spidercli.facts.problems import refuse
from spidercli.model import CloudFacts, Eni, EniInTransit, Inventory, IPAddress, KubeNode, Nic, Node, Source, VSwitch


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Join:
    """A node's match with its ENIs under their names."""

    match: Match
    enis: tuple[NamedEni, ...]
    in_transit: tuple[EniInTransit, ...]

    def label(self, eni: Eni) -> str:
        """An ENI as messages name it."""
        return f"{eni.eni_id} of node {self.match.node.name}"


def inventory(facts: CloudFacts, nodes: Sequence[KubeNode] | None, config: Config) -> Inventory:
    """Join a reading of the cloud with the cluster's nodes, or name nodes after their instances if there are none.

    From the metadata service, only the node that we run on is joined. No node at all makes an empty inventory.

    Raises:
        FactsInvalid: the facts contradict each other; the message names all that do.
    """
    matches = _matches(facts, nodes, config)
    refuse(corroboration.unaddressed(matches, facts.enis))
    joins = _joins(facts, matches, nics.rules(config.interfaces))
    vswitches = {vswitch.vswitch_id: vswitch for vswitch in facts.vswitches}
    refuse(_problems(joins, vswitches))
    refuse(_claimed_twice(joins))
    return Inventory(
        source=facts.source, region_id=facts.region_id, nodes=tuple(_node(join, vswitches, facts) for join in joins)
    )


def gone(facts: CloudFacts, nodes: Sequence[KubeNode], config: Config) -> tuple[KubeNode, ...]:
    """The nodes that are not joined because their instance is gone, and so are they by all appearance."""
    return _matched(facts, nodes, config).gone


def _matches(facts: CloudFacts, nodes: Sequence[KubeNode] | None, config: Config) -> tuple[Match, ...]:
    if nodes is None:
        chosen = selection.effective(config.nodes, facts)
        return naming.named(facts.instances, chosen, config.nodes.name, exclusion.configured(config.nodes.exclude))
    return _matched(facts, nodes, config).settled()


def _matched(facts: CloudFacts, nodes: Sequence[KubeNode], config: Config) -> Matching:
    chosen = selection.effective(config.nodes, facts)
    return matching.match(nodes, facts.instances, chosen, region_id=facts.region_id)


def _joins(facts: CloudFacts, matches: Iterable[Match], rules: Sequence[nics.Rule]) -> list[_Join]:
    enis: dict[str, list[Eni]] = collections.defaultdict(list)
    for eni in facts.enis:
        enis[eni.instance_id].append(eni)
    return [
        _join(match, enis[match.instance.instance_id], rules, facts.source)
        for match in sorted(matches, key=lambda match: match.node.name)
    ]


def _join(match: Match, enis: Sequence[Eni], rules: Sequence[nics.Rule], source: Source) -> _Join:
    return _Join(match=match, enis=nics.named(enis, rules, source), in_transit=nics.in_transit(enis))


def _problems(joins: Iterable[_Join], vswitches: Mapping[str, VSwitch]) -> Iterator[FactsInvalid]:
    for join in joins:
        yield from nics.problems(join.match.node.name, join.enis)
        for each in join.enis:
            yield from blocks.problems(join.label(each.eni), each.eni, vswitches.get(each.eni.vswitch_id))


def _claimed_twice(joins: Iterable[_Join]) -> Iterator[AddressClaimedTwice]:
    claims: dict[type[IPAddress], dict[int, str]] = {IPv4Address: {}, IPv6Address: {}}
    for join in joins:
        for each in join.enis:
            label = join.label(each.eni)
            for kind, numbers in blocks.numbers_with_primary(each.eni).items():
                twice = claims[kind].keys() & numbers
                for number in sorted(twice):
                    yield AddressClaimedTwice(f"the address {kind(number)} is on {claims[kind][number]} and on {label}")
                claims[kind].update(dict.fromkeys(numbers - twice, label))


def _node(join: _Join, vswitches: Mapping[str, VSwitch], facts: CloudFacts) -> Node:
    node, instance = join.match.node, join.match.instance
    return Node(
        name=node.name,
        uid=node.uid,
        provider_id=node.provider_id,
        instance_id=instance.instance_id,
        instance_type=instance.instance_type,
        region_id=instance.region_id,
        zone_id=instance.zone_id,
        vpc_id=instance.vpc_id,
        matched_by=join.match.matched_by,
        nics=tuple(_nic(each, vswitches[each.eni.vswitch_id], node, facts) for each in join.enis),
        in_transit=join.in_transit,
        own_addresses=_own_addresses(join),
    )


def _own_addresses(join: _Join) -> tuple[IPAddress, ...]:
    primaries = {each.eni.primary_ip for each in join.enis}
    return tuple(address for address in join.match.node.internal_ips if address not in primaries)


def _nic(named: NamedEni, vswitch: VSwitch, node: KubeNode, facts: CloudFacts) -> Nic:
    eni = named.eni
    return Nic(
        name=named.name,
        named_by=named.named_by,
        eni_id=eni.eni_id,
        mac=eni.mac,
        vswitch_id=eni.vswitch_id,
        primary=eni.primary,
        primary_ip=eni.primary_ip,
        free_addresses=vswitch.free_addresses,
        blocks=blocks.of_eni(eni, vswitch, own=node.internal_ips, gateways=facts.gateways),
    )
