"""Waiting in tests for what another thread or process does."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

WAIT_S: Final = 300.0  # several processes that load torch, on a machine that may be busy
Found = TypeVar("Found")


def until(condition: Callable[[], Found], wait_s: float = WAIT_S) -> Found:
    """The first true value of `condition`, asked every hundredth of a second; AssertionError when there is
    none in time.
    """
    last_s = time.monotonic() + wait_s
    while not (found := condition()):
        assert time.monotonic() < last_s, f"it did not happen within {wait_s:g} s"
        time.sleep(0.01)
    return found
