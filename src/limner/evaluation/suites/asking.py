"""What every suite does with a painter: hold a conversation, ask for pictures and words, keep the seconds.

Knows the front door of chat (`Conversation.say`) and the world's held-out dialogues. Knows no metrics.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from limner.chat.conversation import Conversation
from limner.chat.generation import Sampling
from limner.dialogue.parts import Dialogue, Picture
from limner.evaluation.suite import Bench
from limner.world.dialogues import KINDS

SPLIT = "test"


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
    ) -> Picture:
        """One round that insists on a picture: that picture."""
        reply = self.conversation.say(text, images=list(given), seed=seed, picture=True, sampling=sampling)
        self.seconds.append(reply.seconds)
        assert reply.image is not None
        return Picture.from_pil(reply.image)

    def words(self, text: str, given: Sequence[Picture] = (), *, seed: int | None = None) -> str:
        """One round that forbids a picture: the words."""
        reply = self.conversation.say(text, images=list(given), seed=seed, picture=False)
        self.seconds.append(reply.seconds)
        return reply.text

    def fork(self, id: str | None = None) -> Asking:
        """Go on from an earlier round, with the same clock."""
        return Asking(conversation=self.conversation.fork(id), seconds=self.seconds)


def held_out(kind: str, bench: Bench, index: int) -> Dialogue:
    """The dialogue of task `index`: people, hair and garments that training never saw, at the painter's
    size.
    """
    return KINDS[kind](bench.task_seed(index), SPLIT, bench.painter.image_size_px)
