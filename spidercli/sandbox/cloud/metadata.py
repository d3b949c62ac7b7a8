"""The metadata service of one instance of the world: http://100.100.100.200 on a real one.

Formats are those of the service, odd ones included: MAC addresses are listed as folders, private-ipv4s is
JSON, ipv6s has brackets but no quotes.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import secrets
import time
from collections.abc import Iterable, Iterator

from spidercli.sandbox.cloud import http, refusals
from spidercli.sandbox.cloud.calls import GET_METADATA, PUT_METADATA_TOKEN, Call
from spidercli.sandbox.cloud.errors import ApiError
from spidercli.sandbox.cloud.http import Request, Response
from spidercli.sandbox.cloud.identity import AccessKey, role_key
from spidercli.sandbox.cloud.resources import Instance, NetworkInterface
from spidercli.sandbox.cloud.signing import Clock
from spidercli.sandbox.cloud.world import World
from spidercli.sandbox.faults import Fault, Kind

ROOT = "/latest/"

_TOKEN_PATH = "/latest/api/token"  # noqa: S105 - a path
_DATA = "/latest/meta-data/"
_TOKEN = "x-aliyun-ecs-metadata-token"  # noqa: S105 - a header's name
_TTL = "x-aliyun-ecs-metadata-token-ttl-seconds"
_LONGEST_TTL = 21_600
_ROLE_SESSION = 6 * 3600


class Metadata:
    """Answers for the instance that `world.metadata_instance_id` names, else the first one."""

    def __init__(self, world: World, clock: Clock = time.time) -> None:
        self._world = world
        self._clock = clock
        self._tokens: dict[str, float] = {}  # token -> when it ends

    def handle(self, request: Request) -> Response:
        """Answer one request and record it; a fault in the way of the answer comes with it."""
        fault = self._world.faults.take(f"metadata:{'PUT' if request.path == _TOKEN_PATH else 'GET'}")
        if fault and fault.kind.ineffective:
            response = http.nothing(fault)
        else:
            response = dataclasses.replace(self._response(request, fault), fault=fault)
        action = PUT_METADATA_TOKEN if request.path == _TOKEN_PATH else GET_METADATA
        self._world.requests.append(Call(action=action, params={"Path": request.path}, status=response.status, code=""))
        return response

    def _response(self, request: Request, fault: Fault | None) -> Response:
        try:
            if error := refusals.of_metadata(fault):
                raise error
            stale = fault is not None and fault.kind is Kind.STALE
            return http.text(200, self._answer(request, self._world.before_the_last_change() if stale else self._world))
        except ApiError as error:
            return http.text(error.status, error.message)

    def _answer(self, request: Request, world: World) -> str:
        instance = _instance(world)
        if "x-forwarded-for" in request.headers or instance.http_endpoint != "enabled":
            raise ApiError(403, "Forbidden", "403 - Forbidden")
        if request.path == _TOKEN_PATH:
            return self._new_token(request)
        self._check_token(request, instance)
        return self._item(request.path, instance, world)

    def _new_token(self, request: Request) -> str:
        if request.method != "PUT":
            raise ApiError(405, "MethodNotAllowed", "405 - Method Not Allowed")
        ttl = request.headers.get(_TTL, "")
        if not ttl.isdecimal() or not 1 <= int(ttl) <= _LONGEST_TTL:
            raise ApiError(400, "BadRequest", "400 - Bad Request")
        token = secrets.token_urlsafe(32)
        self._tokens[token] = self._clock() + int(ttl)
        return token

    def _check_token(self, request: Request, instance: Instance) -> None:
        if request.method != "GET":
            raise ApiError(405, "MethodNotAllowed", "405 - Method Not Allowed")
        token = request.headers.get(_TOKEN)
        if token is None and instance.http_tokens == "required":
            raise ApiError(403, "Forbidden", "403 - Forbidden")
        if token is not None and self._tokens.get(token, 0) <= self._clock():
            raise ApiError(401, "Unauthorized", "401 - Unauthorized")

    def _item(self, path: str, instance: Instance, world: World) -> str:
        items = dict(self._items(instance, world))
        if not f"{path}/".startswith(_DATA):
            raise _absent()
        name = f"{path}/".removeprefix(_DATA).rstrip("/")
        if name in items:
            return items[name]
        listing = _listing(items, f"{name}/" if name else "")
        if not listing:
            raise _absent()
        return "\n".join(listing)

    def _items(self, instance: Instance, world: World) -> Iterator[tuple[str, str]]:
        """Every item by its path below meta-data."""
        enis = world.enis_of(instance.instance_id)
        yield from _instance_items(instance, world)
        if enis:
            yield from _primary_items(enis[0], world)
        for eni in enis:
            yield from ((f"network/interfaces/macs/{eni.mac}/{name}", value) for name, value in _eni_items(eni, world))
        if instance.ram_role is not None:
            yield f"ram/security-credentials/{instance.ram_role}", self._role_credentials(instance.ram_role)

    def _role_credentials(self, role_name: str) -> str:
        key = role_key(role_name)
        self._world.add_key(key)
        return json.dumps(_credentials(key, self._clock()))


def _instance(world: World) -> Instance:
    chosen = world.metadata_instance_id or next(iter(world.instances), None)
    if chosen is None:
        raise _absent()
    return world.instance(chosen)


def _absent() -> ApiError:
    return ApiError(404, "NotFound", "404 - Not Found")


def _listing(paths: Iterable[str], folder: str) -> list[str]:
    """What a folder holds; folders in it end in a slash."""
    below = [path.removeprefix(folder) for path in paths if path.startswith(folder)]
    return list(dict.fromkeys(head + slash for head, slash, _ in (path.partition("/") for path in below)))


def _instance_items(instance: Instance, world: World) -> Iterator[tuple[str, str]]:
    yield "region-id", world.region_id
    yield "zone-id", instance.zone_id
    yield "instance-id", instance.instance_id
    yield "instance/instance-type", instance.instance_type
    yield "instance/instance-name", instance.name
    yield "hostname", instance.hostname
    yield "serial-number", instance.serial_number
    yield "owner-account-id", world.account.account_id
    yield "network-type", "vpc"


def _primary_items(eni: NetworkInterface, world: World) -> Iterator[tuple[str, str]]:
    vpc, vswitch = world.vpcs[eni.vpc_id], world.vswitches[eni.vswitch_id]
    yield "mac", eni.mac
    if eni.primary_ip is not None:
        yield "private-ipv4", str(eni.primary_ip)
    yield "vpc-id", vpc.vpc_id
    yield "vpc-cidr-block", str(vpc.cidr)
    yield "vswitch-id", vswitch.vswitch_id
    yield "vswitch-cidr-block", str(vswitch.cidr)


def _eni_items(eni: NetworkInterface, world: World) -> Iterator[tuple[str, str]]:
    vpc, vswitch = world.vpcs[eni.vpc_id], world.vswitches[eni.vswitch_id]
    yield "network-interface-id", eni.eni_id
    yield "vpc-id", vpc.vpc_id
    yield "vpc-cidr-block", str(vpc.cidr)
    yield "vswitch-id", vswitch.vswitch_id
    yield "vswitch-cidr-block", str(vswitch.cidr)
    yield "netmask", str(vswitch.cidr.netmask)
    yield "gateway", str(vswitch.gateway(4))
    if eni.primary_ip is not None:
        yield "primary-ip-address", str(eni.primary_ip)
    if eni.private_ips:
        yield "private-ipv4s", json.dumps([str(ip) for ip in eni.private_ips], separators=(",", ":"))
    if eni.ipv4_prefixes:
        yield "ipv4-prefixes", "\n".join(map(str, eni.ipv4_prefixes))
    if vswitch.ipv6_cidr is not None:
        yield "vswitch-ipv6-cidr-block", str(vswitch.ipv6_cidr)
        yield "vpc-ipv6-cidr-blocks", _bracketed([vpc.ipv6_cidr])
        yield "ipv6-gateway", str(vswitch.gateway(6))
    if eni.ipv6_addresses:
        yield "ipv6s", _bracketed(eni.ipv6_addresses)
    if eni.ipv6_prefixes:
        yield "ipv6-prefixes", "\n".join(map(str, eni.ipv6_prefixes))


def _bracketed(values: Iterable[object]) -> str:
    return f"[{','.join(map(str, values))}]"


def _credentials(key: AccessKey, now: float) -> dict[str, str | None]:
    moment = dt.datetime.fromtimestamp(now, tz=dt.UTC)
    end = moment + dt.timedelta(seconds=_ROLE_SESSION)
    return {
        "AccessKeyId": key.access_key_id,
        "AccessKeySecret": key.secret,
        "SecurityToken": key.security_token,
        "LastUpdated": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "Expiration": end.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "Code": "Success",
    }
