"""SpiderIPPools as the cluster has them, odd ones too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from spidercli.errors import FactsInvalid
from spidercli.model import Manifest
from spidercli.planning.live import LivePool

Build = Callable[..., Manifest]
TEN = 0x0A000000


def test_addresses_and_holders(pool: Build, live: Build) -> None:
    """Ranges are read, and the JSON text of the allocations."""
    found = LivePool(live(pool("a", "10.0.0.1-10.0.0.3"), held={"10.0.0.2": "default/web"}))

    assert found.listed == {TEN + 1, TEN + 2, TEN + 3}
    assert found.holders == {TEN + 2: "default/web"}
    assert str(found.address(TEN + 2)) == "10.0.0.2"


def test_excluded_addresses_are_not_listed(pool: Build, live: Build) -> None:
    """What excludeIPs names is not given out."""
    manifest: Any = live(pool("a", "10.0.0.1-10.0.0.3"))
    manifest["spec"]["excludeIPs"] = ["10.0.0.2"]
    found = LivePool(manifest)

    assert [found.lists(TEN + offset) for offset in range(5)] == [False, True, False, True, False]


def test_a_huge_pool_is_not_enumerated(pool: Build, live: Build) -> None:
    """A pool of somebody else may have 2 ** 64 addresses; asking for one is quick."""
    found = LivePool(live(pool("a", "fd00::1-fd00::ffff:ffff:ffff:ffff", subnet="fd00::/64", ours=False)))

    assert found.lists((0xFD00 << 112) + 12345)


def test_a_reversed_range_has_nothing(pool: Build, live: Build) -> None:
    """The webhook lets one pass, and Spiderpool gives nothing out of it."""
    assert not LivePool(live(pool("a", "10.0.0.5-10.0.0.1"))).listed


@pytest.mark.parametrize("status", [None, {}, {"allocatedIPs": None}, {"allocatedIPs": ""}, {"allocatedIPs": "{}"}])
def test_nobody_holds_anything(pool: Build, live: Build, status: Any) -> None:
    """An empty allocation has many spellings."""
    assert LivePool({**live(pool("a")), "status": status}).holders == {}


@pytest.mark.parametrize("text", ["{", "[1]", '{"x": {}}', '{"10.0.0.1": 1}'])
def test_unreadable_allocations_stop_everything(pool: Build, live: Build, text: str) -> None:
    """Who can't tell what is in use must not touch anything."""
    with pytest.raises(FactsInvalid, match=r"SpiderIPPool a: status\.allocatedIPs can't be read"):
        LivePool({**live(pool("a")), "status": {"allocatedIPs": text}})


@pytest.mark.parametrize(
    ("field", "value"), [("subnet", "10.0.0.0/33"), ("subnet", None), ("ips", ["10.0.0"]), ("excludeIPs", ["x-y"])]
)
def test_unreadable_fields_are_named(pool: Build, live: Build, field: str, value: object) -> None:
    """An object that was stored without the webhook is told, with its field."""
    manifest: Any = live(pool("a", "10.0.0.1"))
    manifest["spec"][field] = value

    with pytest.raises(FactsInvalid, match=f"SpiderIPPool a: spec.{field} can't be read"):
        LivePool(manifest).subnet, LivePool(manifest).lists(TEN + 1)


@pytest.mark.parametrize(
    ("subnet", "field", "text"),
    [
        ("10.0.0.0/24", "ips", "fd00::1"),
        ("10.0.0.0/24", "ips", "fd00::1-fd00::ffff:ffff"),
        ("10.0.0.0/24", "excludeIPs", "fd00::1"),
        ("fd00::/64", "ips", "10.0.0.1"),
    ],
)
def test_addresses_of_the_other_family_are_unreadable(
    pool: Build, live: Build, subnet: str, field: str, text: str
) -> None:
    """They are no addresses of the pool's subnet, and mean nothing there as numbers."""
    manifest: Any = live(pool("a", subnet=subnet))
    manifest["spec"][field] = [text]

    with pytest.raises(FactsInvalid, match=f"SpiderIPPool a: spec.{field} can't be read: .* is not of IPv"):
        LivePool(manifest).lists(TEN + 1), LivePool(manifest).excluded


def test_an_allocation_of_the_other_family_is_unreadable(pool: Build, live: Build) -> None:
    """The same for what pods hold."""
    with pytest.raises(FactsInvalid, match=r"SpiderIPPool a: status\.allocatedIPs can't be read"):
        LivePool(live(pool("a", "10.0.0.1"), held=["fd00::1"]))
