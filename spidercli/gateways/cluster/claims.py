"""Who holds a Lease, and until when; and how it is kept."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from spidercli import kinds
from spidercli.model import Manifest


@dataclasses.dataclass(frozen=True, kw_only=True)
class Claim:
    """A Lease as the cluster has it."""

    manifest: Manifest

    @property
    def holder(self) -> str:
        return str(self._spec.get("holderIdentity") or "")

    @property
    def since(self) -> str:
        """When it was taken, to the second."""
        taken = parsed(self._spec.get("acquireTime"))
        return f"{taken:%Y-%m-%dT%H:%M:%SZ}" if taken else "an unknown time"

    def remaining(self, now: datetime) -> float:
        """Seconds until it expires by the API server's clock; 0 or less when it has, or nobody holds it.

        They never are more than the duration, should whoever renewed it have been ahead of the server.
        """
        renewed = self._renewed
        if not self.holder or renewed is None:
            return 0.0
        duration = float(str(self._spec.get("leaseDurationSeconds") or 0))
        return min(duration, duration - (now - renewed).total_seconds())

    @property
    def _renewed(self) -> datetime | None:
        """When its renewTime was written, by the server's clock, which keeps that for every field since 1.18.

        What the holder wrote there itself, by a clock that may be wrong, counts only if somebody removed the server's
        notes. Without it a Lease has no holder that anybody could wait for.
        """
        written = parsed(self._spec.get("renewTime"))
        noted = (parsed(entry.get("time")) for entry in self._notes)
        return written and max((time for time in noted if time), default=written)

    @property
    def _notes(self) -> Iterator[Mapping[str, Any]]:
        """The entries of managedFields that have the renewTime."""
        for entry in kinds.metadata(self.manifest).get("managedFields") or ():
            if "f:renewTime" in (entry.get("fieldsV1") or {}).get("f:spec", {}):
                yield entry

    @property
    def _spec(self) -> Mapping[str, object]:
        return kinds.spec(self.manifest)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Timing:
    """How a Lease is kept, in seconds; the proportions are about those of Kubernetes' leader election (15, 10 and 2).

    There, in client-go (tools/leaderelection), they are called LeaseDuration, RenewDeadline and RetryPeriod.
    """

    duration: int = 60  # since the last renewal; after it others may take the Lease over
    deadline: float = 40.0  # since the last renewal was sent; after it we stop, and what is on its way may still end
    renewal: float = 10.0  # from one renewal to the next
    answer: float = 10.0  # that a renewal's answer may take
    retry: float = 2.0  # from a renewal that failed to the next


def written(time: datetime) -> str:
    """A MicroTime: the API refuses one without its six decimals."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parsed(text: object) -> datetime | None:
    """A time that the API gave us, None if it is none."""
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None
