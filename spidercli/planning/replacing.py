"""What a SpiderMultusConfig loses when its spec is replaced by another one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from spidercli import kinds
from spidercli.model import Manifest
from spidercli.planning.ownership import Difference, Drift

# What Spiderpool's webhook and CRD write into a coordinator that says nothing of it (pkg/multuscniconfig,
# multusconfig_mutate.go); every other default is empty, zero or false.
_DEFAULTS = {"mode": "auto", "tunePodRoutes": True, "hostRuleTable": 500}
_EMPTY: tuple[object, ...] = ("", [], None)


def losses(live: Manifest, wanted: Manifest) -> list[Difference]:
    """The values of a live spec that go, or give way to others; defaults that Spiderpool writes again are neither."""
    return list(_lost(kinds.spec(live), kinds.spec(wanted), ("spec",)))


def _lost(live: Mapping[str, Any], wanted: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[Difference]:
    for name, value in live.items():
        at, other = (*path, name), wanted.get(name, _DEFAULTS.get(name))
        if isinstance(value, dict):
            yield from _lost(value, other if isinstance(other, dict) else {}, at)
        elif value in _EMPTY or value == other:
            continue
        elif other is not None:
            yield Difference(path=at, kind=Drift.CHANGED, desired=other, live=value)
        elif value:
            yield Difference(path=at, kind=Drift.EXTRA, live=value)
