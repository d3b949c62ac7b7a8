"""Ready-made worlds for the sandbox, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from spidercli.errors import UsageProblem
from spidercli.sandbox.scenarios import fleet, guide
from spidercli.sandbox.scenarios.scenario import Scenario

_BUILDERS: Mapping[str, Callable[[], Scenario]] = {"guide": guide.build, "fleet": fleet.build}

NAMES = tuple(_BUILDERS)


def build(name: str) -> Scenario:
    """A fresh copy of a scenario.

    Raises:
        UsageProblem: there is none of that name.
    """
    if name not in _BUILDERS:
        raise UsageProblem(f"There is no sandbox scenario {name!r}.", hint=f"choose one of: {', '.join(NAMES)}")
    return _BUILDERS[name]()
