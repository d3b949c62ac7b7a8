"""Answers that no cloud, cluster or metadata service should give: one message that names the object and the field."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

Run = Callable[..., Any]
Check = Callable[[Any], Any]
Change = Callable[[Any], Any]

ENIS, INSTANCES, VSWITCHES = "DescribeNetworkInterfaces", "DescribeInstances", "DescribeVSwitches"
MASTER_ETH0 = "eni-bp1a4m2c8x6v0b5n9d3f7"
EVIL = "\x1b[31m\u202ered\n[bold]{{ 7*7 }}\x9b1;1H"
DEEP = b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"


def put(*path: str | int, value: object) -> Change:
    """Set a value somewhere in a document."""

    def change(document: Any) -> Any:
        at = document
        for step in path[:-1]:
            at = at.setdefault(step, {}) if isinstance(at, dict) else at[step]
        at[path[-1]] = value
        return document

    return change


def eni(*path: str | int, value: object) -> tuple[str, Change]:
    return ENIS, put("NetworkInterfaceSets", "NetworkInterfaceSet", 0, *path, value=value)


def address(value: object) -> tuple[str, Change]:
    return eni("PrivateIpSets", "PrivateIpSet", 1, "PrivateIpAddress", value=value)


def vswitch(name: str, value: object) -> tuple[str, Change]:
    return VSWITCHES, put("VSwitches", "VSwitch", 0, name, value=value)


def twice(document: Any) -> Any:
    """The same ENI again, with another MAC address."""
    found = document["NetworkInterfaceSets"]["NetworkInterfaceSet"]
    found.append({**copy.deepcopy(found[0]), "MacAddress": "00:16:3e:ff:ff:ff"})
    return document


CLOUD = {
    "no list": ((ENIS, put("NetworkInterfaceSets", value=None)), "field NetworkInterfaceSets is missing"),
    "null in a list": (eni(value=None), "NetworkInterfaceSets.NetworkInterfaceSet is "),
    "no addresses": (eni("PrivateIpSets", value=None), f"ENI {MASTER_ETH0}: field PrivateIpSets is missing"),
    "no address": (address("not-an-ip"), "field PrivateIpAddress is 'not-an-ip'"),
    "escapes": (address(EVIL), "field PrivateIpAddress is "),
    "1 MB": (address("1" * 1_000_000), "field PrivateIpAddress is '1111"),
    "outside": (address("10.9.9.9"), "(172.31.192.0/20) does not hold 10.9.9.9"),
    "an address twice": (address("172.31.199.186"), "a list with one address twice"),
    "a text for a flag": (
        eni("PrivateIpSets", "PrivateIpSet", 1, "Primary", value="false"),
        "field Primary is 'false'",
    ),
    "another VPC": (eni("VpcId", value="vpc-other"), "field VpcId is 'vpc-other, not vpc-bp1"),
    "an unknown vSwitch": (eni("VSwitchId", value="vsw-x"), f"{MASTER_ETH0} of node master: its vSwitch vsw-x was not"),
    "a zone": (eni("Ipv6Sets", "Ipv6Set", value=[{"Ipv6Address": "fe80::1%eth0"}]), "Ipv6Address is 'fe80::1%eth0'"),
    "a hostile id": (eni("NetworkInterfaceId", value=EVIL), "field NetworkInterfaceId is "),
    "an id of 1 MB": (eni("NetworkInterfaceId", value="x" * 1_000_000), "field NetworkInterfaceId is 'xxx"),
    "an unknown status": (eni("Status", value="Melting"), "node master: its instance has no primary ENI in use"),
    "an unknown type": (eni("Type", value="Quantum"), "node master: its instance has no primary ENI in use"),
    "a text for a number": (eni("Attachment", "DeviceIndex", value="1"), ".Attachment: field DeviceIndex is '1'"),
    "one ENI, two versions": ((ENIS, twice), f"{MASTER_ETH0} changed while it was read"),
    "a token that is none": ((ENIS, put("NextToken", value=5)), "field NextToken is '5'"),
    "host bits": (vswitch("CidrBlock", "172.31.199.1/20"), "field CidrBlock is '172.31.199.1/20'"),
    "too few by its count": ((VSWITCHES, put("TotalCount", value=0)), "TotalCount is '0, with 2 listed'"),
    "a negative count": ((VSWITCHES, put("TotalCount", value=-1)), "TotalCount is '-1, with 2 listed'"),
    "a count of texts": ((VSWITCHES, put("TotalCount", value="2")), "field TotalCount is '2'"),
    "too many by its count": (
        (VSWITCHES, put("TotalCount", value=10**9)),
        "vpc:DescribeVSwitches changed while it was read",
    ),
    "a hostile region": ((INSTANCES, put("Instances", "Instance", 0, "RegionId", value=EVIL)), "field RegionId is "),
}


@pytest.mark.parametrize("case", CLOUD)
def test_an_odd_answer_of_the_cloud(spidercli: Run, behaves: Check, cloud: Any, case: str) -> None:
    """What an API should not say is told with the object and the field, and nothing is planned on it."""
    (call, change), words = CLOUD[case]
    cloud.bend(call, change)
    ran = behaves(spidercli("pools", "diff"))

    assert (ran.code, ran.stdout) == (1, "")
    assert words in ran.stderr


@pytest.mark.parametrize("call", [ENIS, VSWITCHES])
@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize(
    "body",
    [b"", b"<html>log in</html>", b'{"a": "\xff"}', b"[]", b"null", b'{"a": ' + b"9" * 5_000 + b"}", b'{"a": ', DEEP],
    ids=["empty", "HTML", "no UTF-8", "list", "null", "huge number", "cut", "deep"],
)
def test_an_answer_that_is_none(
    spidercli: Run, behaves: Check, cloud: Any, call: str, status: int, body: bytes
) -> None:
    """The call is named, whatever came back."""
    cloud.replace(call, lambda _: body, status=status)
    ran = behaves(spidercli("pools", "diff", "-q"))

    assert (ran.code, ran.stdout) == (1, "")
    assert call in ran.stderr


@pytest.mark.parametrize("call", [ENIS, VSWITCHES])
def test_a_hostile_refusal(spidercli: Run, behaves: Check, cloud: Any, call: str) -> None:
    """An API's own words neither reach the terminal raw nor fill it."""
    for code, message in (("Forbidden.RAM", EVIL), (EVIL, "x" * 1_000_000), (5, None), ({"a": EVIL}, [1])):
        body = json.dumps({"Code": code, "Message": message, "RequestId": EVIL}).encode()
        cloud.replace(call, lambda _, body=body: body, status=403)

        assert behaves(spidercli("pools", "diff", "-q")).code in (1, 4)


def test_pages_without_end(spidercli: Run, behaves: Check, cloud: Any) -> None:
    """An endpoint that always has one more page is not read for ever."""
    first: list[bytes] = []

    def again(body: bytes) -> bytes:
        first.append(body)
        return json.dumps({**json.loads(first[0]), "NextToken": f"token-{len(first)}"}).encode()

    cloud.replace(ENIS, again, status=200)
    ran = behaves(spidercli("pools", "diff", "-q"))

    assert (ran.code, len(first)) == (1, 2)
    assert "ecs:DescribeNetworkInterfaces gives the same page again and again" in ran.stderr


def test_a_continue_token_without_end(spidercli: Run, behaves: Check, cluster: Any) -> None:
    """An API server that gives the token that it was given is not read for ever."""
    page = json.dumps({"kind": "NodeList", "metadata": {"continue": "again"}, "items": []}).encode()
    cluster.replace(NODES, lambda _: page, status=200)
    ran = behaves(spidercli("pools", "diff", "-q"))

    assert ran.code == 1
    assert "can't list Node objects: the API server gives the same page again and again" in ran.stderr


def item(*path: str | int, value: object) -> Change:
    return put("items", 0, *path, value=value)


def owners(fields: object) -> Change:
    """What our own field manager is said to own."""

    def change(document: Any) -> Any:
        for entry in document["items"][0]["metadata"]["managedFields"]:
            entry["fieldsV1"] = fields
        return document

    return change


POOLS, NODES, CONFIGS = "/spiderippools", "/nodes", "/spidermultusconfigs"
CLUSTER = {
    "no list": (POOLS, put("items", value=5), "can't list SpiderIPPool objects: the answer is no list of objects"),
    "null in a list": (POOLS, item(value=None), "gives a SpiderIPPool without a name: None"),
    "no metadata": (CONFIGS, item("metadata", value=None), "gives a SpiderMultusConfig without a name"),
    "a hostile name": (NODES, item("metadata", "name", value=EVIL), "gives a Node without a name"),
    "labels": (POOLS, item("metadata", "labels", value=[1]), "SpiderIPPool master-172: metadata.labels is [1]"),
    "an annotation": (POOLS, item("metadata", "annotations", value={"a": 1}), "metadata.annotations is {'a': 1}"),
    "a spec": (POOLS, item("spec", value="x"), "SpiderIPPool master-172: spec is 'x'"),
    "ips": (POOLS, item("spec", "ips", value={"a": None}), "SpiderIPPool master-172: spec.ips is {'a': None}"),
    "one of ips": (POOLS, item("spec", "ips", value=[None]), "SpiderIPPool master-172: spec.ips is [None]"),
    "a range": (POOLS, item("spec", "ips", value=["x"]), "SpiderIPPool master-172: spec.ips can't be read"),
    "a zone": (POOLS, item("spec", "ips", value=["fe80::1%eth0"]), "spec.ips can't be read"),
    "allocations": (POOLS, item("status", "allocatedIPs", value=[]), "master-172: status.allocatedIPs is []"),
    "no JSON": (POOLS, item("status", "allocatedIPs", value="{"), "status.allocatedIPs can't be read"),
    "deep JSON": (POOLS, item("status", "allocatedIPs", value="[" * 100_000), "status.allocatedIPs can't be read"),
    "no managers": (POOLS, item("metadata", "managedFields", value={"a": 1}), "metadata.managedFields is {'a': 1}"),
    "no fields": (CONFIGS, owners("x"), "SpiderMultusConfig ipvlan-eth0: metadata.managedFields is"),
    "a key of fields": (POOLS, owners({"k:[": {}}), "SpiderIPPool master-172: metadata.managedFields is"),
    "an InternalIP": (
        NODES,
        item("status", "addresses", value=[{"type": "InternalIP", "address": EVIL}]),
        "node 'master' has",
    ),
}


@pytest.mark.parametrize("case", CLUSTER)
def test_an_odd_answer_of_the_cluster(spidercli: Run, behaves: Check, cluster: Any, case: str) -> None:
    """What an API server should not say is told with the object and the field, and nothing is planned on it."""
    call, change, words = CLUSTER[case]
    cluster.bend(call, change)
    ran = behaves(spidercli(*(("multus", "diff") if call == CONFIGS else ("pools", "diff", "--prune"))))

    assert (ran.code, ran.stdout) == (1, "")
    assert words in ran.stderr


@pytest.mark.parametrize(
    "managed",
    [None, [], [{}], [{"manager": "spidercli", "operation": "Apply", "fieldsV1": {"f:spec": {"f:ips": {"f:x": {}}}}}]],
)
def test_owners_that_make_no_sense(spidercli: Run, behaves: Check, cluster: Any, managed: object) -> None:
    """Where nothing useful is known of what we applied, it would be applied again."""
    cluster.bend(POOLS, item("metadata", "managedFields", value=managed))

    assert behaves(spidercli("pools", "diff")).code == 0


@pytest.mark.parametrize("status", [200, 404])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>log in</html>",
        b"[]",
        DEEP,
        json.dumps({"kind": "Status", "details": 5, "message": EVIL, "reason": [1]}).encode(),
        json.dumps({"kind": "Status", "details": {"causes": [None, 5], "kind": EVIL}, "message": "x" * 10**6}).encode(),
    ],
    ids=["empty", "HTML", "list", "deep", "odd status", "huge status"],
)
def test_an_answer_of_the_cluster_that_is_none(
    spidercli: Run, behaves: Check, cluster: Any, status: int, body: bytes
) -> None:
    """Whatever came back, the message is short and says what was to be done."""
    cluster.replace(POOLS, lambda _: body, status=status)
    ran = behaves(spidercli("pools", "diff", "-q"))

    assert (ran.code, ran.stdout) == (1, "")


@pytest.mark.parametrize("version", [None, 5, [], EVIL, "x" * 1_000_000], ids=["null", "5", "list", "escapes", "1 MB"])
def test_a_strange_version(spidercli: Run, behaves: Check, cluster: Any, version: object) -> None:
    """A version is for reading only."""
    cluster.bend("/version", lambda _: {"gitVersion": version})

    assert behaves(spidercli("version")).code == 0


METADATA = {
    "mac": "/latest/meta-data/mac",
    "the list of MACs": "/network/interfaces/macs/",
    "an id": "/latest/meta-data/instance-id",
    "a region": "/latest/meta-data/region-id",
    "an ENI": "/network-interface-id",
    "an address": "/primary-ip-address",
    "addresses": "/private-ipv4s",
    "a subnet": "/vswitch-cidr-block",
    "a gateway": "/gateway",
}


@pytest.mark.parametrize("name", METADATA)
def test_an_odd_answer_of_the_metadata_service(
    spidercli: Run, behaves: Check, cloud: Any, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A login page, escapes, an address that is none, a path instead of a MAC address: refused where it matters."""
    monkeypatch.setenv("SPIDERCLI_SOURCE", "metadata")
    for body in (b"", b"<html>log in</html>", EVIL.encode(), b"x" * 1_000_000, b"\xff", b"../..", b"999.1.1.1"):
        cloud.replace(METADATA[name], lambda _, body=body: body, status=200)
        ran = behaves(spidercli("inventory", "-q", "--no-cluster", "-o", "yaml"))

        assert ran.code in (0, 1)
        assert ran.code == 1 or body != EVIL.encode()
