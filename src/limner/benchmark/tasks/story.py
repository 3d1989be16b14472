"""A conversation in the making: rounds that are appended one by one, and the small rounds that stand between
the ones that matter.

Knows how distractions are worded. Knows no families and no checks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from limner.benchmark.conversation import BenchRound, Meaning, Own, Scored, Shot
from limner.builders.world.replies import HERE_ONE
from limner_world.caption import tell
from limner_world.chance import pick
from limner_world.question import random_question
from limner_world.scene import Scene
from limner_world.staging import random_scene

SPLIT: Final = "test"  # identities and combinations of hair and garment that training never sees
LISTEN: Final = Meaning(act="listen")
UPLOADED, PAINTED = "uploaded", "painted"

_CHAT: Final = (
    ("That turned out well, thank you.", "You are welcome."),
    ("Good. I am still thinking about what comes next.", "Take your time."),
    ("Wait a moment before we go on.", "I am waiting."),
    ("Thank you, I like working with you.", "Thank you, so do I."),
    ("Keep everything in mind, we will come back to it.", "I will keep it in mind."),
    ("Fine so far.", "I am glad to hear it."),
)
_ANOTHER: Final = (
    "Something else in between. {x}",
    "Leave that for now. {x}",
    "Now for another picture. {x}",
    "Here is a different wish. {x}",
)
_LOOK: Final = (
    "Look at this other picture. {x}",
    "Here is another picture. {x}",
    "This one is unrelated. {x}",
)


class Story:
    """A script under construction. `shown` is the last true picture on the current line, if there is one."""

    def __init__(self, rng: np.random.Generator, given: str) -> None:
        self.rng = rng
        self.given = given
        self.rounds: list[BenchRound] = []
        self._shown: list[Scene | None] = []

    @property
    def last(self) -> int:
        """The number of the last round, -1 before the first."""
        return len(self.rounds) - 1

    def shown(self, index: int) -> Scene | None:
        """The last true picture that was seen up to round `index`, on its line."""
        return self._shown[index] if index >= 0 else None

    def own(self, index: int, truth: Shot) -> Shot | Own:
        """How a check refers to the picture of round `index`: the truth, or what the system painted."""
        return truth if self.given == UPLOADED else Own(round=index)

    def add(
        self,
        say: str,
        reply: str,
        meaning: Meaning,
        *,
        after: int | None = None,
        pictures: Sequence[Scene] = (),
        target: Scene | None = None,
        scored: Scored | None = None,
    ) -> int:
        """Append a round that goes on from `after` (default: the last one); its number."""
        after = self.last if after is None else after
        self.rounds.append(
            BenchRound(
                say=say,
                after=after,
                pictures=tuple(pictures),
                meaning=meaning,
                target=target,
                reply=reply,
                scored=scored,
            )
        )
        self._shown.append(target or (pictures[-1] if pictures else self.shown(after)))
        return self.last

    def repeat(self, index: int, *, after: int) -> int:
        """Say and show in another place what round `index` does, which has a picture; its number there."""
        self.rounds.append(replace(self.rounds[index], after=after))
        self._shown.append(self._shown[index])
        return self.last

    def line_to(self, index: int) -> list[int]:
        """The rounds that lead to round `index`, itself included, oldest first."""
        line = [index]
        while line[0] > 0:
            line.insert(0, self.rounds[line[0]].after)
        return line

    def lead_away(self, num: int, kinds: Sequence[str], *, after: int | None = None) -> int:
        """`num` rounds about something else: "other" and "upload" (other pictures), "question" (about the
        whole of what was last seen), "chat"; never the same twice in a row where there are several. The last.
        """
        previous = ""
        for _ in range(num):
            kind = pick(self.rng, [kind for kind in kinds if kind != previous] or list(kinds))
            previous = kind
            after = self._distraction(kind, after)
        return self.last if after is None else after

    def _distraction(self, kind: str, after: int | None) -> int:
        rng, shown = self.rng, self.shown(self.last if after is None else after)
        if kind == "question" and shown is not None:
            asked = random_question(shown, rng, topics=("scene",))
            return self.add(asked.question, asked.answer, Meaning(act="answer"), after=after)
        if kind == "other":
            scene = _somebody(rng)
            text = tell(scene, None, rng=rng, register="ask", length=pick(rng, ("bare", "short"))).text
            say = pick(rng, _ANOTHER).format(x=_sentence(text))
            meaning = Meaning(act="paint", scene=scene)
            return self.add(say, pick(rng, HERE_ONE), meaning, after=after, target=scene)
        if kind == "upload":
            scene = _somebody(rng)
            asked = random_question(scene, rng, topics=("scene",))
            say = pick(rng, _LOOK).format(x=asked.question)
            return self.add(say, asked.answer, Meaning(act="answer"), after=after, pictures=(scene,))
        say, reply = pick(rng, _CHAT)
        return self.add(say, reply, LISTEN, after=after)


def _somebody(rng: np.random.Generator) -> Scene:
    """A picture of one person that has nothing to do with the others."""
    return random_scene(rng, num_figures=1, framing=pick(rng, ("bust", "half body")), split=SPLIT)


def _sentence(text: str) -> str:
    text = f"{text[0].upper()}{text[1:]}"
    return text if text.endswith((".", "?", "!")) else f"{text}."
