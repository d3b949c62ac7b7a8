"""Refuses templates in which a value does not stand alone, so that its quotes are the scalar's quotes.

`name: {{ node }}` is fine. In `name: "{{ node }}"` and `name: pool-{{ node }}` the quotes that every value gets would
be quotes within a scalar, and YAML would end it wherever the value says so.
"""

from __future__ import annotations

import re

import jinja2
from jinja2.ext import Extension

_OPENS = re.compile(r"(^ *|(^|.* )[-?] +|.*: +|.*[\[{,] *|\s*#.*)\Z")
_CLOSES = frozenset("\n ,]}:")
_VALUE = "\0"


class StandAlone(Extension):
    """Checks a template's source before Jinja compiles it."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """The source, unchanged.

        Raises:
            jinja2.TemplateSyntaxError: a value has text before or after it.
        """
        line = ""  # what stands before the token on its line of the output
        opened_at = 0
        for number, kind, text in self.environment.lexer.tokeniter(source, name, filename):
            if kind == "variable_begin":
                opened_at = number
                if not _OPENS.match(line):
                    raise jinja2.TemplateSyntaxError(_advice(line), number, name, filename)
            elif kind == "variable_end":
                line += _VALUE
            elif kind == "data" and text:
                if line.endswith(_VALUE) and not line.lstrip().startswith("#") and text[0] not in _CLOSES:
                    raise jinja2.TemplateSyntaxError(_advice(text), opened_at, name, filename)
                line = (line + text).rpartition("\n")[2]
        return source


def _advice(beside: str) -> str:
    if beside.endswith(('"', "'")):
        return "values get their quotes by themselves: write {{ ... }} without quotes around it"
    return "a value has to stand alone: join text inside the braces, for example {{ 'pool-' ~ name }}"
