"""Editing dialogues: single edits, Markov chains, and instructions that reach back behind the last picture
(Section 3.3.3).

Knows how to say "instead of", "step back", "go back to", "recall" and "start from scratch", and which round
each means.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from limner.dialogue import ways_back
from limner.world.caption import tell, unnamed_subjects
from limner.world.chance import chance, pick, weighted
from limner.world.dialogues.draft import Draft, DraftRound
from limner.world.dialogues.replies import HERE_ONE, HERE_THEY_ARE
from limner.world.edit import Edit, apply, random_edit
from limner.world.instruction import Phrase, ask, phrase, say
from limner.world.names import random_names
from limner.world.scene import Scene
from limner.world.staging import random_scene

_BACK: Final = (
    "Here is the earlier picture again.",
    "Back to the picture before.",
    "I took that back.",
    "Here is how it was before.",
)


@dataclass
class _Chain:
    """A conversation of edits in the making; `scenes[i]` is round i's picture, `words[i]` how round i was
    asked.
    """

    rng: np.random.Generator
    split: str
    start: Scene
    rounds: list[DraftRound]
    scenes: list[Scene]
    words: list[Phrase | None]
    names: tuple[object, ...] | None
    uploaded: bool

    def draw(self, base: Scene, also_avoid: Scene | None = None) -> tuple[Edit, Phrase]:
        avoid = [*self.scenes, *([also_avoid] if also_avoid is not None else [])]
        edit = random_edit(base, self.rng, split=self.split, avoid=avoid)
        traits = None if edit.place is None else base.figures[edit.place].person.traits
        return edit, phrase(self.rng, edit, traits, self.subject(base, edit.place))

    def subject(self, scene: Scene, place: int | None) -> str:
        if place is None:
            return ""
        return str(self.names[place]) if self.names else unnamed_subjects(scene)[place]

    def add(
        self,
        instruction: str,
        response: str,
        scene: Scene,
        needs: tuple[int, ...],
        words: Phrase | None,
        pictures: tuple[Scene, ...] = (),
    ) -> None:
        self.rounds.append(
            DraftRound(
                instruction=instruction, response=response, scene=scene, depends_on=needs, pictures=pictures
            )
        )
        self.scenes.append(scene)
        self.words.append(words)

    def step(self) -> None:
        """One more Markov edit of the last picture."""
        edit, words = self.draw(self.scenes[-1])
        self.add(
            ask(self.rng, words),
            say(self.rng, words),
            apply(edit, self.scenes[-1]),
            (len(self.rounds) - 1,),
            words,
        )


def _begin(rng: np.random.Generator, split: str, uploaded: bool, named: bool) -> _Chain:
    """The first round: a picture painted from text, or an uploaded one edited at once."""
    scene = random_scene(rng, split=split)
    names = random_names(rng, [figure.person.traits for figure in scene.figures], split) if named else None
    chain = _Chain(rng, split, scene, [], [], [], names, uploaded)
    if uploaded:
        chain.scenes, chain.words = [], []
        edit, words = chain.draw(scene)
        chain.add(ask(rng, words), say(rng, words), apply(edit, scene), (), words, pictures=(scene,))
    else:
        length = pick(rng, ("bare", "short", "short", "medium"))
        text = tell(scene, names, rng=rng, length=length).text
        chain.add(text, pick(rng, HERE_THEY_ARE if len(scene.figures) == 2 else HERE_ONE), scene, (), None)
    return chain


def draft_edit(rng: np.random.Generator, split: str) -> Draft:
    """An uploaded picture and one edit of it; two or three edits in a row in a third of the samples."""
    chain = _begin(rng, split, uploaded=True, named=False)
    while chance(rng, 0.25) and len(chain.rounds) < 3:
        chain.step()
    return Draft(kind="edit", rounds=tuple(chain.rounds))


def draft_rollback(rng: np.random.Generator, split: str) -> Draft:
    """A Markov chain of pictures, one instruction that reaches back, and now and then an edit of what that
    gave.
    """
    named = chance(rng, 0.45)
    chain = _begin(rng, split, uploaded=not named and chance(rng, 0.35), named=named)
    for _ in range(int(rng.integers(1 if chain.uploaded else 2, 4))):
        chain.step()
    how, base, change = _reach_back(chain)
    if chance(rng, 0.3):
        chain.step()
    names = {} if chain.names is None else {str(name): (0, place) for place, name in enumerate(chain.names)}
    truth = {"rollback": how, "base": base, "change": change}
    return Draft(kind="rollback", rounds=tuple(chain.rounds), names=names, truth=truth)


def _reach_back(chain: _Chain) -> tuple[str, int, str]:
    """Add the non-Markov round. Returns its kind, the round whose picture it starts from (-1: the upload) and
    the change asked of that picture as an imperative ("" when none is).
    """
    rng, last = chain.rng, len(chain.rounds) - 1
    how = weighted(
        rng, {"instead": 0.22, "step back": 0.21, "first": 0.13, "undo": 0.1, "before": 0.2, "after": 0.14}
    )
    if how == "undo":
        scene = chain.scenes[last - 1]
        chain.add(pick(rng, ways_back.WORLD_UNDO), pick(rng, _BACK), scene, (last - 1,), None)
        return how, last - 1, ""
    base, steps = last - 1, 1
    if how == "step back":
        steps = int(rng.integers(1, min(3, last) + 1))
        base = last - steps
    elif how == "first":
        base = -1 if chain.uploaded else 0
    elif how == "before":
        base = int(rng.integers(0, last))
    elif how == "after":
        edited = [index for index in range(last) if chain.words[index] is not None]
        if not edited:
            how, base = "before", 0
        else:
            base = pick(rng, edited)
    start = chain.start if base < 0 else chain.scenes[base]
    edit, words = chain.draw(start, also_avoid=start)
    text = _reaching(chain, how, base, steps, words)
    chain.add(text, say(rng, words), apply(edit, start), (max(base, 0),), words)
    return how, base, words.imperative


def _reaching(chain: _Chain, how: str, base: int, steps: int, words: Phrase) -> str:
    rng = chain.rng
    if how == "step back":
        return pick(rng, ways_back.WORLD_STEP_BACK).format(
            times=pick(rng, ways_back.WORLD_COUNTS[steps]),
            steps=pick(rng, ways_back.WORLD_STEPS[steps]),
            edits=pick(rng, ("edit", "change"))
            if steps == 1
            else f"{pick(rng, (str(steps), ('two', 'three')[steps - 2]))} {pick(rng, ('edits', 'changes'))}",
            new=words.imperative,
        )
    if how == "first":
        return pick(rng, ways_back.WORLD_GIVEN if chain.uploaded else ways_back.WORLD_FIRST).format(
            new=words.imperative
        )
    done = chain.words[base if how == "after" else base + 1]
    assert done is not None
    forms = {
        "instead": ways_back.WORLD_INSTEAD,
        "before": ways_back.WORLD_BEFORE,
        "after": ways_back.WORLD_AFTER,
    }[how]
    return pick(rng, forms).format(
        old=done.gerund, new=words.imperative, New=words.imperative[0].upper() + words.imperative[1:]
    )
