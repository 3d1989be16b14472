"""The engine: rounds of many conversations, computed together by the one thread that owns the model.

Knows the queue, the thread and what it costs to wait. How rounds advance is `rounds_in_flight.py`'s business,
what they become the asker's (`Conversation.commit`).
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass
from types import TracebackType

from limner.chat.events import Begun, Cancelled, Failed
from limner.chat.painter import Painter
from limner.chat.request import RoundRequest
from limner.chat.ticket import Ticket

TYPICAL_ROUND_S = 2.0  # what a round is taken to need until some have been measured


class Busy(Exception):  # noqa: N818  (a state, not an error of anyone's)
    """Nothing more is taken in just now; ask again after `retry_after_s` seconds."""

    def __init__(self, retry_after_s: float, why: str = "Too many rounds are waiting") -> None:
        super().__init__(f"{why}; ask again in {retry_after_s:.0f} s.")
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, kw_only=True)
class EngineStats:
    """An engine's numbers so far.

    `num_rows / num_steps` is how many pictures shared a denoising step on average; `num_rounds` were
    finished, `num_cancelled` and `num_failed` were not.
    """

    num_waiting: int
    num_running: int
    num_steps: int
    num_rows: int
    num_rounds: int
    num_cancelled: int
    num_failed: int
    prefix_bytes: int


class Engine:
    """Computes rounds for everybody. Safe for several threads; a painter has one engine at most.

    Args:
        painter: whose model it is.
        max_batch: rounds in progress at once.
        max_waiting: rounds in the queue, above which `submit` raises `Busy`.
    """

    def __init__(self, painter: Painter, *, max_batch: int = 8, max_waiting: int = 64) -> None:
        if max_batch < 1 or max_waiting < 1:
            raise ValueError(f"max_batch and max_waiting are at least 1, not {max_batch} and {max_waiting}.")
        self.painter = painter
        self.max_batch = max_batch
        self.max_waiting = max_waiting
        self._waiting: deque[Ticket] = deque()
        self._running: list[Ticket] = []
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closing = False
        self._counts = {"rounds": 0, "cancelled": 0, "failed": 0, "steps": 0, "rows": 0}
        self._round_s = TYPICAL_ROUND_S

    def start(self) -> None:
        """Start computing. What was submitted before waits until then."""
        with self._changed:
            if self._closing:
                raise ValueError("A closed engine cannot be started again; make another one.")
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="limner-engine", daemon=True)
                self._thread.start()

    def submit(self, request: RoundRequest) -> Ticket:
        """Queue a round; `Busy` when too many wait, or when the engine closes."""
        with self._changed:
            if self._closing:
                raise Busy(self._round_s, "The engine is closing")
            if len(self._waiting) >= self.max_waiting:
                raise Busy(self._wait_s())
            ticket = Ticket(request)
            self._waiting.append(ticket)
            self._changed.notify_all()
            return ticket

    def close(self, drain_s: float = 0.0) -> None:
        """Take nothing more, let what was taken end within `drain_s` seconds, cancel the rest."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
            if self._thread is not None:
                self._changed.wait_for(lambda: not self._waiting and not self._running, drain_s)
            for ticket in (*self._waiting, *self._running):
                ticket.cancel()
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join()

    @property
    def stats(self) -> EngineStats:
        """The numbers of this moment."""
        with self._changed:
            return EngineStats(
                num_waiting=len(self._waiting),
                num_running=len(self._running),
                num_steps=self._counts["steps"],
                num_rows=self._counts["rows"],
                num_rounds=self._counts["rounds"],
                num_cancelled=self._counts["cancelled"],
                num_failed=self._counts["failed"],
                prefix_bytes=self.painter.prefixes.num_bytes,
            )

    def __enter__(self) -> Engine:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _wait_s(self) -> float:
        """When a place in the queue will be free, as far as can be told."""
        return max(1.0, self._round_s * len(self._waiting) / self.max_batch)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closing)
                if not self._waiting:
                    return
                ticket = self._waiting.popleft()
                self._running = [ticket]
            outcome = "cancelled"
            if ticket.is_cancelled:
                ticket.emit(Cancelled())
            else:
                ticket.emit(Begun())
                start = time.perf_counter()
                try:
                    ticket.emit(self.painter.answer(ticket.request))
                    outcome = "rounds"
                    self._round_s += (time.perf_counter() - start - self._round_s) / 8
                except Exception as error:
                    ticket.emit(Failed(error=error))
                    outcome = "failed"
            with self._changed:
                self._counts[outcome] += 1
                self._running = []
                self._changed.notify_all()
