"""The gateway on a bad day of the cloud's: what heals, and what the user is told of the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from spidercli import errors
from spidercli.config import schema
from spidercli.gateways.alibaba import credentials, endpoints
from spidercli.gateways.alibaba.client import AlibabaCloud
from spidercli.gateways.metadata import InstanceMetadata
from spidercli.model import CloudFacts
from spidercli.sandbox.cloud.app import cloud_app
from spidercli.sandbox.cloud.world import World
from spidercli.sandbox.faults import Fault, Kind
from spidercli.sandbox.scenarios import guide
from spidercli.sandbox.serving import Server

_HEALING = (
    *(Kind.THROTTLED, Kind.THROTTLED_USER, Kind.THROTTLED_FLOW, Kind.TOO_MANY),
    *(Kind.ERROR, Kind.UNAVAILABLE, Kind.RESET, Kind.LOST, Kind.CUT),
)
_ENIS, _VSWITCHES = "ecs:DescribeNetworkInterfaces", "vpc:DescribeVSwitches"


class Clock:
    """Time that passes only when somebody sleeps."""

    now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture(name="world")
def _world() -> World:
    return guide.build().world


@pytest.fixture(name="url")
def _url(world: World) -> Iterator[str]:
    with Server(cloud_app(world)) as server:
        yield server.url


@pytest.fixture(name="connect")
def _connect(world: World, url: str) -> Iterator[Callable[..., AlibabaCloud]]:
    """The gateway, with as much patience for each answer as a test asks for."""
    opened: list[AlibabaCloud] = []

    def make(read_seconds: float = 10) -> AlibabaCloud:
        key, clock = world.account.key, Clock()
        variables = {"ALIBABA_CLOUD_ACCESS_KEY_ID": key.access_key_id, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": key.secret}
        cloud = AlibabaCloud(
            region_id=world.region_id,
            credentials=credentials.resolve(variables),
            endpoints=endpoints.resolve(world.region_id, schema.Endpoints(ecs=url, vpc=url, sts=url)),
            environ=variables,
            clock=clock,
            sleep=clock.sleep,
            read_seconds=read_seconds,
        )
        opened.append(cloud)
        return cloud

    yield make
    for cloud in opened:
        cloud.close()


Connect = Callable[..., AlibabaCloud]


@pytest.mark.parametrize("kind", _HEALING)
@pytest.mark.parametrize("call", [_ENIS, _VSWITCHES])
def test_reading_heals(world: World, connect: Connect, kind: Kind, call: str) -> None:
    """A trouble of the moment costs a pause, through either SDK; the reading is complete."""
    world.faults.add(Fault(kind=kind, call=call))
    cloud = connect()

    assert (len(cloud.enis(vpc_id=guide.VPC)), len(cloud.vswitches(vpc_id=guide.VPC))) == (4, 2)
    assert world.faults.struck == [(call, kind)]


@pytest.mark.parametrize("kind", [*_HEALING, Kind.SHORT])
def test_trouble_between_pages(world: World, connect: Connect, kind: Kind) -> None:
    """A later page that fails at first is part of the listing all the same."""
    world.faults.add(Fault(kind=kind, call=_ENIS, first=2), Fault(kind=Kind.SHORT, call=_ENIS, times=3))

    assert len({eni.eni_id for eni in connect().enis(vpc_id=guide.VPC)}) == 4
    assert (_ENIS, kind) in world.faults.struck


@pytest.mark.parametrize("call", [_ENIS, _VSWITCHES, "sts:*"])
def test_no_answer_in_time(world: World, connect: Connect, call: str) -> None:
    """A call that hangs is given up and made again."""
    world.faults.add(Fault(kind=Kind.HANG, call=call))
    cloud = connect(read_seconds=0.5)
    answers = (len(cloud.enis(vpc_id=guide.VPC)), len(cloud.vswitches(vpc_id=guide.VPC)))

    assert (answers, cloud.identity().account_id) == ((4, 2), world.account.account_id)
    assert [kind for _, kind in world.faults.struck] == [Kind.HANG]


@pytest.mark.parametrize("call", [_ENIS, _VSWITCHES])
@pytest.mark.parametrize(
    ("kind", "error", "words", "code"),
    [
        (Kind.GARBAGE, errors.CloudAnswerInvalid, "the answer is a page, not one of the API", 1),
        (Kind.FORBIDDEN, errors.PermissionMissing, "is not allowed for these credentials (Forbidden.RAM)", 4),
        (Kind.UNAUTHORIZED, errors.CredentialsRejected, "Specified access key is not found.", 4),
        (Kind.THROTTLED_FLOW, errors.Throttled, "(OperationFailed.Throttling)", 1),
        (Kind.ERROR, errors.CloudError, "(InternalError)", 1),
        (Kind.LOST, errors.CloudUnreachable, "the connection failed or was cut off", 1),
        (Kind.CUT, errors.CloudUnreachable, "the answer ended early", 1),
    ],
)
def test_what_does_not_heal(
    world: World, connect: Connect, call: str, kind: Kind, error: type[errors.CloudError], words: str, code: int
) -> None:
    """What stays is told in one message that names the call, without a signed URL."""
    world.faults.add(Fault(kind=kind, call=call, times=None))
    cloud = connect()
    with pytest.raises(error) as caught:
        (cloud.enis if call == _ENIS else cloud.vswitches)(vpc_id=guide.VPC)

    assert (caught.value.message.startswith(call), words in caught.value.message) == (True, True)
    assert (caught.value.exit_code, "Signature" in caught.value.message) == (code, False)


def test_token_that_expires(world: World, connect: Connect) -> None:
    """Half a listing is no answer: the reading fails as a whole."""
    world.faults.add(Fault(kind=Kind.SHORT, call=_ENIS), Fault(kind=Kind.EXPIRED, call=_ENIS))
    with pytest.raises(errors.CloudError, match='"NextToken" is not valid'):
        connect().enis(vpc_id=guide.VPC)


@pytest.fixture(name="metadata")
def _metadata(url: str) -> Callable[[], CloudFacts]:
    """The metadata of the first instance."""
    return lambda: InstanceMetadata(url, environ={}, sleep=lambda _: None, read_seconds=0.5).facts()


@pytest.mark.parametrize(
    "kind", [Kind.RESET, Kind.LOST, Kind.CUT, Kind.HANG, Kind.ERROR, Kind.TOO_MANY, Kind.UNAUTHORIZED]
)
def test_metadata_heals(world: World, metadata: Callable[[], CloudFacts], kind: Kind) -> None:
    """A service that was there a moment ago is asked again."""
    whole = metadata()
    world.faults.add(Fault(kind=kind, call="metadata:GET", first=9))

    assert metadata() == whole
    assert world.faults.struck == [("metadata:GET", kind)]


def test_metadata_service_that_never_answered(world: World, metadata: Callable[[], CloudFacts]) -> None:
    """A first call without an answer is the last one: elsewhere than on ECS there is no such service."""
    world.faults.add(Fault(kind=Kind.RESET, call="metadata:*", times=None))
    with pytest.raises(errors.MetadataUnavailable, match="does not answer"):
        metadata()

    assert len(world.faults.struck) == 1


@pytest.mark.parametrize(("call", "first"), [("metadata:PUT", 1), ("metadata:GET", 1), ("metadata:GET", 6)])
def test_page_in_place_of_metadata(world: World, metadata: Callable[[], CloudFacts], call: str, first: int) -> None:
    """A hotel's page is neither a token nor a value, not even where any text would do."""
    world.faults.add(Fault(kind=Kind.GARBAGE, call=call, first=first))
    with pytest.raises(errors.MetadataUnavailable, match="is not the instance metadata service: it sends a page"):
        metadata()


def test_instances_that_may_not_be_seen_are_no_empty_region(world: World, connect: Connect) -> None:
    """ECS shows nothing at all where the permission is missing; only a dry run tells."""
    world.faults.add(Fault(kind=Kind.HIDDEN, call="ecs:DescribeInstances", times=None))

    with pytest.raises(errors.PermissionMissing, match=r"^ecs:DescribeInstances is not allowed for these credentials"):
        connect().instances(vpc_id=guide.VPC)


def test_an_empty_region_is_one(world: World, connect: Connect) -> None:
    """Where the dry run says that all is well, there is no instance. It is asked for only then."""
    cloud = connect()

    assert cloud.instances(ids=["i-unknown"]) == ()
    assert len(cloud.instances(vpc_id=guide.VPC)) == 2
    assert [call.code for call in world.calls("DescribeInstances")] == ["", "DryRunOperation", ""]
