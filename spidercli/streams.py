"""The process's own streams, made fit to be written to before anything is."""

from __future__ import annotations

import io
import os
import sys


def mend() -> None:
    """Let streams that the caller closed lead nowhere, and let no character be too much for the others.

    Files and pipes get UTF-8, as YAML has to be; a terminal of another encoding gets what it can't show escaped.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # closed, as by >&-
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123 - until the end
    if isinstance(sys.stdout, io.TextIOWrapper):
        if sys.stdout.isatty():
            sys.stdout.reconfigure(errors="backslashreplace")
        else:
            sys.stdout.reconfigure(encoding="utf-8")
