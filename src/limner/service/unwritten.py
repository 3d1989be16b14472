"""Answers that the store could not take when they were ready, held until they are asked for again.

So a lock of another process, or a full disk, costs no one their picture: the same wish, said again, is
answered with what was computed. Knows wishes and a limit. Knows nothing about how an answer is written.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

MAX_HELD = 64
HELD_S = 900.0

_Order = TypeVar("_Order")


class Unwritten(Generic[_Order]):
    """Orders by what was wished, the oldest leaving first. Safe for several threads."""

    def __init__(self) -> None:
        self._held: OrderedDict[Hashable, tuple[float, _Order]] = OrderedDict()
        self._lock = threading.Lock()

    def hold(self, wish: Hashable, order: _Order) -> list[_Order]:
        """Hold an order until the same request comes again; returns the orders dropped for it, which are too
        old or too many.
        """
        with self._lock:
            self._held.pop(wish, None)
            self._held[wish] = (time.monotonic(), order)
            left = []
            while self._held:
                since, oldest = next(iter(self._held.values()))
                if len(self._held) <= MAX_HELD and time.monotonic() - since < HELD_S:
                    break
                self._held.popitem(last=False)
                left.append(oldest)
            return left

    def take(self, wish: Hashable) -> _Order | None:
        """The order of this wish, which is held no longer."""
        with self._lock:
            found = self._held.pop(wish, None)
        return None if found is None else found[1]
