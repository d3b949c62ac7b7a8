"""Ready-made worlds for the sandbox, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from spidercli.errors import UsageProblem
from spidercli.sandbox.scenarios import drift, dual_stack, guide, large
from spidercli.sandbox.scenarios.scenario import Scenario

_BUILDERS: Mapping[str, Callable[[], Scenario]] = {
    guide.NAME: guide.build,
    dual_stack.NAME: dual_stack.build,
    drift.NAME: drift.build,
    large.NAME: large.build,
}

NAMES = tuple(_BUILDERS)


def build(name: str, *, nodes: int | None = None) -> Scenario:
    """A fresh copy of a scenario, of any size where the scenario has one.

    Raises:
        UsageProblem: there is none of that name, or its size can't be chosen, or is out of range.
    """
    if name not in _BUILDERS:
        raise UsageProblem(f"There is no sandbox scenario {name!r}.", hint=f"choose one of: {', '.join(NAMES)}")
    if nodes is None:
        return _BUILDERS[name]()
    if name != large.NAME:
        raise UsageProblem(f"The scenario {name} has a fixed size.", hint=f"--nodes goes with --scenario {large.NAME}")
    if not 1 <= nodes <= large.MOST_NODES:
        raise UsageProblem(f"--nodes {nodes}: a number from 1 to {large.MOST_NODES:,} is expected")
    return large.build(nodes)
