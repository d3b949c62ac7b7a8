"""Stop-watches and tables."""

from __future__ import annotations

import contextlib
import dataclasses
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence

# In a small process between: Linux counts what the parent had at the time of the fork as its child's peak memory.
_WATCH = """
import os, resource, subprocess, sys, time
began, quiet = time.perf_counter(), subprocess.DEVNULL
code = subprocess.run(sys.argv[1:], stdout=quiet, stderr=quiet).returncode
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
print(time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
sys.exit(code)
"""


@dataclasses.dataclass
class Taken:
    """How long something took, in seconds."""

    wall: float = 0.0
    cpu: float = 0.0  # of this process and of its children that have ended


@dataclasses.dataclass(frozen=True, kw_only=True)
class Child:
    """What a process took, its own children included."""

    wall: float  # seconds
    cpu: float  # seconds
    memory: float  # MB, at its peak


@contextlib.contextmanager
def stopwatch() -> Iterator[Taken]:
    """Measure a block."""
    taken = Taken()
    wall, cpu = time.perf_counter(), _cpu()
    yield taken
    taken.wall, taken.cpu = time.perf_counter() - wall, _cpu() - cpu


def best(taken: Sequence[Taken]) -> Taken:
    """The quickest of several runs: the others were disturbed more."""
    return min(taken, key=lambda one: one.wall)


def child(command: Sequence[str], environ: Mapping[str, str]) -> Child:
    """Run a program to its end, its output dropped.

    Raises:
        SystemExit: it failed.
    """
    ran = subprocess.run(
        (sys.executable, "-S", "-c", _WATCH, *command), env=environ, stdout=subprocess.PIPE, text=True, check=False
    )
    if ran.returncode:
        raise SystemExit(f"{' '.join(command)} failed")
    wall, cpu, memory = map(float, ran.stdout.split())
    return Child(wall=wall, cpu=cpu, memory=memory / 1024)


def quickest(taken: Sequence[Child]) -> Child:
    """The least of several runs, each measure for itself: the others were disturbed more."""
    return Child(
        wall=min(one.wall for one in taken), cpu=min(one.cpu for one in taken), memory=min(one.memory for one in taken)
    )


def table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [headers, ["---"] * len(headers), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cpu() -> float:
    return time.process_time() + sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
