"""Which instance a Kubernetes node is, and what says so.

Asked in this order, and the first answer counts:

1. its providerID names the instance;
2. its InternalIP is the primary private address of an instance;
3. its hostname (else its name) is that of an instance, in any case of letters.

Nothing is guessed: an answer that fits two instances, or that another fact contradicts, is an error that names both.
What takes more facts than these is looked at in `corroboration`.

Nodes that are no ECS instances (kind, ACK hybrid, virtual kubelet) are errors too, because leaving a node out unasked
would look like "this node has no addresses" and let its pools be pruned. `nodes.exclude` names those to leave out, and
they never come here. The only ones left out unasked are those that are gone: the instance that the providerID names
does not exist, and the kubelet does not report that it is ready. Their pools stay as they are, because a node of the
cluster that the inventory lacks keeps its pools. `nodes.ids` and `nodes.tags` leave nodes out as well:

- a node whose instance is not selected;
- a node whose providerID is not that of an ECS instance, unless its address or hostname is that of a selected one;
- with `nodes.ids`, a node that fits no instance at all; in return every id has to be that of a node.
"""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Collection, Iterable, Iterator, Sequence

from spidercli.config.texts import shown
from spidercli.errors import FactsInvalid, NodeAmbiguous, NodeUnknown
from spidercli.facts import provider_id
from spidercli.facts.candidates import Index, hostname_of
from spidercli.facts.problems import listed, refuse
from spidercli.facts.provider_id import Form, ProviderId
from spidercli.facts.selection import Selection
from spidercli.model import Instance, KubeNode, MatchedBy

_WRITE_ONCE = "a providerID can't be changed: if it is wrong, delete the Node and let its kubelet register again"
SET_VPC = "private addresses repeat between VPCs: set vpc in the configuration"
EXCLUDE = "leave nodes that are no ECS instances out with nodes.exclude in the configuration"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Match:
    """A node, its instance, and what tied them."""

    node: KubeNode
    instance: Instance
    matched_by: MatchedBy


@dataclasses.dataclass(frozen=True, kw_only=True)
class Matching:
    """What matching came to, problems included."""

    matches: tuple[Match, ...]  # of selected instances only
    unmatched: tuple[KubeNode, ...]  # nodes without a usable providerID that fit none of the instances
    gone: tuple[KubeNode, ...]  # nodes that are not ready and whose providerID's instance does not exist
    problems: tuple[FactsInvalid, ...]

    def settled(self) -> tuple[Match, ...]:
        """The matches.

        Raises:
            FactsInvalid: a node has no instance, more than one, or contradicting ones; or see `one_network`.
        """
        refuse(self.problems)
        one_network(self.matches)
        return self.matches


def match(
    nodes: Iterable[KubeNode], instances: Collection[Instance], selection: Selection, *, region_id: str
) -> Matching:
    """Match every node among the instances of a region."""
    index = Index(instances)
    answers = [_answer(node, index, selection, region_id) for node in nodes]
    matches = tuple(answer.match for answer in answers if answer.match)
    gone = tuple(answer.node for answer in answers if answer.is_gone)
    problems = [answer.problem for answer in answers if answer.problem] + list(_shared_instances(matches))
    return Matching(
        matches=matches,
        unmatched=tuple(answer.node for answer in answers if answer.fits_none),
        gone=gone,
        problems=tuple(problems or _ids_without_node(matches, gone, index, selection)),
    )


def one_network(matches: Iterable[Match]) -> None:
    """Make sure that all nodes are in one VPC of one region.

    Raises:
        NodeAmbiguous: they are not.
    """
    known = list(matches)
    networks: dict[str, list[str]] = collections.defaultdict(list)
    for found in known:
        networks[f"{found.instance.vpc_id} in {found.instance.region_id}"].append(found.node.name)
    if len(networks) > 1:
        places = [f"{network} ({listed(names)})" for network, names in sorted(networks.items())]
        by_address = any(found.matched_by is MatchedBy.INTERNAL_IP for found in known)
        raise NodeAmbiguous(
            f"the nodes are in {len(networks):,} VPCs: {listed(places, separator='; ')}",
            hint=f"{f'{SET_VPC}; else ' if by_address else ''}select the nodes of one VPC with nodes.ids or nodes.tags",
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Answer:
    """What one node came to; with neither match nor problem it is left out."""

    node: KubeNode
    match: Match | None = None
    problem: FactsInvalid | None = None
    fits_none: bool = False
    is_gone: bool = False


def _answer(node: KubeNode, index: Index, selection: Selection, region_id: str) -> _Answer:
    named = provider_id.parse(node.provider_id)
    if named.form is not Form.ECS:
        return _by_address_or_hostname(node, named.form, index, selection)
    if not selection.allows_id(named.instance_id):
        return _Answer(node=node)
    if not node.ready and named.region_id == region_id and index.lacks(named.instance_id):
        return _Answer(node=node, is_gone=True)
    if problem := _provider_id_problem(node, named, index, region_id):
        return _Answer(node=node, problem=problem)
    return _matched(node, index.with_id(named.instance_id), MatchedBy.PROVIDER_ID, selection)


def _matched(node: KubeNode, instance: Instance | None, matched_by: MatchedBy, selection: Selection) -> _Answer:
    if instance is None or not selection.has(instance):
        return _Answer(node=node)
    return _Answer(node=node, match=Match(node=node, instance=instance, matched_by=matched_by))


def _provider_id_problem(node: KubeNode, named: ProviderId, index: Index, region_id: str) -> FactsInvalid | None:
    """What speaks against a providerID. Private addresses of other VPCs may repeat and say nothing."""
    claim = f"node {node.name} has the providerID {shown(node.provider_id)}"
    if named.region_id != region_id:
        return FactsInvalid(
            f"{claim}, but the region asked is {region_id}",
            hint=f"use --region {named.region_id}, or leave the node out with nodes.exclude",
        )
    instance = index.with_id(named.instance_id)
    if instance is None:
        return NodeUnknown(f"{claim}, but {region_id} has no such instance", hint=_WRITE_ONCE)
    rivals = [rival for rival in index.with_address_of(node) if rival.vpc_id == instance.vpc_id]
    if not rivals or instance in rivals:
        return None
    return NodeAmbiguous(
        f"{claim}, that is {places([instance])}, but its InternalIP is that of {places(rivals)}", hint=_WRITE_ONCE
    )


def _by_address_or_hostname(node: KubeNode, form: Form, index: Index, selection: Selection) -> _Answer:
    matched_by, candidates = MatchedBy.INTERNAL_IP, index.with_address_of(node)
    if not candidates:
        matched_by, candidates = MatchedBy.HOSTNAME, index.with_hostname_of(node)
    if not candidates:
        return _Answer(node=node, problem=_no_candidate(node, form, selection), fits_none=True)
    if not any(map(selection.has, candidates)):
        return _Answer(node=node)
    if form is not Form.ABSENT:
        return _Answer(node=node, problem=_unusable(node, form))
    if len(candidates) > 1:
        return _Answer(node=node, problem=_ambiguous(node, matched_by, candidates))
    return _matched(node, candidates[0], matched_by, selection)


def _no_candidate(node: KubeNode, form: Form, selection: Selection) -> FactsInvalid | None:
    if selection.ids is not None:
        return None
    if form is not Form.ABSENT:
        return None if selection.narrows else _unusable(node, form)
    tried = [f"InternalIP {address} as its primary address" for address in node.internal_ips]
    tried.append(f"hostname {shown(hostname_of(node))}")
    return NodeUnknown(
        f"node {node.name} has no providerID, and no instance has its {listed(tried, separator=' or ')}",
        hint=f"check region and vpc; {EXCLUDE}",
    )


def _unusable(node: KubeNode, form: Form) -> NodeUnknown:
    return NodeUnknown(f"node {node.name}: its providerID {shown(node.provider_id)} {form.value}", hint=EXCLUDE)


def _ambiguous(node: KubeNode, matched_by: MatchedBy, candidates: Sequence[Instance]) -> NodeAmbiguous:
    fact = "InternalIP" if matched_by is MatchedBy.INTERNAL_IP else f"hostname {shown(hostname_of(node))}"
    return NodeAmbiguous(
        f"node {node.name}: its {fact} is that of {len(candidates):,} instances: {places(candidates)}",
        hint="set vpc in the configuration, or give the node its providerID with kubectl",
    )


def _shared_instances(matches: Iterable[Match]) -> Iterator[NodeAmbiguous]:
    by_instance: dict[str, list[Match]] = collections.defaultdict(list)
    for found in matches:
        by_instance[found.instance.instance_id].append(found)
    for instance_id, sharing in by_instance.items():
        if len(sharing) > 1:
            nodes = listed([f"{found.node.name} (by {found.matched_by.value})" for found in sharing])
            yield NodeAmbiguous(f"{len(sharing):,} nodes are matched to the instance {instance_id}: {nodes}")


def _ids_without_node(
    matches: Iterable[Match], gone: Iterable[KubeNode], index: Index, selection: Selection
) -> Iterator[NodeUnknown]:
    taken = {found.instance.instance_id for found in matches} | {instance_id_of(node) for node in gone}
    for instance_id in sorted((selection.ids or frozenset()) - taken):
        instance = index.with_id(instance_id)
        if instance is None or selection.has(instance):
            yield NodeUnknown(
                f"the instance {shown(instance_id)} is selected, but no node of the cluster is on it",
                hint="check nodes.ids, or set the node's providerID",
            )


def instance_id_of(node: KubeNode) -> str:
    """The instance that a node's providerID names, "" if it names none."""
    return provider_id.parse(node.provider_id).instance_id


def places(instances: Sequence[Instance]) -> str:
    """Instances with their VPCs, as messages name them."""
    return listed([f"{instance.instance_id} ({instance.vpc_id})" for instance in instances], separator=" and ")
