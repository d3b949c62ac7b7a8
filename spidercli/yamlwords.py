"""What a plain (unquoted) YAML word means: text, or null, a truth value, a number."""

from __future__ import annotations

import re
from collections.abc import Iterable


def _spellings(words: Iterable[str], value: object) -> dict[str, object]:
    return {spelling: value for word in words for spelling in (word, word.capitalize(), word.upper())}


_INFINITY = float("inf")
_WORDS: dict[str, object] = {
    "": None,
    "~": None,
    **_spellings(["null"], None),
    **_spellings(["true"], value=True),
    **_spellings(["false"], value=False),
    **_spellings([".inf"], _INFINITY),
    **_spellings(["-.inf"], -_INFINITY),
    ".nan": float("nan"),
}
_KUBECTL_WORDS: dict[str, object] = {
    **_WORDS,
    **_spellings(["y", "yes", "on"], value=True),
    **_spellings(["n", "no", "off"], value=False),
}
_NUMERIC_START = frozenset("+-.0123456789")
_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+([eE][-+]?[0-9]+)?")
_GO_INTEGER = re.compile(r"[-+]?(0[bB][01]+|0[xX][0-9a-fA-F]+|0[oO][0-7]+|0|[1-9][0-9]*)")
_GO_OLD_OCTAL = re.compile(r"[-+]?0[0-7]+")
_GO_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


def as_typed(text: str) -> object:
    """A word that a person wrote: only what can't be meant otherwise is more than text.

    Raises:
        ValueError: an integer has more digits than Python converts (4,300).
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMERIC_START:
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def as_kubectl(text: str) -> object:
    """A word of a manifest, as Go's YAML resolves it (sigs.k8s.io/yaml, goyaml.v2/resolve.go).

    Raises:
        ValueError: see `as_typed`.
    """
    if text in _KUBECTL_WORDS:
        return _KUBECTL_WORDS[text]
    if text[0] not in _NUMERIC_START:
        return text
    digits = text.replace("_", "")
    if _GO_INTEGER.fullmatch(digits):
        return int(digits, 0)
    if _GO_OLD_OCTAL.fullmatch(digits):
        return int(digits, 8)
    return float(digits) if _GO_FLOAT.fullmatch(digits) else text
