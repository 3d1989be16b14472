"""A round that was asked of a service: its events, its end, and how to stop it.

Knows its ids and its events. Knows nothing about painters, the store or how a round is computed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from limner.dialogue.parts import Picture
from limner.inference.event_log import EventLog
from limner.inference.events import Begun, Cancelled, Failed, Painting, Preview, Wrote
from limner.inference.round_handle import CancelledRound
from limner.store.records import StoredRound


@dataclass(frozen=True, eq=False)
class Answered:
    """The round is answered and, unless it was not to be kept, durable. Ends a service's round."""

    round: StoredRound
    picture: Picture | None


ServiceEvent = Begun | Wrote | Painting | Preview | Answered | Cancelled | Failed
ENDS = (Answered, Cancelled, Failed)


class ServiceRound(EventLog[ServiceEvent]):
    """What `ConversationService.ask` returns at once. Safe for several threads; its last is one of `ENDS`."""

    def __init__(self, *, id: str, owner: str, conversation: str | None) -> None:
        super().__init__(ENDS)
        self.id = id
        self.owner = owner
        self.conversation = conversation
        self._stop = threading.Event()
        self._stop_computing: Callable[[], None] = self._stop.set

    @property
    def is_cancelled(self) -> bool:
        """Whether a stop was requested, also once the round has ended."""
        return self._stop.is_set()

    def cancel(self) -> None:
        """Stop it within one denoising step or one word; nothing of it is kept. No effect once it is over."""
        self._stop.set()
        self._stop_computing()

    def stop_with(self, stop_computing: Callable[[], None]) -> None:
        """Set what `cancel` calls to stop the computation; for the service only."""
        self._stop_computing = stop_computing
        if self.is_cancelled:
            stop_computing()

    def result(self, timeout_s: float | None = None) -> StoredRound:
        """The answered round; raises what failed, `CancelledRound`, or TimeoutError after `timeout_s`."""
        if not self.wait(timeout_s):
            raise TimeoutError(f"The round {self.id} is not answered after {timeout_s} s.")
        last = self.last
        if isinstance(last, Answered):
            return last.round
        if isinstance(last, Failed):
            raise last.error
        raise CancelledRound(f"The round {self.id} was cancelled.")

    @property
    def piece_lengths(self) -> tuple[int, ...]:
        """How the words came until now, piece by piece, in characters."""
        return tuple(len(event.text) for event in self.so_far if isinstance(event, Wrote))

    @property
    def num_previews(self) -> int:
        """How many previews have been sent so far."""
        return sum(isinstance(event, Preview) for event in self.so_far)

    @property
    def picture(self) -> Picture | None:
        """The painted picture once it is answered, also of a round that is not kept; None without one."""
        last = self.last
        return last.picture if isinstance(last, Answered) else None
