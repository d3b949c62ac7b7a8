"""Stop-watches and tables."""

from __future__ import annotations

import contextlib
import dataclasses
import resource
import time
from collections.abc import Iterator, Sequence


@dataclasses.dataclass
class Taken:
    """How long something took, in seconds."""

    wall: float = 0.0
    cpu: float = 0.0  # of this process and of its children that have ended


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


def peak_memory() -> float:
    """The largest resident size of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [headers, ["---"] * len(headers), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cpu() -> float:
    return time.process_time() + sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
