"""What keeps a control plane from running."""

from __future__ import annotations


class Unavailable(Exception):
    """The programs are not there and can't be built; the message says what to do."""


class ControlPlaneFailed(Exception):
    """A program died, or something did not happen in time; the message has its last log lines."""
