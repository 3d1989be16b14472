"""The scheduler of a planned painter: each round in a thread of its own, its events emitted when it ends.

Knows threads, the order of events and giving up. What a round does is the painter's business.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Final

from limner.dialogue.parts import Picture
from limner.inference.events import Begun, Cancelled, Event, Failed, Finished, Painting, Wrote
from limner.inference.generation import Answer
from limner.inference.request import RoundRequest

# A round's words and picture; raises what failed.
Compute = Callable[[RoundRequest], tuple[str, Picture | None]]

MOST_AT_ONCE: Final = 16
_LOOK_S: Final = 0.1  # until new rounds and wishes to stop are looked at again


@dataclass(eq=False, kw_only=True)
class PlannedRound:
    """One round's place; `end` is None while it is computed."""

    request: RoundRequest
    emit: Callable[[Event], None]
    wants_stop: Callable[[], bool]
    future: Future[Finished]
    end: Finished | Cancelled | Failed | None = None


@dataclass(eq=False)
class PlannedScheduler:
    """A `RoundScheduler`; `num_steps` and `num_rows` count pictures."""

    compute: Compute
    num_steps: int = 0
    num_rows: int = 0
    _rounds: list[PlannedRound] = field(default_factory=list)
    _pool: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="limner-planned")
    )

    def __len__(self) -> int:
        return len(self._rounds)

    def add(
        self,
        request: RoundRequest,
        emit: Callable[[Event], None],
        wants_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        """Take a round up; its events go to `emit`."""
        emit(Begun())
        future = self._pool.submit(finished, self.compute, request)
        self._rounds.append(PlannedRound(request=request, emit=emit, wants_stop=wants_stop, future=future))

    def step(self) -> list[PlannedRound]:
        """Wait a moment for rounds to end; those that ended, their last event emitted. What a server far away
        still paints for a round that was given up is dropped when it comes.
        """
        wait([round_.future for round_ in self._rounds], _LOOK_S, FIRST_COMPLETED)
        for round_ in self._rounds:
            if round_.wants_stop():
                round_.future.cancel()
                round_.end = Cancelled()
            elif round_.future.done():
                round_.end = self._end_of(round_)
        return self._ended()

    def abandon(self, error: Exception | None = None) -> list[PlannedRound]:
        """End every round at once."""
        for round_ in self._rounds:
            round_.future.cancel()
            round_.end = Cancelled() if error is None else Failed(error=error)
        return self._ended()

    def _end_of(self, round_: PlannedRound) -> Finished | Failed:
        error = round_.future.exception()
        if error is not None:
            return Failed(error=error if isinstance(error, Exception) else RuntimeError(type(error).__name__))
        end = round_.future.result()
        if end.answer.text:
            round_.emit(Wrote(text=end.answer.text))
        if end.picture is not None:
            self.num_steps += 1
            self.num_rows += 1
            round_.emit(Painting(step=1, num_steps=1))
        return end

    def _ended(self) -> list[PlannedRound]:
        ended = [round_ for round_ in self._rounds if round_.end is not None]
        self._rounds = [round_ for round_ in self._rounds if round_.end is None]
        for round_ in ended:
            assert round_.end is not None
            round_.emit(round_.end)
        return ended


def finished(compute: Compute, request: RoundRequest) -> Finished:
    """Compute a round; raises what failed."""
    start = time.perf_counter()
    text, picture = compute(request)
    return Finished(
        request=request,
        answer=Answer(text=text, response_ids=(), image_tokens_KD=None),
        picture=picture,
        piece=None,
        seconds=time.perf_counter() - start,
    )


__all__ = ["PlannedRound", "PlannedScheduler", "finished"]
