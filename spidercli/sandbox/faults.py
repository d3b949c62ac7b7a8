"""What goes wrong on request: one registry for the cloud and the cluster of a sandbox.

A call has a name: PRODUCT:ACTION for the cloud's APIs (ecs:DescribeInstances), metadata:GET and metadata:PUT for the
instance metadata, k8s:VERB:PLURAL for the cluster (k8s:patch:spiderippools; the verbs are those of RBAC, so an apply is
a patch), and k8s:get:/PATH for what is no resource. A fault concerns the calls that its pattern matches.
"""

from __future__ import annotations

import dataclasses
import enum
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from spidercli.errors import UsageProblem

CLOUD = "[!k]*"
"""A pattern for every call of the cloud: only those of the cluster begin with a k."""
CLUSTER = "k8s:*"
"""A pattern for every call of the cluster."""

_FORM = "CALL=KIND[,first=N][,times=N|all][,seconds=S]"
_HINT = (
    "for example ecs:DescribeNetworkInterfaces=throttled,first=2,times=3; `spidercli sandbox faults` explains the kinds"
)


class Kind(enum.StrEnum):
    """What goes wrong; `EXPLAINED` tells how."""

    THROTTLED = "throttled"
    THROTTLED_USER = "throttled-user"
    THROTTLED_FLOW = "throttled-flow"
    ERROR = "error"
    UNAVAILABLE = "unavailable"
    RESET = "reset"
    LOST = "lost"
    HANG = "hang"
    HANG_AFTER = "hang-after"
    SLOW = "slow"
    CUT = "cut"
    GARBAGE = "garbage"
    STALE = "stale"
    SHORT = "short"
    TOO_MANY = "too-many"
    CONFLICT = "conflict"
    EXPIRED = "expired"
    FORBIDDEN = "forbidden"
    HIDDEN = "hidden"
    UNAUTHORIZED = "unauthorized"
    WEBHOOK_DOWN = "webhook-down"
    WEBHOOK_SLOW = "webhook-slow"
    WEBHOOK_REFUSES = "webhook-refuses"
    LEASE_STOLEN = "lease-stolen"

    @property
    def ineffective(self) -> bool:
        """Whether the request is not carried out, and the trouble is in the way of its answer alone."""
        return self in (Kind.RESET, Kind.HANG, Kind.GARBAGE)


EXPLAINED: Mapping[Kind, str] = {
    Kind.THROTTLED: "code Throttling: too many calls",
    Kind.THROTTLED_USER: "code Throttling.User: too many calls",
    Kind.THROTTLED_FLOW: "code OperationFailed.Throttling: too many calls",
    Kind.ERROR: "status 500; nothing was done",
    Kind.UNAVAILABLE: "status 503; nothing was done",
    Kind.RESET: "the connection is reset; nothing was done",
    Kind.LOST: "it was done, and the connection closes without an answer",
    Kind.HANG: "no answer comes; nothing was done",
    Kind.HANG_AFTER: "no answer comes, but it was done",
    Kind.SLOW: "the answer comes after `seconds`",
    Kind.CUT: "it was done, and half of the answer comes",
    Kind.GARBAGE: "an HTML page, as proxies and hotels answer; nothing was done",
    Kind.STALE: "a reading from before the last change",
    Kind.SHORT: "a page of one item, the next one of none, and so on, each with a token for more",
    Kind.TOO_MANY: "status 429, which asks to wait `seconds`",
    Kind.CONFLICT: "status 409: somebody else changed it",
    Kind.EXPIRED: "the token for the next page is too old",
    Kind.FORBIDDEN: "status 403: a permission is missing",
    Kind.HIDDEN: "an empty list, as ECS answers DescribeInstances where the permission is missing",
    Kind.UNAUTHORIZED: "the credentials are not accepted",
    Kind.WEBHOOK_DOWN: "the API server can't reach the admission webhook",
    Kind.WEBHOOK_SLOW: "the webhook does not answer in time, which takes `seconds`",
    Kind.WEBHOOK_REFUSES: "the webhook says no",
    Kind.LEASE_STOLEN: "somebody else takes the Lease before the call is served",
}
"""What happens to a call, in words."""

_ANYWHERE = frozenset(
    {
        Kind.ERROR,
        Kind.UNAVAILABLE,
        Kind.RESET,
        Kind.LOST,
        Kind.HANG,
        Kind.HANG_AFTER,
        Kind.SLOW,
        Kind.CUT,
        Kind.GARBAGE,
        Kind.TOO_MANY,
        Kind.FORBIDDEN,
        Kind.UNAUTHORIZED,
    }
)
_OPENAPI = _ANYWHERE | {Kind.THROTTLED, Kind.THROTTLED_USER, Kind.THROTTLED_FLOW}
_KINDS: Mapping[str, frozenset[Kind]] = {
    "ecs": _OPENAPI | {Kind.STALE, Kind.SHORT, Kind.EXPIRED, Kind.HIDDEN},
    "vpc": _OPENAPI | {Kind.STALE},  # its pages have numbers, no tokens
    "sts": _OPENAPI,
    "metadata": _ANYWHERE | {Kind.STALE},
    "k8s": _ANYWHERE
    | {
        Kind.SHORT,
        Kind.CONFLICT,
        Kind.EXPIRED,
        Kind.WEBHOOK_DOWN,
        Kind.WEBHOOK_SLOW,
        Kind.WEBHOOK_REFUSES,
        Kind.LEASE_STOLEN,
    },
}
"""What can go wrong where, by the first word of a call's name."""


def sides(kind: Kind) -> list[str]:
    """Where it can go wrong: the first words of calls."""
    return [side for side, known in _KINDS.items() if kind in known]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fault:
    """Something that goes wrong, with which calls, and how often; its text is what `parse` reads."""

    kind: Kind
    call: str  # a pattern of names, as fnmatch has it
    first: int = 1  # the first of the matching calls that is struck
    times: int | None = 1  # how many are struck; None: all from then on
    seconds: float = 1.0  # for the kinds that take or ask for time
    error: Exception | None = dataclasses.field(default=None, compare=False)  # in place of the kind's own error

    def __str__(self) -> str:
        times = "" if self.times == 1 else f",times={self.times or 'all'}"
        seconds = "" if self.seconds == 1 else f",seconds={self.seconds}".removesuffix(".0")
        return f"{self.call}={self.kind}{f',first={self.first}' if self.first > 1 else ''}{times}{seconds}"


@dataclasses.dataclass(kw_only=True)
class _Entry:
    """A fault that is set, and what came of it so far."""

    fault: Fault
    seen: int = 0
    strikes: int = 0

    def concerns(self, call: str) -> bool:
        return fnmatchcase(call, self.fault.call) and self.fault.kind in _KINDS[_side(call)]

    def is_due(self, seen: int) -> bool:
        return seen >= self.fault.first and (self.fault.times is None or self.strikes < self.fault.times)


class Faults:
    """The faults that are set, oldest first, and those that struck. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: list[_Entry] = []
        self._struck: list[tuple[str, Kind]] = []

    def add(self, *faults: Fault) -> None:
        """Set faults."""
        with self._lock:
            self._entries.extend(_Entry(fault=fault) for fault in faults)

    def clear(self) -> None:
        """Let everything work again; what struck is remembered."""
        with self._lock:
            self._entries.clear()

    @property
    def struck(self) -> list[tuple[str, Kind]]:
        """Every call that was struck, by name, with what happened to it, in order."""
        with self._lock:
            return list(self._struck)

    @property
    def strikes(self) -> list[tuple[Fault, int]]:
        """How often each fault struck that is set now."""
        with self._lock:
            return [(entry.fault, entry.strikes) for entry in self._entries]

    def take(self, call: str, *, senseless: Collection[Kind] = ()) -> Fault | None:
        """The fault that strikes a call, if one does: the oldest that is due.

        The call counts for every fault that it matches, so that each `first` counts calls and not what is left of them.

        Args:
            call: its name.
            senseless: kinds that make no sense for this request; for faults of these kinds it does not count.
        """
        with self._lock:
            matching = [entry for entry in self._entries if entry.concerns(call) and entry.fault.kind not in senseless]
            for entry in matching:
                entry.seen += 1
            due = next((entry for entry in matching if entry.is_due(entry.seen)), None)
            if due is None:
                return None
            due.strikes += 1
            self._struck.append((call, due.fault.kind))
            return due.fault

    def ahead(self, call: str) -> list[Fault]:
        """The faults that are due when a call comes; asking counts nothing."""
        with self._lock:
            return [entry.fault for entry in self._entries if entry.concerns(call) and entry.is_due(entry.seen + 1)]


def parse(text: str) -> Fault:
    """A fault as the command line has it: `ecs:DescribeNetworkInterfaces=throttled,first=2,times=3`.

    Raises:
        UsageProblem: it has another form, an unknown kind or number, or a kind that makes no sense with such calls.
    """
    call, equals, rest = text.partition("=")
    kind, *settings = rest.split(",")
    if not call or not equals:
        raise _unreadable(text, f"it has to be {_FORM}")
    fault = Fault(kind=_kind(text, kind), call=call, **dict(_settings(text, settings)))
    sides = [side for side in _KINDS if _may_match(call, side)]
    if not sides:
        raise _unreadable(text, f"a call begins with one of {', '.join(f'{side}:' for side in _KINDS)}")
    if not any(fault.kind in _KINDS[side] for side in sides):
        known = [kind for kind in Kind if any(kind in _KINDS[side] for side in sides)]
        raise _unreadable(text, f"{kind} makes no sense there; known are {', '.join(known)}")
    return fault


def _kind(text: str, word: str) -> Kind:
    try:
        return Kind(word)
    except ValueError:
        raise _unreadable(text, f"there is no kind {word!r}; known are {', '.join(Kind)}") from None


def _settings(text: str, settings: list[str]) -> Iterator[tuple[str, Any]]:
    for setting in settings:
        name, _, value = setting.partition("=")
        try:
            yield name, _NUMBERS[name](value)
        except (KeyError, ValueError):
            raise _unreadable(text, f"{setting!r} is not one of first=N, times=N, times=all and seconds=S") from None


def _ordinal(value: str) -> int:
    if not (value.isdecimal() and int(value)):
        raise ValueError(value)
    return int(value)


def _times(value: str) -> int | None:
    return None if value == "all" else _ordinal(value)


def _seconds(value: str) -> float:
    if not 0 <= float(value) < float("inf"):
        raise ValueError(value)
    return float(value)


_NUMBERS: Mapping[str, Callable[[str], object]] = {"first": _ordinal, "times": _times, "seconds": _seconds}


def _side(call: str) -> str:
    return call.partition(":")[0]


def _may_match(pattern: str, side: str) -> bool:
    """Whether a pattern may match a call of that side: what comes before its first colon has to match the word."""
    head, colon, _ = pattern.partition(":")
    return fnmatchcase(side, head) if colon else fnmatchcase(f"{side}:", f"{pattern}")


def _unreadable(text: str, problem: str) -> UsageProblem:
    return UsageProblem(f"--fault {text}: {problem}", hint=_HINT)
