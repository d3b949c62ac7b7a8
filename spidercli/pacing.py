"""How long answers may take, and how pauses are made: whoever rehearses outages need not sit them out."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pace:
    """The times of a session."""

    cluster_answer: float = 60.0  # seconds that the Kubernetes API may take for an answer, connecting included
    cloud_answer: float = 20.0  # the same for Alibaba Cloud's APIs, without connecting
    clock: Callable[[], float] = time.monotonic  # seconds; passes at least as fast as `sleep` says
    sleep: Callable[[float], None] | None = None  # None: really, until the session is told to stop
