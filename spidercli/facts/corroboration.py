"""What has to bear out a match that one weak fact has made, before a providerID is written that can't be changed.

A hostname is unique nowhere: a machine on-premises may be called like an instance, and the hostname that ECS knows is
the one that the instance was created with. So one of the node's InternalIPs has to be on an ENI of that instance. A
kubelet with --cloud-provider=external reports none until the Cloud Controller Manager runs, which waits for the
providerID: there is nothing else to tell by then.

A private address is unique in its VPC only, and the address of a node's second ENI may be the primary one of an
instance elsewhere. Where neither the configuration nor a providerID settles the VPC, the hostname must not lead into
another one. A hostname of no instance at all says nothing: many clusters name nodes as they like.
"""

from __future__ import annotations

import collections
from collections.abc import Container, Iterable, Iterator, Sequence

from spidercli.config.texts import shown
from spidercli.errors import NodeAmbiguous
from spidercli.facts.candidates import Index, hostname_of
from spidercli.facts.matching import EXCLUDE, SET_VPC, Match, places
from spidercli.facts.problems import listed
from spidercli.model import Eni, Instance, IPAddress, MatchedBy


def unaddressed(matches: Iterable[Match], enis: Iterable[Eni]) -> Iterator[NodeAmbiguous]:
    """The matches by hostname where the node has an InternalIP, and none on an ENI of the instance."""
    by_hostname = [match for match in matches if match.matched_by is MatchedBy.HOSTNAME and match.node.internal_ips]
    if not by_hostname:
        return
    of_instance: dict[str, list[Eni]] = collections.defaultdict(list)
    for eni in enis:
        of_instance[eni.instance_id].append(eni)
    for match in by_hostname:
        if not any(_holds(eni, match.node.internal_ips) for eni in of_instance[match.instance.instance_id]):
            yield _another_machine(match)


def doubtful(matches: Sequence[Match]) -> list[Match]:
    """The matches by InternalIP that the hostname does not bear out, unless a providerID tells the cluster's VPC."""
    if any(match.matched_by is MatchedBy.PROVIDER_ID for match in matches):
        return []
    by_address = (match for match in matches if match.matched_by is MatchedBy.INTERNAL_IP)
    return [match for match in by_address if match.instance.hostname.lower() != hostname_of(match.node).lower()]


def namesakes(matches: Iterable[Match], instances: Iterable[Instance]) -> Iterator[NodeAmbiguous]:
    """The matches whose node has the hostname of an instance in another VPC, among all that there are."""
    index = Index(instances)
    for match in matches:
        here = match.instance
        rivals = [each for each in index.with_hostname_of(match.node) if each.vpc_id != here.vpc_id]
        if rivals:
            yield NodeAmbiguous(
                f"node {match.node.name}: its InternalIP is that of {places([here])}, but its hostname "
                f"{shown(hostname_of(match.node))} is that of {places(rivals)}",
                hint=SET_VPC,
            )


def _holds(eni: Eni, addresses: Iterable[IPAddress]) -> bool:
    """Whether one of the addresses is on an ENI, be it among those for pods."""
    groups: Sequence[Container[object]] = (
        {eni.primary_ip},
        eni.secondary_ips,
        eni.ipv6_addresses,
        *eni.ipv4_prefixes,
        *eni.ipv6_prefixes,
    )
    return any(address in group for address in addresses for group in groups)


def _another_machine(match: Match) -> NodeAmbiguous:
    return NodeAmbiguous(
        f"{_claim(match)}, but no ENI of that instance has its InternalIP {listed(_internal_ips(match))}: "
        "it is another machine",
        hint=f"{EXCLUDE}; if it is that instance, set its providerID with kubectl",
    )


def _claim(match: Match) -> str:
    node, instance = match.node, match.instance
    return f"node {node.name}: its hostname {shown(hostname_of(node))} is that of {places([instance])}"


def _internal_ips(match: Match) -> list[str]:
    return [str(address) for address in match.node.internal_ips]
