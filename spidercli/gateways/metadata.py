"""The instance metadata service: what an ECS instance knows about itself, without any credentials.

Facts (Alibaba Cloud's "Overview of ECS instance metadata", and terway): token mode is `PUT /latest/api/token` with
`X-aliyun-ecs-metadata-token-ttl-seconds`, then GETs with `X-aliyun-ecs-metadata-token`; plain GETs are refused with
403 where the instance demands tokens. `private-ipv4s` is JSON, `ipv6s` looks like it but has no quotes, and what is
not there is a 404.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from ipaddress import IPv4Address, IPv6Address

import requests
import tenacity

from spidercli.errors import MetadataUnavailable
from spidercli.gateways.alibaba import endpoints
from spidercli.gateways.alibaba.calls import Cause, Failure
from spidercli.gateways.alibaba.fields import Fields
from spidercli.gateways.alibaba.redaction import silence_sdk_loggers
from spidercli.gateways.alibaba.transport import Session
from spidercli.model import Addresses, CloudFacts, Eni, Family, Instance, IPAddress, Source, VSwitch

_ROOT = "/latest/meta-data"
_TOKEN_SECONDS = "21600"  # noqa: S105 - the longest life that a token may have
_TOKEN_HEADER = "X-aliyun-ecs-metadata-token"  # noqa: S105 - a header's name
_NO_TOKENS = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)
_ATTEMPTS = 4
READ_SECONDS = 5.0
_HINT = "run this on an ECS instance whose metadata access is enabled, or use --source openapi"


class InstanceMetadata:
    """ports.Metadata over HTTP. Proxies are never used: the service is a link-local route of the hypervisor."""

    def __init__(
        self,
        endpoint: str | None = None,
        *,
        environ: Mapping[str, str],
        sleep: Callable[[float], None] = time.sleep,
        read_seconds: float = READ_SECONDS,
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            endpoint: the configuration's `endpoints.metadata`.
            environ: the environment; ALIBABA_CLOUD_IMDSV1_DISABLED=true in it insists on token mode.
            sleep: waits between attempts when the service is busy.
            read_seconds: how long an answer may take.

        Raises:
            ConfigInvalid: the endpoint can't be used; see `endpoints.metadata`.
        """
        silence_sdk_loggers()
        self._endpoint = endpoints.metadata(endpoint)
        self._tokens_only = environ.get("ALIBABA_CLOUD_IMDSV1_DISABLED", "").lower() == "true"
        self._session = Session({}, threads=1, connect_seconds=1.0, read_seconds=read_seconds)
        self._sleep = sleep
        self._answered = False

    def facts(self) -> CloudFacts:
        """This instance, its ENIs (the primary one first, then as the service lists them), vSwitches and gateways.

        Raises:
            MetadataUnavailable: there is no such service here, or it refuses.
            CloudAnswerInvalid: a value is missing or odd.
        """
        self._open()
        instance = self._values("", _INSTANCE)
        macs = self._macs(instance)
        nics = {mac: self._values(f"network/interfaces/macs/{mac}/", _NIC) for mac in macs}
        enis = {mac: _eni(mac, nic, instance, primary=mac == macs[0]) for mac, nic in nics.items()}
        vswitches = {eni.vswitch_id: _vswitch(nics[mac], instance) for mac, eni in enis.items()}
        return CloudFacts(
            source=Source.METADATA,
            region_id=instance.text("region-id"),
            instances=(_instance(instance, enis[macs[0]]),),
            enis=tuple(enis.values()),
            vswitches=tuple(vswitches.values()),
            gateways={
                (enis[mac].eni_id, family): address for mac, nic in nics.items() for family, address in _gateways(nic)
            },
        )

    def _open(self) -> None:
        """Get a token; an instance of the old kind has none and answers plain GETs."""
        self._session.headers.pop(_TOKEN_HEADER, None)
        answer = self._send("PUT", "/latest/api/token", {f"{_TOKEN_HEADER}-ttl-seconds": _TOKEN_SECONDS})
        if answer.status_code == HTTPStatus.OK:
            self._session.headers[_TOKEN_HEADER] = self._accepted_token(answer.text.strip())
        elif self._tokens_only or answer.status_code not in _NO_TOKENS:
            raise self._refused("/latest/api/token", answer.status_code)

    def _accepted_token(self, text: str) -> str:
        """A token that can go into a header."""
        if not (text.isascii() and text.isprintable()):
            raise self._impostor()
        return text

    def _values(self, path: str, names: tuple[str, ...]) -> Fields:
        """The items below a path that exist."""
        found = {name: self._get(path + name) for name in names}
        label = f"instance metadata {path}".rstrip("/ ")
        return Fields(label=label, values={name: value for name, value in found.items() if value is not None})

    def _macs(self, instance: Fields) -> list[str]:
        """The NICs' MAC addresses, listed with a slash behind each; the instance's own, the primary NIC's, first."""
        listed = [line.strip().rstrip("/") for line in (self._get("network/interfaces/macs/") or "").splitlines()]
        primary = instance.text("mac")
        if primary not in listed:
            raise instance.invalid("network/interfaces/macs/", f"without {primary}, the instance's own: {listed}")
        return [primary, *(mac for mac in listed if mac and mac != primary)]

    def _get(self, path: str) -> str | None:
        """One item's text, None when the instance has none; an expired token is renewed once."""
        answer = self._send("GET", f"{_ROOT}/{path}")
        if answer.status_code == HTTPStatus.UNAUTHORIZED and _TOKEN_HEADER in self._session.headers:
            self._open()
            answer = self._send("GET", f"{_ROOT}/{path}")
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return None
        if answer.status_code != HTTPStatus.OK:
            raise self._refused(path, answer.status_code)
        return answer.text.strip()

    def _send(self, method: str, path: str, headers: Mapping[str, str] | None = None) -> requests.Response:
        """An answer, whatever its status; a busy service is asked again, and one that was there a moment ago."""
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_result(_busy) | tenacity.retry_if_exception(self._may_be_back),
            stop=tenacity.stop_after_attempt(_ATTEMPTS),
            wait=tenacity.wait_exponential(multiplier=0.5, max=4),
            sleep=self._sleep,
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
        )
        try:
            answer: requests.Response = retrying(
                self._session.request, method, self._endpoint.url + path, headers=headers
            )
        except Failure as error:
            raise MetadataUnavailable(
                f"the instance metadata service at {self._endpoint.host} does not answer: {error.message}", hint=_HINT
            ) from error
        self._answered = True
        if answer.ok and answer.text.lstrip().startswith("<"):
            raise self._impostor()
        return answer

    def _may_be_back(self, error: BaseException) -> bool:
        """Whether it is the network's fault, and the service is known to be there: else nobody should wait for it."""
        return self._answered and isinstance(error, Failure) and error.cause is Cause.NETWORK

    def _impostor(self) -> MetadataUnavailable:
        return MetadataUnavailable(
            f"what answers at {self._endpoint.host} is not the instance metadata service: it sends a page", hint=_HINT
        )

    def _refused(self, path: str, status: int) -> MetadataUnavailable:
        where = f"the instance metadata service at {self._endpoint.host}"
        return MetadataUnavailable(f"{where} refuses {path} with HTTP status {status}", hint=_HINT)


def _busy(answer: requests.Response) -> bool:
    status = answer.status_code
    return status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR


_INSTANCE = (
    "region-id",
    "zone-id",
    "instance-id",
    "instance/instance-type",
    "instance/instance-name",
    "hostname",
    "mac",
    "vpc-id",
)
_NIC = (
    "network-interface-id",
    "primary-ip-address",
    "private-ipv4s",
    "ipv4-prefixes",
    "ipv6s",
    "ipv6-prefixes",
    "gateway",
    "ipv6-gateway",
    "vpc-id",
    "vswitch-id",
    "vswitch-cidr-block",
    "vswitch-ipv6-cidr-block",
)


def _instance(values: Fields, primary: Eni) -> Instance:
    return Instance(
        instance_id=values.text("instance-id"),
        name=values.optional_text("instance/instance-name"),
        hostname=values.optional_text("hostname"),
        instance_type=values.optional_text("instance/instance-type"),
        region_id=values.text("region-id"),
        zone_id=values.text("zone-id"),
        vpc_id=values.text("vpc-id"),
        status="Running",
        private_ips=() if primary.primary_ip is None else (primary.primary_ip, *primary.secondary_ips),
        tags={},
    )


def _eni(mac: str, values: Fields, instance: Fields, *, primary: bool) -> Eni:
    """An ENI; what the service does not know has the value of an ordinary attached ENI."""
    primary_ip = values.ipv4("primary-ip-address") if "primary-ip-address" in values.values else None
    return Eni(
        eni_id=values.text("network-interface-id"),
        name="",
        instance_id=instance.text("instance-id"),
        primary=primary,
        kind="Primary" if primary else "Secondary",
        status="InUse",
        mac=mac.lower(),
        vpc_id=values.text("vpc-id"),
        vswitch_id=values.text("vswitch-id"),
        zone_id=instance.text("zone-id"),
        primary_ip=primary_ip,
        secondary_ips=_secondary_ips(values, primary_ip),
        ipv4_prefixes=tuple(sorted(item.ipv4_network("ipv4-prefixes") for item in _listed(values, "ipv4-prefixes"))),
        ipv6_addresses=Addresses(IPv6Address, (int(item.ipv6("ipv6s")) for item in _listed(values, "ipv6s"))),
        ipv6_prefixes=tuple(sorted(item.ipv6_network("ipv6-prefixes") for item in _listed(values, "ipv6-prefixes"))),
        device_index=None,
        created_at="",
        service_managed=False,
        traffic_mode="Standard",
        tags={},
    )


def _secondary_ips(values: Fields, primary_ip: IPv4Address | None) -> Addresses[IPv4Address]:
    """The addresses besides the primary one; a list without that one was cut, and is no smaller ENI."""
    if primary_ip is None:
        return Addresses(IPv4Address, ())
    values.text("private-ipv4s")
    addresses = {item.ipv4("private-ipv4s") for item in _listed(values, "private-ipv4s")}
    if primary_ip not in addresses:
        raise values.invalid("private-ipv4s", f"without the primary address {primary_ip}")
    return Addresses(IPv4Address, map(int, addresses - {primary_ip}))


def _vswitch(values: Fields, instance: Fields) -> VSwitch:
    has_ipv6 = bool(values.optional_text("vswitch-ipv6-cidr-block"))
    return VSwitch(
        vswitch_id=values.text("vswitch-id"),
        vpc_id=values.text("vpc-id"),
        zone_id=instance.text("zone-id"),
        cidr=values.ipv4_network("vswitch-cidr-block"),
        ipv6_cidr=values.ipv6_network("vswitch-ipv6-cidr-block") if has_ipv6 else None,
        free_addresses=None,
    )


def _gateways(values: Fields) -> Iterator[tuple[Family, IPAddress]]:
    if values.optional_text("gateway"):
        yield Family.IPV4, values.ipv4("gateway")
    if values.optional_text("ipv6-gateway"):
        yield Family.IPV6, values.ipv6("ipv6-gateway")


def _listed(values: Fields, name: str) -> list[Fields]:
    """The parts of a list: JSON, the same without quotes, or one a line; each as a field of that name."""
    parts = re.findall(r"""[^\s,"'\[\]]+""", values.optional_text(name))
    return [Fields(label=values.label, values={name: part}) for part in parts]
