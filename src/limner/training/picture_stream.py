"""A run's pictures, drawn a step ahead by a process of their own where there is one.

Which pictures a micro-batch has depends on its `Chance` alone, so a stopped run goes on with the same ones,
and it makes no difference who drew them. Knows processes and counters. Knows no torch.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import replace
from typing import Any, Generic, TypeVar

from limner.training.render_pool import one_thread
from limner.training.state import SampleRng

T = TypeVar("T")
AHEAD = 2  # micro-batches


class PictureStream(Generic[T]):
    """`make(seeds)` of the seeds that a micro-batch's `Chance` draws. With `workers` below 2 in this process,
    else in one other, which ends with this one.
    """

    def __init__(self, make: Callable[[list[int]], T], *, workers: int) -> None:
        self._make, self._workers = make, workers
        self._pool: ProcessPoolExecutor | None = None
        self._coming: dict[tuple[SampleRng, int], Future[T]] = {}

    def take(self, sample_rng: SampleRng, batch: int) -> T:
        """The `batch` pictures of this micro-batch."""
        if self._workers < 2:
            return self._make(_seeds(sample_rng, batch))
        wanted = [sample_rng]
        for _ in range(AHEAD):
            wanted.append(_following(wanted[-1]))
        for each in wanted:
            if (each, batch) not in self._coming:
                self._coming[each, batch] = self._started().submit(self._make, _seeds(each, batch))
        made = self._coming.pop((sample_rng, batch)).result()
        for stale in [key for key in self._coming if key[0] not in wanted]:
            del self._coming[stale]
        return made

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            context: Any = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(1, mp_context=context, initializer=one_thread)
        return self._pool


def _seeds(sample_rng: SampleRng, batch: int) -> list[int]:
    return [int(seed) for seed in sample_rng.numpy().integers(2**62, size=batch)]


def _following(sample_rng: SampleRng) -> SampleRng:
    if sample_rng.micro + 1 < sample_rng.accumulation:
        return replace(sample_rng, micro=sample_rng.micro + 1)
    return replace(sample_rng, step=sample_rng.step + 1, micro=0)
