"""Waiting for something to become true, with a deadline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import tenacity

from tests.e2e.controlplane.errors import ControlPlaneFailed

T = TypeVar("T")


def eventually(probe: Callable[[], T | None], what: str, *, seconds: float = 30.0) -> T:
    """The first true value that `probe` returns.

    Raises:
        ControlPlaneFailed: there was none in time; `what` says what was waited for.
    """

    def too_late(state: tenacity.RetryCallState) -> Any:
        raise ControlPlaneFailed(f"{what}: not within {seconds:g} s")

    attempts = tenacity.Retrying(
        stop=tenacity.stop_after_delay(seconds),
        wait=tenacity.wait_fixed(0.05),
        retry=tenacity.retry_if_result(lambda value: not value),
        retry_error_callback=too_late,
    )
    return attempts(probe)  # type: ignore[return-value]
