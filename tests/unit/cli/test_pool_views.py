"""Pools as people ask about them."""

from __future__ import annotations

import ipaddress
import json
from typing import Any

import pytest

from spidercli import kinds, poolviews
from spidercli.errors import UsageProblem
from spidercli.model import Inventory, Source
from spidercli.planning.gathering import gather
from spidercli.planning.nics import Nics

EMPTY = Inventory(source=Source.FILE, region_id="cn-hangzhou", nodes=())


def pool(name: str, *ips: str, held: tuple[str, ...] = (), ours: bool = True, **spec: Any) -> Any:
    allocated = {ip: {"pod": "default/web", "podUid": "u"} for ip in held}
    return {
        "apiVersion": kinds.SPIDERPOOL,
        "kind": "SpiderIPPool",
        "metadata": {"name": name, "labels": {kinds.MANAGED_BY: "spidercli"} if ours else {}},
        "spec": {"subnet": "10.0.0.0/24", "ips": list(ips), **spec},
        "status": {"allocatedIPs": json.dumps(allocated)},
    }


def overview(live: list[Any], desired: list[Any]) -> list[dict[str, Any]]:
    return poolviews.overview(gather(desired, live, prune=False, adopt=False), network="ipvlan-{nic}")


def test_free_and_used() -> None:
    """Excluded addresses are neither free nor counted."""
    found = overview([pool("a", "10.0.0.1-10.0.0.10", held=("10.0.0.1",), excludeIPs=["10.0.0.3", "10.0.0.200"])], [])

    assert (found[0]["free"], found[0]["total"], found[0]["usage"]) == (8, 9, "11%")


def test_a_pool_without_addresses() -> None:
    """Nothing is no share of nothing."""
    found = overview([pool("a")], [])

    assert (found[0]["free"], found[0]["total"], found[0]["usage"]) == (0, 0, None)


@pytest.mark.parametrize(
    ("desired", "agreement"),
    [
        (pool("a", "10.0.0.1", "10.0.0.2"), "in-sync"),
        (pool("a", "10.0.0.1-10.0.0.2"), "in-sync"),
        (pool("a", "10.0.0.1"), "drift"),
        (pool("a", "10.0.0.1-10.0.0.2", subnet="10.0.0.0/25"), "drift"),
        (pool("a", "10.0.0.1-10.0.0.2", nodeName=["other"]), "drift"),
        (pool("b", "10.0.0.9"), "orphan"),
    ],
)
def test_agreement(desired: Any, agreement: str) -> None:
    """Everything that we want of a pool counts; sets of addresses count, however they are written."""
    assert overview([pool("a", "10.0.0.1-10.0.0.2")], [desired])[0]["cloud"] == agreement


def test_a_pool_of_somebody_else() -> None:
    """It may list the same addresses and is not ours to keep in sync."""
    assert overview([pool("a", "10.0.0.1", ours=False)], [pool("a", "10.0.0.1")])[0]["cloud"] == "conflict"


def test_a_pool_that_nobody_here_made() -> None:
    """A pool of somebody else that is in nobody's way is no orphan of ours."""
    assert overview([pool("a", "10.0.0.1", ours=False)], [])[0]["cloud"] == "foreign"


def test_a_pool_of_a_node_that_was_left_out() -> None:
    """It is none of our business, unless its name is needed."""
    live = [pool("a", "10.0.0.1", nodeName=["worker"])]
    for desired, agreement in (([], "not-read"), ([pool("a", "10.0.0.2", nodeName=["master"])], "conflict")):
        facts = gather(desired, live, prune=False, adopt=False, nodes={"master"})
        assert poolviews.overview(facts, network="{nic}")[0]["cloud"] == agreement


@pytest.mark.parametrize(("ips", "agreement"), [(["10.0.0.1"], "drift"), ([], "in-sync")])
def test_a_pool_whose_nic_has_no_addresses(ips: list[str], agreement: str) -> None:
    """It agrees with the cloud when it has none either."""
    live = pool("a", *ips)
    live["metadata"]["annotations"] = {kinds.ANNOTATION_ENI: "eni-1"}
    facts = gather([], [live], prune=False, adopt=False, nics=Nics(idle=lambda: [("eni-1", 4)]))

    assert poolviews.overview(facts, network="{nic}")[0]["cloud"] == agreement


def test_a_disabled_pool() -> None:
    """The column is there where a pool is disabled."""
    found = overview([pool("a", disable=True), pool("b")], [])

    assert [each["disabled"] for each in found] == [True, False]
    assert (poolviews.columns(found)[-1], poolviews.columns(found[1:])[-1]) == ("disabled", "cloud")


def test_a_pool_that_is_being_deleted() -> None:
    """It hands out nothing any more, whatever it lists."""
    wanted, going = pool("a", "10.0.0.1"), pool("a", "10.0.0.1")
    going["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"

    assert overview([going], [wanted])[0]["cloud"] == "deleting"


def test_what_a_pool_does_not_say_is_unknown() -> None:
    """Node, NIC and network of a pool for everybody are None."""
    found = overview([pool("a", "10.0.0.1")], [])[0]

    assert (found["node"], found["nic"], found["multus"], found["gateway"], found["eni"]) == (None,) * 5


def test_several_nodes_and_networks() -> None:
    """Lists are joined, and so are the NICs of the networks whose names are ours."""
    networks = ["kube-system/ipvlan-eth1", "kube-system/macvlan-conf", "kube-system/ipvlan-ens-5"]
    found = overview([pool("a", nodeName=["n1", "n2"], multusName=networks)], [])[0]

    assert (found["node"], found["nic"]) == ("n1,n2", "eth1,ens-5")


@pytest.mark.parametrize(
    ("network", "was", "wanted", "nic"),
    [
        ("{nic}-pods", "eth0-pods", None, "eth0"),
        ("{nic}-pods", "eth0-pods", "eth0-pods", "eth0"),
        ("{nic}-pods", "ipvlan-eth0", None, None),
        ("{nic}-pods", "ipvlan-eth0", "eth0-pods", "eth0"),
        ("{nic}.{nic}", "eth0.eth0", None, "eth0"),
        ("{nic}.{nic}", "eth0.eth1", None, None),
        ("{nic}", "eth-0", None, "eth-0"),
    ],
)
def test_the_nic_is_what_the_pattern_says(network: str, was: str, wanted: str | None, nic: str | None) -> None:
    """The name of a pool's network tells its NIC; of a pool of ours it is the name that it should have."""
    live = pool("a", multusName=[f"kube-system/{was}"])
    desired = [pool("a", multusName=[f"kube-system/{wanted}"])] if wanted else []
    facts = gather(desired, [live], prune=False, adopt=False)

    assert poolviews.overview(facts, network=network)[0]["nic"] == nic


def test_the_nic_of_a_pool_that_is_not_ours() -> None:
    """It is where it says, even under a name that we want."""
    live = pool("a", ours=False, multusName=["kube-system/ipvlan-eth1"])

    assert overview([live], [pool("a", multusName=["kube-system/ipvlan-eth0"])])[0]["nic"] == "eth1"


def test_who_holds_an_address() -> None:
    """The pool and the pod, even where no NIC has the address."""
    facts = gather([], [pool("a", "10.0.0.1", held=("10.0.0.1",))], prune=False, adopt=False)
    found = poolviews.who(ipaddress.ip_address("10.0.0.1"), facts, EMPTY)

    assert (found["pool"], found["pod"], found["node"]) == ("a", "default/web", None)
    assert poolviews.is_known(found)


def test_an_address_of_the_other_family_is_no_match() -> None:
    """Addresses are compared within a family: 10.0.0.1 and ::a00:1 are the same number."""
    facts = gather([], [pool("a", "10.0.0.1")], prune=False, adopt=False)
    found = poolviews.who(ipaddress.ip_address("::a00:1"), facts, EMPTY)

    assert not poolviews.is_known(found)


def test_parsing_an_address() -> None:
    """Both families; anything else is a usage problem."""
    assert str(poolviews.parse_address("2001:DB8::1")) == "2001:db8::1"
    with pytest.raises(UsageProblem, match=r"'10\.0\.0' is not an IP address"):
        poolviews.parse_address("10.0.0")
