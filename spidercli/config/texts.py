"""What a text of the configuration must look like; every ValueError says what was expected, in one line."""

from __future__ import annotations

import dataclasses
import ipaddress
import re
import string
from collections.abc import Collection
from typing import Any

import pydantic
from pydantic import json_schema
from pydantic_core import core_schema

from spidercli import addresses
from spidercli.model import IPAddress

POOL_FIELDS = ("node", "nic", "family", "octet", "instance", "eni", "vswitch")
MULTUS_FIELDS = ("nic",)

_METADATA_SERVICE = ("100.100.100.200", "[fd00:100::100:200]")
_LONGEST_SHOWN = 60
_HOST_AND_PORT = re.compile(r"(?P<host>[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:(?P<port>[0-9]{1,5}))?/?")
_HOST_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_NOT_IN_OBJECT_NAMES = re.compile(r"[^a-z0-9.-]")


@dataclasses.dataclass(frozen=True)
class Matching:
    """Metadata of an annotated `str`: the pattern that all of it matches, and the words for that."""

    pattern: str
    expected: str

    def check(self, text: str) -> str:
        """The text, or a ValueError."""
        if not re.fullmatch(self.pattern, text):
            raise ValueError(f"expected {self.expected}, found {shown(text)}")
        return text

    def __get_pydantic_core_schema__(
        self, source: type[Any], handler: pydantic.GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: pydantic.GetJsonSchemaHandler
    ) -> json_schema.JsonSchemaValue:
        return {**handler(schema), "pattern": f"^({self.pattern})$"}


def shown(value: object) -> str:
    """A value in an error message: quoted, on one line, not too long."""
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"


def line(text: str) -> str:
    """Any text of one line that can be printed."""
    if not text.strip() or not text.isprintable():
        raise ValueError(f"expected a text of one line, found {shown(text)}")
    return text


def cidr(text: str) -> str:
    """A network without host bits, IPv4 or IPv6."""
    address, slash, _ = text.partition("/")
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        network = None
    if network is None or not slash or "%" in text:
        raise ValueError(f"expected a CIDR, for example 192.168.0.0/24, found {shown(text)}")
    if ipaddress.ip_address(address) != network.network_address:
        raise ValueError(f"{shown(text)} has host bits set, {network} is the network")
    return text


def addresses_of(text: str) -> str:
    """An address, a range a-b or a CIDR."""
    if "/" in text:
        return cidr(text)
    if not all(_address(end) for end in text.split("-")):
        raise ValueError(f"expected an address, a range a-b or a CIDR, found {shown(text)}")
    addresses.ascending(text)
    return text


def address_or_cidr(text: str) -> str:
    """An address or a CIDR."""
    return cidr(text) if "/" in text or _address(text) is None else text


def cidr_or_vswitch(text: str) -> str:
    """A CIDR or a vSwitch id."""
    if "/" in text:
        return cidr(text)
    if not text.startswith("vsw-"):
        raise ValueError(f"expected a CIDR or a vSwitch id (vsw-…), found {shown(text)}")
    return text


def address_or_empty(text: str) -> str:
    """An IP address, or nothing."""
    if text and not _address(text):
        raise ValueError(f"expected an IP address, found {shown(text)}")
    return text


def address(value: object) -> object:
    """An IP address; a number is none, though ipaddress takes it for one."""
    if not isinstance(value, str) or not _address(value):
        raise ValueError(f"expected an IP address, found {shown(value)}")
    return value


def endpoint(text: str) -> str:
    """HOST[:PORT], which means https as https:// does, or http:// with a loopback host.

    The text is never repeated in an error: people paste URLs with passwords in them.
    """
    return _checked_endpoint(text, plain_http=())


def metadata_endpoint(text: str) -> str:
    """Like `endpoint`; the instance metadata service itself speaks http only."""
    return _checked_endpoint(text, plain_http=_METADATA_SERVICE)


def pool_name(text: str) -> str:
    """A template for a pool's name."""
    return _name_template(text, POOL_FIELDS)


def multus_name(text: str) -> str:
    """A template for a SpiderMultusConfig's name, which must differ from NIC to NIC."""
    if "{nic}" not in _name_template(text, MULTUS_FIELDS):
        raise ValueError("{nic} is missing: every NIC needs a SpiderMultusConfig of its own")
    return text


def _checked_endpoint(text: str, *, plain_http: Collection[str]) -> str:
    scheme, separator, rest = text.rpartition("://")
    match = _HOST_AND_PORT.fullmatch(rest)
    if match is None or not _is_host(match["host"]) or (separator and scheme not in {"http", "https"}):
        raise ValueError("expected HOST or HOST:PORT, without path, user or query")
    if match["port"] is not None and not 0 < int(match["port"]) < 1 << 16:
        raise ValueError("expected a port from 1 to 65535")
    if scheme == "http" and match["host"] not in plain_http and not addresses.is_loopback(match["host"].strip("[]")):
        raise ValueError("http:// is accepted for loopback only; leave it out for https")
    return text


def _is_host(host: str) -> bool:
    if host.startswith("[") or re.fullmatch(r"[0-9.]+", host):
        return _address(host.strip("[]")) is not None
    return all(_HOST_LABEL.fullmatch(label) for label in host.split("."))


def _address(text: str) -> IPAddress | None:
    """The address, if it is one; a zone (%eth0) is one host's business."""
    if "%" in text:
        return None
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _name_template(text: str, fields: Collection[str]) -> str:
    known = " ".join(f"{{{field}}}" for field in fields)
    try:
        pieces = list(string.Formatter().parse(text))
    except ValueError as error:
        raise ValueError(f"{shown(text)} has a brace without its partner; fields: {known}") from error
    for literal, field, spec, conversion in pieces:
        if stray := _NOT_IN_OBJECT_NAMES.search(literal):
            raise ValueError(f"{shown(stray[0])} can't be in a Kubernetes name, only a-z, 0-9, - and .")
        if field is not None and (field not in fields or spec or conversion):
            raise ValueError(f"unknown field {shown('{' + field + '}')}; fields: {known}")
    if not text:
        raise ValueError(f"expected a name; fields: {known}")
    return text
