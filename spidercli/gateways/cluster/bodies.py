"""The body of an answer, from a server that may send it as slowly as it likes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

import urllib3

_SLOWEST = 16_384  # bytes a second
_PIECE = 65_536


class TooSlow(urllib3.exceptions.HTTPError):
    """The body comes so slowly that it might never end."""


class Response(Protocol):
    """What is needed of urllib3's response."""

    def read1(self, amt: int) -> bytes:
        """Some bytes, as soon as there are any; none at the end."""
        ...

    def close(self) -> None:
        """End the connection."""
        ...

    def release_conn(self) -> None:
        """Give the connection back to its pool."""
        ...


def read(response: Response, *, seconds: float, clock: Callable[[], float] = time.monotonic) -> bytes:
    """The whole body.

    A connection's timeout starts anew with every byte. So what is read may take `seconds`, and beyond them as long as
    it needs at 16 KiB a second: enough for 20 MB over a slow line, and not for a byte every now and then.

    Raises:
        TooSlow: it comes more slowly.
        urllib3.exceptions.HTTPError: the connection broke.
    """
    began, pieces, size = clock(), list[bytes](), 0
    while piece := response.read1(_PIECE):
        pieces.append(piece)
        size += len(piece)
        if clock() - began > seconds + size / _SLOWEST:
            response.close()
            response.release_conn()
            raise TooSlow(f"{size} bytes so far")
    return b"".join(pieces)
