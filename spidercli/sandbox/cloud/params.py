"""Parameters of a request in the RPC style, checked as they are taken."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from spidercli.sandbox.cloud.errors import ApiError, invalid, missing

COMMON = frozenset(
    {
        "AccessKeyId",
        "Action",
        "Format",
        "OwnerAccount",
        "OwnerId",
        "RegionId",
        "ResourceOwnerAccount",
        "ResourceOwnerId",
        "SecurityToken",
        "Signature",
        "SignatureMethod",
        "SignatureNonce",
        "SignatureType",
        "SignatureVersion",
        "Timestamp",
        "Version",
    }
)
"""Parameters that every action takes."""

_SECRET = frozenset({"AccessKeyId", "SecurityToken", "Signature", "SignatureNonce"})
_MOST_TAGS = 20


class Params(Mapping[str, str]):
    """The parameters by name; lists are spelled Name.1, Name.2 and so on."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def text(self, name: str) -> str:
        """A value, "" where it is absent."""
        return self._values.get(name, "")

    def required(self, name: str) -> str:
        """A value that has to be there; MissingParameter otherwise."""
        if not self.text(name):
            raise missing(name)
        return self.text(name)

    def integer(self, name: str) -> int | None:
        """A whole number, None where it is absent."""
        value = self.text(name)
        if not value:
            return None
        if not re.fullmatch(r"-?[0-9]{1,9}", value):
            raise invalid(name, "it is not a whole number")
        return int(value)

    def count(self, name: str, *, most: int) -> int | None:
        """A number from 1 to `most`, None where it is absent."""
        value = self.integer(name)
        if value is not None and not 1 <= value <= most:
            raise invalid(name, f"it is not between 1 and {most}")
        return value

    def flag(self, name: str) -> bool | None:
        """True or false in lower case, as documented, None where it is absent."""
        value = self.text(name)
        if value not in ("", "true", "false"):
            raise invalid(name, "it is neither true nor false")
        return None if not value else value == "true"

    def numbered(self, name: str, *, most: int) -> list[str]:
        """The values of Name.1 to Name.`most`, by number."""
        found = [(int(key.rpartition(".")[2]), key) for key in self if re.fullmatch(rf"{name}\.[0-9]{{1,6}}", key)]
        if any(not 1 <= number <= most for number, _ in found):
            raise invalid(f"{name}.N", f"N is not between 1 and {most}")
        return [self[key] for _, key in sorted(found)]

    def listed(self, name: str, *, most: int = 100) -> list[str]:
        """The values of a JSON array."""
        try:
            values = json.loads(self.text(name) or "[]")
        except ValueError:
            values = None
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise ApiError(400, f"Invalid{name}.Malformed", f'The specified parameter "{name}" is not a JSON array.')
        if len(values) > most:
            raise invalid(name, f"it has {len(values)} entries, {most} are the most")
        return values

    def tags(self) -> dict[str, str | None]:
        """The tags to filter by; None means any value."""
        numbers = sorted({key.split(".")[1] for key in self if re.fullmatch(r"Tag\.[0-9]{1,6}\.Key", key)})
        if len(numbers) > _MOST_TAGS:
            raise invalid("Tag.N", f"N is not between 1 and {_MOST_TAGS}")
        return {self[f"Tag.{number}.Key"]: self.get(f"Tag.{number}.Value") for number in numbers}

    def names(self) -> set[str]:
        """The parameters' names, list entries by the name of their list."""
        return {key.partition(".")[0] for key in self}

    def public(self) -> dict[str, str]:
        """The parameters without what identifies or admits the caller."""
        return {key: value for key, value in self.items() if key not in _SECRET}
