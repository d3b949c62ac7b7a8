"""The process's own streams, made fit to be written to before anything is."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import Any, TextIO

_NOBODY_READS = (errno.EPIPE,)
_HUNG_UP = (errno.EPIPE, errno.EIO)  # a terminal that was closed


def mend() -> None:
    """Let streams that the caller closed lead nowhere, and let no character be too much for the others.

    Files and pipes get UTF-8, as YAML has to be; a terminal of another encoding gets what it can't show escaped.
    Once nobody reads standard output any more, as after `| head`, what is written to it is dropped, and the command
    goes on to its end. The same holds for standard error once it can't be written to, for whatever reason: it only
    tells what happens.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # closed, as by >&-
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123 - until the end
    if isinstance(sys.stdout, io.TextIOWrapper):
        terminal = sys.stdout.isatty()
        as_it_is = {"encoding": sys.stdout.encoding, "errors": "backslashreplace"}
        look = as_it_is if terminal else {"encoding": "utf-8", "errors": sys.stdout.errors}
        sys.stdout = _droppable(sys.stdout, _HUNG_UP if terminal else _NOBODY_READS, **look)
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr = _droppable(sys.stderr, None, encoding=sys.stderr.encoding, errors=sys.stderr.errors)


class _Droppable(io.FileIO):
    """What leads to a stream's reader, and to nowhere once there is none."""

    def __init__(self, descriptor: int, lost: tuple[int, ...] | None) -> None:
        """Write to a descriptor; `lost` has the errors that mean that nobody reads, None: any of them."""
        super().__init__(descriptor, "w", closefd=False)
        self._lost = lost

    def write(self, data: Any) -> int:
        """Write, or drop."""
        try:
            return super().write(data)
        except OSError as error:
            if self._lost is not None and error.errno not in self._lost:
                raise
            lead_nowhere(self)
            return len(data)


def lead_nowhere(stream: io.IOBase | TextIO) -> None:
    """Let what is still to be written to a stream go nowhere: Python flushes at its end, and would complain."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _droppable(
    stream: io.TextIOWrapper, lost: tuple[int, ...] | None, *, encoding: str, errors: str | None
) -> io.TextIOWrapper:
    """The same stream, but one that may lose its reader."""
    raw: Any = _Droppable(stream.fileno(), lost)
    return io.TextIOWrapper(
        raw if stream.write_through else io.BufferedWriter(raw),  # as Python does with PYTHONUNBUFFERED
        encoding=encoding,
        errors=errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )
