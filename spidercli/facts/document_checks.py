"""What can be wrong with a saved inventory though every key and type is right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from spidercli import addresses
from spidercli.config.keys import dotted
from spidercli.config.problems import Problem
from spidercli.facts.document_schema import BlockSection, InventorySection, NicSection
from spidercli.model import IPAddress

_MOST_ADDRESSES = 1 << 20
_Path = tuple[str | int, ...]


def problems(document: InventorySection) -> list[Problem]:
    """Everything that is wrong with a document's sense, in no order."""
    spans = list(_spans(document))
    return [
        *_repeated_names(document),
        *_second_primaries(document),
        *_outside_of_subnets(document),
        *_repeated_addresses(spans),
        *_too_many_addresses(spans),
    ]


def blocks(nic: NicSection) -> list[tuple[str, BlockSection]]:
    """A NIC's blocks with their keys, IPv4 first."""
    return [(key, block) for key, block in (("ipv4", nic.ipv4), ("ipv6", nic.ipv6)) if block]


def is_primary(nic: NicSection) -> bool:
    """Whether a NIC is primary: as it says, else if it is eth0."""
    return nic.name == "eth0" if nic.primary is None else nic.primary


class _Span(NamedTuple):
    """One address or range that the document lists; ordered by address."""

    version: int
    first: int
    last: int
    position: int  # in the document
    path: _Path
    start: IPAddress


def _nics(document: InventorySection) -> Iterator[tuple[_Path, NicSection]]:
    for index, node in enumerate(document.nodes):
        for number, nic in enumerate(node.nics):
            yield ("nodes", index, "nics", number), nic


def _repeated_names(document: InventorySection) -> Iterator[Problem]:
    """Node names, instances and ENIs are unique, and so are NIC names within a node."""
    nodes = list(enumerate(document.nodes))
    yield from _repeated((("nodes", index, "name"), node.name) for index, node in nodes)
    yield from _repeated((("nodes", index, "instance"), node.instance) for index, node in nodes)
    yield from _repeated(((*path, "eni"), nic.eni) for path, nic in _nics(document) if nic.eni)
    for index, node in nodes:
        yield from _repeated(
            (("nodes", index, "nics", number, "name"), nic.name) for number, nic in enumerate(node.nics)
        )


def _repeated(values: Iterable[tuple[_Path, str]]) -> Iterator[Problem]:
    first: dict[str, _Path] = {}
    for path, value in values:
        earlier = first.setdefault(value, path)
        if earlier is not path:
            yield Problem(path=path, text=f"{value} is already at {dotted(earlier)}")


def _second_primaries(document: InventorySection) -> Iterator[Problem]:
    for index, node in enumerate(document.nodes):
        primaries = [number for number, nic in enumerate(node.nics) if is_primary(nic)]
        for number in primaries[1:]:
            path = ("nodes", index, "nics", number, "primary")
            yield Problem(path=path, text=f"{node.nics[primaries[0]].name} is already the primary NIC of {node.name}")


def _outside_of_subnets(document: InventorySection) -> Iterator[Problem]:
    for path, nic in _nics(document):
        if nic.ipv4 and nic.primary_ip and nic.primary_ip not in nic.ipv4.subnet:
            yield Problem(path=(*path, "primaryIP"), text=f"{nic.primary_ip} is not in {nic.ipv4.subnet}")
        for key, block in blocks(nic):
            yield from _outside_of_subnet((*path, key), block, version=4 if key == "ipv4" else 6)


def _outside_of_subnet(path: _Path, block: BlockSection, *, version: int) -> Iterator[Problem]:
    if block.subnet.version != version:
        yield Problem(path=(*path, "subnet"), text=f"{block.subnet} is no IPv{version} subnet")
        return
    if block.gateway and block.gateway not in block.subnet:
        yield Problem(path=(*path, "gateway"), text=f"{block.gateway} is not in {block.subnet}")
    for position, text in enumerate(block.addresses):
        if any(end not in block.subnet for end in addresses.parse_range(text)):
            yield Problem(path=(*path, "addresses", position), text=f"{text} is not in {block.subnet}")


def _spans(document: InventorySection) -> Iterator[_Span]:
    for position, (path, (first, last)) in enumerate(_listed(document)):
        yield _Span(first.version, int(first), int(last), position, path, first)


def _listed(document: InventorySection) -> Iterator[tuple[_Path, tuple[IPAddress, IPAddress]]]:
    for path, nic in _nics(document):
        if nic.primary_ip:
            yield (*path, "primaryIP"), (nic.primary_ip, nic.primary_ip)
        for key, block in blocks(nic):
            for position, text in enumerate(block.addresses):
                yield (*path, key, "addresses", position), addresses.parse_range(text)


def _repeated_addresses(spans: Iterable[_Span]) -> Iterator[Problem]:
    """Spans that overlap, found by comparing each with the one that reaches furthest before it."""
    reach: _Span | None = None
    for span in sorted(spans):
        if reach and span.version == reach.version and span.first <= reach.last:
            earlier, later = sorted((reach, span), key=lambda each: each.position)
            yield Problem(path=later.path, text=f"{span.start} is already at {dotted(earlier.path)}")
        if reach is None or (span.version, span.last) > (reach.version, reach.last):
            reach = span


def _too_many_addresses(spans: Sequence[_Span]) -> Iterator[Problem]:
    total = sum(span.last - span.first + 1 for span in spans)
    if total > _MOST_ADDRESSES:
        yield Problem(path=("nodes",), text=f"{total:,} addresses in all, at most {_MOST_ADDRESSES:,} can be handled")
