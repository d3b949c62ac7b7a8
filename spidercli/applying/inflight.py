"""The writes that are on their way: sent, and not answered yet."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from spidercli.planning.plan import Write


class InFlight:
    """Lets writes depart until the run is stopped, and knows at any time which are on their way. Thread-safe."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._writes: dict[int, Write] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        with self._lock:
            return len(self._writes)

    @contextlib.contextmanager
    def departed(self, write: Write) -> Iterator[bool]:
        """For as long as the block lasts the write is on its way, unless this says that it must not be sent."""
        with self._lock:  # so that nothing can depart after somebody stopped the run and looked
            may_go = not self._stop.is_set()
            if may_go:
                self._writes[id(write)] = write
        try:
            yield may_go
        finally:
            with self._lock:
                self._writes.pop(id(write), None)

    def ids(self) -> frozenset[int]:
        """The `id` of each write that is on its way; after a stop there will be no other one."""
        with self._lock:
            return frozenset(self._writes)
