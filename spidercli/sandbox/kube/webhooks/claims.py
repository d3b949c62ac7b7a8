"""Which addresses a pool claims for itself (pkg/ip/subnet.go).

Not the same as those that it gives out: a range that runs backwards is claimed as if it were turned around.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

from spidercli.sandbox.kube.webhooks import ranges
from spidercli.sandbox.kube.webhooks.ranges import Interval, Network


@dataclasses.dataclass(frozen=True)
class Claim:
    """What excluded addresses leave of a range, with the whole range's text."""

    text: str
    first: int
    last: int

    def meets(self, other: Claim) -> bool:
        """Whether two claims share an address."""
        return self.first <= other.last and other.first <= self.last


def read(subnet: str, listed: Iterable[str], excluded: Iterable[str]) -> tuple[Claim, ...]:
    """The claims of a pool.

    Raises:
        ValueError: a range is not in the subnet or meets another one, in Spiderpool's words.
    """
    network = ranges.network(subnet)
    found: list[Claim] = []
    for text in listed:
        claim = Claim(text, *sorted(_ends(network, text)))
        _check_apart(claim, found)
        found.append(claim)
    for hole in [_ends(network, text) for text in excluded]:
        found = [part for claim in found for part in _without(claim, hole)]
    return tuple(found)


def shared(mine: Iterable[Claim], others: Iterable[Claim]) -> list[str]:
    """The ranges of another pool that one pool's claims meet, once for every meeting."""
    return [other.text for claim in mine for other in others if claim.meets(other)]


def count(claims: Iterable[Claim]) -> int:
    """The number of addresses."""
    return sum(claim.last - claim.first + 1 for claim in claims)


def _ends(network: Network, text: str) -> Interval:
    parts = text.split("-")
    if len(parts) > 2 or (len(parts) == 1 and "/" in text):  # noqa: PLR2004 (the ends of a range)
        raise ValueError(f"invalid range: {text}")
    return _number(network, parts[0]), _number(network, parts[-1])


def _number(network: Network, text: str) -> int:
    try:
        address = ranges.parsed(text)
    except ValueError:
        raise ValueError(f"invalid IP address: {text}") from None
    if address not in network:
        raise ValueError(f"not match base subnet: {text}")
    return int(address)


def _check_apart(claim: Claim, others: Iterable[Claim]) -> None:
    for other in others:
        if other.first <= claim.first and claim.last <= other.last:
            raise ValueError(f"range {claim.text} is already covered by {other.text}")
        if claim.first <= other.first and other.last <= claim.last:
            raise ValueError(f"range {claim.text} covers {other.text}")
        if claim.meets(other):
            raise ValueError(f"range {claim.text} overlaps with {other.text}")


def _without(claim: Claim, hole: Interval) -> Iterator[Claim]:
    """A hole that runs backwards takes nothing away."""
    first, last = hole
    if claim.first > last or claim.last < first:
        yield claim
        return
    if claim.first < first:
        yield dataclasses.replace(claim, last=first - 1)
    if claim.last > last:
        yield dataclasses.replace(claim, first=last + 1)
