"""pydantic's findings in words that do not ask anybody to know pydantic."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pydantic
from pydantic_core import ErrorDetails

from spidercli import yamltext
from spidercli.config import keys, texts
from spidercli.config.schema import Config

MOST_TOLD = 50
_LONGEST_PATH = 150

_EXPECTED = {
    "string_type": "a text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "literal_error": "{expected}",
    "enum": "{expected}",
    "ip_any_address": "an IP address",
    "greater_than_equal": "a number of at least {ge}",
    "less_than_equal": "a number of at most {le}",
    "too_short": "a list of at least {min_length}",
    "too_long": "a list of at most {max_length}",
}
_CREDENTIAL_WORDS = ("accesskey", "secret", "password", "securitytoken", "ststoken")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Problem:
    """What is wrong with one value."""

    path: tuple[str | int, ...]
    text: str


def validate(
    data: Mapping[str, Any], line: Callable[[keys.Path], int] = lambda _: 0
) -> tuple[Config | None, list[Problem]]:
    """The configuration that parsed YAML describes, or everything that is wrong with it, by line."""
    try:
        return Config.model_validate(data, by_alias=True, by_name=False), []
    except pydantic.ValidationError as error:
        return None, of_schema(error, _unknown_key, line)


def of_schema(
    error: pydantic.ValidationError, unknown_key: Callable[[keys.Path], str], line: Callable[[keys.Path], int]
) -> list[Problem]:
    """What a validation found, by line.

    Only the first of them, as many as `told` tells, have a text: to find what 100,000 unknown keys may have meant
    would take minutes.
    """
    found = [(_path(details), details) for details in error.errors(include_url=False)]
    found.sort(key=lambda each: line(each[0]))
    return [
        Problem(path=path, text=_text(details, path, unknown_key) if at < MOST_TOLD else "")
        for at, (path, details) in enumerate(found)
    ]


def told(found: Iterable[Problem], loaded: yamltext.Loaded, where: str) -> str:
    """A line for each problem, FILE:LINE first, by line; of very many, the first and how many more there are."""
    ordered = sorted(found, key=lambda problem: loaded.line(problem.path))
    lines = [f"{where}:{loaded.line(problem.path)}: {_labelled(problem)}" for problem in ordered[:MOST_TOLD]]
    if len(ordered) > MOST_TOLD:
        lines.append(f"and {len(ordered) - MOST_TOLD} more problems")
    return "\n".join(lines)


def _labelled(problem: Problem) -> str:
    path = keys.dotted(problem.path)[:_LONGEST_PATH]
    return f"{path}: {problem.text}" if path else problem.text


def _path(details: ErrorDetails) -> tuple[str | int, ...]:
    return tuple(step for step in details["loc"] if step != "[key]")


def _text(details: ErrorDetails, path: keys.Path, unknown_key: Callable[[keys.Path], str]) -> str:
    context = details.get("ctx", {})
    match details["type"]:
        case "extra_forbidden":
            return unknown_key(path)
        case "missing":
            return "is missing"
        case "value_error":
            return str(context["error"])
    expected = _EXPECTED.get(details["type"], "another kind of value")
    return f"expected {expected.format(**context)}, found {_found(details['input'])}{_advice(details)}"


def _unknown_key(path: keys.Path) -> str:
    if any(word in _letters(path[-1]) for word in _CREDENTIAL_WORDS):
        return "unknown key; credentials come from the Alibaba Cloud credential chain, never from this file"
    meant = keys.suggestion(path)
    return f"unknown key, did you mean {meant}?" if meant else "unknown key"


def _letters(key: str | int) -> str:
    return "".join(filter(str.isalpha, str(key))).lower()


def _found(value: object) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case int() | float():
            return f"the number {texts.shown(value)}"
        case list():
            return "a list"
        case dict():
            return "a mapping"
    return texts.shown(value)


def _advice(details: ErrorDetails) -> str:
    if details["type"] == "string_type" and isinstance(details["input"], int | float):
        return "; put it in quotes"
    if details["type"] == "list_type" and isinstance(details["input"], str):
        return "; put it in brackets"
    return ""
