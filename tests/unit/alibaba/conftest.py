"""A cloud on loopback that answers as each test tells it to, and values to start from."""

from __future__ import annotations

import dataclasses
import http.server
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from spidercli.gateways.alibaba.credentials import Credentials, Keys
from spidercli.gateways.alibaba.endpoints import Endpoint, Endpoints

Answer = tuple[int, Mapping[str, str], str]


@dataclasses.dataclass(frozen=True)
class Received:
    """A request as the server saw it."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


class Loopback:
    """An HTTP server that hands each request to `answer` and keeps what it received."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answer: Callable[[Received], Answer] = lambda _: (200, {}, "{}")
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint(host=self.host, secure=False)

    @property
    def endpoints(self) -> Endpoints:
        return Endpoints(ecs=self.endpoint, vpc=self.endpoint, sts=self.endpoint)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        loopback = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # headers and body in one packet: two would wait for each other's acknowledgement

            def do_any(self) -> None:
                parts = urlsplit(self.path)
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                request = Received(self.command, parts.path, dict(parse_qsl(parts.query, True)), dict(self.headers))
                loopback.received.append(request)
                status, headers, text = loopback.answer(request)
                body = text.encode()
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_any  # noqa: N815 - http.server's names

            def log_message(self, *_: object) -> None:
                pass

        return Handler


@pytest.fixture
def loopback() -> Iterator[Loopback]:
    server = Loopback()
    yield server
    server.close()


@pytest.fixture
def keys() -> Keys:
    return Keys(access_key_id="LTAIexampleid", access_key_secret="examplesecret", security_token="CAISexampletoken")


@pytest.fixture
def credentials(keys: Keys) -> Credentials:
    return Credentials(provider="env ALIBABA_CLOUD_ACCESS_KEY_ID", region_id=None, get=lambda: keys)


@pytest.fixture
def clock() -> Clock:
    return Clock()


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []
        self._lock = threading.Lock()

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)
            self.now += seconds


@pytest.fixture
def eni_item() -> dict[str, Any]:
    """An item of DescribeNetworkInterfaces: the worker's second ENI of the guide."""
    return {
        "NetworkInterfaceId": "eni-worker-1",
        "NetworkInterfaceName": "pods",
        "InstanceId": "i-worker",
        "Type": "Secondary",
        "Status": "InUse",
        "MacAddress": "00:16:3E:00:00:02",
        "VpcId": "vpc-1",
        "VSwitchId": "vsw-192",
        "ZoneId": "cn-hangzhou-i",
        "PrivateIpAddress": "192.168.0.160",
        "PrivateIpSets": {
            "PrivateIpSet": [
                {"PrivateIpAddress": "192.168.0.162", "Primary": False},
                {"PrivateIpAddress": "192.168.0.160", "Primary": True},
                {"PrivateIpAddress": "192.168.0.161", "Primary": False},
            ]
        },
        "Ipv6Sets": {"Ipv6Set": [{"Ipv6Address": "2408::1"}]},
        "Ipv4PrefixSets": {"Ipv4PrefixSet": [{"Ipv4Prefix": "192.168.0.16/28"}]},
        "Attachment": {"InstanceId": "i-worker", "DeviceIndex": 1},
        "CreationTime": "2026-01-02T03:04:05Z",
        "ServiceManaged": False,
        "NetworkInterfaceTrafficMode": "Standard",
        "Tags": {"Tag": [{"TagKey": "team", "TagValue": "net"}]},
    }


@pytest.fixture
def instance_item() -> dict[str, Any]:
    """An item of DescribeInstances: the worker of the guide."""
    return {
        "InstanceId": "i-worker",
        "InstanceName": "worker-1",
        "HostName": "worker",
        "InstanceType": "ecs.g6e.large",
        "RegionId": "cn-hangzhou",
        "ZoneId": "cn-hangzhou-i",
        "Status": "Running",
        "VpcAttributes": {
            "VpcId": "vpc-1",
            "VSwitchId": "vsw-172",
            "PrivateIpAddress": {"IpAddress": ["172.31.199.184"]},
        },
        "Tags": {"Tag": [{"TagKey": "team", "TagValue": ""}]},
    }


@pytest.fixture
def vswitch_item() -> dict[str, Any]:
    """An item of DescribeVSwitches."""
    return {
        "VSwitchId": "vsw-192",
        "VpcId": "vpc-1",
        "ZoneId": "cn-hangzhou-i",
        "CidrBlock": "192.168.0.0/24",
        "Ipv6CidrBlock": "",
        "AvailableIpAddressCount": 200,
    }


@pytest.fixture
def ok() -> Callable[..., Answer]:
    def answer(**body: Any) -> Answer:
        return 200, {"Content-Type": "application/json"}, json.dumps({"RequestId": "req-1", **body})

    return answer


@pytest.fixture
def refused() -> Callable[..., Answer]:
    def answer(status: int, code: str, message: str = "No: sorry.", **headers: str) -> Answer:
        body = {"RequestId": "req-9", "HostId": "ecs.example", "Code": code, "Message": message}
        return status, {name.replace("_", "-"): value for name, value in headers.items()}, json.dumps(body)

    return answer
