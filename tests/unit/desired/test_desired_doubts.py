"""Which nodes have an IPv6 address that may be their own."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from spidercli.config.schema import Config
from spidercli.desired.doubts import of_unknown_kind, with_unknown_owners
from spidercli.model import Inventory, MatchedBy, Source

OWN = "2408::10"
ON_ETH0 = ("eth0", "2408::/64", OWN)


def inventory(make: Any, nic: str, subnet: str, *ips: str, source: Source = Source.OPENAPI) -> Inventory:
    node = make.node("worker", make.nic(nic, make.block(subnet, *ips)))
    return Inventory(source=source, region_id="cn-hangzhou", nodes=(node,))


def test_ipv6_on_a_primary_eni(make: Any) -> None:
    """Nobody asked the cluster whose it is."""
    found = with_unknown_owners(inventory(make, *ON_ETH0), Config(), None)

    assert [node.name for node in found] == ["worker"]


@pytest.mark.parametrize(("telling", "count"), [({"worker"}, 0), ({"master"}, 1), (set(), 1)])
def test_the_cluster_tells_or_does_not(make: Any, telling: set[str], count: int) -> None:
    """What counts is whether the node reports an IPv6 InternalIP, not how it was matched with its instance."""
    found = inventory(make, *ON_ETH0)
    node = dataclasses.replace(found.nodes[0], matched_by=MatchedBy.PROVIDER_ID)

    for facts in (found, dataclasses.replace(found, nodes=(node,))):
        assert len(with_unknown_owners(facts, Config(), telling)) == count


@pytest.mark.parametrize(
    "facts",
    [("eth1", "2408::/64", OWN), ("eth0", "10.0.0.0/24", "10.0.0.5"), ("eth0", "2408::/64")],
    ids=["secondary ENI", "IPv4", "no address"],
)
def test_what_is_no_doubt(make: Any, facts: tuple[str, ...]) -> None:
    """A node's own address is on its primary ENI, and the cloud tells the primary IPv4 one."""
    for telling in (None, set[str]()):
        assert with_unknown_owners(inventory(make, *facts), Config(), telling) == []


@pytest.mark.parametrize(
    "pools", [{"families": "ipv4"}, {"exclude": [OWN]}, {"exclude": ["2408::/64"]}], ids=["IPv4 only", "named", "all"]
)
def test_a_configuration_that_settles_it(make: Any, pools: dict[str, Any]) -> None:
    """No pool of that family, or an address that somebody has excluded."""
    config = Config.model_validate({"pools": pools})

    for telling in (None, set[str]()):
        assert with_unknown_owners(inventory(make, *ON_ETH0), config, telling) == []


def test_who_wrote_it_by_hand_knows(make: Any) -> None:
    """And of what was saved with the cluster, it was told then."""
    by_hand = inventory(make, *ON_ETH0, source=Source.FILE)
    asked = inventory(make, *ON_ETH0)
    node = dataclasses.replace(asked.nodes[0], matched_by=MatchedBy.INTERNAL_IP)

    assert with_unknown_owners(by_hand, Config(), set()) == []
    assert with_unknown_owners(dataclasses.replace(asked, nodes=(node,)), Config(), None) == []


def test_kinds_that_metadata_do_not_tell(make: Any) -> None:
    """Secondary ENIs may be of any kind; the OpenAPI, a file and the configuration's `interfaces` know better."""
    config = Config.model_validate({"interfaces": [{"name": "eth1", "match": {"eni_name": ["pods-*"]}}]})
    found = inventory(make, "eth1", "10.0.0.0/24", "10.0.0.5", source=Source.METADATA)

    assert of_unknown_kind(found, Config()) == ["worker's eth1"]
    assert of_unknown_kind(found, config) == []
    assert of_unknown_kind(inventory(make, "eth0", "10.0.0.0/24", "10.0.0.5", source=Source.METADATA), Config()) == []
    for source in (Source.OPENAPI, Source.FILE):
        assert of_unknown_kind(inventory(make, "eth1", "10.0.0.0/24", source=source), Config()) == []
