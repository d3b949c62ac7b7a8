"""Who holds a Lease, and whether that run is provably over: one that was killed could not release it."""

from __future__ import annotations

import hashlib
import os
import secrets
import socket
import uuid
from collections.abc import Callable
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_PID_NAMESPACE = Path("/proc/self/ns/pid")


def identity() -> str:
    """A name for this run, HOST/PROCESS/PLACE-RANDOM: nothing about the user."""
    return f"{socket.gethostname()}/{os.getpid()}/{place()}-{secrets.token_hex(4)}"


def place() -> str:
    """Where this run's process number means something: this boot of this machine, and this PID namespace.

    A host name would not do: containers share names, and each has a process 1.
    """
    try:
        found = f"{_BOOT.read_text()} {_PID_NAMESPACE.readlink()}"
    except OSError:  # not Linux, so without PID namespaces
        found = str(uuid.getnode())
    return hashlib.sha256(found.encode()).hexdigest()[:8]


def is_running(process: int) -> bool:
    """Whether there may be a process of this number."""
    if os.name != "posix":  # elsewhere, signal 0 is a real one
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # somebody else's process, or no number of one
        return True
    return True


def is_gone(holder: str, is_running: Callable[[int], bool] = is_running) -> bool:
    """Whether a holder was a process of this very place that does not exist any more; False where that is unknown."""
    match holder.split("/"):
        case [host, process, token]:
            here = host == socket.gethostname() and token.partition("-")[0] == place()
            return here and process.isdecimal() and not is_running(int(process))
    return False
