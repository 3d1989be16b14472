"""The lower end of the scale: sees the last picture and the current instruction, and nothing else.

What it sees it understands perfectly: it knows the last picture as a scene, paints what is described and
edits without fault. What was said before, and every earlier picture, is gone; where an instruction reaches
back it edits the last picture, and where it names a person it guesses one of those in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from limner.benchmark.conversation import BenchConversation, Shot, as_picture
from limner.benchmark.systems.protocol import SystemAnswer
from limner.dialogue.parts import Picture
from limner_world.chance import pick, seeded
from limner_world.edit import apply
from limner_world.scene import Figure, Scene
from limner_world.staging import portrait, random_scene

_REPLY: Final = "Here is the picture."


@dataclass(frozen=True, kw_only=True)
class MarkovSystem:
    """One round of memory."""

    name: str = "markov"

    def begin(self, conversation: BenchConversation) -> MarkovSession:
        """Nothing seen yet."""
        return MarkovSession(conversation=conversation)


@dataclass(kw_only=True)
class MarkovSession:
    """`last` is the picture last seen; `seen` what was last seen at each answer, for forks.

    The script is consulted for what the current instruction means when read alone, never for its target.
    """

    conversation: BenchConversation
    last: Shot | None = None
    here: int = -1
    seen: dict[int, Shot | None] = field(default_factory=dict)

    def say(self, text: str, pictures: Sequence[Picture]) -> SystemAnswer:
        """Do what `text` asks, with the last picture alone."""
        index = self.conversation.round_after(self.here, text, self.seen)
        round_ = self.conversation.rounds[index]
        # A guess that follows from what is seen, not from what is asked, is the same guess for every pointer.
        rng = seeded("markov", self.conversation.name, self.here + 1)
        if pictures:
            self.last = round_.pictures[-1]
        meaning, reply = round_.meaning, ""
        painted: Shot | None = None
        act = meaning.act if meaning is not None else "recall"
        if meaning is not None and act == "paint":
            painted = meaning.scene
        elif meaning is not None and act == "edit" and isinstance(self.last, Scene):
            assert meaning.edit is not None
            place = meaning.edit.place
            known = place is None or place < len(self.last.figures)
            painted = apply(meaning.edit, self.last) if known else self.last
        elif act == "portray":
            painted = portrait(rng, *_somebody(rng, self.last))
        elif act in ("recall", "edit"):
            painted = self.last
        elif meaning is not None and meaning.options:
            reply = f"{pick(rng, meaning.options)}."
        if painted is not None:
            self.last, reply = painted, _REPLY
        self.here = index
        self.seen[index] = self.last
        picture = None if painted is None else as_picture(painted, self.conversation.size_px)
        return SystemAnswer(text=reply, picture=picture, id=str(index))

    def fork(self, id: str) -> MarkovSession:
        """Back at an answer, with the picture that was last seen there."""
        here = int(id)
        return MarkovSession(conversation=self.conversation, last=self.seen[here], here=here, seen=self.seen)


def _somebody(rng: np.random.Generator, last: Shot | None) -> tuple[Figure, str]:
    """One of those in the last picture, blindly; somebody new where it is no picture of the world."""
    scene = last if isinstance(last, Scene) else random_scene(rng, num_figures=1, split="test")
    return pick(rng, scene.figures), scene.style
