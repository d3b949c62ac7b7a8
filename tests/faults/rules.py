"""How a command has to end when something goes wrong: written down here, apart from the code that decides it.

A fault strikes once, or it lasts. What passes is waited for and costs nothing but time; what lasts, and what waiting
can't mend, ends the command with the code of its class.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from spidercli.sandbox.faults import Fault, Kind

ACQUIRE, RELEASE = "k8s:create:leases", "k8s:update:leases"
_NETWORKS = "k8s:list:spidermultusconfigs"

Ending = tuple[int, str]  # the exit code, and the code of the error
_FINE: Ending = (0, "")
_INCOMPLETE: Ending = (1, "SPC501")
_RUN_IN_PROGRESS: Ending = (1, "SPC410")

_NO_HARM = frozenset({Kind.SLOW, Kind.SHORT, Kind.STALE})
_PASSING = frozenset(
    {
        *(Kind.THROTTLED, Kind.THROTTLED_USER, Kind.THROTTLED_FLOW, Kind.TOO_MANY),
        *(Kind.ERROR, Kind.UNAVAILABLE),
        *(Kind.RESET, Kind.LOST, Kind.HANG, Kind.HANG_AFTER, Kind.CUT),
        *(Kind.WEBHOOK_DOWN, Kind.WEBHOOK_SLOW),
    }
)
_IN_THE_CLOUD: Mapping[Kind, Ending] = {
    **dict.fromkeys((Kind.THROTTLED, Kind.THROTTLED_USER, Kind.THROTTLED_FLOW, Kind.TOO_MANY), (1, "SPC303")),
    **dict.fromkeys((Kind.ERROR, Kind.UNAVAILABLE), (1, "SPC300")),
    **dict.fromkeys((Kind.RESET, Kind.LOST, Kind.HANG, Kind.HANG_AFTER, Kind.CUT), (1, "SPC304")),
    Kind.GARBAGE: (1, "SPC305"),
    Kind.EXPIRED: (1, "SPC300"),
    Kind.FORBIDDEN: (4, "SPC312"),
    Kind.HIDDEN: (4, "SPC312"),
    Kind.UNAUTHORIZED: (4, "SPC311"),
}
_IN_THE_CLUSTER: Mapping[Kind, Ending] = {
    **dict.fromkeys(_PASSING, (1, "SPC401")),
    Kind.GARBAGE: (1, "SPC401"),
    Kind.EXPIRED: _FINE,  # the listing is made anew, in one page
    Kind.FORBIDDEN: (4, "SPC403"),
    Kind.UNAUTHORIZED: (4, "SPC402"),
    Kind.CONFLICT: _INCOMPLETE,
    Kind.WEBHOOK_REFUSES: _INCOMPLETE,
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """A fault in the way of a command whose calls are known."""

    command: str
    fault: Fault
    place: int  # of the call that it strikes first, among all of the command's calls

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The fault, and what it needs to be able to strike: no token expires where one page holds all."""
        pages = Fault(kind=Kind.SHORT, call=self.fault.call, times=None)
        return (self.fault, pages) if self.fault.kind is Kind.EXPIRED else (self.fault,)

    def __str__(self) -> str:
        return f"{self.command}: {self.fault}"

    def ending(self, calls: Sequence[str]) -> Ending:
        """How the command has to end, whose undisturbed run makes these calls."""
        kind, call = self.fault.kind, self.fault.call
        if kind is Kind.LEASE_STOLEN:
            return _RUN_IN_PROGRESS if self.place <= calls.index(RELEASE) else _FINE
        if kind in _NO_HARM or call == RELEASE or (kind in _PASSING and self.fault.times == 1):
            return _FINE  # a Lease that can't be released expires
        if kind is Kind.HIDDEN and self.fault.times == 1:
            return _FINE  # a dry run says that it is allowed, and the next listing has all
        if kind is Kind.CONFLICT and self.fault.times == 1 and fnmatchcase(call, "k8s:patch:*"):
            return _FINE  # an apply that names no version can be sent again
        if kind is Kind.FORBIDDEN and (self.command, call) == ("sync", _NETWORKS):
            return _FINE  # pools can do without; a warning says that nobody checks their networks
        return (_IN_THE_CLUSTER if call.startswith("k8s:") else _IN_THE_CLOUD)[kind]
