"""Limits on what a template computes, so that a slip of the keyboard neither hangs a command nor eats the memory.

Jinja's sandbox keeps templates away from Python's internals and limits a single `range`. Here loops are counted, those
in loops too, and operators that make much out of little (`'x' * 10**9`, `9 ** 9 ** 9`) are refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

MOST_STEPS = 100_000
"""How often the loops of one rendering may run, all together."""
LONGEST_TEXT = 1 << 20
"""Characters that one rendering may give; the API server takes no larger object either."""
_LARGEST_SEQUENCE = 1 << 16
_LARGEST_POWER = 64


class BoundedEnvironment(ImmutableSandboxedEnvironment):
    """Jinja's sandbox with an end to every loop."""

    intercepted_binops = frozenset({"*", "**"})

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.filters["counted"] = _counted
        del self.globals["lipsum"]  # any amount of text that nobody needs
        self.steps = 0  # of the loops of the rendering that is under way

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Multiply or raise to a power, unless the result would be huge.

        Raises:
            SecurityError: it would.
        """
        huge = _is_huge_power(left, right) if operator == "**" else _is_huge_product(left, right)
        if huge:
            raise SecurityError(f"the result of {operator} would be too large")
        return super().call_binop(context, operator, left, right)

    def _generate(
        self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False
    ) -> str:
        """Compile a template whose loops count (the method is Jinja's own hook for this)."""
        for loop in source.find_all(nodes.For):
            loop.iter = nodes.Filter(loop.iter, "counted", [], [], None, None).set_lineno(loop.lineno)
            loop.iter.set_environment(self)
        return super()._generate(source, name, filename, defer_init)


@jinja2.pass_context  # without it, Jinja would call the filter once and for all when it compiles
def _counted(context: Context, items: Iterable[object]) -> Iterator[object]:
    environment = context.environment
    assert isinstance(environment, BoundedEnvironment)
    for item in items:
        environment.steps += 1
        if environment.steps > MOST_STEPS:
            raise SecurityError(f"loops run more than {MOST_STEPS} times")
        yield item


def _is_huge_power(base: object, exponent: object) -> bool:
    return any(isinstance(value, int) and abs(value) > _LARGEST_POWER for value in (base, exponent))


def _is_huge_product(left: object, right: object) -> bool:
    """Whether a sequence is repeated too often; what is no sequence counts as one item."""
    times = [value for value in (left, right) if isinstance(value, int)]
    sizes = [len(value) for value in (left, right) if isinstance(value, str | list | tuple)]
    return bool(times and sizes) and times[0] * sizes[0] > _LARGEST_SEQUENCE
