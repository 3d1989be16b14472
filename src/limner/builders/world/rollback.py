"""Editing dialogues: single edits, Markov chains, and instructions that reach back behind the last picture
(Section 3.3.3).

Knows how to say "instead of", "step back", "go back to", "recall" and "start from scratch", and which round
each means. States form a tree: a way back begins a branch, and what is said afterwards counts along that
branch, as the planner counts (`planning/album.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from limner.builders.world.draft import Draft, DraftRound
from limner.builders.world.replies import HERE_ONE, HERE_THEY_ARE
from limner.dialogue import ways_back
from limner_world.caption import tell
from limner_world.chance import chance, pick, weighted
from limner_world.describe import Pronouns, pronouns, unnamed_subjects
from limner_world.edit import Edit, apply, random_edit
from limner_world.instruction import Phrase, ask, ask_briefly, phrase, say
from limner_world.names import Name, random_names
from limner_world.person import Identity
from limner_world.scene import Scene
from limner_world.staging import random_scene

_BACK: Final = (
    "Here is the earlier picture again.",
    "Back to the picture before.",
    "I took that back.",
    "Here is how it was before.",
)
WAYS: Final = {"instead": 0.22, "step back": 0.21, "first": 0.13, "undo": 0.1, "before": 0.2, "after": 0.14}
# Of dialogues that go back twice: what quotes words is learned slowest.
BRANCH_WAYS: Final = {
    "instead": 0.22,
    "step back": 0.12,
    "first": 0.06,
    "undo": 0.14,
    "before": 0.34,
    "after": 0.12,
}
# Of whole conversations, in which also an earlier picture is wanted as it was.
CHAT_WAYS: Final = {
    "instead": 0.17,
    "step back": 0.16,
    "first": 0.13,
    "undo": 0.19,
    "before": 0.17,
    "after": 0.08,
    "numbered": 0.1,
}
_ALONE: Final = {
    "step back": ways_back.WORLD_STEP_BACK_ALONE,
    "first": ways_back.WORLD_FIRST_ALONE,
    "before": ways_back.WORLD_BEFORE_ALONE,
    "after": ways_back.WORLD_AFTER_ALONE,
    "numbered": ways_back.WORLD_NUMBERED_ALONE,
}
# How often an edit's figure is called by a pronoun, or not at all ("add a red beanie").
LEFT_OUT: Final = 0.3
PRONOUN_ALONE: Final = 0.65  # or left out
PRONOUN_OF_TWO: Final = 0.3
UPLOAD: Final = -1  # as a base: the picture that the user brought


@dataclass
class Chain:
    """A conversation of edits in the making; `scenes[i]` is round i's picture, `words[i]` how round i was
    asked, `bases[i]` the round whose picture it changed (`UPLOAD`, or None: it began with words), `ways[i]`
    how it went back.
    """

    rng: np.random.Generator
    split: str
    start: Scene
    rounds: list[DraftRound]
    scenes: list[Scene]
    words: list[Phrase | None]
    names: Mapping[Identity, Name]  # of those who have one
    uploaded: bool
    bases: list[int | None] = field(default_factory=list)
    ways: list[dict[str, Any] | None] = field(default_factory=list)

    @property
    def last(self) -> int:
        return len(self.rounds) - 1

    def scene_of(self, base: int) -> Scene:
        return self.start if base == UPLOAD else self.scenes[base]

    def before(self, round_index: int) -> int | None:
        """The base of a round's picture; one that only showed an earlier one again counts as that one."""
        base, way = self.bases[round_index], self.ways[round_index]
        shown_again = way is not None and not way["change"]
        return self.bases[base] if shown_again and base is not None and base >= 0 else base

    def ancestors(self) -> list[int]:
        """Rounds before the last one along its branch, the nearest first."""
        found: list[int] = []
        base = self.before(self.last)
        while base is not None and base >= 0:
            found.append(base)
            base = self.before(base)
        return found

    def draw(self, base: Scene, also_avoid: Scene | None = None) -> tuple[Edit, Phrase]:
        avoid = [*self.scenes, *([also_avoid] if also_avoid is not None else [])]
        edit = random_edit(base, self.rng, split=self.split, avoid=avoid)
        if edit.place is None:
            return edit, phrase(self.rng, edit, None)
        traits = base.figures[edit.place].person.traits
        subject, called = self.subject(base, edit.place), self._called(base, edit.place)
        return edit, phrase(self.rng, edit, traits, subject, called)

    def subject(self, scene: Scene, place: int) -> str:
        """How a figure is called: by name, else "the woman"."""
        name = self.names.get(scene.figures[place].person.identity)
        return unnamed_subjects(scene)[place] if name is None else str(name)

    def _called(self, scene: Scene, place: int) -> Pronouns | str | None:
        """Now and then by a pronoun, where it can mean nobody else, or not at all; None: by the subject."""
        each = [pronouns(figure.person.traits) for figure in scene.figures]
        alone, drawn = len(each) == 1, self.rng.random()
        if alone and drawn < LEFT_OUT:
            return ""
        said = drawn < (PRONOUN_ALONE if alone else PRONOUN_OF_TWO)
        return each[place] if said and each.count(each[place]) == 1 else None

    def add(
        self,
        instruction: str,
        response: str,
        scene: Scene,
        base: int | None,
        words: Phrase | None,
        pictures: tuple[Scene, ...] = (),
        way: dict[str, Any] | None = None,
        shows: tuple[int, ...] = (),
    ) -> None:
        """One round more; `shows` are the rounds whose persons it shows, where `base` is not the only one."""
        needs = () if base is None or not self.rounds else (max(base, 0),)
        self.rounds.append(
            DraftRound(
                instruction=instruction,
                response=response,
                scene=scene,
                depends_on=shows or needs,
                pictures=pictures,
            )
        )
        self.scenes.append(scene)
        self.words.append(words)
        self.bases.append(base)
        self.ways.append(way)

    def step(self, *, brief: float = 0.0) -> None:
        """One more Markov edit of the last picture; `brief` of those that can be said without a verb are."""
        edit, words = self.draw(self.scenes[-1])
        text = ""
        if brief and (edit.place is None or len(self.scenes[-1].figures) == 1) and chance(self.rng, brief):
            text = ask_briefly(self.rng, edit, self.scenes[-1])
        self.add(
            text or ask(self.rng, words),
            say(self.rng, words),
            apply(edit, self.scenes[-1]),
            self.last,
            words,
        )


def begin(rng: np.random.Generator, split: str, *, uploaded: bool, named: bool) -> Chain:
    """The first round: a picture painted from text, or an uploaded one edited at once."""
    scene = random_scene(rng, split=split)
    names = random_names(rng, [figure.person.traits for figure in scene.figures], split) if named else None
    chain = Chain(rng, split, scene, [], [], [], names_of(scene, names), uploaded)
    if uploaded:
        chain.scenes, chain.words = [], []
        edit, words = chain.draw(scene)
        chain.add(ask(rng, words), say(rng, words), apply(edit, scene), UPLOAD, words, pictures=(scene,))
    else:
        length = pick(rng, ("bare", "short", "short", "medium"))
        register = "usual" if chance(rng, 0.65) else None
        text = tell(scene, names, rng=rng, length=length, register=register).text
        chain.add(text, pick(rng, HERE_THEY_ARE if len(scene.figures) == 2 else HERE_ONE), scene, None, None)
    return chain


def draft_edit(rng: np.random.Generator, split: str) -> Draft:
    """An uploaded picture and one edit of it; two or three edits in a row in a third of the samples."""
    chain = begin(rng, split, uploaded=True, named=False)
    while chance(rng, 0.25) and len(chain.rounds) < 3:
        chain.step()
    return Draft(kind="edit", rounds=tuple(chain.rounds))


def draft_rollback(rng: np.random.Generator, split: str) -> Draft:
    """A Markov chain of pictures, one instruction that reaches back, and now and then an edit of what that
    gave.
    """
    named = chance(rng, 0.45)
    chain = begin(rng, split, uploaded=not named and chance(rng, 0.35), named=named)
    for _ in range(int(rng.integers(1 if chain.uploaded else 2, 4))):
        chain.step()
    way = reach_back(chain, WAYS)
    if chance(rng, 0.3):
        chain.step()
    return finished(chain, "rollback", rollback=way["way"], base=way["base"], change=way["change"])


def draft_branches(rng: np.random.Generator, split: str) -> Draft:
    """As `draft_rollback`, but it goes back twice, so that "instead of that" means a branch and not the
    picture before.
    """
    named = chance(rng, 0.45)
    chain = begin(rng, split, uploaded=not named and chance(rng, 0.35), named=named)
    for _ in range(int(rng.integers(1 if chain.uploaded else 2, 4))):
        chain.step()
    reach_back(chain, BRANCH_WAYS)
    if chance(rng, 0.4):
        chain.step()
    reach_back(chain, BRANCH_WAYS)
    if chance(rng, 0.2):
        chain.step()
    return finished(chain, "branches")


def finished(chain: Chain, kind: str, **truth: Any) -> Draft:
    """The dialogue as it stands."""
    names: dict[str, tuple[int, int]] = {}
    for index, scene in enumerate(chain.scenes):
        for place, figure in enumerate(scene.figures):
            if (name := chain.names.get(figure.person.identity)) is not None:
                names.setdefault(str(name), (index, place))
    return Draft(kind=kind, rounds=tuple(chain.rounds), names=names, truth={**truth, "ways": chain.ways})


def names_of(scene: Scene, names: Sequence[Name] | None) -> dict[Identity, Name]:
    """The names of the figures of `scene`, from left to right, by whom they mean."""
    return {figure.person.identity: name for figure, name in zip(scene.figures, names or (), strict=False)}


def reach_back(chain: Chain, ways: Mapping[str, float], *, alone: float = 0.0) -> dict[str, Any]:
    """Add a round that goes back; `alone` of those that allow it ask for no change.

    Returns its "way", the "base" whose picture it starts from (`UPLOAD` or a round), the round that it has
    "quoted" (None where it quotes none) and the "change" asked of that picture as an imperative ("" when none
    is).
    """
    rng = chain.rng
    how = _possible(chain, weighted(rng, ways))
    if how == "undo":
        base = chain.before(chain.last)
        assert base is not None
        brief = alone and chance(rng, alone)
        return _shown_again(
            chain, pick(rng, ways_back.WORLD_UNDO_BRIEF if brief else ways_back.WORLD_UNDO), how, base, None
        )
    how, base, steps, quoted = _place(chain, how)
    start = chain.scene_of(base)
    if alone and how in _ALONE and base != UPLOAD and start != chain.scenes[-1] and chance(rng, alone):
        done = None if quoted is None else chain.words[quoted]
        old = "" if done is None else done.gerund
        text = pick(rng, _ALONE[how]).format(old=old, **_counted(rng, steps, base))
        return _shown_again(chain, text, how, base, quoted)
    edit, words = chain.draw(start, also_avoid=start)
    text = _reaching(chain, how, base, quoted, steps, words)
    way = {"way": how, "base": base, "quoted": quoted, "change": words.imperative}
    chain.add(text, say(rng, words), apply(edit, start), base, words, way=way)
    return way


def _shown_again(chain: Chain, text: str, how: str, base: int, quoted: int | None) -> dict[str, Any]:
    """Add a round that asks for an earlier picture as it was."""
    way = {"way": how, "base": base, "quoted": quoted, "change": ""}
    chain.add(text, pick(chain.rng, _BACK), chain.scene_of(base), base, None, way=way)
    return way


def _counted(rng: np.random.Generator, steps: int, base: int) -> dict[str, str]:
    """How far back, and which picture, in words."""
    edits = f"{pick(rng, (str(steps), ('two', 'three')[steps - 2]))} {pick(rng, ('edits', 'changes'))}"
    return {
        "times": pick(rng, ways_back.WORLD_COUNTS[steps]),
        "steps": pick(rng, ways_back.WORLD_STEPS[steps]),
        "edits": edits if steps > 1 else pick(rng, ("edit", "change")),
        "which": ways_back.ORDINALS[max(base, 0)],
        "k": str(max(base, 0) + 1),
    }


def _possible(chain: Chain, how: str) -> str:
    """`how`, or where the chain does not allow it the nearest that it does."""
    if how == "instead" and chain.words[chain.last] is None:
        how = "before"
    if how == "undo" and chain.before(chain.last) is None:
        how = "after"
    return "first" if how == "step back" and not chain.ancestors() else how


def _place(chain: Chain, how: str) -> tuple[str, int, int, int | None]:
    """(way, base, steps back, the round that is quoted)."""
    rng, last = chain.rng, chain.last
    if how == "step back":
        ancestors = chain.ancestors()
        steps = int(rng.integers(1, min(3, len(ancestors)) + 1))
        return how, ancestors[steps - 1], steps, None
    if how == "first":
        return how, UPLOAD if chain.uploaded else 0, 1, None
    if how == "numbered":
        return how, int(rng.integers(0, last)), 1, None
    edited = [index for index in range(last) if chain.words[index] is not None]
    if how == "after" and edited:
        base = pick(rng, edited)
        return how, base, 1, base
    quoted = last
    if how != "instead":
        asked = [i for i in range(1, last + 1) if chain.words[i] is not None]
        quoted = asked[int(rng.integers(0, len(asked)))] if how == "before" else asked[0]
        how = "before"
    quoted_base = chain.bases[quoted]
    assert quoted_base is not None
    return how, quoted_base, 1, quoted


def _reaching(chain: Chain, how: str, base: int, quoted: int | None, steps: int, words: Phrase) -> str:
    rng = chain.rng
    if how in ("step back", "numbered"):
        counted = ways_back.WORLD_STEP_BACK if how == "step back" else ways_back.WORLD_NUMBERED
        return pick(rng, counted).format(new=words.imperative, **_counted(rng, steps, base))
    if how == "first":
        return pick(rng, ways_back.WORLD_GIVEN if chain.uploaded else ways_back.WORLD_FIRST).format(
            new=words.imperative
        )
    done = None if quoted is None else chain.words[quoted]
    assert done is not None
    forms = {
        "instead": ways_back.WORLD_INSTEAD,
        "before": ways_back.WORLD_BEFORE,
        "after": ways_back.WORLD_AFTER,
    }[how]
    return pick(rng, forms).format(
        old=done.gerund, new=words.imperative, New=words.imperative[0].upper() + words.imperative[1:]
    )
