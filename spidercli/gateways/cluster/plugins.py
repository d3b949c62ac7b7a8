"""Failures of a kubeconfig's login command (`exec`), which the official client logs and then forgets."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

_LOGS_WITH_ROOT = "kube_config"  # the client's module; it uses the root logger


@contextlib.contextmanager
def failures() -> Iterator[list[str]]:
    """Collect what the client's kubeconfig loader would have logged, without what the command itself printed."""
    found: list[str] = []

    def keep(record: logging.LogRecord) -> bool:
        if record.module != _LOGS_WITH_ROOT:
            return True
        found.append(record.getMessage().partition(". ")[0])  # behind it: the command's stderr
        return False

    root = logging.getLogger()
    silent = logging.NullHandler()  # a root logger without a handler would be given one that prints, for good
    root.addFilter(keep)
    root.addHandler(silent)
    try:
        yield found
    finally:
        root.removeHandler(silent)
        root.removeFilter(keep)
