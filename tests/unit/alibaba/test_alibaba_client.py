from __future__ import annotations

import collections
import dataclasses
import json
import threading
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address
from typing import Any

import pytest

from spidercli import errors, ports
from spidercli.gateways.alibaba import endpoints
from spidercli.gateways.alibaba.calls import Call, Cause, Failure, Product
from spidercli.gateways.alibaba.client import AlibabaCloud
from spidercli.gateways.alibaba.credentials import Credentials
from spidercli.gateways.alibaba.retrying import RetryNote

THROTTLED = Failure("Slow down.", cause=Cause.API, code="Throttling.User", status=400)
DENIED = Failure("No.", cause=Cause.API, code="Forbidden.RAM", status=403, request_id="req-1")


class FakeSdk:
    """A small cloud behind the SDKs' face: it filters, pages, and fails when told to."""

    def __init__(self, instances: Sequence[dict[str, Any]] = (), enis: Sequence[dict[str, Any]] = ()) -> None:
        self.instances = list(instances)
        self.enis = list(enis)
        self.vswitches: list[dict[str, Any]] = []
        self.failures: dict[str, list[Exception]] = collections.defaultdict(list)
        self.sent: list[Call] = []
        self.closed = 0
        self._lock = threading.Lock()

    def send(self, call: Call) -> dict[str, Any]:
        with self._lock:
            self.sent.append(call)
            if self.failures[call.action]:
                raise self.failures[call.action].pop(0)
        answer: Callable[[dict[str, str]], dict[str, Any]] = getattr(self, call.action)
        return answer(dict(call.parameters))

    def close(self) -> None:
        self.closed += 1

    def DescribeInstances(self, wanted: dict[str, str]) -> dict[str, Any]:  # noqa: N802 - the API's name
        ids = json.loads(wanted.get("InstanceIds", "[]"))
        addresses = json.loads(wanted.get("PrivateIpAddresses", "[]"))
        assert len(ids) <= 100
        assert len(addresses) <= 100
        found = [item for item in self.instances if not ids or item["InstanceId"] in ids]
        if addresses:
            found = [item for item in found if item["VpcAttributes"]["PrivateIpAddress"]["IpAddress"][0] in addresses]
        return self._page("Instances", "Instance", found, wanted)

    def DescribeNetworkInterfaces(self, wanted: dict[str, str]) -> dict[str, Any]:  # noqa: N802 - the API's name
        found = [item for item in self.enis if item["VpcId"] == wanted["VpcId"]]
        return self._page("NetworkInterfaceSets", "NetworkInterfaceSet", found, wanted)

    def DescribeVSwitches(self, wanted: dict[str, str]) -> dict[str, Any]:  # noqa: N802 - the API's name
        size = int(wanted["PageSize"])
        start = (int(wanted["PageNumber"]) - 1) * size
        page = self.vswitches[start : start + size]
        return {"VSwitches": {"VSwitch": page}, "TotalCount": len(self.vswitches)}

    def GetCallerIdentity(self, _: dict[str, str]) -> dict[str, Any]:  # noqa: N802 - the API's name
        return {"AccountId": "1", "Arn": "acs:ram::1:user/ci"}

    @staticmethod
    def _page(container: str, name: str, found: list[dict[str, Any]], wanted: dict[str, str]) -> dict[str, Any]:
        start = int(wanted.get("NextToken", "0"))
        end = start + int(wanted["MaxResults"])
        return {container: {name: found[start:end]}, "NextToken": str(end) if end < len(found) else ""}


@dataclasses.dataclass
class Bench:
    """A client over a fake, with what it did."""

    cloud: AlibabaCloud
    sdk: FakeSdk
    notes: list[RetryNote]


@pytest.fixture
def bench(credentials: Credentials, clock: Any) -> Bench:
    sdk = FakeSdk()
    notes: list[RetryNote] = []
    cloud = AlibabaCloud(
        region_id="cn-hangzhou",
        credentials=credentials,
        endpoints=endpoints.resolve("cn-hangzhou"),
        environ={},
        on_retry=notes.append,
        sdks=dict.fromkeys(Product, sdk),
        clock=clock,
        sleep=clock.sleep,
    )
    return Bench(cloud=cloud, sdk=sdk, notes=notes)


def many_instances(item: dict[str, Any], count: int) -> list[dict[str, Any]]:
    def one(number: int) -> dict[str, Any]:
        address = str(IPv4Address("10.0.0.0") + number)
        vpc = {"VpcId": "vpc-1", "PrivateIpAddress": {"IpAddress": [address]}}
        return {**item, "InstanceId": f"i-{number:05}", "VpcAttributes": vpc}

    return [one(number) for number in range(count)]


def test_the_client_is_a_cloud(bench: Bench) -> None:
    """The type checker holds the protocol, this holds the names."""
    cloud: ports.Cloud = bench.cloud

    assert cloud.region_id == "cn-hangzhou"


def test_ids_are_asked_for_in_batches(bench: Bench, instance_item: dict[str, Any]) -> None:
    """1,234 ids are 13 calls of at most 100, never one per instance, and each id is asked for once."""
    bench.sdk.instances = many_instances(instance_item, 1234)
    ids = [item["InstanceId"] for item in bench.sdk.instances]

    found = bench.cloud.instances(ids=[*ids, *ids])

    assert [instance.instance_id for instance in found] == ids
    assert bench.cloud.calls == {"ecs:DescribeInstances": 13}


def test_addresses_are_asked_for_in_batches_within_the_vpc(bench: Bench, instance_item: dict[str, Any]) -> None:
    """Private addresses repeat between VPCs, so the VPC goes along."""
    bench.sdk.instances = many_instances(instance_item, 150)
    addresses = [IPv4Address("10.0.0.0") + number for number in range(150)]

    found = bench.cloud.instances(vpc_id="vpc-1", private_ips=addresses)

    assert [instance.private_ips[0] for instance in found] == addresses
    assert [call.parameters["VpcId"] for call in bench.sdk.sent] == ["vpc-1", "vpc-1"]


def test_ids_and_addresses_may_name_the_same_instance(bench: Bench, instance_item: dict[str, Any]) -> None:
    """It comes out once."""
    bench.sdk.instances = many_instances(instance_item, 2)

    found = bench.cloud.instances(ids=["i-00000"], private_ips=[IPv4Address("10.0.0.0"), IPv4Address("10.0.0.1")])

    assert [instance.instance_id for instance in found] == ["i-00000", "i-00001"]


def test_without_a_selection_all_of_the_vpc_is_read(bench: Bench, instance_item: dict[str, Any]) -> None:
    """Pages of 100 follow each other."""
    bench.sdk.instances = many_instances(instance_item, 250)

    assert len(bench.cloud.instances(vpc_id="vpc-1")) == 250
    assert bench.cloud.calls == {"ecs:DescribeInstances": 3}


def test_enis_come_in_pages_of_500(bench: Bench, eni_item: dict[str, Any]) -> None:
    """1,001 ENIs are three calls, and the ENIs of other VPCs are not asked for."""
    bench.sdk.enis = [{**eni_item, "NetworkInterfaceId": f"eni-{number:05}"} for number in range(1001)]
    bench.sdk.enis.append({**eni_item, "VpcId": "vpc-2"})

    found = bench.cloud.enis(vpc_id="vpc-1")

    assert len(found) == 1001
    assert bench.cloud.calls == {"ecs:DescribeNetworkInterfaces": 3}


def test_vswitches_come_in_pages_of_50(bench: Bench, vswitch_item: dict[str, Any]) -> None:
    """150 vSwitches, a VPC's usual quota, are three calls."""
    bench.sdk.vswitches = [{**vswitch_item, "VSwitchId": f"vsw-{number:05}"} for number in range(150)]

    assert len(bench.cloud.vswitches(vpc_id="vpc-1")) == 150
    assert bench.cloud.calls == {"vpc:DescribeVSwitches": 3}


def test_a_page_that_fails_in_between_is_retried(bench: Bench, eni_item: dict[str, Any], clock: Any) -> None:
    """The reading goes on at the page that failed; retries are told and counted."""
    bench.sdk.enis = [{**eni_item, "NetworkInterfaceId": f"eni-{number:05}"} for number in range(501)]
    bench.sdk.failures["DescribeNetworkInterfaces"] = [THROTTLED, THROTTLED]

    assert len(bench.cloud.enis(vpc_id="vpc-1")) == 501
    assert [note.reason for note in bench.notes] == ["Throttling.User", "Throttling.User"]
    assert clock.slept[: len(bench.notes)] == [note.wait for note in bench.notes]
    assert bench.cloud.calls == {"ecs:DescribeNetworkInterfaces": 4}


def test_one_failing_batch_fails_the_reading(bench: Bench, instance_item: dict[str, Any]) -> None:
    """Half of the instances are no instances."""
    bench.sdk.instances = many_instances(instance_item, 1000)
    bench.sdk.failures["DescribeInstances"] = [DENIED]

    with pytest.raises(errors.PermissionMissing, match="ecs:DescribeInstances is not allowed") as caught:
        bench.cloud.instances(ids=[item["InstanceId"] for item in bench.sdk.instances])

    assert caught.value.request_id == "req-1"
    assert isinstance(caught.value.__cause__, Failure)


def test_identity_is_asked_once_and_named_later(bench: Bench) -> None:
    """Who we are appears in errors once it is known."""
    assert bench.cloud.identity() == bench.cloud.identity()
    assert bench.cloud.identity() == ports.Identity(
        account_id="1", arn="acs:ram::1:user/ci", provider="env ALIBABA_CLOUD_ACCESS_KEY_ID"
    )
    assert bench.cloud.calls == {"sts:GetCallerIdentity": 1}

    bench.sdk.failures["DescribeVSwitches"] = [DENIED]
    with pytest.raises(errors.PermissionMissing, match="vpc:DescribeVSwitches is not allowed for acs:ram::1:user/ci"):
        bench.cloud.vswitches(vpc_id="vpc-1")


def test_throttling_without_end_is_an_error(bench: Bench) -> None:
    """After the budget, the user learns that the quota is shared."""
    bench.sdk.failures["DescribeNetworkInterfaces"] = [THROTTLED] * 1000

    with pytest.raises(errors.Throttled, match=r"Slow down. \(Throttling.User\)") as caught:
        bench.cloud.enis(vpc_id="vpc-1")
    assert "share this quota" in str(caught.value.hint)


def test_an_unreachable_endpoint_is_named(bench: Bench) -> None:
    """The host, not the URL."""
    refused = Failure("the connection was refused", cause=Cause.NETWORK)
    bench.sdk.failures["DescribeNetworkInterfaces"] = [refused] * 1000

    with pytest.raises(errors.CloudUnreachable, match=r"on ecs-cn-hangzhou.aliyuncs.com: the connection was refused"):
        bench.cloud.enis(vpc_id="vpc-1")


def test_stop_ends_waiting(credentials: Credentials) -> None:
    """A stopped client fails at the next wait instead of sleeping."""
    sdk = FakeSdk()
    sdk.failures["DescribeNetworkInterfaces"] = [THROTTLED] * 1000
    cloud = AlibabaCloud(
        region_id="cn-hangzhou",
        credentials=credentials,
        endpoints=endpoints.resolve("cn-hangzhou"),
        environ={},
        sdks=dict.fromkeys(Product, sdk),
    )
    cloud.stop()

    with pytest.raises(errors.Interrupted):
        cloud.enis(vpc_id="vpc-1")


def test_close_closes_what_was_opened(bench: Bench) -> None:
    """Every SDK closes its connections."""
    bench.cloud.close()

    assert bench.sdk.closed == len(Product)
