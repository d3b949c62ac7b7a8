"""Changes of the cloud through the SDK's writes, with something going wrong on the way: done once, or not at all."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from spidercli.sandbox.cloud.world import World
from spidercli.sandbox.faults import Fault, Kind
from spidercli.sandbox.scenarios import guide
from tests.faults.rehearsal import Stage, numbered

_ADDED, _MOVED = "192.168.0.200", "172.31.199.186"
COMMANDS = {
    "add-ip": ("sandbox", "add-ip", _ADDED, guide.MASTER_ETH1),
    "remove-ip": ("sandbox", "remove-ip", _MOVED),
    "move-ip": ("sandbox", "move-ip", _MOVED, guide.WORKER_ETH0),
}
_KINDS = (
    *(Kind.THROTTLED, Kind.THROTTLED_USER, Kind.THROTTLED_FLOW, Kind.TOO_MANY, Kind.ERROR, Kind.UNAVAILABLE),
    *(Kind.RESET, Kind.LOST, Kind.HANG_AFTER, Kind.CUT, Kind.GARBAGE, Kind.FORBIDDEN),
)


class Deeds:
    """What was assigned and unassigned, counted."""

    def __init__(self, world: World) -> None:
        self.done: list[tuple[str, str]] = []
        world.assign = self._counted("assign", world.assign)  # type: ignore[method-assign]
        world.unassign = self._counted("unassign", world.unassign)  # type: ignore[method-assign]

    def _counted(self, what: str, act: Callable[..., None]) -> Callable[..., None]:
        def counted(eni_id: str, *items: object) -> None:
            act(eni_id, *items)
            self.done.append((what, eni_id))

        return counted


def owners(stage: Stage) -> tuple[str | None, str | None]:
    """Which ENIs have the two addresses."""
    return stage.sandbox.world.owner(_ADDED), stage.sandbox.world.owner(_MOVED)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_change_of_the_cloud_happens_once(name: str) -> None:
    """Whatever happens to whichever call: a success is one, a failure left everything as it was, or can be repeated."""
    with Stage(guide.build()) as stage:
        before = owners(stage)
        assert stage.run(*COMMANDS[name]).code == 0
        calls, after = list(numbered(stage.calls)), owners(stage)

    wrong = [
        f"{name}, {call} {number} {kind}: {problem}"
        for call, number in calls
        for kind in _KINDS
        for problem in _problems(name, Fault(kind=kind, call=call, first=number), before, after)
    ]

    assert not wrong, "\n".join(wrong)


def _problems(name: str, fault: Fault, before: object, after: object) -> list[str]:
    with Stage(guide.build()) as stage:
        deeds = Deeds(stage.sandbox.world)
        stage.sandbox.faults.add(fault)
        ran = stage.run(*COMMANDS[name])
        now = owners(stage)
        found = []
        if now != (after if ran.code == 0 else before):
            found.append(f"exit code {ran.code}, and {now}: {ran.stderr}")
        if ran.code and stage.run(*COMMANDS[name]).code:
            found.append("the next run fails too")
        if owners(stage) != after:
            found.append(f"it ends with {owners(stage)}")
        if any(one == other for one, other in itertools.pairwise(deeds.done)):
            found.append(f"done twice: {deeds.done}")
        return found
