"""Which ENIs carry pods, and what each of them is called on its node.

Names come from, in this order:

1. the configuration's `interfaces`: the first rule that an ENI meets names it;
2. the primary ENI is eth0;
3. from the metadata service: eth1, eth2… in the order in which the service lists them;
4. the DeviceIndex, where the API gives a useful one: index 2 is eth2;
5. else a guess: eth1, eth2… in order of creation.

Counting (3 and 5) skips names that others have already, and counts ENIs that carry no pods too, because they take up a
name on the node all the same, and so do those that are still being attached or detached. Where a rule and DeviceIndex
give one name to two ENIs, both are facts, and that is an error. A count comes out differently once an earlier ENI comes
or goes; `planning.doubts` compares it with the cluster's pools. It never happens silently that a name moves to another
ENI.
"""

from __future__ import annotations

import collections
import dataclasses
import fnmatch
import ipaddress
import re
from collections.abc import Iterable, Iterator, Sequence

from spidercli.config.schema import Interface, InterfaceMatch
from spidercli.errors import FactsInvalid
from spidercli.facts.problems import listed
from spidercli.facts.selection import has_tags
from spidercli.model import Eni, EniInTransit, IPAddress, IPNetwork, NamedBy, Source, Transit

_PRIMARY_NAME = "eth0"
_MOST_NICS = 1000
_HOST_KINDS = frozenset({"Primary", "Secondary", "Trunk"})  # a Member is a VLAN of its Trunk, no interface of the node
_POD_KINDS = frozenset({"Primary", "Secondary"})
_TRANSITS = {"Attaching": Transit.ATTACHING, "Detaching": Transit.DETACHING}


@dataclasses.dataclass(frozen=True, kw_only=True)
class NamedEni:
    """An ENI under its name on the node."""

    eni: Eni
    name: str
    named_by: NamedBy


@dataclasses.dataclass(frozen=True)
class Rule:
    """One of the configuration's `interfaces`, its CIDRs parsed."""

    name: str
    match: InterfaceMatch
    cidrs: tuple[IPNetwork, ...]

    def fits(self, eni: Eni) -> bool:
        """Whether an ENI meets every condition that the rule has."""
        wanted = self.match
        return (
            (not wanted.vswitch or eni.vswitch_id in wanted.vswitch)
            and (not wanted.cidr or self._holds(eni.primary_ip))
            and (not wanted.eni_name or any(fnmatch.fnmatchcase(eni.name, pattern) for pattern in wanted.eni_name))
            and has_tags(eni.tags, wanted.tags)
        )

    def _holds(self, address: IPAddress | None) -> bool:
        return address is not None and any(address in cidr for cidr in self.cidrs)


def rules(interfaces: Iterable[Interface]) -> tuple[Rule, ...]:
    """The configuration's `interfaces`, ready to be asked."""
    return tuple(Rule(each.name, each.match, tuple(map(ipaddress.ip_network, each.match.cidr))) for each in interfaces)


def carries_pods(eni: Eni) -> bool:
    """Whether pods may use an ENI's addresses: attached, ours to use, and an ordinary interface of the node."""
    return eni.status == "InUse" and on_node(eni) and _is_for_pods(eni)


def on_node(eni: Eni) -> bool:
    """Whether an ENI takes up a name on its node, for pods or not: it is attached, or on the way."""
    is_plugged = eni.status == "InUse" or eni.status in _TRANSITS
    return is_plugged and bool(eni.instance_id) and eni.kind in _HOST_KINDS


def in_transit(enis: Iterable[Eni]) -> tuple[EniInTransit, ...]:
    """The ENIs of one node that are to carry pods soon, or did so until now, by id."""
    moving = (eni for eni in enis if eni.status in _TRANSITS and on_node(eni) and _is_for_pods(eni))
    found = (EniInTransit(eni_id=eni.eni_id, transit=_TRANSITS[eni.status]) for eni in moving)
    return tuple(sorted(found, key=lambda each: each.eni_id))


def named(enis: Iterable[Eni], naming: Sequence[Rule], source: Source) -> tuple[NamedEni, ...]:
    """The ENIs of one node that carry pods under their names, in name order, the primary one first.

    Names may repeat: see `problems`.
    """
    present = [eni for eni in enis if on_node(eni)]
    ruled = {eni.eni_id: rule.name for eni in present if (rule := _rule(eni, naming))}
    rest = [eni for eni in present if eni.eni_id not in ruled]
    found = [
        NamedEni(eni=eni, name=ruled[eni.eni_id], named_by=NamedBy.CONFIG) for eni in present if eni.eni_id in ruled
    ]
    found += _by_default(rest, frozenset(ruled.values()), source)
    usable = (each for each in found if carries_pods(each.eni))
    return tuple(sorted(usable, key=lambda each: name_order(each.name, primary=each.eni.primary)))


def problems(node: str, found: Sequence[NamedEni]) -> Iterator[FactsInvalid]:
    """What is wrong with one node's names: none is primary, or two ENIs have one name."""
    if not any(each.eni.primary for each in found):
        yield FactsInvalid(
            f"node {node}: its instance has no primary ENI in use",
            hint="wait until the instance is running, and try again",
        )
    bearers: dict[str, list[NamedEni]] = collections.defaultdict(list)
    for each in found:
        bearers[each.name].append(each)
    for name, sharing in bearers.items():
        if len(sharing) > 1:
            enis = listed([f"{each.eni.eni_id} (by {each.named_by.value})" for each in sharing], separator=" and ")
            yield FactsInvalid(
                f"node {node}: {len(sharing):,} ENIs have the name {name}: {enis}",
                hint="name each of them with `interfaces` in the configuration",
            )


def name_order(name: str, *, primary: bool) -> tuple[bool, list[tuple[int, str]], str]:
    """The sort key of a NIC: the primary one first, then eth2 before eth10."""
    pieces = re.findall(r"[0-9]+|[^0-9]+", name)
    return not primary, [(int(piece), "") if piece.isdecimal() else (-1, piece) for piece in pieces], name


def _is_for_pods(eni: Eni) -> bool:
    """Whether pods may use an ENI's addresses once it is attached."""
    return eni.kind in _POD_KINDS and not eni.service_managed and eni.traffic_mode != "HighPerformance"


def _rule(eni: Eni, naming: Sequence[Rule]) -> Rule | None:
    return next((rule for rule in naming if rule.fits(eni)), None) if _is_for_pods(eni) else None


def _by_default(enis: Sequence[Eni], taken: frozenset[str], source: Source) -> Iterator[NamedEni]:
    secondaries = [eni for eni in enis if not eni.primary]
    for eni in enis:
        if eni.primary:
            yield NamedEni(eni=eni, name=_PRIMARY_NAME, named_by=NamedBy.PRIMARY)
    if source is Source.METADATA:
        yield from _counted(secondaries, taken, NamedBy.MAC)
        return
    indexed = [eni for eni in secondaries if _has_index(eni)]
    for eni in indexed:
        yield NamedEni(eni=eni, name=f"eth{eni.device_index}", named_by=NamedBy.DEVICE_INDEX)
    by_age = sorted((eni for eni in secondaries if not _has_index(eni)), key=lambda eni: (eni.created_at, eni.eni_id))
    yield from _counted(by_age, taken.union(f"eth{eni.device_index}" for eni in indexed), NamedBy.CREATION_ORDER)


def _has_index(eni: Eni) -> bool:
    """Whether DeviceIndex names a secondary ENI: 0 is the primary one's, which some answers give to all."""
    return 0 < (eni.device_index or 0) < _MOST_NICS


def _counted(enis: Iterable[Eni], taken: frozenset[str], named_by: NamedBy) -> Iterator[NamedEni]:
    free = (name for number in range(1, 1 << 16) if (name := f"eth{number}") not in taken)
    for eni, name in zip(enis, free, strict=False):
        yield NamedEni(eni=eni, name=name, named_by=named_by)
