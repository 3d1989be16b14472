"""What every suite does with a painter: hold a conversation, ask for pictures and words, keep the seconds.

Knows the front door of chat (`Conversation.say`) and the world's held-out dialogues. Knows no metrics.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from limner.builders.world import KINDS
from limner.dialogue.parts import Dialogue, Picture
from limner.evaluation.suite import Bench, Outcome, Shown
from limner.evaluation.suites.tally import Tally
from limner.inference.conversation import Conversation
from limner.inference.sampling import Sampling

SPLIT = "test"


@dataclass(frozen=True, eq=False, repr=False)
class Painted(Picture):
    """A picture that a model painted, and the image tokens (N, D) float32 that it was drawn from, as
    predicted. Any other picture when pickled or compared.
    """

    tokens_ND: np.ndarray[Any, np.dtype[np.float32]] = field(kw_only=True)


def tokens_of(picture: Picture) -> np.ndarray[Any, np.dtype[np.float32]]:
    """The predicted image tokens (N, D) of a picture that a model painted."""
    assert isinstance(picture, Painted), "only what a model painted has predicted tokens"
    return picture.tokens_ND


@dataclass(frozen=True, kw_only=True, eq=False)
class Asking:
    """A conversation under measurement. `seconds` gains one entry a round that the painter computed."""

    conversation: Conversation
    seconds: list[float] = field(default_factory=list)

    def picture(
        self,
        text: str,
        given: Sequence[Picture] = (),
        *,
        seed: int | None = None,
        sampling: Sampling | None = None,
    ) -> Painted:
        """One round that insists on a picture: that picture, with the tokens that history keeps of it."""
        request = self.conversation.prepare(
            text, images=list(given), seed=seed, picture=True, sampling=sampling
        )
        finished = self.conversation.painter.answer(request)
        self.seconds.append(self.conversation.commit(finished).seconds)
        tokens_ND = finished.answer.image_tokens_KD
        assert finished.picture is not None
        assert tokens_ND is not None
        return Painted(finished.picture.pixels, tokens_ND=tokens_ND.float().cpu().numpy())

    def words(self, text: str, given: Sequence[Picture] = (), *, seed: int | None = None) -> str:
        """One round that forbids a picture: the words."""
        reply = self.conversation.say(text, images=list(given), seed=seed, picture=False)
        self.seconds.append(reply.seconds)
        return reply.text

    def fork(self, id: str | None = None) -> Asking:
        """Continue from an earlier round, with the same timer."""
        return Asking(conversation=self.conversation.fork(id), seconds=self.seconds)

    def outcome(self, tally: Tally, shown: Sequence[Shown], *before: Asking) -> Outcome:
        """What a task gave that held this conversation, and others `before` it, which are not shown."""
        return Outcome(
            rows=tuple(tally.rows),
            shown=tuple(shown),
            round_seconds=tuple(second for asking in (*before, self) for second in asking.seconds),
            conversation=self.conversation.rounds,
        )


def held_out(kind: str, bench: Bench, index: int) -> Dialogue:
    """The dialogue of task `index`: people, hair and garments that training never saw, at the painter's
    size.
    """
    return KINDS[kind](bench.task_seed(index), SPLIT, bench.painter.image_size_px)
