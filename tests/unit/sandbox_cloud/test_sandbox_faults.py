"""What the cloud answers when something goes wrong on request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from spidercli.sandbox.cloud.app import cloud_app
from spidercli.sandbox.cloud.world import World
from spidercli.sandbox.faults import Fault, Kind
from spidercli.sandbox.scenarios import guide

Get = Callable[..., tuple[int, str]]


def _set(world: World, kind: Kind, call: str = "*", **more: Any) -> None:
    world.faults.add(Fault(kind=kind, call=call, **more))


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        (Kind.THROTTLED, 400, "Throttling"),
        (Kind.THROTTLED_USER, 400, "Throttling.User"),
        (Kind.THROTTLED_FLOW, 400, "OperationFailed.Throttling"),
        (Kind.TOO_MANY, 429, "Throttling.Api"),
        (Kind.ERROR, 500, "InternalError"),
        (Kind.UNAVAILABLE, 503, "ServiceUnavailable"),
        (Kind.FORBIDDEN, 403, "Forbidden.RAM"),
        (Kind.UNAUTHORIZED, 404, "InvalidAccessKeyId.NotFound"),
    ],
)
def test_errors(ecs: Any, world: World, kind: Kind, status: int, code: str) -> None:
    """Every error has its status and code; the call after it works."""
    _set(world, kind, "ecs:DescribeRegions")
    struck, next_one = ecs("DescribeRegions"), ecs("DescribeRegions")

    assert (struck.status, struck.code, next_one.status) == (status, code, 200)


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (Kind.TOO_MANY, 429),
        (Kind.ERROR, 500),
        (Kind.UNAVAILABLE, 503),
        (Kind.FORBIDDEN, 403),
        (Kind.UNAUTHORIZED, 401),
    ],
)
def test_errors_of_the_metadata_service(get: Get, world: World, kind: Kind, status: int) -> None:
    """The metadata service has errors of its own; its tokens are another call."""
    _set(world, kind, "metadata:GET")
    token = get("api/token", method="PUT", x_aliyun_ecs_metadata_token_ttl_seconds="60")

    statuses = [token[0], get("meta-data/mac")[0], get("meta-data/mac")[0]]

    assert statuses == [200, status, 200]


def test_products_are_told_apart(ecs: Any, world: World) -> None:
    """A call's name begins with its product."""
    _set(world, Kind.ERROR, "vpc:*")
    first = ecs("DescribeRegions").code
    ecs.version = "2016-04-28"

    assert (first, ecs("DescribeVpcs").code) == ("", "InternalError")
    assert world.faults.struck == [("vpc:DescribeVpcs", Kind.ERROR)]


def test_stale_reading(ecs: Any, world: World) -> None:
    """A stale reading shows the world before the last change, once; a write is never stale."""
    _set(world, Kind.STALE)
    ecs("AssignPrivateIpAddresses", NetworkInterfaceId=guide.WORKER_ETH1, PrivateIpAddress__1="192.168.0.200")
    world.change_instance(guide.WORKER, hostname="renamed")

    def seen() -> tuple[str, bool]:
        hostnames = [item["HostName"] for item in ecs("DescribeInstances").body["Instances"]["Instance"]]
        addresses = str(ecs("DescribeNetworkInterfaces").body)
        return ("new" if "renamed" in hostnames else "old", "192.168.0.200" in addresses)

    assert (seen(), seen()) == (("old", True), ("new", True))


def test_stale_reading_of_several_steps(ecs: Any, world: World) -> None:
    """A change made of several is one; what it added and took away is undone together."""
    former, latter, address = guide.WORKER_ETH1, guide.MASTER_ETH1, "192.168.0.161"
    world.move(address, to=latter)
    _set(world, Kind.STALE, "ecs:*", times=2)

    def holders() -> list[str]:
        answer = ecs("DescribeNetworkInterfaces", PrivateIpAddress__1=address).body
        return [eni["NetworkInterfaceId"] for eni in answer["NetworkInterfaceSets"]["NetworkInterfaceSet"]]

    before_the_move = holders()
    world.remove_instance(guide.MASTER)
    before_the_end = holders()

    assert (before_the_move, before_the_end, holders()) == ([former], [latter], [])


def test_stale_metadata(get: Get, world: World) -> None:
    """The metadata lag behind, too."""
    _set(world, Kind.STALE)
    world.change_instance(world.metadata_instance_id or next(iter(world.instances)), hostname="renamed")

    assert get("meta-data/hostname")[1] != "renamed"
    assert get("meta-data/hostname")[1] == "renamed"


def test_making_the_world_is_no_change(world: World) -> None:
    """Where nothing was changed since the cloud began to serve, a stale reading is a true one."""
    assert world.before_the_last_change().enis != world.enis
    cloud_app(world)

    assert world.before_the_last_change().enis == world.enis


def _pages(ecs: Any) -> list[int]:
    """The sizes of all pages of all ENIs."""
    sizes: list[int] = []
    token = {"MaxResults": "500"}
    while token:
        body = ecs("DescribeNetworkInterfaces", **token).body
        sizes.append(len(body["NetworkInterfaceSets"]["NetworkInterfaceSet"]))
        token = {"NextToken": body["NextToken"], "MaxResults": "500"} if body["NextToken"] else {}
    return sizes


def test_short_pages(ecs: Any, world: World) -> None:
    """Short pages have one item and none by turns; the listing is complete all the same."""
    whole = _pages(ecs)
    _set(world, Kind.SHORT, times=3)

    assert (whole, _pages(ecs)) == ([4], [1, 0, 1, 2])


def test_short_pages_for_good(ecs: Any, world: World) -> None:
    """Even where every page is short the listing comes to its end."""
    _set(world, Kind.SHORT, times=None)

    assert _pages(ecs) == [1, 0, 1, 0, 1, 0, 1]


def test_expired_token(ecs: Any, world: World) -> None:
    """Only a call that goes on with a token can find it expired."""
    _set(world, Kind.EXPIRED)
    _set(world, Kind.SHORT)
    token = ecs("DescribeInstances", MaxResults=10).body["NextToken"]
    expired = ecs("DescribeInstances", MaxResults=10, NextToken=token)

    assert (expired.status, expired.code) == (400, "InvalidParameter")
    assert expired.body["Message"] == 'The specified parameter "NextToken" is not valid: it has expired.'


def test_not_carried_out(ecs: Any, world: World) -> None:
    """A call whose connection breaks before it arrived is recorded without a status."""
    _set(world, Kind.RESET)
    assign = {"NetworkInterfaceId": guide.WORKER_ETH1, "PrivateIpAddress__1": "192.168.0.200"}
    with pytest.raises(ValueError, match="Expecting value"):
        ecs("AssignPrivateIpAddresses", **assign)

    assert [call.status for call in world.requests] == [0]
    assert world.owner("192.168.0.200") is None
