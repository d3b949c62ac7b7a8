"""Names of objects, from patterns such as "{node}-{nic}" that the configuration has checked."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Mapping

from spidercli import kinds
from spidercli.errors import ConfigInvalid


def fill(pattern: str, values: Mapping[str, str]) -> str:
    """A pattern with its fields replaced; a field is looked up whole, `{node.x}` reaches into nothing."""
    pieces = string.Formatter().parse(pattern)
    return "".join(literal + ("" if field is None else values[field]) for literal, field, _, _ in pieces)


def read(pattern: str, name: str, field: str) -> str | None:
    """What a field was when a pattern gave a name, None if it did not give it."""
    expression = ""
    groups: dict[str | None, str] = {None: ""}
    for literal, each, _, _ in string.Formatter().parse(pattern):
        expression += re.escape(literal) + groups.get(each, f"(?P<{each}>.+)")
        groups[each] = f"(?P={each})" if each else ""  # where it comes again, it is the same
    found = re.fullmatch(expression, name)
    return found[field] if found else None


def check_subdomain(name: str, *, key: str, source: str) -> None:
    """Refuse what Kubernetes refuses as the name of an object.

    Args:
        name: what the pattern gave.
        key: the configuration key of the pattern.
        source: what the name is for.

    Raises:
        ConfigInvalid: the name is no lower-case RFC 1123 subdomain of at most 253 characters.
    """
    if not kinds.SUBDOMAIN.match(name):
        raise ConfigInvalid(
            f"{key} names {source} {name!r}, which is no RFC 1123 subdomain",
            hint="a name has at most 253 of a-z, 0-9, '-' and '.', and a letter or digit at both ends",
        )


def check_label(name: str, *, key: str, source: str) -> None:
    """Refuse what Multus refuses in a pod's annotation: dots, and what is no RFC 1123 label.

    Raises:
        ConfigInvalid: the name is no lower-case RFC 1123 label of at most 63 characters.
    """
    if not kinds.LABEL.match(name):
        raise ConfigInvalid(
            f"{key} names {source} {name!r}, which is no RFC 1123 label",
            hint="pods ask for it by this name: Multus takes at most 63 of a-z, 0-9 and '-', no dots",
        )


def check_unique(named: Iterable[tuple[str, str]], *, key: str) -> None:
    """Refuse two sources, given as (name, source), that get one name.

    Raises:
        ConfigInvalid: names both sources.
    """
    first: dict[str, str] = {}
    for name, source in named:
        if name in first:
            raise ConfigInvalid(
                f"{key} gives {first[name]} and {source} the same name {name!r}",
                hint="use fields that tell them apart, for example {node}-{nic}",
            )
        first[name] = source
