"""What Go says of texts that are no JSON or no YAML, made out of what Python says of them.

(encoding/json, scanner.go; sigs.k8s.io/yaml, goyaml.v2, decode.go)
"""

from __future__ import annotations

import json
import re

import yaml

_ALIAS = re.compile(r"\*([-\w]+)", re.ASCII)
_LITERALS = ("true", "false", "null")
_AT_THE_END = "unexpected end of JSON input"
# What Python says to what Go says of the sign that it met.
_CONTEXTS = {
    "Expecting value": "looking for beginning of value",
    "Expecting property name enclosed in double quotes": "looking for beginning of object key string",
    "Illegal trailing comma before end of object": "looking for beginning of object key string",
    "Illegal trailing comma before end of array": "looking for beginning of value",
    "Expecting ':' delimiter": "after object key",
    "Extra data": "after top-level value",
    "Invalid control character at": "in string literal",
}


def json_problem(error: json.JSONDecodeError) -> str:
    """Why a text is no JSON."""
    rest = error.doc[error.pos :].lstrip(" \t\r\n")
    if error.msg.startswith("Illegal trailing comma"):
        rest = rest[1:].lstrip(" \t\r\n")
    if not rest or error.msg.startswith("Unterminated string"):
        return _AT_THE_END
    if error.msg == "Expecting value" and (told := _literal_problem(rest)):
        return told
    if error.msg == "Expecting ',' delimiter":
        return f"invalid character {_quoted(rest[0])} {_after_element(error)}"
    return f"invalid character {_quoted(rest[0])} {_CONTEXTS.get(error.msg, 'looking for beginning of value')}"


def _literal_problem(rest: str) -> str | None:
    """What is wrong with a word that begins as one of JSON's own words, or with a number that is only a sign."""
    if rest[0] == "-":
        return f"invalid character {_quoted(rest[1:2] or ' ')} in numeric literal"
    word = next((literal for literal in _LITERALS if literal[0] == rest[0]), None)
    if word is None:
        return None
    pairs = zip(f"{rest[1:]} ", word[1:], strict=False)  # Go's scanner meets a space at the end
    met, expected = next(pair for pair in pairs if pair[0] != pair[1])
    return f"invalid character {_quoted(met)} in literal {word} (expecting {_quoted(expected)})"


def _after_element(error: json.JSONDecodeError) -> str:
    """Whether a comma was missing in an object or in an array: the decoder stopped in the innermost open one."""
    opened = []
    in_text = escaped = False
    for sign in error.doc[: error.pos]:
        if in_text:
            in_text, escaped = escaped or sign != '"', sign == "\\" and not escaped
        elif sign == '"':
            in_text = True
        elif sign in "{[":
            opened.append(sign)
        elif sign in "}]":
            opened.pop()
    return "after object key:value pair" if opened[-1] == "{" else "after array element"


def _quoted(sign: str) -> str:
    """A character as Go's quoteChar writes it."""
    shown = sign if sign.isprintable() else sign.encode("unicode_escape").decode()
    return r"'\''" if sign == "'" else f"'{shown}'"


def yaml_problem(error: yaml.YAMLError, body: bytes) -> str:
    """Why a text is no YAML; the line is told from the second one on."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return str(error)
    said = error.problem or ""
    if said == "found undefined alias" and error.problem_mark:
        name = _ALIAS.match(body.decode(errors="replace"), error.problem_mark.index)
        return f"unknown anchor '{name[1] if name else ''}' referenced"
    if "for merging" in said:
        return "map merge requires map or sequence of maps as the value"
    line = error.problem_mark.line if error.problem_mark else 0
    if line and isinstance(error, yaml.scanner.ScannerError):
        line += 1
    elif not line and error.context_mark:
        line = error.context_mark.line
    return f"line {line}: {said}" if line else said
