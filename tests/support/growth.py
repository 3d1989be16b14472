"""How the time of something grows with its input: for tests that fail when it grows quadratically."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def growth(work: Callable[[T], object], small: T, large: T, *, most_s: float) -> float:
    """The time of `work(large)` over that of `work(small)`, each the best of five, taken in turns.

    A thousandth of a second is the least that is told from noise. AssertionError when the large one takes
    more than `most_s` seconds, however it grows.
    """
    rounds = [(_seconds(work, small), _seconds(work, large)) for _ in range(5)]
    times = [min(taken) for taken in zip(*rounds, strict=True)]
    assert times[1] <= most_s, f"{times[1]:.2f} s"
    return times[1] / max(times[0], 1e-3)


def _seconds(work: Callable[[T], object], given: T) -> float:
    start = time.thread_time()  # what else runs on the machine does not count
    work(given)
    return time.thread_time() - start
