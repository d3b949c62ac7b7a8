"""What became of every write of a plan."""

from __future__ import annotations

import collections
import dataclasses
import enum
from collections.abc import Iterator

from spidercli.errors import (
    AddressInUse,
    ApplyIncomplete,
    ClusterError,
    ClusterUnreachable,
    ExitCode,
    Interrupted,
    WriteConflict,
)
from spidercli.planning.plan import Write

_MANY = 3


class Outcome(enum.StrEnum):
    """What became of one write."""

    DONE = "done"
    REFUSED = "refused"
    BLOCKED = "blocked"  # a pod holds an address that had to go
    UNKNOWN = "unknown"  # it was sent, and there was no answer, or nobody waited for it: it may have been done
    SKIPPED = "skipped"  # it was not sent


@dataclasses.dataclass(frozen=True, kw_only=True)
class Result:
    """One write and what became of it."""

    write: Write
    outcome: Outcome
    reason: str = ""  # why it was not done
    error: ClusterError | None = None

    @classmethod
    def of_error(cls, write: Write, error: ClusterError) -> Result:
        """The result of a write that the cluster did not accept."""
        outcome = _outcome_of(error)
        reason = error.message.partition(f"{write.target}: ")[2] or error.message  # the line names the object already
        if isinstance(error, WriteConflict):
            reason = "changed meanwhile, run again"
        return cls(write=write, outcome=outcome, reason=reason, error=error)

    @classmethod
    def skipped(cls, write: Write, reason: str) -> Result:
        """The result of a write that was not sent."""
        return cls(write=write, outcome=Outcome.SKIPPED, reason=reason)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Report:
    """All results, in the order in which the writes were made."""

    results: tuple[Result, ...]
    stopped: bool = False  # on request, before everything was sent
    trouble: ClusterError | None = None  # what ended the run, or makes its result doubtful, beyond a single write

    @property
    def ok(self) -> bool:
        """Whether every write was made."""
        return all(result.outcome is Outcome.DONE for result in self.results)

    @property
    def summary(self) -> dict[str, int]:
        """How many writes there are of each outcome, all outcomes named."""
        counts = collections.Counter(result.outcome for result in self.results)
        return {outcome.value: counts[outcome] for outcome in Outcome}

    @property
    def errors(self) -> tuple[ClusterError, ...]:
        """What the cluster said of the writes that it did not accept, and of the run as a whole."""
        found = (*(result.error for result in self.results), self.trouble)
        return tuple(error for error in found if error is not None)

    def lines(self) -> Iterator[str]:
        """A line for each reason why something was not done, and one with the totals."""
        groups: dict[tuple[Outcome, str], list[Write]] = collections.defaultdict(list)
        for result in self.results:
            if result.outcome is not Outcome.DONE:
                groups[result.outcome, result.reason].append(result.write)
        for (outcome, reason), writes in groups.items():
            yield f"{outcome.value}: {_targets(writes)}: {reason}"
        counts = [f"{count:,} {outcome}" for outcome, count in self.summary.items() if count]
        yield ", ".join(counts) or "nothing to do"

    def raise_if_incomplete(self) -> None:
        """End the command with the error that says most, if not everything was done, or there was trouble.

        Raises:
            RunInProgress: another run took over.
            ClusterUnauthorized: the credentials were not accepted.
            ClusterForbidden: RBAC did not allow a write.
            ClusterUnreachable: the cluster was gone.
            Interrupted: the run was stopped on request.
            ApplyIncomplete: anything else.
        """
        if self.ok and self.trouble is None:
            return
        for error in self.errors:
            if error.exit_code is ExitCode.DENIED or isinstance(error, ClusterUnreachable):
                raise error
        if self.trouble is not None:
            raise self.trouble
        told = self._undone()
        if self.stopped:
            raise Interrupted(f"stopped: {told}", hint="run again to finish")
        raise ApplyIncomplete(told, hint=self._hint())

    def _undone(self) -> str:
        unknown = self.summary[Outcome.UNKNOWN]
        undone = len(self.results) - self.summary[Outcome.DONE] - unknown
        may_be = f", {unknown:,} may or may not have been" if unknown else ""
        return f"{undone:,} of {len(self.results):,} writes were not made{may_be}"

    def _hint(self) -> str:
        hints = (error.hint for error in self.errors if error.hint)
        return next(hints, "the lines above say why; run again once that is settled")


def _outcome_of(error: ClusterError) -> Outcome:
    if isinstance(error, AddressInUse):
        return Outcome.BLOCKED
    return Outcome.UNKNOWN if isinstance(error, ClusterUnreachable) and error.in_doubt else Outcome.REFUSED


def _targets(writes: list[Write]) -> str:
    ordered = sorted(writes, key=lambda write: (write.phase, write.target))
    names = list(dict.fromkeys(write.target for write in ordered))
    more = f" and {len(names) - _MANY:,} more" if len(names) > _MANY else ""
    return ", ".join(names[:_MANY]) + more
