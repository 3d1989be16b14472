"""Continuous batching: rounds come and go one by one, and advance together.

Knows when a round joins, ends, is cancelled or fails. What it does meanwhile is `stages.py`'s business; who
asked for it, and in which thread, is the engine's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Final

import torch

from limner.inference.backend import LoadedModel
from limner.inference.events import Begun, Cancelled, Event, Failed
from limner.inference.request import RoundRequest
from limner.inference.stages import (
    ScheduledRound,
    decode,
    denoise,
    finish_text,
    prefill,
    sample_image_tokens,
)

# Tokens prefilled in one step at most, or one round if that is longer: rounds under way should not wait for
# long until a new one has joined them, and new ones that come together should stay together.
PREFILL_TOKENS: Final = 512

Stage = Callable[[LoadedModel, Sequence[ScheduledRound]], None]


class Scheduler:
    """Advances rounds of one painter together. For one thread at a time.

    `num_steps` and `num_rows` count denoising steps and the pictures that shared them.
    """

    def __init__(self, painter: LoadedModel) -> None:
        self.painter = painter
        self.num_steps = 0
        self.num_rows = 0
        self._rounds: list[ScheduledRound] = []

    def __len__(self) -> int:
        return len(self._rounds)

    def add(
        self,
        request: RoundRequest,
        emit: Callable[[Event], None],
        wants_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        """Accept a round: its events go to `emit`, and it is cancelled once `wants_stop()` is true."""
        round_ = ScheduledRound(self.painter, request, emit, wants_stop)
        self.painter.prefixes.hold(round_.keys)
        self._rounds.append(round_)
        emit(Begun())

    def step(self) -> list[ScheduledRound]:
        """One step of every round; those that ended, their last event emitted. Cancelled ones end first."""
        with self.painter.lock, torch.inference_mode():
            for round_ in self._rounds:
                if round_.wants_stop():
                    round_.finish(Cancelled())
            self._prefill_some()
            self._together(decode, self._at("decode"))
            self._together(finish_text, self._at("finish_text"))
            for alike in self._by_token_head():
                self._together(sample_image_tokens, alike)
            denoising = self._at("denoise")
            self.num_steps += bool(denoising)
            self.num_rows += len(denoising)
            self._together(denoise, denoising)
        return self._ended()

    def abandon(self, error: Exception | None = None) -> list[ScheduledRound]:
        """End every round at once: as failed with `error`, else as cancelled; those rounds."""
        for round_ in self._rounds:
            round_.finish(Cancelled() if error is None else Failed(error=error))
        return self._ended()

    def _at(self, stage: str) -> list[ScheduledRound]:
        return [round_ for round_ in self._rounds if round_.stage == stage]

    def _prefill_some(self) -> None:
        num_tokens = 0
        for round_ in self._at("prefill"):
            while round_.stage == "prefill" and num_tokens < PREFILL_TOKENS:
                try:
                    num_tokens += prefill(self.painter, round_)
                except Exception as error:
                    round_.finish(Failed(error=error))

    def _by_token_head(self) -> list[list[ScheduledRound]]:
        """Rounds whose image tokens are next, those together whose token head does the same."""
        alike = defaultdict(list)
        for round_ in self._at("sample_image_tokens"):
            sampling = round_.sampling
            alike[sampling.token_head, sampling.token_steps, sampling.token_temperature].append(round_)
        return list(alike.values())

    def _together(self, stage: Stage, rounds: Sequence[ScheduledRound]) -> None:
        """Advance these in one forward; should that fail, each alone, so that only the culprit fails."""
        if not rounds:
            return
        try:
            stage(self.painter, rounds)
        except Exception as error:
            if len(rounds) == 1:
                rounds[0].finish(Failed(error=error))
                return
            for round_ in rounds:
                self._together(stage, [round_])

    def _ended(self) -> list[ScheduledRound]:
        ended = [round_ for round_ in self._rounds if round_.end is not None]
        self._rounds = [round_ for round_ in self._rounds if round_.end is None]
        for round_ in ended:
            self.painter.prefixes.release(round_.keys)
            assert round_.end is not None
            round_.emit(round_.end)
        return ended
