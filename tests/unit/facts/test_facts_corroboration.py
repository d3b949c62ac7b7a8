"""What one weak fact says is borne out by another one, or refused."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest

from spidercli import addresses
from spidercli.facts import corroboration
from spidercli.facts.matching import Match
from spidercli.model import MatchedBy


def by_address(build: Any, hostname: str, other: str, **fields: Any) -> Match:
    """A node of a hostname that is matched to an instance of another one, by its address."""
    node = build.kube_node("a", "10.0.0.1", hostname=hostname)
    instance = build.instance("i-1", "10.0.0.1", hostname=other)
    return Match(node=node, instance=instance, **{"matched_by": MatchedBy.INTERNAL_IP, **fields})


@pytest.mark.parametrize(
    ("ip", "fields"),
    [
        ("10.0.0.1", {"ip": "10.0.0.1"}),
        ("10.0.0.2", {"secondary": ["10.0.0.2"]}),
        ("10.0.0.17", {"ipv4_prefixes": (ipaddress.ip_network("10.0.0.16/28"),)}),
        ("2408::1", {"ipv6_addresses": addresses.gathered([ipaddress.ip_address("2408::1")])}),
        ("2408::ffff", {"ipv6_prefixes": (ipaddress.ip_network("2408::/80"),)}),
    ],
    ids=["primary", "secondary", "prefix", "ipv6", "ipv6-prefix"],
)
def test_any_address_of_any_eni_bears_a_hostname_out(build: Any, ip: str, fields: dict[str, Any]) -> None:
    """One of the node's InternalIPs on one of the instance's ENIs is enough."""
    node = build.kube_node("a", "192.168.77.5", ip, hostname="h")
    match = Match(node=node, instance=build.instance("i-1", hostname="h"), matched_by=MatchedBy.HOSTNAME)
    eni = build.eni("eni-2", **fields)

    assert not list(corroboration.unaddressed([match], [build.eni("eni-1"), eni]))
    assert list(corroboration.unaddressed([match], [build.eni("eni-1")]))


def test_an_eni_of_another_instance_says_nothing(build: Any) -> None:
    """The address has to be on the machine that the hostname names."""
    node = build.kube_node("a", "10.0.0.1", hostname="h")
    match = Match(node=node, instance=build.instance("i-1", hostname="h"), matched_by=MatchedBy.HOSTNAME)

    assert list(corroboration.unaddressed([match], [build.eni("eni-9", "10.0.0.1", instance_id="i-9")]))


@pytest.mark.parametrize("matched_by", [MatchedBy.PROVIDER_ID, MatchedBy.INTERNAL_IP, MatchedBy.CLOUD])
def test_only_hostnames_need_an_address(build: Any, matched_by: MatchedBy) -> None:
    """A providerID may go with an InternalIP that is on no ENI, and an address is one already."""
    assert not list(corroboration.unaddressed([by_address(build, "h", "h", matched_by=matched_by)], []))


def test_an_address_is_doubtful_where_the_hostname_is_another_one(build: Any) -> None:
    """Upper and lower case are the same; the name stands in for a hostname that the node does not report."""
    odd = by_address(build, "a", "b")
    same = [by_address(build, "Node-A", "node-a"), by_address(build, "", "A")]

    assert corroboration.doubtful([odd, *same]) == [odd]


def test_a_provider_id_settles_the_vpc(build: Any) -> None:
    """Addresses are only looked up in the VPC of nodes that have one."""
    sure = by_address(build, "c", "c", matched_by=MatchedBy.PROVIDER_ID)

    assert corroboration.doubtful([by_address(build, "a", "b"), sure]) == []


def test_a_namesake_in_another_vpc_is_named(build: Any) -> None:
    """Both machines are named with their VPCs, and the hint is to say which VPC is meant."""
    match = by_address(build, "a", "b")
    instances = [match.instance, build.instance("i-2", "10.0.0.9", hostname="A", vpc_id="vpc-2")]
    (problem,) = corroboration.namesakes([match], instances)

    assert problem.message == (
        "node a: its InternalIP is that of i-1 (vpc-1), but its hostname 'a' is that of i-2 (vpc-2)"
    )
    assert "set vpc" in str(problem.hint)


@pytest.mark.parametrize(
    "other", [{"hostname": "c", "vpc_id": "vpc-2"}, {"hostname": "a", "vpc_id": "vpc-1"}], ids=["nobody", "same-vpc"]
)
def test_a_hostname_of_nobody_says_nothing(build: Any, other: dict[str, Any]) -> None:
    """Nodes may be named as people like, and within its VPC an address is unique, whatever hostnames say."""
    match = by_address(build, "a", "b")

    assert not list(corroboration.namesakes([match], [match.instance, build.instance("i-2", **other)]))
