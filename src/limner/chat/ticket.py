"""A ticket for a round: what has happened to it so far, how to follow it and how to give it up.

Knows events, listeners and waiting. Knows nothing about models or queues.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator

from limner.chat.events import ENDS, Cancelled, Event, Failed, Finished
from limner.chat.request import RoundRequest

_LOG = logging.getLogger(__name__)


class CancelledRound(Exception):  # noqa: N818  (what happened, not an error)
    """The round was given up before it was finished."""


class Ticket:
    """What `Engine.submit` returns at once. Safe for several threads."""

    def __init__(self, request: RoundRequest) -> None:
        self.request = request
        self._events: list[Event] = []
        self._callbacks: list[Callable[[Event], None]] = []
        self._changed = threading.Condition(threading.RLock())
        self.stop = threading.Event()

    @property
    def is_cancelled(self) -> bool:
        """Whether it was asked to stop, be it over or not."""
        return self.stop.is_set()

    @property
    def is_over(self) -> bool:
        """Whether its last event has come."""
        with self._changed:
            return bool(self._events) and isinstance(self._events[-1], ENDS)

    def events(self) -> Iterator[Event]:
        """Every event from the first on, as it comes; the last is Finished, Cancelled or Failed."""
        index = 0
        while True:
            with self._changed:
                while len(self._events) == index:
                    self._changed.wait()
                event = self._events[index]
            yield event
            if isinstance(event, ENDS):
                return
            index += 1

    def subscribe(self, callback: Callable[[Event], None]) -> None:
        """Call back for every event, those so far first; in the thread that it happens in, so be quick.

        A callback that raises is logged and called no more.
        """
        with self._changed:
            if all(_told(callback, event) for event in self._events) and not self.is_over:
                self._callbacks.append(callback)

    def cancel(self) -> None:
        """Stop it within one denoising step or one word. No effect once it is over."""
        self.stop.set()

    def result(self, timeout_s: float | None = None) -> Finished:
        """The finished round; raises what failed, `CancelledRound`, or TimeoutError after `timeout_s`."""
        with self._changed:
            if not self._changed.wait_for(lambda: self.is_over, timeout_s):
                raise TimeoutError(f"The round is not finished after {timeout_s} s.")
            last = self._events[-1]
        if isinstance(last, Finished):
            return last
        if isinstance(last, Failed):
            raise last.error
        assert isinstance(last, Cancelled)
        raise CancelledRound("The round was cancelled.")

    def emit(self, event: Event) -> None:
        """Tell everybody. For the engine only; nothing follows the end."""
        with self._changed:
            assert not self.is_over, "an event after the end"
            self._events.append(event)
            self._changed.notify_all()
            self._callbacks = [callback for callback in self._callbacks if _told(callback, event)]
            if self.is_over:
                self._callbacks = []


def _told(callback: Callable[[Event], None], event: Event) -> bool:
    try:
        callback(event)
    except Exception:
        _LOG.exception("A listener of a round failed and is told no more.")
        return False
    return True
