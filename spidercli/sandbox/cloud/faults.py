"""What goes wrong on request, and a record of what was asked: the handles that tests hold the cloud by."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Mapping

from spidercli.sandbox.cloud.errors import ApiError

EVERY_ACTION = "*"
_REMEMBERED = 20_000


@dataclasses.dataclass(frozen=True, kw_only=True)
class Call:
    """One request as it was answered; never a key, a token or a signature."""

    action: str  # an API's action, or GetMetadata, PutMetadataToken
    params: Mapping[str, str]
    status: int
    code: str  # "" where it succeeded


@dataclasses.dataclass(kw_only=True)
class Refusal:
    """An error that an action answers with, a number of times or for good."""

    action: str
    error: ApiError
    times: int | None = None  # None: for good

    def concerns(self, action: str) -> bool:
        """Whether it is this action's turn to be refused."""
        return self.action in (action, EVERY_ACTION) and self.times != 0


class Faults:
    """The faults that are set, oldest first."""

    def __init__(self) -> None:
        self._refusals: list[Refusal] = []

    def add(self, refusal: Refusal) -> None:
        """Set a fault."""
        self._refusals.append(refusal)

    def clear(self) -> None:
        """Let everything work again."""
        self._refusals.clear()

    def strike(self, action: str) -> None:
        """Raise the error that is set for an action, and count it.

        Raises:
            ApiError: a refusal is set.
        """
        refusal = next((refusal for refusal in self._refusals if refusal.concerns(action)), None)
        if refusal is None:
            return
        if refusal.times is not None:
            refusal.times -= 1
        raise refusal.error


def call_log() -> collections.deque[Call]:
    """An empty record that keeps the newest calls."""
    return collections.deque(maxlen=_REMEMBERED)
