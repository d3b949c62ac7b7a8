"""Tasks worked off by threads, while the caller hears of each one as it gets done."""

from __future__ import annotations

import concurrent.futures
import contextlib
import queue
from collections.abc import Callable, Collection, Iterator
from typing import TypeVar

Turn = Callable[[], contextlib.AbstractContextManager[None]]
"""Lets a thread wait until it may begin with a task, and hears when that is done."""

_BEAT = 0.05  # seconds between two looks at what is done: to wake up for each task costs time that tasks need

A = TypeVar("A")
B = TypeVar("B")


def worked_off(tasks: Collection[A], work: Callable[[A], B], *, threads: int, turn: Turn) -> Iterator[B]:
    """What becomes of each task, in the order in which they get done.

    After an error, the caller's or one of `work` (which is raised here), nothing else is begun, and nothing is waited
    for.
    """
    waiting: queue.SimpleQueue[A] = queue.SimpleQueue()
    for task in tasks:
        waiting.put(task)
    through: queue.SimpleQueue[B] = queue.SimpleQueue()

    def work_off() -> None:
        for task in _taken(waiting):
            with turn():
                done = work(task)
            through.put(done)

    pool = concurrent.futures.ThreadPoolExecutor(threads, thread_name_prefix="apply")
    workers = {pool.submit(work_off) for _ in range(min(threads, len(tasks)))}
    try:
        yield from _attended(workers, through)
    finally:
        list(_taken(waiting))
        pool.shutdown(wait=False)


def _attended(workers: set[concurrent.futures.Future[None]], through: queue.SimpleQueue[B]) -> Iterator[B]:
    while workers:
        done, workers = concurrent.futures.wait(workers, timeout=_BEAT, return_when=concurrent.futures.FIRST_EXCEPTION)
        yield from _taken(through)
        for worker in done:
            worker.result()


def _taken(waiting: queue.SimpleQueue[A]) -> Iterator[A]:
    """What is in a queue, until nothing is."""
    with contextlib.suppress(queue.Empty):
        while True:
            yield waiting.get_nowait()
