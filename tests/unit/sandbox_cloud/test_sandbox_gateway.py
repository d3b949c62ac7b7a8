"""What every action has in common."""

from __future__ import annotations

from typing import Any

import pytest

from spidercli.sandbox.cloud.world import World


@pytest.mark.parametrize(
    ("params", "status", "code"),
    [
        ({"Action": ""}, 400, "MissingParameter"),
        ({"Action": "DescribeRegions", "Version": "2000-01-01"}, 400, "InvalidVersion"),
        ({"Action": "DescribeMoon"}, 404, "InvalidAction.NotFound"),
        ({"Action": "DescribeVpcs"}, 404, "InvalidAction.NotFound"),
        ({"Action": "DescribeInstances"}, 400, "MissingParameter"),
        ({"Action": "DescribeInstances", "RegionId": "cn-moon"}, 404, "InvalidRegionId.NotFound"),
        ({"Action": "DescribeInstances", "RegionId": "cn-hangzhou", "KeyPairName": "x"}, 400, "UnsupportedParameter"),
    ],
)
def test_bad_requests(params: dict[str, str], status: int, code: str, ecs: Any) -> None:
    """An action that does not exist, or can't be understood, is refused under the cloud's own code."""
    answer = ecs.send(ecs.signed(params))

    assert (answer.status, answer.code) == (status, code)


def test_methods(ecs: Any) -> None:
    """Only GET and POST are served."""
    assert ecs.send(ecs.signed({"Action": "DescribeRegions"}, method="DELETE")).code == "UnsupportedHTTPMethod"


def test_error_body(ecs: Any) -> None:
    """An error has the five fields that the SDKs read."""
    body = ecs("DescribeMoon").body

    assert body.keys() == {"RequestId", "HostId", "Code", "Message", "Recommend"}
    assert body["HostId"] == "ecs"


def test_requests_are_recorded_without_secrets(ecs: Any, world: World) -> None:
    """The record of a request says what was asked and how it ended, and nothing that lets anybody in."""
    ecs("DescribeNetworkInterfaces", VpcId="vpc-1")

    [call] = world.calls("DescribeNetworkInterfaces")
    assert (call.status, call.code, call.params["VpcId"]) == (200, "", "vpc-1")
    assert not {"AccessKeyId", "Signature", "SignatureNonce", "SecurityToken"} & call.params.keys()


def test_refusal(ecs: Any, world: World) -> None:
    """An action is refused as often as asked, then works again; others are not touched."""
    world.refuse("DescribeInstances", 400, "Throttling.User", "Request was denied.", times=2)

    codes = [ecs("DescribeInstances").code for _ in range(3)]

    assert (codes, ecs("DescribeRegions").code) == (["Throttling.User", "Throttling.User", ""], "")
    assert [call.status for call in world.calls("DescribeInstances")] == [400, 400, 200]


def test_refusal_for_good(ecs: Any, world: World) -> None:
    """A refusal of everything lasts until it is forgiven."""
    world.refuse("*", 403, "Forbidden.RAM", "User not authorized.")
    refused = {ecs("DescribeInstances").code, ecs("DescribeRegions").code}
    world.forgive()

    assert (refused, ecs("DescribeRegions").code) == ({"Forbidden.RAM"}, "")


def test_strangers_learn_nothing_of_refusals(ecs: Any, world: World) -> None:
    """A refusal is spent on callers that would have been let in."""
    world.refuse("DescribeRegions", 503, "ServiceUnavailable", "Try later.", times=1)
    ecs("DescribeRegions", Timestamp="2020-01-01T00:00:00Z")

    assert ecs("DescribeRegions").code == "ServiceUnavailable"


def test_regions_are_named_in_the_callers_language(ecs: Any) -> None:
    """Chinese is the default."""
    chinese = ecs("DescribeRegions").body["Regions"]["Region"][0]
    english = ecs("DescribeRegions", AcceptLanguage="en-US").body["Regions"]["Region"][0]

    assert (chinese["LocalName"], english["LocalName"]) == ("华东1（杭州）", "China (Hangzhou)")  # noqa: RUF001


def test_caller_identity(ecs: Any) -> None:
    """A permanent key belongs to a RAM user."""
    ecs.version = "2015-04-01"

    assert ecs("GetCallerIdentity").body["Arn"] == "acs:ram::1000000000000001:user/sandbox"
