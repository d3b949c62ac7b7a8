from __future__ import annotations

import importlib
import inspect

import pytest

from spidercli.config import schema
from spidercli.errors import ConfigInvalid
from spidercli.gateways.alibaba import endpoints
from spidercli.gateways.alibaba.endpoints import Endpoint


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ("cn-hangzhou", ("ecs-cn-hangzhou.aliyuncs.com", "vpc.aliyuncs.com", "sts.cn-hangzhou.aliyuncs.com")),
        (
            "cn-beijing",
            ("ecs.cn-beijing.aliyuncs.com", "vpc.cn-beijing.aliyuncs.com", "sts.cn-beijing.aliyuncs.com"),
        ),
        (
            "na-south-1",
            ("ecs.na-south-1.aliyuncs.com", "vpc.na-south-1.aliyuncs.com", "sts.na-south-1.aliyuncs.com"),
        ),
        ("cn-hangzhou-finance", ("ecs.aliyuncs.com", "vpc.aliyuncs.com", "sts.cn-hangzhou-finance.aliyuncs.com")),
    ],
)
def test_a_region_has_its_endpoints_over_https(region: str, expected: tuple[str, str, str]) -> None:
    """Hosts are computed, not asked for, and always https."""
    found = endpoints.resolve(region)

    assert (found.ecs.host, found.vpc.host, found.sts.host) == expected
    assert {found.ecs.scheme, found.vpc.scheme, found.sts.scheme} == {"https"}


def test_exceptions_are_those_of_the_sdks() -> None:
    """Our tables say the same as the SDKs' own for every region that they list."""
    ecs_map = importlib.import_module("aliyunsdkecs.endpoint").endpoint_data.getEndpointMap()
    vpc_source = inspect.getsource(importlib.import_module("alibabacloud_vpc20160428.client").Client.__init__)

    for region, host in endpoints._ECS_EXCEPTIONS.items():
        assert ecs_map[region] == host
    for region, host in endpoints._VPC_EXCEPTIONS.items():
        assert f"'{region}': '{host}'" in vpc_source


def test_the_vpc_api_version_is_the_packages() -> None:
    """The version that calls carry is the one of the generated client."""
    tea = importlib.import_module("spidercli.gateways.alibaba.tea")
    client = importlib.import_module("alibabacloud_vpc20160428.client").Client

    assert f"version = '{tea.VPC_VERSION}'" in inspect.getsource(client.describe_vswitches_with_options)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ecs.example.com", Endpoint(host="ecs.example.com")),
        ("ecs.example.com:8443", Endpoint(host="ecs.example.com:8443")),
        ("https://ecs.example.com/", Endpoint(host="ecs.example.com")),
        ("http://127.0.0.1:1234", Endpoint(host="127.0.0.1:1234", secure=False)),
        ("http://127.8.8.8", Endpoint(host="127.8.8.8", secure=False)),
        ("http://[::1]:80", Endpoint(host="[::1]:80", secure=False)),
        ("http://localhost:1", Endpoint(host="localhost:1", secure=False)),
        ("127.0.0.1:1234", Endpoint(host="127.0.0.1:1234")),
    ],
)
def test_an_override_is_https_unless_it_is_loopback(text: str, expected: Endpoint) -> None:
    """HOST[:PORT] means https; http:// works on this machine only."""
    assert endpoints.parse(text, where="--ecs-endpoint") == expected


@pytest.mark.parametrize(
    "text",
    [
        "http://ecs.example.com",
        "http://127.0.0.1.example.com",
        "http://10.0.0.1:80",
        "ftp://ecs.example.com",
        "https://user:pw@ecs.example.com",
        "https://ecs.example.com/path",
        "https://ecs.example.com?x=1",
        "ecs.example.com:port",
        "ecs.example.com:0",
        "ecs example.com",
        "https://",
        "http://[::1",
        "",
    ],
)
def test_other_overrides_are_refused(text: str) -> None:
    """Anything else is refused, and the message begins with where it was set."""
    with pytest.raises(ConfigInvalid, match=r"^--ecs-endpoint: "):
        endpoints.parse(text, where="--ecs-endpoint")


def test_overrides_win_one_by_one() -> None:
    """An override replaces its own endpoint; the others stay."""
    found = endpoints.resolve("cn-hangzhou", schema.Endpoints(vpc="http://127.0.0.1:9"))

    assert found.vpc == Endpoint(host="127.0.0.1:9", secure=False)
    assert found.ecs.host == "ecs-cn-hangzhou.aliyuncs.com"


def test_an_unchecked_override_is_checked_here() -> None:
    """A configuration that was built without validation can't send credentials unencrypted either."""
    with pytest.raises(ConfigInvalid, match=r"^endpoints.ecs: http:// is accepted for loopback only"):
        endpoints.resolve("cn-hangzhou", schema.Endpoints.model_construct(ecs="http://a.b"))


@pytest.mark.parametrize(
    "region", ["", "hangzhou", "cn-hangzhou/", "evil.example.com#", "CN-HANGZHOU", "cn-hangzhou\n"]
)
def test_a_region_that_is_none_is_refused(region: str) -> None:
    """A region id becomes part of a host name, so it must look like one."""
    with pytest.raises(ConfigInvalid, match="is not a region id"):
        endpoints.resolve(region)


@pytest.mark.parametrize(
    ("override", "url"),
    [
        (None, "http://100.100.100.200"),
        ("100.100.100.200", "http://100.100.100.200"),
        ("http://100.100.100.200", "http://100.100.100.200"),
        ("http://[fd00:100::100:200]", "http://[fd00:100::100:200]"),
        ("http://127.0.0.1:8", "http://127.0.0.1:8"),
        ("imds.example.com", "https://imds.example.com"),
    ],
)
def test_the_metadata_service_may_speak_http(override: str | None, url: str) -> None:
    """The well-known addresses and loopback are reached without TLS, nothing else is."""
    assert endpoints.metadata(override).url == url


def test_metadata_over_http_elsewhere_is_refused() -> None:
    """Another machine over plain HTTP is refused here too."""
    with pytest.raises(ConfigInvalid, match=r"^endpoints.metadata: http:// is accepted for loopback only"):
        endpoints.metadata("http://100.100.100.201")
