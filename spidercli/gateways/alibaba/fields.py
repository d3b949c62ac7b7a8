"""Taking values out of an API's answer, with an error that names object and field when one is missing or odd.

Ten thousand ENIs have a hundred thousand addresses, so what is done for each of them is done the fast way.
"""

from __future__ import annotations

import dataclasses
import ipaddress
from collections.abc import Callable, Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any, TypeVar

from spidercli import addresses
from spidercli.errors import CloudAnswerInvalid

T = TypeVar("T")
LONGEST_TEXT = 1024


@dataclasses.dataclass(kw_only=True, slots=True)  # not frozen: that would double the time to make one
class Fields:
    """An object of an answer, with what it is called in messages."""

    label: str  # for example "ENI eni-1"
    values: Mapping[str, Any]

    def text(self, name: str) -> str:
        """A string that the API promises, and that nobody chooses freely: an id, a kind, an address."""
        value = self.values.get(name)
        if not isinstance(value, str) or not value or len(value) > LONGEST_TEXT or not value.isprintable():
            raise self.invalid(name, value)
        return value

    def free_text(self, name: str) -> str:
        """A string that the API promises, and that may hold whatever somebody wrote."""
        value = self.values.get(name)
        if not isinstance(value, str) or not value:
            raise self.invalid(name, value)
        return value

    def optional_text(self, name: str) -> str:
        """A string that may be missing or empty."""
        value = self.values.get(name) or ""
        if not isinstance(value, str):
            raise self.invalid(name, value)
        return value

    def number(self, name: str) -> int:
        """A whole number that the API promises."""
        value = self.optional_number(name)
        if value is None:
            raise self.invalid(name, value)
        return value

    def optional_number(self, name: str) -> int | None:
        """A whole number that may be missing."""
        value = self.values.get(name)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
            raise self.invalid(name, value)
        return value

    def flag(self, name: str) -> bool:
        """A boolean that the API promises."""
        value = self.values.get(name)
        if not isinstance(value, bool):
            raise self.invalid(name, value)
        return value

    def optional_flag(self, name: str) -> bool:
        """A boolean that is false when it is missing."""
        return name in self.values and self.flag(name)

    def nested(self, name: str) -> Fields:
        """An object inside this one; an empty one when it is missing."""
        value = self.values.get(name) or {}
        if not isinstance(value, dict):
            raise self.invalid(name, value)
        return Fields(label=f"{self.label}.{name}", values=value)

    def items(self, container: str, name: str) -> list[Any]:
        """The list that the API wraps as `{container: {name: [...]}}`, where it promises one."""
        value = self.values.get(container)
        if not isinstance(value, dict):
            raise self.invalid(container, value)
        found = value.get(name)
        if not isinstance(found, list):
            raise self.invalid(f"{container}.{name}", found)
        return found

    def optional_items(self, container: str, name: str) -> list[Any]:
        """The same where the container may be missing."""
        return self.items(container, name) if self.values.get(container) else []

    def objects(self, container: str, name: str) -> list[Fields]:
        """`items` that are objects themselves."""
        return self._objects(f"{container}.{name}", self.items(container, name))

    def optional_objects(self, container: str, name: str) -> list[Fields]:
        """`optional_items` that are objects themselves."""
        if self.values.get(container) == {name: []}:  # nothing: quickly said, for most ENIs have none of most things
            return []
        return self._objects(f"{container}.{name}", self.optional_items(container, name))

    def tags(self, key: str, value: str) -> dict[str, str]:
        """The object's tags; ECS spells them TagKey and TagValue, VPC Key and Value."""
        found = self.optional_objects("Tags", "Tag")
        return {tag.free_text(key): tag.optional_text(value) for tag in found}

    def ipv4(self, name: str) -> IPv4Address:
        """An IPv4 address."""
        return _parse(self, name, addresses.ipv4)

    def ipv6(self, name: str) -> IPv6Address:
        """An IPv6 address."""
        return _parse(self, name, ipaddress.IPv6Address)

    def ipv4_network(self, name: str) -> IPv4Network:
        """An IPv4 CIDR without host bits."""
        return _parse(self, name, ipaddress.IPv4Network)

    def ipv6_network(self, name: str) -> IPv6Network:
        """An IPv6 CIDR without host bits."""
        return _parse(self, name, ipaddress.IPv6Network)

    def invalid(self, name: str, value: object) -> CloudAnswerInvalid:
        """The error for a field."""
        problem = "is missing" if value is None else f"is {str(value)[:80]!r}"
        return CloudAnswerInvalid(
            f"{self.label}: field {name} {problem}",
            hint="nothing is planned on half the facts; if it happens again, this version of the API is not known",
        )

    def _objects(self, name: str, items: list[Any]) -> list[Fields]:
        found = [Fields(label=self.label, values=item) for item in items if isinstance(item, dict)]
        if len(found) < len(items):
            raise self.invalid(name, items)
        return found


def _parse(fields: Fields, name: str, parser: Callable[[str], T]) -> T:
    text = fields.text(name)
    if "%" in text:  # the zone of an IPv6 address is one host's business
        raise fields.invalid(name, text)
    try:
        return parser(text)
    except (ValueError, OSError) as error:
        raise fields.invalid(name, text) from error
