from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any

import pytest

from spidercli.errors import CloudAnswerInvalid, MetadataUnavailable
from spidercli.gateways.metadata import InstanceMetadata
from spidercli.model import CloudFacts, Family, Instance, Source, VSwitch

PRIMARY = "00:16:3e:00:00:01"
SECONDARY = "00:16:3e:00:00:00"
TOKEN_HEADER = "X-aliyun-ecs-metadata-token"


class Service:
    """An instance metadata service: items by path, token mode or not, and what it was asked."""

    def __init__(self, items: dict[str, str]) -> None:
        self.items = items
        self.token_status = 200
        self.tokens_required = True
        self.stale = False
        self.expire_after: int | None = None
        self.busy = 0
        self.issued = 0
        self.gets = 0

    def __call__(self, request: Any) -> tuple[int, dict[str, str], str]:
        if self.busy:
            self.busy -= 1
            return 503, {}, "busy"
        return self._token(request) if request.method == "PUT" else self._item(request)

    def _token(self, request: Any) -> tuple[int, dict[str, str], str]:
        if self.token_status != 200:
            return self.token_status, {}, "no"
        assert request.path == "/latest/api/token"
        assert request.headers["X-aliyun-ecs-metadata-token-ttl-seconds"] == "21600"
        self.issued += 1
        return 200, {}, "stale" if self.stale else f"token-{self.issued}"

    def _item(self, request: Any) -> tuple[int, dict[str, str], str]:
        self.gets += 1
        if self.gets == self.expire_after:
            self.issued += 1
        if self.tokens_required and request.headers.get(TOKEN_HEADER) != f"token-{self.issued}":
            return (401 if TOKEN_HEADER in request.headers else 403), {}, "no"
        path = request.path.removeprefix("/latest/meta-data/")
        return (200, {}, self.items[path]) if path in self.items else (404, {}, "none")


@pytest.fixture
def service(loopback: Any) -> Service:
    items = {
        "region-id": "cn-hangzhou",
        "zone-id": "cn-hangzhou-i",
        "instance-id": "i-worker",
        "instance/instance-type": "ecs.g6e.large",
        "instance/instance-name": "worker-1",
        "hostname": "worker",
        "mac": PRIMARY,
        "vpc-id": "vpc-1",
        "network/interfaces/macs/": f"{SECONDARY}/\n{PRIMARY}/\n",
    }
    first = {
        "network-interface-id": "eni-worker-0",
        "primary-ip-address": "172.31.199.184",
        "private-ipv4s": '["172.31.199.184","172.31.199.186","172.31.199.185"]',
        "gateway": "172.31.207.253",
        "vpc-id": "vpc-1",
        "vswitch-id": "vsw-172",
        "vswitch-cidr-block": "172.31.192.0/20",
    }
    second = {
        "network-interface-id": "eni-worker-1",
        "primary-ip-address": "192.168.0.160",
        "private-ipv4s": '["192.168.0.160"]',
        "ipv4-prefixes": "192.168.0.16/28",
        "ipv6s": "[2408::2,2408::1]",
        "gateway": "192.168.0.253",
        "ipv6-gateway": "2408::ffff:ffff:ffff:fff7",
        "vpc-id": "vpc-1",
        "vswitch-id": "vsw-192",
        "vswitch-cidr-block": "192.168.0.0/24",
        "vswitch-ipv6-cidr-block": "2408::/64",
    }
    items |= {f"network/interfaces/macs/{PRIMARY}/{name}": value for name, value in first.items()}
    items |= {f"network/interfaces/macs/{SECONDARY}/{name}": value for name, value in second.items()}
    loopback.answer = Service(items)
    service: Service = loopback.answer
    return service


@pytest.fixture
def read(loopback: Any, clock: Any) -> Callable[..., CloudFacts]:
    def facts(environ: dict[str, str] | None = None) -> CloudFacts:
        endpoint = f"http://{loopback.host}"
        return InstanceMetadata(endpoint, environ=environ or {}, sleep=clock.sleep).facts()

    return facts


def put(service: Service, mac: str, name: str, value: str | None) -> None:
    path = f"network/interfaces/macs/{mac}/{name}"
    if value is None:
        del service.items[path]
    else:
        service.items[path] = value


def test_the_instance_and_its_vswitches(service: Service, read: Callable[..., CloudFacts]) -> None:
    """Everything the service knows about instance and vSwitches arrives; what it does not know is left open."""
    facts = read()

    assert service.issued == 1
    assert (facts.source, facts.region_id) == (Source.METADATA, "cn-hangzhou")
    assert facts.instances == (
        Instance(
            instance_id="i-worker",
            name="worker-1",
            hostname="worker",
            instance_type="ecs.g6e.large",
            region_id="cn-hangzhou",
            zone_id="cn-hangzhou-i",
            vpc_id="vpc-1",
            status="Running",
            private_ips=tuple(map(IPv4Address, ("172.31.199.184", "172.31.199.185", "172.31.199.186"))),
            tags={},
        ),
    )
    assert facts.vswitches == (
        VSwitch(
            vswitch_id="vsw-172",
            vpc_id="vpc-1",
            zone_id="cn-hangzhou-i",
            cidr=IPv4Network("172.31.192.0/20"),
            ipv6_cidr=None,
            free_addresses=None,
        ),
        VSwitch(
            vswitch_id="vsw-192",
            vpc_id="vpc-1",
            zone_id="cn-hangzhou-i",
            cidr=IPv4Network("192.168.0.0/24"),
            ipv6_cidr=IPv6Network("2408::/64"),
            free_addresses=None,
        ),
    )


def test_enis_come_primary_first(service: Service, read: Callable[..., CloudFacts]) -> None:
    """The primary ENI is the one with the instance's own MAC address; addresses are read in all their formats."""
    first, second = read().enis

    assert service.items["mac"] == first.mac
    assert (first.primary, first.kind, first.status) == (True, "Primary", "InUse")
    assert first.secondary_ips == (IPv4Address("172.31.199.185"), IPv4Address("172.31.199.186"))
    assert (second.primary, second.kind, second.instance_id) == (False, "Secondary", "i-worker")
    assert second.secondary_ips == ()
    assert second.ipv4_prefixes == (IPv4Network("192.168.0.16/28"),)
    assert second.ipv6_addresses == (IPv6Address("2408::1"), IPv6Address("2408::2"))


def test_gateways_are_facts(service: Service, read: Callable[..., CloudFacts]) -> None:
    """The metadata service knows the gateways, so nobody has to derive them."""
    assert service.items
    assert read().gateways == {
        ("eni-worker-0", Family.IPV4): IPv4Address("172.31.207.253"),
        ("eni-worker-1", Family.IPV4): IPv4Address("192.168.0.253"),
        ("eni-worker-1", Family.IPV6): IPv6Address("2408::ffff:ffff:ffff:fff7"),
    }


def test_a_gateway_may_be_unknown(service: Service, read: Callable[..., CloudFacts]) -> None:
    """Then it is derived later."""
    put(service, PRIMARY, "gateway", None)

    assert ("eni-worker-0", Family.IPV4) not in read().gateways


@pytest.mark.parametrize(
    "text",
    ["192.168.0.16/28\n192.168.0.32/28", '["192.168.0.16/28","192.168.0.32/28"]', "[192.168.0.16/28,192.168.0.32/28]"],
)
def test_several_prefixes_in_any_format(service: Service, read: Callable[..., CloudFacts], text: str) -> None:
    """The format for more than one prefix is documented nowhere, so every list is read."""
    put(service, SECONDARY, "ipv4-prefixes", text)

    assert read().enis[1].ipv4_prefixes == (IPv4Network("192.168.0.16/28"), IPv4Network("192.168.0.32/28"))


def test_an_eni_with_ipv6_only(service: Service, read: Callable[..., CloudFacts]) -> None:
    """It has neither a primary address nor a list of IPv4 addresses."""
    put(service, SECONDARY, "primary-ip-address", None)
    put(service, SECONDARY, "private-ipv4s", None)

    assert read().enis[1].primary_ip is None


@pytest.mark.parametrize("status", [403, 404, 405])
def test_without_tokens_plain_gets_are_used(service: Service, read: Callable[..., CloudFacts], status: int) -> None:
    """An instance of the old kind refuses the PUT and answers GETs."""
    service.token_status = status
    service.tokens_required = False

    assert read().region_id == "cn-hangzhou"


def test_token_mode_can_be_insisted_on(service: Service, read: Callable[..., CloudFacts]) -> None:
    """ALIBABA_CLOUD_IMDSV1_DISABLED forbids the fallback, as in Alibaba's own library."""
    service.token_status = 404
    service.tokens_required = False

    with pytest.raises(MetadataUnavailable, match="refuses /latest/api/token with HTTP status 404"):
        read({"ALIBABA_CLOUD_IMDSV1_DISABLED": "true"})


def test_an_expired_token_is_renewed(service: Service, read: Callable[..., CloudFacts]) -> None:
    """A 401 in the middle of the reading costs one more token and one more GET."""
    service.expire_after = 5

    assert read().region_id == "cn-hangzhou"
    assert service.issued == 3  # one that was used, one that the service lost, one that replaced it


def test_a_token_that_is_never_accepted_is_an_error(service: Service, read: Callable[..., CloudFacts]) -> None:
    """A second 401 in a row is not answered with a third token."""
    service.stale = True

    with pytest.raises(MetadataUnavailable, match="401"):
        read()


def test_a_busy_service_is_asked_again(service: Service, read: Callable[..., CloudFacts], clock: Any) -> None:
    """It throttles those who ask too much: three waits, then it is an error."""
    service.busy = 3

    assert read().region_id == "cn-hangzhou"
    assert clock.slept == [0.5, 1.0, 2.0]

    service.busy = 4
    with pytest.raises(MetadataUnavailable, match="503"):
        read()


def test_hardened_instances_without_a_token_are_explained(service: Service, read: Callable[..., CloudFacts]) -> None:
    """A 403 on a GET, for example behind a proxy, says what to do."""
    service.token_status = 404

    with pytest.raises(MetadataUnavailable, match="403") as caught:
        read()
    assert "--source openapi" in str(caught.value.hint)


def test_elsewhere_there_is_no_service() -> None:
    """Not on ECS nobody listens: the hint says so."""
    with pytest.raises(MetadataUnavailable, match=r"at 127.0.0.1:1 does not answer") as caught:
        InstanceMetadata("http://127.0.0.1:1", environ={}).facts()
    assert "on an ECS instance" in str(caught.value.hint)


def test_proxies_are_bypassed(
    service: Service, read: Callable[..., CloudFacts], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service is a link-local route: no proxy can reach it."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")

    assert read({"HTTP_PROXY": "http://127.0.0.1:1"}).instances[0].instance_id == service.items["instance-id"]


@pytest.mark.parametrize(
    ("mac", "name", "value", "expected"),
    [
        (SECONDARY, "network-interface-id", None, "field network-interface-id is missing"),
        (SECONDARY, "vswitch-cidr-block", None, "field vswitch-cidr-block is missing"),
        (SECONDARY, "private-ipv4s", None, "field private-ipv4s is missing"),
        (SECONDARY, "private-ipv4s", '["192.168.0.161"]', "without the primary address 192.168.0.160"),
        (SECONDARY, "private-ipv4s", '["192.168.0.160","x"]', "field private-ipv4s is 'x'"),
        (SECONDARY, "ipv6s", "[2408::g]", "field ipv6s is '2408::g'"),
        (PRIMARY, "gateway", "none", "field gateway is 'none'"),
    ],
)
def test_odd_values_are_errors(
    service: Service, read: Callable[..., CloudFacts], mac: str, name: str, value: str | None, expected: str
) -> None:
    """What is missing or does not parse is named with its path."""
    put(service, mac, name, value)

    with pytest.raises(CloudAnswerInvalid, match=expected) as caught:
        read()
    assert f"instance metadata network/interfaces/macs/{mac}" in caught.value.message


def test_a_primary_nic_that_is_not_listed_is_an_error(service: Service, read: Callable[..., CloudFacts]) -> None:
    """The instance's own MAC address has to be among those listed."""
    service.items["mac"] = "00:16:3e:00:00:99"

    with pytest.raises(CloudAnswerInvalid, match="without 00:16:3e:00:00:99, the instance's own"):
        read()
