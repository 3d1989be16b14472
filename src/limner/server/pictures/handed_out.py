"""Signed files of pictures, held for a while, so that whoever asks again is given the same bytes.

A signature is partly made of chance, and a time stamp costs a call, so that a file signed anew is another
file each time. Held in memory alone: after a restart, and at another replica, files are signed anew.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final

MAX_HELD_BYTES: Final = 2**23  # some 80 pictures of 256 px: they are asked for again soon, or hardly ever


class HandedOut:
    """A cache of finished files by key, at most `max_bytes`; the least recently used leave first. Safe for
    several threads.
    """

    def __init__(self, max_bytes: int = MAX_HELD_BYTES) -> None:
        self._max_bytes = max_bytes
        self._num_bytes = 0
        self._num_forgotten = 0
        self._held: OrderedDict[Hashable, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def once(self, key: Hashable, make: Callable[[], bytes]) -> bytes:
        """The cached file of `key`, or what `make` builds. Threads that ask at the same time may each build
        it, and all get the first result; a result whose making began before the cache was emptied is not
        cached.
        """
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key]
            begun = self._num_forgotten
        made = make()
        with self._lock:
            if begun != self._num_forgotten:
                return made
            if key not in self._held:
                self._held[key] = made
                self._num_bytes += len(made)
            first = self._held[key]
            while self._num_bytes > self._max_bytes:
                _, gone = self._held.popitem(last=False)
                self._num_bytes -= len(gone)
            return first

    def forget_all(self) -> None:
        """Hold nothing any more."""
        with self._lock:
            self._held.clear()
            self._num_bytes = 0
            self._num_forgotten += 1
