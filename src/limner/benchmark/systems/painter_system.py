"""A Limner model as a system: what is said goes through the front door, `Conversation.say`.

Knows painters and their conversations. Uses nothing of the task but its name, from which its seed follows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from limner.benchmark.conversation import BenchConversation
from limner.benchmark.systems.protocol import SystemAnswer
from limner.dialogue.parts import Picture
from limner.evaluation.suite import paint_seed
from limner.inference.conversation import Conversation
from limner.inference.painter import Painter


@dataclass(frozen=True, kw_only=True, eq=False)
class PainterSystem:
    """The model decides by itself whether an instruction asks for a picture."""

    painter: Painter
    name: str

    def begin(self, conversation: BenchConversation) -> PainterSession:
        """An empty conversation with fresh caches, so that no task depends on those before it."""
        painter = self.painter.with_sampling()
        return PainterSession(painter.conversation(seed=paint_seed("bench", conversation.name)))


class PainterSession:
    """One conversation with the painter."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation

    def say(self, text: str, pictures: Sequence[Picture]) -> SystemAnswer:
        """One round."""
        reply = self._conversation.say(text, images=list(pictures))
        picture = None if reply.image is None else Picture.from_pil(reply.image)
        return SystemAnswer(text=reply.text, picture=picture, id=reply.id, seconds=reply.seconds)

    def fork(self, id: str) -> PainterSession:
        """Another conversation on the same tree."""
        return PainterSession(self._conversation.fork(id))
