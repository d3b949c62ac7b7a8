"""The options that every command has: their flags, variables, configuration keys, and how their texts are read."""

from __future__ import annotations

import dataclasses
import enum
import pathlib
import re
from collections.abc import Callable
from typing import TypeVar

from spidercli.config import texts

_YES = ("1", "true", "yes", "on")
_NO = ("0", "false", "no", "off")
_LARGEST_COUNT = 9
_PLAIN_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")
_DURATION = re.compile(r"(?=.)((?P<h>[0-9]{1,6})h)?((?P<m>[0-9]{1,6})m)?((?P<s>[0-9]{1,9}(\.[0-9]{1,6})?)s)?")

_Member = TypeVar("_Member", bound=enum.StrEnum)


class OutputFormat(enum.StrEnum):
    """The form of a result on stdout."""

    TABLE = "table"
    WIDE = "wide"
    JSON = "json"
    YAML = "yaml"
    NAME = "name"


class Color(enum.StrEnum):
    """When to use colour; auto asks the terminal, NO_COLOR and FORCE_COLOR."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


def truth(given: str) -> bool:
    """1, true, yes, on, or 0, false, no, off."""
    if given.lower() not in _YES + _NO:
        raise ValueError(f"expected {', '.join(_YES)} or {', '.join(_NO)}, found {texts.shown(given)}")
    return given.lower() in _YES


def count(given: str) -> int:
    """A small number: how often a flag was repeated."""
    if not re.fullmatch("[0-9]", given):
        raise ValueError(f"expected a number from 0 to {_LARGEST_COUNT}, found {texts.shown(given)}")
    return int(given)


def seconds(given: str) -> float:
    """A duration: 90s, 5m, 1h30m, or plain seconds."""
    if _PLAIN_SECONDS.fullmatch(given):
        return float(given)
    match = _DURATION.fullmatch(given)
    if not match:
        raise ValueError(f"expected a duration, for example 90s, 5m or 1h30m, found {texts.shown(given)}")
    parts = {unit: float(number or 0) for unit, number in match.groupdict().items()}
    return parts["h"] * 3600 + parts["m"] * 60 + parts["s"]


def output_format(given: str) -> OutputFormat:
    """One of the forms."""
    return _member(OutputFormat, given)


def color(given: str) -> Color:
    """One of the three."""
    return _member(Color, given)


def file(given: str) -> pathlib.Path:
    """The path of a file."""
    return pathlib.Path(texts.line(given))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Option:
    """A global option: flag --NAME, variable SPIDERCLI_NAME, and a key of the file if it has one."""

    name: str  # as the command line's parameter: ecs_endpoint
    key: tuple[str, ...] = ()  # its path in the file, whose schema reads its texts; () if the file has none
    read: Callable[[str], object] = texts.line  # for an option without a key
    default: object = None  # likewise
    foreign: tuple[str, ...] = ()  # variables of other tools: they tell about the machine, so the file beats them

    @property
    def flag(self) -> str:
        """The flag, as messages name it."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def variable(self) -> str:
        """Our environment variable."""
        return f"SPIDERCLI_{self.name.upper()}"


CONFIG_FILE = Option(name="config", read=file)
"""Decides which file is read, so it is not among `ALL`; without it, ./spidercli.yaml is read if it exists."""

ALL = (
    Option(name="profile", key=("profile",)),
    Option(
        name="region",
        key=("region",),
        foreign=("ALIBABA_CLOUD_REGION_ID", "ALIBABACLOUD_REGION_ID", "ALICLOUD_REGION_ID"),
    ),
    Option(name="vpc", key=("vpc",)),
    Option(name="source", key=("source",)),
    Option(name="templates", key=("templates",)),
    Option(name="ecs_endpoint", key=("endpoints", "ecs")),
    Option(name="vpc_endpoint", key=("endpoints", "vpc")),
    Option(name="sts_endpoint", key=("endpoints", "sts")),
    Option(name="metadata_endpoint", key=("endpoints", "metadata")),
    Option(name="kubeconfig"),
    Option(name="context"),
    Option(name="inventory", read=file),
    Option(name="output", read=output_format, default=OutputFormat.TABLE),
    Option(name="verbose", read=count, default=0),
    Option(name="quiet", read=truth, default=False),
    Option(name="color", read=color, default=Color.AUTO),
    Option(name="timeout", read=seconds, default=0.0),
    Option(name="yes", read=truth, default=False),
)
"""All options of `settings.resolve`. Profile variables of other tools are the credential chain's business."""


def _member(kind: type[_Member], given: str) -> _Member:
    if given not in list(kind):
        raise ValueError(f"expected {', '.join(kind)}, found {texts.shown(given)}")
    return kind(given)
