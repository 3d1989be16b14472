"""Many seeds worked on by many processes, in order. Knows processes and memory-mapped rows; knows no torch.

Processes are spawned, not forked: a fork of a process that runs torch threads may hang.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")

CHUNK = 64


def default_workers() -> int:
    """One process a core that this process may use, at most 16."""
    return min(16, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


def in_processes(
    make: Callable[[Sequence[int]], list[T]], seeds: Sequence[int], *, workers: int, what: str
) -> Iterator[list[T]]:
    """`make(chunk of seeds)` for consecutive chunks, yielded in order; `workers` 0 or 1 works in this
    process.
    """
    chunks = [seeds[start : start + CHUNK] for start in range(0, len(seeds), CHUNK)]
    told = _Told(what, len(seeds))
    if workers <= 1 or len(chunks) == 1:
        for chunk in chunks:
            yield make(chunk)
            told.more(len(chunk))
        return
    context: Any = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=one_thread) as pool:
        for chunk, made in zip(chunks, pool.map(make, chunks), strict=True):
            yield made
            told.more(len(chunk))


def one_thread() -> None:
    """Each process draws with one thread: the processes themselves fill the cores."""
    import cv2

    cv2.setNumThreads(1)


class _Told:
    """A plain line on stderr every ten seconds, and at the end of what took longer than two."""

    def __init__(self, what: str, total: int) -> None:
        self._what, self._total, self._done = what, total, 0
        self._began_s = self._last_s = time.monotonic()

    def more(self, count: int) -> None:
        self._done += count
        now = time.monotonic()
        finished = self._done == self._total
        if now - self._last_s > 10 or (finished and now - self._began_s > 2):
            self._last_s = now
            speed = self._done / (now - self._began_s)
            print(
                f"{self._what}: {self._done}/{self._total}, {speed:.0f} a second", file=sys.stderr, flush=True
            )
