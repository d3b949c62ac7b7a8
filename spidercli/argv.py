"""Global options anywhere on the command line, as users of kubectl and aliyun expect them."""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Iterable, Sequence
from typing import Any, Protocol, cast

from spidercli.errors import UsageProblem

_PASSED_ON = ("sandbox", "run")  # what follows is somebody else's command line
DEFAULT_SCENARIO = "guide"


class Parameter(Protocol):
    """What we need to know of a parameter of the root command."""

    opts: list[str]
    is_flag: bool
    count: bool


@dataclasses.dataclass(frozen=True)
class _Options:
    valued: frozenset[str]
    flags: frozenset[str]


def hoist(argv: Sequence[str], command: object) -> tuple[list[str], list[str]]:
    """Take global options out of a command line, so that they can go first, where the root command reads them.

    Nothing behind `--` is taken, nor from the command line that `sandbox run` passes on.

    Returns:
        The global options with their values, and everything else.

    Raises:
        UsageProblem: an option's value is missing.
    """
    options, own = _options(_parameters(command)), _options(_parameters(command, *_PASSED_ON))
    front: list[str] = []
    rest: list[str] = []
    names: list[str] = []
    at = 0
    while at < len(argv):
        word = argv[at]
        passes_on = tuple(names) == _PASSED_ON
        if word == "--" or (passes_on and not word.startswith("-")):
            return front, rest + list(argv[at:])
        taken = _taken(argv, at, options)
        left = 2 if passes_on and word in own.valued else 1
        if taken:
            front += _explicit(argv[at : at + taken])
        else:
            rest += argv[at : at + left]
            if not word.startswith("-"):
                names.append(word)
        at += taken or left
    return front, rest


def value_of(names: Sequence[str], front: Sequence[str]) -> str | None:
    """The last value of an option among hoisted ones, in any spelling: -o json, -ojson, --output=json."""
    found = None
    for word, following in itertools.pairwise([*front, ""]):
        for name in names:
            joined = f"{name}=" if name.startswith("--") else name
            if word == name:
                found = following
            elif word.startswith(joined):
                found = word.removeprefix(joined)
    return found


def strayed_scenario(argv: Sequence[str]) -> str | None:
    """The word that follows a `--sandbox` without a `=`, which may have been meant as its value."""
    return next((word for option, word in itertools.pairwise(argv) if option == "--sandbox"), None)


def _parameters(command: Any, *names: str) -> Iterable[Parameter]:
    """The parameters of a command, or of one below it."""
    for name in names:
        command = command.commands[name]
    return cast("Iterable[Parameter]", command.params)


def _options(parameters: Iterable[Parameter]) -> _Options:
    valued: set[str] = set()
    flags: set[str] = set()
    for parameter in parameters:
        if "--help" not in parameter.opts:
            is_switch = parameter.is_flag or parameter.count
            (flags if is_switch else valued).update(parameter.opts)
    return _Options(valued=frozenset(valued), flags=frozenset(flags))


def _taken(argv: Sequence[str], at: int, options: _Options) -> int:
    """How many words a global option at this place has; 0 if there is none.

    Raises:
        UsageProblem: its value is missing; in front, the option would swallow the command instead.
    """
    word = argv[at]
    if word == "--sandbox":
        return 1
    if word in options.flags or _is_bundle(word, options.flags):
        return 1
    if word in options.valued:
        if at + 1 == len(argv):
            raise UsageProblem(f"{word} needs a value", hint="see spidercli --help")
        return 2
    long_value = word.startswith("--") and word.partition("=")[0] in options.valued
    short_value = not word.startswith("--") and len(word) > 2 and word[:2] in options.valued  # noqa: PLR2004
    return 1 if long_value or short_value else 0


def _is_bundle(word: str, flags: frozenset[str]) -> bool:
    """Whether it is several short flags in one, such as -vv."""
    return bool(re.fullmatch(r"-[a-z]{2,}", word)) and all(f"-{letter}" in flags for letter in word[1:])


def _explicit(words: Sequence[str]) -> list[str]:
    return [f"--sandbox={DEFAULT_SCENARIO}"] if list(words) == ["--sandbox"] else list(words)
