"""The tasks of `rollback`: an instruction that reaches back, and the pictures of every state it could mean.

Knows the world's dialogues and scenes. Knows nothing about painters and measuring.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from limner.builders.world import Draft, draft, paint_draft
from limner.dialogue.parts import Dialogue, Picture
from limner.evaluation.suites.asking import SPLIT
from limner.evaluation.suites.edit_measures import carry_over
from limner_world.render import render
from limner_world.scene import Scene

FAMILIES: Mapping[str, str] = {  # in metrics -> in the world's truth
    "instead": "instead",
    "step_back": "step back",
    "first": "first",
    "undo": "undo",
    "before": "before",
    "after": "after",
}
TRIES = 1000  # the rarest family is a twelfth of all


@dataclass(frozen=True, kw_only=True, eq=False)
class RollbackTask:
    """One rollback with its truth.

    Args:
        family: of the phrase, a key of `FAMILIES`.
        dialogue: painted; `asked` is the round that reaches back.
        change: what is asked of the earlier state, as an imperative; "" for a mere undo.
        start: the true picture of the state to go back to.
        states: the exact target first, then what each other state of the chain, the last one included, would
            be after the same change. So only the state that was started from tells them apart.
        scenes: what `states` show.
        before: the scene of the state to go back to.
        memoryless: the same change of the last picture: what a perfect painter without memory paints.
    """

    family: str
    dialogue: Dialogue
    asked: int
    change: str
    start: Picture
    states: tuple[Picture, ...]
    scenes: tuple[Scene, ...]
    before: Scene
    memoryless: Picture

    @property
    def target(self) -> Picture:
        """What a perfect painter paints."""
        return self.states[0]

    @property
    def last(self) -> Picture:
        """The picture just before: what a painter without memory has."""
        picture = self.dialogue.rounds[self.asked - 1].response.picture
        assert picture is not None
        return picture


def make_task(seed: int, family: str, size_px: int) -> RollbackTask:
    """The first held-out rollback of `family` after `seed` whose target differs from the same change of the
    last state.
    """
    for number in range(TRIES):
        made = draft("rollback", seed * TRIES + number, SPLIT)
        if made.truth["rollback"] == FAMILIES[family]:
            asked = _reaching_round(made)
            scenes = _states(made, asked)
            task = _painted(made, family, asked, scenes, size_px)
            if task.memoryless != task.target:
                return task
    raise ValueError(f"no rollback of the family {family} within {TRIES} dialogues; choose another seed")


def _reaching_round(made: Draft) -> int:
    """The round that needs one before the last."""
    return next(
        index
        for index, round_ in enumerate(made.rounds)
        if any(needed != index - 1 for needed in round_.depends_on)
    )


def _states(made: Draft, asked: int) -> list[Scene]:
    """The target, then what each state of the chain would be after the same change, the last one last."""
    uploaded = list(made.rounds[0].pictures)
    chain = [*uploaded, *(round_.scene for round_ in made.rounds[:asked] if round_.scene is not None)]
    target = made.rounds[asked].scene
    assert target is not None
    start = _start(made)
    return [target, *(carry_over(start, target, onto=scene) for scene in chain)]


def _start(made: Draft) -> Scene:
    base = made.truth["base"]
    scene = made.rounds[base].scene if base >= 0 else made.rounds[0].pictures[0]
    assert scene is not None
    return scene


def _painted(made: Draft, family: str, asked: int, scenes: Sequence[Scene], size_px: int) -> RollbackTask:
    pictures = [Picture(render(scene, size_px)) for scene in scenes]
    different: dict[Picture, Scene] = {}  # some look the same
    for picture, scene in zip(pictures, scenes, strict=True):
        different.setdefault(picture, scene)
    start = _start(made)
    return RollbackTask(
        family=family,
        dialogue=paint_draft(made, size_px),
        asked=asked,
        change=made.truth["change"],
        start=Picture(render(start, size_px)),
        states=tuple(different),
        scenes=tuple(different.values()),
        before=start,
        memoryless=pictures[-1],
    )
