"""The handle of a round: what has happened to it so far, how to follow it and how to give it up.

Knows a round's events. Knows nothing about models or queues.
"""

from __future__ import annotations

import threading

from limner.inference.event_log import EventLog
from limner.inference.events import ENDS, Cancelled, Event, Failed, Finished
from limner.inference.request import RoundRequest


class CancelledRound(Exception):  # noqa: N818  (what happened, not an error)
    """The round was given up before it was finished."""


class RoundHandle(EventLog[Event]):
    """What `Engine.submit` returns at once. Safe for several threads; the last event is one of `ENDS`."""

    def __init__(self, request: RoundRequest) -> None:
        super().__init__(ENDS)
        self.request = request
        self.stop = threading.Event()

    @property
    def is_cancelled(self) -> bool:
        """Whether a stop was requested, also once the round has ended."""
        return self.stop.is_set()

    def cancel(self) -> None:
        """Stop it within one denoising step or one word. No effect once it is over."""
        self.stop.set()

    def result(self, timeout_s: float | None = None) -> Finished:
        """The finished round; raises what failed, `CancelledRound`, or TimeoutError after `timeout_s`."""
        if not self.wait(timeout_s):
            raise TimeoutError(f"The round is not finished after {timeout_s} s.")
        last = self.last
        if isinstance(last, Finished):
            return last
        if isinstance(last, Failed):
            raise last.error
        assert isinstance(last, Cancelled)
        raise CancelledRound("The round was cancelled.")
