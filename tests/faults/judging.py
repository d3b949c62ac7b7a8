"""One case: the command with the fault, then twice without; what was wrong with any of it."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from spidercli import kinds
from spidercli.errors import UsageProblem
from spidercli.sandbox.faults import Fault, Kind, parse
from tests.faults.rehearsal import Ran, Stage, numbered
from tests.faults.rules import Case
from tests.faults.scenes import COMMANDS, scene

_SECONDS = 0.05  # how long a slow answer takes
_WAITS_LONG = (Kind.HANG, Kind.HANG_AFTER)  # each attempt takes as long as an answer may


@dataclasses.dataclass(frozen=True, kw_only=True)
class Undisturbed:
    """A command's run with nothing in its way."""

    command: str
    calls: tuple[str, ...]
    end: Mapping[str, str]  # what every object says then

    @classmethod
    def of(cls, command: str) -> Undisturbed:
        """Run the command once."""
        with Stage(scene(command)) as stage:
            ran = stage.run(*COMMANDS[command])
            assert ran.code == 0, ran.stderr
            return cls(command=command, calls=tuple(stage.calls), end=stage.witness.contents())

    def struck_once(self, kind: Kind) -> Iterator[Case]:
        """Every call, struck by a kind of fault one time."""
        for place, (call, number) in enumerate(numbered(list(self.calls))):
            if _makes_sense(call, kind):
                fault = Fault(kind=kind, call=call, first=number, seconds=_SECONDS)
                yield Case(command=self.command, fault=fault, place=place)

    def struck_for_good(self, kind: Kind) -> Iterator[Case]:
        """Every sort of call, struck by a kind of fault as often as it is made."""
        for call in dict.fromkeys(self.calls) if kind not in _WAITS_LONG else ():
            if _makes_sense(call, kind):
                fault = Fault(kind=kind, call=call, times=None, seconds=_SECONDS)
                yield Case(command=self.command, fault=fault, place=self.calls.index(call))


def _makes_sense(call: str, kind: Kind) -> bool:
    try:
        parse(f"{call}={kind}")
    except UsageProblem:
        return False
    return True


def complaints(case: Case, usual: Undisturbed) -> list[str] | None:
    """What is wrong with how a case went; None if the fault never struck, because it made no sense there."""
    with Stage(scene(case.command)) as stage:
        for fault in case.faults:
            stage.sandbox.faults.add(fault)
        ran = stage.run(*COMMANDS[case.command])
        if not any(kind is case.fault.kind for _, kind in stage.sandbox.faults.struck):
            return None
        stage.sandbox.faults.clear()
        found = [
            *_about_ending(case, ran, usual, stage.sandbox.world.account.key.secret),
            *_about_lease(case, stage, ran),
        ]
        stage.let_lease_expire()
        found += about_what_follows(stage, usual)
        return [f"{case}: {text}" for text in found]


def _about_ending(case: Case, ran: Ran, usual: Undisturbed, secret: str) -> Iterator[str]:
    expected = case.ending(usual.calls)
    if (ran.code, ran.error) != expected:
        yield f"ends with {ran.code} {ran.error}, not with {expected}: {ran.stderr[-300:]}"
    if ran.code == 0 and ran.outcomes - {"done"}:
        yield f"ends well, with {ran.outcomes}"
    said = ran.stdout + ran.stderr
    if "Traceback" in said or "SPC999" in said:
        yield f"says a traceback: {said[-300:]}"
    if secret in said or "Signature" in said:
        yield f"tells a secret: {said[-300:]}"


def _about_lease(case: Case, stage: Stage, ran: Ran) -> Iterator[str]:
    """A Lease is free after a run; where it could not be freed, a warning says so."""
    lease: Any = stage.sandbox.kube.find(kinds.LEASE.api_version, kinds.LEASE.plural, "spidercli", "kube-system")
    held = bool(lease and lease["spec"]["holderIdentity"])
    told = "could not be released" in ran.stderr or case.fault.kind is Kind.LEASE_STOLEN or ran.code != 0
    if held and not told:
        yield f"the Lease is still held, and nobody says so: {ran.stderr[-300:]}"


def about_what_follows(stage: Stage, usual: Undisturbed) -> Iterator[str]:
    """What is wrong with the two runs that follow one which went wrong, and with all that was done."""
    again = stage.run(*COMMANDS[usual.command])
    if again.code:
        yield f"the next run ends with {again.code}: {again.stderr[-300:]}"
    end = stage.witness.contents()
    if end != usual.end:
        wrong = sorted(name for name in end.keys() | usual.end.keys() if end.get(name) != usual.end.get(name))
        yield f"the end is not as planned: {wrong}"
    writes = stage.writes()
    if stage.run(*COMMANDS[usual.command]).code or stage.writes() != writes:
        yield "the run after the next one writes something"
    twice = [deed for deed, times in collections.Counter(stage.witness.deeds).items() if times > 1]
    if twice:
        yield f"done twice: {twice}"
    yield from stage.witness.complaints
