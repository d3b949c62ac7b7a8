"""Reading ~/.aliyun/config.json, the file of the aliyun command line.

Its shape (aliyun-cli, config/configuration.go): `{"current": NAME, "profiles": [{"name", "mode", "access_key_id",
"access_key_secret", "sts_token", "ram_role_name", "region_id", ...}]}`.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spidercli.errors import ConfigInvalid

_HINT = "`aliyun configure list` shows the profiles, `aliyun configure` mends them"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Profile:
    """One profile; its values are hidden from repr, for some are keys."""

    file: Path
    key: str  # where it stands in the file, for example profiles[0]
    name: str
    mode: str
    values: Mapping[str, Any] = dataclasses.field(repr=False)

    def text(self, field: str) -> str:
        """A value, "" when it is not set."""
        return str(self.values.get(field) or "")

    def required(self, field: str) -> str:
        """A value that the profile's mode can't do without.

        Raises:
            ConfigInvalid: it is not set.
        """
        if not (value := self.text(field)):
            raise self.invalid(field, f"is not set, but mode {self.mode} needs it")
        return value

    def invalid(self, field: str, problem: str) -> ConfigInvalid:
        """The error for one of this profile's fields."""
        return ConfigInvalid(f"{self.file}: {self.key}.{field} {problem} (profile {self.name!r})", hint=_HINT)


def read(file: Path, name: str | None) -> Profile | None:
    """The profile of that name, or the current one; None without a file, or without a current profile in it.

    Raises:
        ConfigInvalid: the file can't be read, is not what aliyun writes, or has no profile of that name.
    """
    try:
        content = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigInvalid(f"{file} can't be read: {getattr(error, 'strerror', None) or 'not UTF-8'}") from error
    return _select(file, _parse(file, content), name)


def _parse(file: Path, content: str) -> dict[str, Any]:
    try:
        parsed = json.loads(content)
    except json.JSONDecodeError as error:
        # Without the original, whose `doc` is the whole file with its keys.
        raise ConfigInvalid(f"{file}:{error.lineno}: not JSON: {error.msg}", hint=_HINT) from None
    if not isinstance(parsed, dict) or not isinstance(parsed.get("profiles") or [], list):
        raise ConfigInvalid(f"{file}: profiles is not a list of profiles", hint=_HINT)
    return parsed


def _select(file: Path, parsed: Mapping[str, Any], name: str | None) -> Profile | None:
    wanted = name or str(parsed.get("current") or "")
    entries = parsed.get("profiles") or []
    for index, entry in enumerate(entries):
        if not isinstance(entry, dict):
            raise ConfigInvalid(f"{file}: profiles[{index}] is not a mapping", hint=_HINT)
        if wanted and entry.get("name") == wanted:
            mode = str(entry.get("mode") or "AK")  # aliyun writes no mode for its oldest kind
            return Profile(file=file, key=f"profiles[{index}]", name=wanted, mode=mode, values=entry)
    if not wanted:
        return None
    known = ", ".join(str(entry.get("name")) for entry in entries) or "none"
    origin = "no profile" if name else "current names a profile that does not exist:"
    raise ConfigInvalid(f"{file}: {origin} {wanted!r}; there are: {known}", hint=_HINT)
