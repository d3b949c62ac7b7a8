"""Reads of the cloud what a plan needs, in as few calls as the facts allow.

Instances are read by the providerIDs of the nodes; by InternalIP only where that leaves an address unexplained; and
all of the VPC only if a node fits none of them, or would match by hostname, which has to be unique; and all of the
region only if addresses alone tell the VPC, and hostnames do not bear that out. Then come the ENIs and vSwitches of the
one VPC that all nodes are in.
"""

from __future__ import annotations

import concurrent.futures
from collections.abc import Collection, Iterable, Sequence
from ipaddress import IPv4Address

from spidercli import signals
from spidercli.config.schema import Config
from spidercli.errors import ConfigInvalid, FactsInvalid
from spidercli.facts import corroboration, exclusion, matching, naming, provider_id, selection
from spidercli.facts.matching import Match, Matching
from spidercli.facts.problems import refuse
from spidercli.facts.selection import Selection
from spidercli.model import CloudFacts, Eni, Instance, KubeNode, MatchedBy, Source, VSwitch
from spidercli.ports import Cloud


def collect(cloud: Cloud, nodes: Sequence[KubeNode] | None, config: Config) -> CloudFacts:
    """The facts about the cluster's nodes; without a cluster, about the instances of the configured VPC.

    ENIs of other instances are left out. No node at all makes empty facts, and no call.

    Raises:
        CloudError: a reading failed.
        FactsInvalid: a node has no instance, more than one, or contradicting ones; or nodes are in two VPCs.
        ConfigInvalid: there is no cluster and no `vpc`.
    """
    chosen = selection.configured(config.nodes)
    if nodes is None:
        instances = _instances_of_vpc(cloud, chosen, config)
        matches = naming.named(instances, chosen, config.nodes.name, exclusion.configured(config.nodes.exclude))
    else:
        instances, found = _instances_of_nodes(cloud, nodes, chosen, config)
        refuse([*found.problems, *_contradicted(cloud, found, config)])
        matches = found.settled()
    enis, vswitches = _network(cloud, matches, config)
    return CloudFacts(
        source=Source.OPENAPI,
        region_id=cloud.region_id,
        instances=tuple(instances),
        enis=enis,
        vswitches=vswitches,
        gateways={},
    )


def _instances_of_vpc(cloud: Cloud, chosen: Selection, config: Config) -> Collection[Instance]:
    if config.vpc is None:
        raise ConfigInvalid(
            "without a cluster, the VPC has to be named", hint="use --vpc, or set vpc in the configuration"
        )
    return cloud.instances(vpc_id=config.vpc, ids=sorted(chosen.ids or ()))


def _instances_of_nodes(
    cloud: Cloud, nodes: Sequence[KubeNode], chosen: Selection, config: Config
) -> tuple[Collection[Instance], Matching]:
    """The instances that the nodes may be and every other one that they could be mistaken for, matched."""
    found: dict[str, Instance] = {}

    def matched() -> Matching:
        return matching.match(nodes, found.values(), chosen, region_id=cloud.region_id)

    def add(instances: Iterable[Instance]) -> None:
        found.update((instance.instance_id, instance) for instance in instances)

    if ids := _provider_ids(nodes, chosen, cloud.region_id):
        add(cloud.instances(ids=ids))
    if addresses := _unexplained(nodes, chosen, found.values()):
        known_vpc = config.vpc or (_only_vpc(matched()) if found else None)
        add(cloud.instances(vpc_id=known_vpc, private_ips=addresses))
    so_far = matched()
    vpc_id = config.vpc or _only_vpc(so_far)
    if vpc_id and _wants_listing(so_far):
        add(cloud.instances(vpc_id=vpc_id))
        return found.values(), matched()
    return found.values(), so_far


def _provider_ids(nodes: Iterable[KubeNode], chosen: Selection, region_id: str) -> list[str]:
    """The ids of instances in our region that nodes are on, or are wanted to be on."""
    named = (provider_id.parse(node.provider_id) for node in nodes)
    ids = {each.instance_id for each in named if each.region_id == region_id and chosen.allows_id(each.instance_id)}
    return sorted(ids | (chosen.ids or set()))


def _unexplained(nodes: Iterable[KubeNode], chosen: Selection, instances: Iterable[Instance]) -> list[IPv4Address]:
    """InternalIPs that are not the primary address of an instance at hand."""
    explained = {address for instance in instances for address in instance.private_ips[:1]}
    wanted = (node for node in nodes if not _left_out(node, chosen))
    addresses = {address for node in wanted for address in node.internal_ips if isinstance(address, IPv4Address)}
    return sorted(addresses - explained)


def _left_out(node: KubeNode, chosen: Selection) -> bool:
    named = provider_id.parse(node.provider_id)
    return named.form is provider_id.Form.ECS and not chosen.allows_id(named.instance_id)


def _only_vpc(found: Matching) -> str | None:
    vpc_ids = {match.instance.vpc_id for match in found.matches}
    return vpc_ids.pop() if len(vpc_ids) == 1 else None


def _contradicted(cloud: Cloud, found: Matching, config: Config) -> Iterable[FactsInvalid]:
    """What the hostnames say against addresses that may be those of another VPC's instances."""
    if config.vpc or config.nodes.ids or not (doubtful := corroboration.doubtful(found.matches)):
        return ()
    return corroboration.namesakes(doubtful, cloud.instances())


def _wants_listing(found: Matching) -> bool:
    return bool(found.unmatched) or any(match.matched_by is MatchedBy.HOSTNAME for match in found.matches)


def _network(cloud: Cloud, matches: Sequence[Match], config: Config) -> tuple[tuple[Eni, ...], tuple[VSwitch, ...]]:
    """The ENIs of the matched instances, and the vSwitches of their VPC."""
    if not matches:
        return (), ()
    vpc_id = matches[0].instance.vpc_id
    if config.vpc not in (None, vpc_id):
        raise FactsInvalid(f"the nodes are in {vpc_id}, but vpc is set to {config.vpc}", hint="change or remove vpc")
    ours = {match.instance.instance_id for match in matches}
    threads = concurrent.futures.ThreadPoolExecutor(max_workers=2, thread_name_prefix="network")
    vswitches = threads.submit(cloud.vswitches, vpc_id=vpc_id)
    enis = threads.submit(cloud.enis, vpc_id=vpc_id)
    try:
        return tuple(eni for eni in signals.result(enis) if eni.instance_id in ours), signals.result(vswitches)
    except BaseException:  # Ctrl-C, or one of the two failed: the other one's retries would hold the end up
        cloud.stop()
        raise
    finally:  # without waiting for an answer that does not come
        threads.shutdown(wait=False, cancel_futures=True)
