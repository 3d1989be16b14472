"""The engine: rounds of many conversations, computed together by the one thread that owns the model.

Knows the queue, the thread and what it costs to wait. How rounds advance is `scheduler.py`'s business,
what they become the asker's (`Conversation.commit`).
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType

from limner.inference.backend import EndedRound, RoundScheduler
from limner.inference.events import Cancelled, Finished
from limner.inference.painter import Painter
from limner.inference.request import RoundRequest
from limner.inference.round_handle import RoundHandle

_LOG = logging.getLogger(__name__)

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
    finished, neither cancelled nor failed.
    """

    num_waiting: int
    num_running: int
    num_steps: int
    num_rows: int
    num_rounds: int
    prefix_bytes: int


class Engine:
    """Computes rounds for everybody. Safe for several threads; a painter has one engine at most.

    A round is the same in any company, but for the rounding of kernels that differ by the size of a batch:
    the same words, and pixels that differ by one level of 255 here and there (so their digest may differ).

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
        self._waiting: deque[RoundHandle] = deque()
        self._running: list[RoundHandle] = []
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closing = False
        self._num_steps = self._num_rows = 0
        self._num_rounds = 0
        self._round_s = TYPICAL_ROUND_S

    def start(self) -> None:
        """Start computing. What was submitted before waits until then."""
        with self._changed:
            if self._closing:
                raise ValueError("A closed engine cannot be started again; make another one.")
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="limner-engine", daemon=True)
                self._thread.start()

    def submit(self, request: RoundRequest) -> RoundHandle:
        """Queue a round; `Busy` when too many wait, or when the engine closes."""
        with self._changed:
            if self._closing:
                raise Busy(self._round_s, "The engine is closing")
            if len(self._waiting) >= self.max_waiting:
                raise Busy(self._wait_s())
            handle = RoundHandle(request)
            self._waiting.append(handle)
            self._changed.notify_all()
            return handle

    def close(self, drain_s: float = 0.0) -> None:
        """Take nothing more, let what was taken end within `drain_s` seconds, cancel the rest."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
            if self._thread is not None:
                self._changed.wait_for(lambda: not self._waiting and not self._running, drain_s)
            left = [*self._waiting, *self._running]
            for handle in left:
                handle.cancel()
            self._changed.notify_all()
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()
        elif left:  # it was never started
            self._waiting.clear()
            for handle in left:
                handle.emit(Cancelled())

    @property
    def stats(self) -> EngineStats:
        """The numbers of this moment."""
        with self._changed:
            return EngineStats(
                num_waiting=len(self._waiting),
                num_running=len(self._running),
                num_steps=self._num_steps,
                num_rows=self._num_rows,
                num_rounds=self._num_rounds,
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
        scheduler = self.painter.scheduler()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._running or self._closing)
                if not self._waiting and not self._running:
                    return
                begun, given_up = self._admit()
            for handle in given_up:
                handle.emit(Cancelled())
            for handle in begun:
                scheduler.add(handle.request, handle.emit, handle.stop.is_set)
            try:
                ended = scheduler.step()
            except Exception as error:
                _LOG.exception("A step of the engine failed.")
                ended = scheduler.abandon(error)
            self._count(scheduler, ended)

    def _admit(self) -> tuple[list[RoundHandle], list[RoundHandle]]:
        """Those that begin now, and those that were given up in the queue."""
        given_up = [handle for handle in self._waiting if handle.is_cancelled]
        self._waiting = deque(handle for handle in self._waiting if not handle.is_cancelled)
        begun = []
        while self._waiting and len(self._running) < self.max_batch:
            begun.append(self._waiting.popleft())
            self._running.append(begun[-1])
        return begun, given_up

    def _count(self, scheduler: RoundScheduler, ended: Sequence[EndedRound]) -> None:
        with self._changed:
            self._running = [handle for handle in self._running if not handle.is_over]
            self._num_steps, self._num_rows = scheduler.num_steps, scheduler.num_rows
            for round_ in ended:
                if isinstance(round_.end, Finished):
                    self._num_rounds += 1
                    self._round_s += (round_.end.seconds - self._round_s) / 8
            self._changed.notify_all()
