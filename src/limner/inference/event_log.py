"""Events of something that is under way: logged, given to subscribers in order, awaited until the last one.

Knows order, subscribers and threads. Knows nothing about what the events say, save which of them are the end.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

_LOG = logging.getLogger(__name__)
_Event = TypeVar("_Event")


class EventLog(Generic[_Event]):
    """Every event so far, and who is called for the next. Safe for several threads.

    Args:
        ends: the types of the events that nothing follows.
    """

    def __init__(self, ends: tuple[type, ...]) -> None:
        self._ends = ends
        self._events: list[_Event] = []
        self._callbacks: list[Callable[[_Event], None]] = []
        self._changed = threading.Condition()
        # Held while subscribers are called, so that each gets all in order; not needed to read the log.
        self._turn = threading.RLock()

    @property
    def last(self) -> _Event | None:
        """The newest event, None before the first."""
        with self._changed:
            return self._events[-1] if self._events else None

    @property
    def is_over(self) -> bool:
        """Whether its last event has come."""
        return isinstance(self.last, self._ends)

    @property
    def so_far(self) -> tuple[_Event, ...]:
        """Every event until now."""
        with self._changed:
            return tuple(self._events)

    def events(self) -> Iterator[_Event]:
        """Every event from the first on, as it comes, up to the end."""
        index = 0
        while True:
            with self._changed:
                while len(self._events) == index:
                    self._changed.wait()
                event = self._events[index]
            yield event
            if isinstance(event, self._ends):
                return
            index += 1

    def subscribe(self, callback: Callable[[_Event], None]) -> None:
        """Call back for every event, those so far first; in the thread that it happens in, so be quick.

        A callback that raises is logged and called no more.
        """
        with self._turn:
            if all(_delivered(callback, event) for event in tuple(self._events)) and not self.is_over:
                self._callbacks.append(callback)

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until it is over; False when that takes longer than `timeout_s`."""
        with self._changed:
            return self._changed.wait_for(
                lambda: bool(self._events) and isinstance(self._events[-1], self._ends), timeout_s
            )

    def emit(self, event: _Event) -> None:
        """Log an event and call every subscriber; after the end nothing is taken. For the producer only."""
        with self._turn:
            if self.is_over:
                return
            with self._changed:
                self._events.append(event)
                self._changed.notify_all()
            self._callbacks = [callback for callback in self._callbacks if _delivered(callback, event)]
            if self.is_over:
                self._callbacks = []


def _delivered(callback: Callable[[_Event], None], event: _Event) -> bool:
    try:
        callback(event)
    except Exception:
        _LOG.exception("A subscriber of a round failed and is called no more.")
        return False
    return True
