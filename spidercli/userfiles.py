"""Files that users name, read whole but never for ever: their size is limited, and so is the silence of a pipe."""

from __future__ import annotations

import errno
import io
import os
import pathlib
import select

SILENCE = 60.0
"""Seconds for which a pipe may give nothing before we stop waiting for it."""


def read(path: pathlib.Path, *, most: int) -> bytes:
    """The content of a file, a pipe or a device.

    Raises:
        OSError: it can't be read, is larger than `most` bytes, or is a pipe that nobody writes to.
        ValueError: the path has a NUL in it.
    """
    content = bytearray()
    with _unblocked(path) as file:
        while len(content) <= most and (piece := _piece(file, most + 1 - len(content))):
            content += piece
    if len(content) > most:
        raise OSError(errno.EFBIG, f"larger than {most >> 20} MiB")
    return bytes(content)


def exists(path: pathlib.Path) -> bool:
    """Whether there is something to read, or to be told that we may not; a path that can't be is not there."""
    try:
        os.stat(path)  # noqa: PTH116 - pathlib's raises the same
    except PermissionError:
        return True
    except (OSError, ValueError):  # the latter for a NUL
        return False
    return True


def _unblocked(path: pathlib.Path) -> io.FileIO:
    """Opening a named pipe would wait for somebody who writes to it."""
    return io.FileIO(path, opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK))


def _piece(file: io.FileIO, most: int) -> bytes:
    """What comes next, b"" at the end."""
    piece: bytes | None = None
    while piece is None:  # somebody has the pipe open and was not as fast as we are
        if not select.select([file], [], [], SILENCE)[0]:
            raise OSError(errno.ETIMEDOUT, f"nothing came out of it for {SILENCE:g} s")
        piece = file.read(most)
    return piece
