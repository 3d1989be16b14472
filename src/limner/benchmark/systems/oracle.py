"""The upper end of the scale: renders the truth, from another take where the task leaves the pose open.

Knows the script's targets and replies. Knows nothing of the checks: a portrait is posed anew, so that even
here the judge has to recognise a face and not a picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from limner.benchmark.conversation import BenchConversation, BenchRound, as_picture
from limner.benchmark.systems.protocol import SystemAnswer
from limner.dialogue.parts import Picture
from limner_world.chance import seeded
from limner_world.scene import Scene
from limner_world.staging import portrait


@dataclass(frozen=True, kw_only=True)
class OracleSystem:
    """Answers every round with the right answer of its script. ValueError for an instruction that the script
    does not have.
    """

    name: str = "oracle"

    def begin(self, conversation: BenchConversation) -> OracleSession:
        """At the script's beginning."""
        return OracleSession(conversation=conversation)


@dataclass(kw_only=True)
class OracleSession:
    """`said` are the script's rounds on this line, oldest first; `told` those of all lines of the
    conversation.
    """

    conversation: BenchConversation
    said: list[int] = field(default_factory=list)
    told: set[int] = field(default_factory=set)

    def say(self, text: str, pictures: Sequence[Picture]) -> SystemAnswer:
        """The script's answer to the round with `text` that follows here."""
        rounds = self.conversation.rounds
        index = self.conversation.round_after(self.said[-1] if self.said else -1, text, self.told)
        self.said.append(index)
        self.told.add(index)
        return SystemAnswer(text=rounds[index].reply, picture=self._picture(rounds[index]), id=str(index))

    def fork(self, id: str) -> OracleSession:
        """The script goes on from round `id`."""
        return OracleSession(
            conversation=self.conversation, said=list(self.conversation.line_to(int(id))), told=self.told
        )

    def _picture(self, round_: BenchRound) -> Picture | None:
        target = round_.target
        if target is None:
            return None
        if isinstance(target, Scene) and round_.meaning is not None and round_.meaning.act == "portray":
            rng = seeded("oracle", self.conversation.name, round_.say)
            target = portrait(rng, target.figures[0], target.style)
        return as_picture(target, self.conversation.size_px)
