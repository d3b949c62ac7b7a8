"""Ports for programs that must be told theirs before they start."""

from __future__ import annotations

import contextlib
import socket


class ReservedPorts(contextlib.ExitStack):
    """Loopback ports, chosen by the kernel, that it gives to nobody else inside of the `with` block.

    A socket that is bound and does not listen keeps each of them. A program that sets SO_REUSEADDR, as all
    programs in Go do, may listen there beside it, and do so again after it was killed.
    """

    def take(self) -> int:
        """One more port."""
        keeper = self.enter_context(socket.socket())
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        keeper.bind(("127.0.0.1", 0))
        return int(keeper.getsockname()[1])
