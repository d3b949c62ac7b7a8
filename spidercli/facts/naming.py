"""What nodes are called when no cluster is asked (`--no-cluster`): as the configuration's `nodes.name` says."""

from __future__ import annotations

import collections
from collections.abc import Iterable, Iterator

from spidercli import kinds
from spidercli.config.texts import shown
from spidercli.errors import FactsInvalid, NodeUnknown
from spidercli.facts import exclusion
from spidercli.facts.exclusion import Exclusion
from spidercli.facts.matching import Match, one_network
from spidercli.facts.problems import listed, refuse
from spidercli.facts.selection import Selection
from spidercli.model import Instance, KubeNode, MatchedBy


def named(
    instances: Iterable[Instance], selection: Selection, scheme: str, left_alone: Exclusion = exclusion.NOTHING
) -> tuple[Match, ...]:
    """Every selected instance as a node, but for those of names that are left alone.

    `scheme` is the configuration's `nodes.name`. Labels are the cluster's, so that they leave nobody alone here.

    Raises:
        FactsInvalid: an instance gets a name that is no node name, or two get the same; or see `one_network`.
        NodeUnknown: a selected id is not among the instances.
    """
    known = list(instances)
    names = {instance.instance_id: _name(instance, scheme) for instance in known if selection.has(instance)}
    chosen = {instance_id: name for instance_id, name in names.items() if not left_alone.has_name(name)}
    refuse([*_ids_without_instance(known, selection), *_unusable(chosen, scheme), *_repeated(chosen, scheme)])
    matches = tuple(
        Match(node=_node(chosen[instance.instance_id]), instance=instance, matched_by=MatchedBy.CLOUD)
        for instance in known
        if instance.instance_id in chosen
    )
    one_network(matches)
    return matches


def _name(instance: Instance, scheme: str) -> str:
    """The instance's name by a scheme; the kubelet lower-cases the hostname, and so do we."""
    kind, _, key = scheme.partition(":")
    if kind == "tag":
        return instance.tags.get(key, "")
    values = {
        "hostname": instance.hostname.lower(),
        "instance-name": instance.name,
        "instance-id": instance.instance_id,
        "private-ip": str(next(iter(instance.private_ips), "")),
    }
    return values[kind]


def _node(name: str) -> KubeNode:
    return KubeNode(name=name, uid="", provider_id="", internal_ips=(), hostname="")


def _ids_without_instance(instances: Iterable[Instance], selection: Selection) -> Iterator[NodeUnknown]:
    known = {instance.instance_id for instance in instances}
    for instance_id in sorted((selection.ids or frozenset()) - known):
        yield NodeUnknown(f"nodes.ids has {shown(instance_id)}, but no such instance was found", hint="check vpc")


def _unusable(names: dict[str, str], scheme: str) -> Iterator[FactsInvalid]:
    for instance_id, name in names.items():
        if not kinds.SUBDOMAIN.match(name):
            yield FactsInvalid(
                f"the instance {instance_id} can't be a node: its {scheme} {shown(name)} is no node name",
                hint="a node name has lower-case letters, digits, '-' and '.'; choose another value for nodes.name",
            )


def _repeated(names: dict[str, str], scheme: str) -> Iterator[FactsInvalid]:
    bearers: dict[str, list[str]] = collections.defaultdict(list)
    for instance_id, name in names.items():
        bearers[name].append(instance_id)
    for name, sharing in bearers.items():
        if name and len(sharing) > 1:
            yield FactsInvalid(
                f"{len(sharing):,} instances would be the node {shown(name)}, their {scheme}: {listed(sharing)}",
                hint="choose another value for nodes.name, for example instance-id",
            )
