"""The shape of a saved inventory, key by key. `document` reads and writes it, `document_checks` looks at the sense."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from ipaddress import IPv4Address
from typing import Annotated, Literal, TypeVar

import pydantic
from pydantic.alias_generators import to_camel

from spidercli import addresses, kinds
from spidercli.config.schema import NicName, RegionId
from spidercli.config.texts import Matching, cidr, shown
from spidercli.model import IPAddress, IPNetwork, MatchedBy, NamedBy, Source, Transit

_LONGEST = 100
_Parsed = TypeVar("_Parsed")


def _from_text(parse: Callable[[str], _Parsed], what: str) -> pydantic.PlainValidator:
    """Takes text only: pydantic would read the number 5 as 0.0.0.5, and a zone (%eth0) has no place in a subnet."""

    def validated(value: object) -> _Parsed:
        if not isinstance(value, str) or "%" in value or len(value) > _LONGEST:
            raise ValueError(f"expected {what}, found {shown(value)}")
        return parse(value)

    return pydantic.PlainValidator(validated)


def _range(text: str) -> str:
    addresses.parse_range(text)
    return text


Token = Annotated[str, Matching(r"[!-~]{0,256}", "letters, digits and punctuation without spaces")]
NodeName = Annotated[str, Matching(kinds.SUBDOMAIN.pattern, "a node name: lower-case letters, digits, '-' and '.'")]
InstanceId = Annotated[str, Matching(r"i-[0-9a-z]{1,62}", "an instance id (i-…)")]
Address = Annotated[IPAddress, _from_text(ipaddress.ip_address, "an IP address")]
Address4 = Annotated[IPv4Address, _from_text(IPv4Address, "an IPv4 address")]
Network = Annotated[IPNetwork, _from_text(lambda text: ipaddress.ip_network(cidr(text)), "a CIDR")]
Range = Annotated[str, _from_text(_range, "an address or a range a-b")]


class Section(pydantic.BaseModel):
    """A mapping of the document; an unknown key is an error."""

    model_config = pydantic.ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, use_attribute_docstrings=True
    )


class BlockSection(Section):
    """The addresses of one family that pods may take from a NIC."""

    subnet: Network
    """The vSwitch's CIDR."""
    gateway: Address | None = None
    """Left out, it is derived from the subnet."""
    addresses: list[Range] = pydantic.Field(max_length=1 << 16)
    """Addresses and ranges a-b, without the NIC's primary address."""


class NicSection(Section):
    """An ENI of a node."""

    name: NicName
    primary: pydantic.StrictBool | None = None
    """Left out, eth0 is primary and others are not."""
    named_by: NamedBy = NamedBy.CONFIG
    eni: Token = ""
    mac: Token = ""
    vswitch: Token = ""
    primary_ip: Address4 | None = pydantic.Field(alias="primaryIP", default=None)
    free_addresses: pydantic.StrictInt | None = pydantic.Field(default=None, ge=0)
    """How many addresses the vSwitch has left."""
    ipv4: BlockSection | None = None
    ipv6: BlockSection | None = None


class TransitSection(Section):
    """An ENI that is being attached to a node, or detached from it."""

    eni: Token
    transit: Transit


class NodeSection(Section):
    """A Kubernetes node and the instance that it is."""

    name: NodeName
    uid: Token = ""
    provider_id: Token = pydantic.Field(alias="providerID", default="")
    """As the cluster has it; left out, it is not set."""
    instance: InstanceId
    instance_type: Token = ""
    region: RegionId | None = None
    """Left out, it is that of the document."""
    zone: Token = ""
    vpc: Token = ""
    matched_by: MatchedBy = MatchedBy.CLOUD
    own_addresses: list[Address] = pydantic.Field(default=[], max_length=256)
    """The node's InternalIPs besides primary addresses of its NICs."""
    nics: list[NicSection] = pydantic.Field(min_length=1, max_length=256)
    in_transit: list[TransitSection] = pydantic.Field(default_factory=list, max_length=256)
    """ENIs that have no addresses for pods for now."""


class InventorySection(Section):
    """The document."""

    api_version: Literal["spidercli.io/v1"] = "spidercli.io/v1"
    kind: Literal["Inventory"] = "Inventory"
    source: Source = Source.FILE
    region: RegionId
    nodes: list[NodeSection] = pydantic.Field(max_length=100_000)


_SECTIONS: Mapping[str, type[Section]] = {
    "nodes": NodeSection,
    "nics": NicSection,
    "inTransit": TransitSection,
    "ipv4": BlockSection,
    "ipv6": BlockSection,
}


def keys_beside(path: Sequence[str | int]) -> list[str]:
    """The keys that the mapping may have which the last key of a path stands in."""
    names = [step for step in path[:-1] if step in _SECTIONS]
    section = _SECTIONS[str(names[-1])] if names else InventorySection
    return [field.alias or name for name, field in section.model_fields.items()]
