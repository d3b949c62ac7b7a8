"""Instance metadata, in the service's own odd formats."""

from __future__ import annotations

import dataclasses
import json
from ipaddress import IPv4Network, IPv6Network
from typing import Any

import pytest

from spidercli.sandbox.cloud.world import World
from spidercli.sandbox.scenarios import guide

ETH0 = "00:16:3e:00:c7:b7"
ETH1 = "00:16:3e:01:00:9b"
MACS = "meta-data/network/interfaces/macs"
TTL = "x-aliyun-ecs-metadata-token-ttl-seconds"
TOKEN = "x-aliyun-ecs-metadata-token"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("region-id", "cn-hangzhou"),
        ("zone-id", "cn-hangzhou-i"),
        ("instance-id", guide.MASTER),
        ("instance/instance-type", "ecs.g7.xlarge"),
        ("hostname", "master"),
        ("mac", ETH0),
        ("private-ipv4", "172.31.199.183"),
        ("vpc-id", guide.VPC),
        ("vpc-cidr-block", "172.31.0.0/16"),
        ("vswitch-id", guide.VSWITCH_ETH0),
        ("network/interfaces/macs/", f"{ETH0}/\n{ETH1}/"),
        ("network/interfaces/macs", f"{ETH0}/\n{ETH1}/"),
        (f"network/interfaces/macs/{ETH1}/network-interface-id", guide.MASTER_ETH1),
        (f"network/interfaces/macs/{ETH1}/primary-ip-address", "192.168.0.155"),
        (f"network/interfaces/macs/{ETH1}/vswitch-cidr-block", "192.168.0.0/24"),
        (f"network/interfaces/macs/{ETH1}/netmask", "255.255.255.0"),
        (f"network/interfaces/macs/{ETH0}/gateway", "172.31.207.253"),
        (f"network/interfaces/macs/{ETH1}/gateway", "192.168.0.253"),
        (
            f"network/interfaces/macs/{ETH1}/private-ipv4s",
            '["192.168.0.155","192.168.0.156","192.168.0.157","192.168.0.158","192.168.0.159","192.168.0.160"]',
        ),
    ],
)
def test_items(path: str, text: str, get: Any) -> None:
    """Items of the first instance, folders as listings."""
    assert get(f"meta-data/{path}") == (200, text)


@pytest.mark.parametrize(
    "path",
    ["meta-data/eipv4", f"{MACS}/{ETH0}/ipv6s", f"{MACS}/{ETH0}/ipv4-prefixes", f"{MACS}/00:00/mac", "user-data"],
)
def test_absent_items(path: str, get: Any) -> None:
    """What an instance does not have is not found."""
    assert get(path)[0] == 404


def test_another_instance(get: Any, world: World) -> None:
    """The service can speak for any instance."""
    world.metadata_instance_id = guide.WORKER

    assert get("meta-data/instance-id") == (200, guide.WORKER)


def test_no_instance(get: Any, world: World) -> None:
    """Nobody at home is no crash."""
    world.remove_instance(guide.MASTER)
    world.remove_instance(guide.WORKER)

    assert get("meta-data/instance-id")[0] == 404


def test_ipv6_items(get: Any, world: World) -> None:
    """IPv6 addresses have brackets and no quotes; the gateway is the first of the last nine addresses."""
    six = dataclasses.replace(
        world.vswitches[guide.VSWITCH_ETH1],
        vswitch_id="vsw-six",
        ipv6_cidr=IPv6Network("2408::/64"),
        reservations=(IPv4Network("192.168.0.32/28"), IPv6Network("2408::8000:0:0:0/80")),
    )
    world.add_vswitch(six)
    world.add_vpc(dataclasses.replace(world.vpcs[guide.VPC], ipv6_cidr=IPv6Network("2408::/56")))
    world.add_eni(
        dataclasses.replace(world.eni(guide.MASTER_ETH1), eni_id="eni-six", vswitch_id="vsw-six", mac="02:00")
    )
    world.assign("eni-six", "2408::1", "2408::2", "192.168.0.32/28", "2408::8000:0:0:0/80")

    names = [
        "ipv6s",
        "ipv6-gateway",
        "vswitch-ipv6-cidr-block",
        "vpc-ipv6-cidr-blocks",
        "ipv4-prefixes",
        "ipv6-prefixes",
    ]
    assert [get(f"{MACS}/02:00/{name}")[1] for name in names] == [
        "[2408::1,2408::2]",
        "2408::ffff:ffff:ffff:fff7",
        "2408::/64",
        "[2408::/56]",
        "192.168.0.32/28",
        "2408::8000:0:0:0/80",
    ]


def test_ipv6_only_eni(get: Any, world: World) -> None:
    """An ENI without IPv4 addresses has no item for them, and its instance none either."""
    world.remove_eni(guide.MASTER_ETH0)
    world.remove_eni(guide.MASTER_ETH1)
    eni = dataclasses.replace(world.eni(guide.WORKER_ETH0), instance_id=guide.MASTER, primary_ip=None, secondary_ips=())
    world.add_eni(dataclasses.replace(eni, eni_id="eni-six", mac="02:00"))

    paths = [
        "meta-data/mac",
        "meta-data/private-ipv4",
        f"{MACS}/02:00/primary-ip-address",
        f"{MACS}/02:00/private-ipv4s",
    ]
    assert [get(path)[0] for path in paths] == [200, 404, 404, 404]


def test_instance_without_network(get: Any, world: World) -> None:
    """An instance without ENIs has its own items only."""
    world.remove_eni(guide.MASTER_ETH0)
    world.remove_eni(guide.MASTER_ETH1)

    assert (get("meta-data/hostname")[0], get("meta-data/mac")[0]) == (200, 404)


def test_token_mode(get: Any, clock: Any) -> None:
    """A token works until its time is over."""
    status, token = get("api/token", method="PUT", **{TTL: "60"})
    before = get("meta-data/region-id", **{TOKEN: token})
    clock.now += 60

    assert (status, before, get("meta-data/region-id", **{TOKEN: token})[0]) == (200, (200, "cn-hangzhou"), 401)


@pytest.mark.parametrize("ttl", ["0", "21601", "-1", "x", ""])
def test_token_lifetime(ttl: str, get: Any) -> None:
    """A token lives for one second to six hours."""
    assert get("api/token", method="PUT", **{TTL: ttl})[0] == 400


def test_made_up_token(get: Any) -> None:
    """A token that was never given out is refused, though none would have been needed."""
    assert get("meta-data/region-id", **{TOKEN: "made-up"})[0] == 401


def test_hardened_mode(get: Any, world: World) -> None:
    """An instance that requires tokens answers without one with 403."""
    world.change_instance(guide.MASTER, http_tokens="required")
    _, token = get("api/token", method="PUT", **{TTL: "60"})

    assert (get("meta-data/region-id")[0], get("meta-data/region-id", **{TOKEN: token})[0]) == (403, 200)


def test_closed_service(get: Any, world: World) -> None:
    """An instance may have its metadata closed."""
    world.change_instance(guide.MASTER, http_endpoint="disabled")

    assert get("api/token", method="PUT", **{TTL: "60"})[0] == 403


def test_forwarded_requests(get: Any) -> None:
    """A request that went through a proxy gets nothing."""
    assert get("meta-data/region-id", x_forwarded_for="10.0.0.1")[0] == 403


@pytest.mark.parametrize(("path", "method"), [("api/token", "GET"), ("meta-data/region-id", "POST")])
def test_methods(path: str, method: str, get: Any) -> None:
    """Tokens are put, everything else is got."""
    assert get(path, method=method)[0] == 405


def test_refusals(get: Any, world: World) -> None:
    """Both actions of the service can be refused."""
    world.refuse("PutMetadataToken", 404, "NotFound", "no such thing")
    world.refuse("GetMetadata", 429, "TooManyRequests", "slow down", times=1)

    assert get("api/token", method="PUT", **{TTL: "60"}) == (404, "no such thing")
    assert [get("meta-data/region-id")[0] for _ in range(2)] == [429, 200]
    assert [call.params["Path"] for call in world.calls("PutMetadataToken")] == ["/latest/api/token"]


def test_role_credentials(get: Any, world: World, ecs: Any) -> None:
    """An instance with a RAM role gets a temporary key that the APIs accept."""
    world.change_instance(guide.MASTER, ram_role="reader")
    role = get("meta-data/ram/security-credentials/")[1]
    given = json.loads(get(f"meta-data/ram/security-credentials/{role}")[1])
    ecs.key = world.keys[given["AccessKeyId"]]

    assert (role, given["Code"], given["Expiration"]) == ("reader", "Success", "2026-01-02T09:04:05Z")
    assert given["SecurityToken"] == ecs.key.security_token
    assert ecs("DescribeRegions").status == 200


def test_no_role(get: Any) -> None:
    """An instance without a role has no such folder."""
    assert get("meta-data/ram/security-credentials/")[0] == 404
