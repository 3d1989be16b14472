"""A round that was asked of a studio: its events, its end, and how to stop it.

Knows events and who listens. Knows nothing about painters, the store or how a round is computed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from limner.chat.events import Cancelled, Event, Failed, Finished
from limner.chat.records import StoredRound
from limner.chat.ticket import CancelledRound
from limner.dialogue.parts import Picture


@dataclass(frozen=True, eq=False)
class Answered:
    """The round is answered and, unless it was not to be kept, durable. Ends a studio's round."""

    round: StoredRound
    picture: Picture | None


StudioEvent = Event | Answered
ENDS = (Answered, Cancelled, Failed)


class StudioRound:
    """What `Studio.ask` returns at once. Safe for several threads."""

    def __init__(self, *, id: str, owner: str, conversation: str | None) -> None:
        self.id = id
        self.owner = owner
        self.conversation = conversation
        self._events: list[StudioEvent] = []
        self._callbacks: list[Callable[[StudioEvent], None]] = []
        self._changed = threading.Condition(threading.RLock())
        self._cancel: Callable[[], None] | None = None
        self.is_cancelled = False

    @property
    def is_over(self) -> bool:
        """Whether its last event has come."""
        with self._changed:
            return bool(self._events) and isinstance(self._events[-1], ENDS)

    def events(self) -> Iterator[StudioEvent]:
        """Every event from the first on, as it comes; the last is Answered, Cancelled or Failed."""
        index = 0
        while True:
            with self._changed:
                while len(self._events) <= index:
                    self._changed.wait()
                event = self._events[index]
            yield event
            if isinstance(event, ENDS):
                return
            index += 1

    def subscribe(self, callback: Callable[[StudioEvent], None]) -> None:
        """Call back for every event, those so far first; from the thread that it happens in, so be quick."""
        with self._changed:
            for event in self._events:
                callback(event)
            if not self.is_over:
                self._callbacks.append(callback)

    def cancel(self) -> None:
        """Stop it within one denoising step or one word; nothing of it is kept. No effect once it is over."""
        with self._changed:
            if self.is_over:
                return
            self.is_cancelled = True
            cancel = self._cancel
        if cancel is not None:
            cancel()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until it is over; False when that takes longer than `timeout_s`."""
        with self._changed:
            return self._changed.wait_for(lambda: self.is_over, timeout_s)

    def result(self, timeout_s: float | None = None) -> StoredRound:
        """The answered round; raises what failed, `CancelledRound`, or TimeoutError."""
        if not self.wait(timeout_s):
            raise TimeoutError(f"The round {self.id} is still being painted.")
        with self._changed:
            last = self._events[-1]
        if isinstance(last, Answered):
            return last.round
        if isinstance(last, Failed):
            raise last.error
        raise CancelledRound(f"The round {self.id} was cancelled.")

    @property
    def picture(self) -> Picture | None:
        """The painted picture, once it is answered; also of a round that is not kept."""
        with self._changed:
            last = self._events[-1] if self._events else None
        return last.picture if isinstance(last, Answered) else None

    def stop_with(self, cancel: Callable[[], None]) -> None:
        """How the one who computes it is told to stop; at once when it was cancelled already."""
        with self._changed:
            self._cancel = cancel
            cancelled = self.is_cancelled
        if cancelled:
            cancel()

    def emit(self, event: StudioEvent) -> None:
        """Tell everybody; what comes after the end is dropped. For the studio only."""
        if isinstance(event, Finished):
            return  # it is answered once it is durable
        with self._changed:
            if self.is_over:
                return
            self._events.append(event)
            self._changed.notify_all()
            for callback in self._callbacks:
                callback(event)
            if self.is_over:
                self._callbacks.clear()
