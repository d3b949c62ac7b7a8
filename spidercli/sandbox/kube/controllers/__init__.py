"""What reacts to writes: the parts of Kubernetes and Spiderpool that run beside the API server.

They run inside the write that they react to, so that a client never waits for them.
"""

from __future__ import annotations

import collections
from collections.abc import Iterable
from typing import Protocol

from spidercli.sandbox.kube.store import Change


class Controller(Protocol):
    """Something that reacts to changes, perhaps with writes of its own."""

    def react(self, change: Change) -> None:
        """Take note of a change that is stored already."""
        ...


class Controllers:
    """Shows every change to every controller, their own ones too, until nothing changes any more."""

    def __init__(self) -> None:
        self._controllers: tuple[Controller, ...] = ()
        self._waiting: collections.deque[Change] = collections.deque()
        self._busy = False

    def start(self, controllers: Iterable[Controller]) -> None:
        """Start controllers beside those that run already."""
        self._controllers += tuple(controllers)

    def settle(self, change: Change) -> None:
        """Let all controllers react to a change."""
        self._waiting.append(change)
        if self._busy:
            return
        self._busy = True
        try:
            while self._waiting:
                current = self._waiting.popleft()
                for controller in self._controllers:
                    controller.react(current)
        finally:
            self._busy = False
