"""Which hosts serve the APIs of a region.

Computed here, because the legacy SDK asks Alibaba Cloud's location service for regions that its tables don't know.
The exceptions below are those of aliyunsdkecs.endpoint (4.24) and alibabacloud_vpc20160428.client (7.2); a test
compares them.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable

from spidercli.config import schema, texts
from spidercli.errors import ConfigInvalid

_ECS_EXCEPTIONS = {
    "cn-beijing-finance-pop": "ecs.aliyuncs.com",
    "cn-beijing-gov-1": "ecs.aliyuncs.com",
    "cn-hangzhou": "ecs-cn-hangzhou.aliyuncs.com",
    "cn-hangzhou-finance": "ecs.aliyuncs.com",
    "cn-hongkong-finance-pop": "ecs.aliyuncs.com",
    "cn-north-2-gov-1": "ecs.aliyuncs.com",
    "cn-shanghai-finance-1": "ecs-cn-hangzhou.aliyuncs.com",
    "cn-shenzhen-finance-1": "ecs-cn-hangzhou.aliyuncs.com",
}
_VPC_EXCEPTIONS = {
    "cn-beijing-finance-pop": "vpc.aliyuncs.com",
    "cn-beijing-gov-1": "vpc.aliyuncs.com",
    "cn-hangzhou": "vpc.aliyuncs.com",
    "cn-hangzhou-finance": "vpc.aliyuncs.com",
    "cn-hongkong-finance-pop": "vpc.aliyuncs.com",
    "cn-north-2-gov-1": "vpc.aliyuncs.com",
    "cn-shanghai-finance-1": "vpc.aliyuncs.com",
    "cn-shenzhen-finance-1": "vpc.aliyuncs.com",
}
_METADATA_HOSTS = ("100.100.100.200", "[fd00:100::100:200]")
_REGION = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Where an API listens."""

    host: str  # HOST or HOST:PORT, an IPv6 literal in brackets
    secure: bool = True

    @property
    def scheme(self) -> str:
        """`https`, or `http` for a loopback override and the metadata service."""
        return "https" if self.secure else "http"

    @property
    def url(self) -> str:
        """The base URL, without a slash at the end."""
        return f"{self.scheme}://{self.host}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Endpoints:
    """The endpoints that one region's facts come from."""

    ecs: Endpoint
    vpc: Endpoint
    sts: Endpoint


METADATA = Endpoint(host=_METADATA_HOSTS[0], secure=False)
"""The instance metadata service; it speaks plain HTTP on a link-local route of the hypervisor."""


def resolve(region_id: str, overrides: schema.Endpoints | None = None) -> Endpoints:
    """The endpoints of a region; an override wins.

    Args:
        region_id: for example cn-hangzhou.
        overrides: the configuration's `endpoints`.

    Raises:
        ConfigInvalid: the region id or an override is malformed, or an override asks for http to another machine.
    """
    if not _REGION.fullmatch(region_id):
        raise ConfigInvalid(
            f"region {region_id!r} is not a region id", hint="a region id looks like cn-hangzhou or ap-southeast-1"
        )
    given = overrides or schema.Endpoints()
    hosts = _public(region_id)
    return Endpoints(**{name: _choose(name, getattr(given, name), host) for name, host in hosts.items()})


def metadata(override: str | None = None) -> Endpoint:
    """The metadata service's endpoint.

    Raises:
        ConfigInvalid: the override is malformed, or asks for http to a machine that is not this one.
    """
    if override is None:
        return METADATA
    found = _parse(override, texts.metadata_endpoint, where="endpoints.metadata")
    return found if found.host not in _METADATA_HOSTS else dataclasses.replace(found, secure=False)


def parse(text: str, *, where: str) -> Endpoint:
    """An endpoint as people write it: HOST[:PORT] means https, http:// is accepted for loopback only.

    Args:
        text: the override.
        where: what the message starts with: a flag, a variable or a key.

    Raises:
        ConfigInvalid: see above.
    """
    return _parse(text, texts.endpoint, where=where)


def _parse(text: str, check: Callable[[str], str], *, where: str) -> Endpoint:
    try:
        scheme, _, host = check(text).rpartition("://")
    except ValueError as error:
        raise ConfigInvalid(f"{where}: {error}", hint="for example ecs.cn-beijing.aliyuncs.com") from error
    return Endpoint(host=host.rstrip("/"), secure=scheme != "http")


def _choose(name: str, override: str | None, host: str) -> Endpoint:
    return Endpoint(host=host) if override is None else parse(override, where=f"endpoints.{name}")


def _public(region_id: str) -> dict[str, str]:
    return {
        "ecs": _ECS_EXCEPTIONS.get(region_id, f"ecs.{region_id}.aliyuncs.com"),
        "vpc": _VPC_EXCEPTIONS.get(region_id, f"vpc.{region_id}.aliyuncs.com"),
        "sts": f"sts.{region_id}.aliyuncs.com",
    }
