"""The gateway against the sandbox's cloud: what one writes, the other has to read, through both SDKs over HTTP."""

from __future__ import annotations

import concurrent.futures
import dataclasses
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Network
from typing import Any

import pytest

from spidercli import errors
from spidercli.config import schema
from spidercli.gateways.alibaba import credentials, endpoints
from spidercli.gateways.alibaba.client import AlibabaCloud
from spidercli.gateways.alibaba.retrying import RetryNote
from spidercli.gateways.metadata import InstanceMetadata
from spidercli.model import CloudFacts, Family
from spidercli.sandbox.cloud.app import cloud_app
from spidercli.sandbox.cloud.identity import AccessKey
from spidercli.sandbox.cloud.world import World
from spidercli.sandbox.scenarios import guide, large
from spidercli.sandbox.serving import Server

Connect = Callable[..., AlibabaCloud]


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def notes() -> list[RetryNote]:
    return []


@pytest.fixture
def world() -> World:
    return guide.build().world


@pytest.fixture
def url(world: World) -> Iterator[str]:
    with Server(cloud_app(world)) as server:
        yield server.url


@pytest.fixture
def connect(world: World, url: str, notes: list[RetryNote]) -> Iterator[Connect]:
    opened: list[AlibabaCloud] = []
    clock = Clock()

    def make(**environ: str) -> AlibabaCloud:
        key = world.account.key
        variables = {
            "ALIBABA_CLOUD_ACCESS_KEY_ID": key.access_key_id,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": key.secret,
            **environ,
        }
        overrides = schema.Endpoints(ecs=url, vpc=url, sts=url)
        cloud = AlibabaCloud(
            region_id=world.region_id,
            credentials=credentials.resolve(variables),
            endpoints=endpoints.resolve(world.region_id, overrides),
            environ=variables,
            on_retry=notes.append,
            clock=clock,
            sleep=clock.sleep,
        )
        opened.append(cloud)
        return cloud

    yield make
    for cloud in opened:
        cloud.close()


def test_the_guides_facts_are_read(world: World, connect: Connect) -> None:
    """Instances, ENIs and vSwitches arrive as the world has them."""
    cloud = connect()

    instances = cloud.instances(ids=[guide.MASTER, guide.WORKER, "i-none"])
    enis = {eni.eni_id: eni for eni in cloud.enis(vpc_id=guide.VPC)}
    vswitches = cloud.vswitches(vpc_id=guide.VPC)

    assert {instance.hostname: instance.private_ips for instance in instances} == {
        "master": (IPv4Address("172.31.199.183"),),
        "worker": (IPv4Address("172.31.199.184"),),
    }
    assert enis.keys() == world.enis.keys()
    for eni_id, made in world.enis.items():
        read = enis[eni_id]
        assert (read.primary_ip, tuple(read.secondary_ips)) == (made.primary_ip, tuple(sorted(made.secondary_ips)))
        assert (read.instance_id, read.mac, read.device_index) == (made.instance_id, made.mac, made.device_index)
        assert (read.vswitch_id, read.kind, read.status) == (made.vswitch_id, made.kind, made.status)
    assert {vswitch.vswitch_id: vswitch.cidr for vswitch in vswitches} == {
        vswitch.vswitch_id: vswitch.cidr for vswitch in world.vswitches.values()
    }


def test_instances_are_found_by_address(connect: Connect) -> None:
    """A primary private address names its instance."""
    found = connect().instances(vpc_id=guide.VPC, private_ips=[IPv4Address("172.31.199.184")])

    assert [instance.instance_id for instance in found] == [guide.WORKER]


def test_who_we_are(world: World, connect: Connect) -> None:
    """STS knows the sandbox's user."""
    identity = connect().identity()

    assert identity.account_id == world.account.account_id
    assert identity.provider == "env ALIBABA_CLOUD_ACCESS_KEY_ID"


@pytest.mark.parametrize("action", ["DescribeNetworkInterfaces", "DescribeVSwitches"])
def test_throttling_is_waited_out(world: World, connect: Connect, notes: list[RetryNote], action: str) -> None:
    """A few refusals cost time, nothing else."""
    world.refuse(action, 400, "Throttling.User", "Request was denied due to user flow control.", times=3)
    cloud = connect()

    cloud.enis(vpc_id=guide.VPC)
    cloud.vswitches(vpc_id=guide.VPC)

    assert [note.reason for note in notes] == ["Throttling.User"] * 3
    assert len(world.calls(action)) == 4
    assert cloud.calls.total() == 5


def test_a_denied_call_names_the_ram_action_and_the_user(world: World, connect: Connect) -> None:
    """The message is enough to write the policy from."""
    world.refuse("DescribeVSwitches", 403, "Forbidden.RAM", "User not authorized to operate on the specified resource.")
    cloud = connect()
    arn = cloud.identity().arn

    with pytest.raises(errors.PermissionMissing, match="vpc:DescribeVSwitches is not allowed") as caught:
        cloud.vswitches(vpc_id=guide.VPC)
    assert arn in caught.value.message
    assert caught.value.request_id


@pytest.mark.parametrize("read", [lambda cloud: cloud.enis(vpc_id="v"), lambda cloud: cloud.vswitches(vpc_id="v")])
@pytest.mark.parametrize(
    "environ",
    [
        {"ALIBABA_CLOUD_ACCESS_KEY_SECRET": "a-wrong-secret"},
        {"ALIBABA_CLOUD_ACCESS_KEY_ID": "an-unknown-key-id"},
        {
            "ALIBABA_CLOUD_ACCESS_KEY_ID": "STS.expired-key-id",
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "expired-secret",
            "ALIBABA_CLOUD_SECURITY_TOKEN": "expired-token",
        },
    ],
    ids=["secret", "id", "expired"],
)
def test_wrong_keys_are_rejected(
    world: World, connect: Connect, environ: dict[str, str], read: Callable[[AlibabaCloud], Any]
) -> None:
    """Each kind of wrong credentials is called that, and none is repeated to the user."""
    world.add_key(
        AccessKey(
            access_key_id="STS.expired-key-id",
            secret="expired-secret",
            security_token="expired-token",
            role_name="ci",
            expired=True,
        )
    )

    with pytest.raises(errors.CredentialsRejected) as caught:
        read(connect(**environ))
    assert not [value for value in environ.values() if value in str(caught.value.as_dict())]


def test_temporary_keys_are_accepted(world: World, connect: Connect) -> None:
    """A security token goes along through both SDKs."""
    key = AccessKey(access_key_id="STS.good", secret="good-secret", security_token="good-token", role_name="ci")
    world.add_key(key)
    cloud = connect(
        ALIBABA_CLOUD_ACCESS_KEY_ID=key.access_key_id,
        ALIBABA_CLOUD_ACCESS_KEY_SECRET=key.secret,
        ALIBABA_CLOUD_SECURITY_TOKEN="good-token",
    )

    assert len(cloud.enis(vpc_id=guide.VPC)) == 4
    assert len(cloud.vswitches(vpc_id=guide.VPC)) == 2


class TestFleet:
    """A cloud that needs pages and batches."""

    @pytest.fixture
    def world(self) -> World:
        return large.build(nodes=260, addresses=3).world

    def test_all_pages_and_batches_come_together(self, world: World, connect: Connect) -> None:
        """520 ENIs are two pages, 260 ids three batches in parallel; nothing is lost or doubled."""
        cloud = connect()

        enis = cloud.enis(vpc_id=large.VPC)
        instances = cloud.instances(ids=list(world.instances))

        assert {eni.eni_id for eni in enis} == world.enis.keys()
        assert {instance.instance_id for instance in instances} == world.instances.keys()
        assert cloud.calls == {"ecs:DescribeNetworkInterfaces": 2, "ecs:DescribeInstances": 3}

    def test_a_failing_page_fails_the_reading(self, world: World, connect: Connect) -> None:
        """With every second page refused for good, there are no facts at all."""
        world.refuse("DescribeInstances", 403, "Forbidden.RAM", "Not authorized.", times=1)

        with pytest.raises(errors.PermissionMissing):
            connect().instances(ids=list(world.instances))

    def test_readings_may_run_side_by_side(self, connect: Connect) -> None:
        """One client serves the threads of several readings."""
        cloud = connect()

        with concurrent.futures.ThreadPoolExecutor(4) as executor:
            enis = [executor.submit(cloud.enis, vpc_id=large.VPC) for _ in range(2)]
            vswitches = [executor.submit(cloud.vswitches, vpc_id=large.VPC) for _ in range(2)]

        assert enis[0].result() == enis[1].result()
        assert vswitches[0].result() == vswitches[1].result()


@pytest.fixture
def metadata(url: str) -> Callable[[], CloudFacts]:
    return lambda: InstanceMetadata(url, environ={}, sleep=lambda _: None).facts()


@pytest.mark.parametrize("tokens", ["required", "optional"])
def test_metadata_says_the_same_as_the_api(
    world: World, connect: Connect, metadata: Callable[[], CloudFacts], tokens: str
) -> None:
    """For the instance that it runs on, the metadata service leads to the same addresses, in both of its modes."""
    world.metadata_instance_id = guide.WORKER
    world.change_instance(guide.WORKER, http_tokens=tokens)
    if tokens == "optional":
        world.refuse("PutMetadataToken", 404, "NotFound", "404 - Not Found")

    facts = metadata()

    by_api = [eni for eni in connect().enis(vpc_id=guide.VPC) if eni.instance_id == guide.WORKER]
    assert list(facts.enis) == [eni._replace(name="", tags={}, device_index=None, created_at="") for eni in by_api]
    assert facts.gateways == {
        (guide.WORKER_ETH0, Family.IPV4): IPv4Address("172.31.207.253"),
        (guide.WORKER_ETH1, Family.IPV4): IPv4Address("192.168.0.253"),
    }


def test_metadata_of_a_dual_stack_instance(world: World, metadata: Callable[[], CloudFacts]) -> None:
    """Prefixes and IPv6 addresses are read in the formats that the service has for them."""
    ipv6_vpc = dataclasses.replace(world.vpcs[guide.VPC], ipv6_cidr=IPv6Network("2408:4000:0:100::/56"))
    world.add_vpc(ipv6_vpc)
    world.change_vswitch(
        guide.VSWITCH_ETH1,
        ipv6_cidr=IPv6Network("2408:4000:0:100::/64"),
        reservations=(IPv4Network("192.168.0.16/28"), IPv4Network("192.168.0.32/28")),
    )
    world.metadata_instance_id = guide.WORKER
    world.assign(guide.WORKER_ETH1, "192.168.0.16/28", "192.168.0.32/28", "2408:4000:0:100::2", "2408:4000:0:100::1")

    facts = metadata()

    eni = facts.enis[1]
    assert [str(prefix) for prefix in eni.ipv4_prefixes] == ["192.168.0.16/28", "192.168.0.32/28"]
    assert [str(address) for address in eni.ipv6_addresses] == ["2408:4000:0:100::1", "2408:4000:0:100::2"]
    assert facts.vswitches[1].ipv6_cidr == IPv6Network("2408:4000:0:100::/64")
    assert (guide.WORKER_ETH1, Family.IPV6) in facts.gateways


def test_a_forbidden_metadata_service(world: World, metadata: Callable[[], CloudFacts]) -> None:
    """An instance whose metadata access is closed says so."""
    world.change_instance(guide.MASTER, http_endpoint="disabled")

    with pytest.raises(errors.MetadataUnavailable, match="403"):
        metadata()
