"""The commented spidercli.yaml that `init` writes, made of the schema so that it can't fall behind it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from spidercli import yamltext
from spidercli.config import keys
from spidercli.config.keys import Key
from spidercli.config.schema import Section

_WIDTH = 110
_INDENT = "  "
_HEADER = """\
## spidercli.yaml: read from the current folder, or from --config FILE or SPIDERCLI_CONFIG.
##
## Every key is optional. Lines with one # are keys with their defaults, or with examples where there is no default:
## take away "# " to set one, and that of the section it stands in. `spidercli config validate` checks the file.
## A flag or a SPIDERCLI_ variable beats this file. Credentials never belong here.
"""


def text(*, region: str | None = None, vpc: str | None = None, schema: str | None = None) -> str:
    """The file's text; it loads to the defaults, with the values given here.

    Args:
        region: set instead of the example.
        vpc: likewise.
        schema: path of the JSON Schema file as seen from the file, for editors that run yaml-language-server.
    """
    given = {"region": region, "vpc": vpc}
    modeline = f"# yaml-language-server: $schema={schema}\n" if schema else ""
    return modeline + _HEADER + "".join(_entry(key, given.get(keys.dotted(key.path))) for key in keys.walk())


def _entry(key: Key, given: str | None) -> str:
    depth = len(key.path) - 1
    above = "\n" if depth == 0 else ""
    about = "".join(f"##{_INDENT * depth} {line}\n" for line in _about(key, given))
    lines = _yaml(key, given).splitlines()
    mark = "" if given else "# "
    return above + about + "".join(f"{mark}{_INDENT * depth}{line}\n" for line in lines)


def _about(key: Key, given: str | None) -> Iterator[str]:
    """The key's documentation, wrapped; a list of mappings has that of its items' keys too."""
    yield from _wrapped(_sentence(key, example=not given))
    if key.section and key.is_list:
        yield from _items(key.section, "")


def _items(section: type[Section], indent: str) -> Iterator[str]:
    for key in keys.walk(section):
        name = keys.dotted(key.path)
        yield from _wrapped(f"{indent}- {name}: {_sentence(key, example=False)}")


def _sentence(key: Key, *, example: bool) -> str:
    words = [key.about]
    found = keys.choices(key.field.annotation)
    if found:
        words.append(f"One of: {', '.join(found)}.")
    if example and key.field.examples:
        words.append("Example:")
    return " ".join(words)


def _wrapped(sentence: str) -> list[str]:
    return textwrap.wrap(sentence, _WIDTH, subsequent_indent=_INDENT, break_long_words=False, break_on_hyphens=False)


def _yaml(key: Key, given: str | None) -> str:
    name = key.path[-1]
    if key.opens_section:
        return f"{name}:"
    return yamltext.dump({name: given or _value(key.field)})


def _value(field: FieldInfo) -> Any:
    """The example, or the default as YAML has it."""
    if field.examples:
        return field.examples[0]
    default = field.get_default(call_default_factory=True)
    return None if default is PydanticUndefined else default
