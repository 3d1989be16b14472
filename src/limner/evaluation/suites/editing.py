"""Editing: one change of a given picture, and chains in which every change is made to the last result (paper,
Section 3.3.3).

Knows tasks, answers and measuring. Knows nothing about files and reports.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from limner.builders.world import Draft, draft, paint_draft
from limner.dialogue.parts import Dialogue, Picture
from limner.evaluation.metrics.metric import fit_to
from limner.evaluation.metrics.psnr import psnr_db
from limner.evaluation.metrics.rollback import chance_of_state, right_state
from limner.evaluation.metrics.scene_reading import change_said, nearest_scene, share_kept
from limner.evaluation.suite import Bench, Outcome, Shown, paint_seed, task_name
from limner.evaluation.suites.asking import SPLIT, Asking, Painted
from limner.evaluation.suites.edit_measures import change_made, kept_psnr_db
from limner.evaluation.suites.redrawing import Redraw, twin_of
from limner.evaluation.suites.tally import Tally
from limner.evaluation.suites.true_tokens import shown_in, tell_truth
from limner.evaluation.views import TOKENS, TWIN
from limner.inference.painter import Painter
from limner_world.chance import seeded
from limner_world.edit import apply, random_edit
from limner_world.render import render
from limner_world.scene import Scene

NUM_DECOYS = 3
CHAIN = 3  # edits in a row
TRIES = 1000  # a sixteenth of all dialogues are such chains


@dataclass(frozen=True, kw_only=True, eq=False)
class EditTask:
    """Edits in a row: `dialogue` gives the picture in its first round; `states[i]` are the pictures that the
    answer of round i is compared with: the exact target, the picture before, and what other edits of it give.
    `scenes` are what they show.
    """

    kind: str  # "single_turn" or "chain"
    dialogue: Dialogue
    states: tuple[tuple[Picture, ...], ...]
    scenes: tuple[tuple[Scene, ...], ...]

    def prefixes(self, number: int) -> tuple[str, ...]:
        """What rates of edit `number`, from 1, are counted under."""
        return (self.kind,) if self.kind == "single_turn" else (self.kind, f"{self.kind}.round_{number}")


def make_task(seed: int, size_px: int, *, chain: bool) -> EditTask:
    """The first held-out chain of three edits after `seed`, or of any dialogue its first edit."""
    for number in range(TRIES):
        made = draft("edit", seed * TRIES + number, SPLIT)
        if not chain or len(made.rounds) == CHAIN:
            return _painted(made, seed, size_px, chain)
    raise ValueError(f"no chain of edits within {TRIES} dialogues; choose another seed")


def drive(painter: Painter, task: EditTask, *, seed: int) -> tuple[tuple[Painted, ...], Asking]:
    """Ask for every edit in turn; each starts from what the painter itself has made."""
    asking = Asking(conversation=painter.conversation(seed=seed))
    pictures = [
        asking.picture(round_.instruction.text, round_.instruction.pictures)
        for round_ in task.dialogue.rounds
    ]
    return tuple(pictures), asking


def measure(tally: Tally, task: EditTask, pictures: Sequence[Picture]) -> None:
    """Rows over all edits of this kind, and by round for chains."""
    for number, (picture, states) in enumerate(zip(pictures, task.states, strict=True), 1):
        target, source = states[0].pixels, states[1].pixels
        made, known = fit_to(picture.pixels, target), [state.pixels for state in states]
        kept = kept_psnr_db(made, source, target)
        for prefix in task.prefixes(number):
            tally.add(f"{prefix}.psnr_db", psnr_db(made, target))
            tally.rate(f"{prefix}.right_state", right_state(made, known, 0), chance_of_state(known, 0))
            tally.rate(f"{prefix}.change_made", change_made(made, source, target), 0.5)
            if kept is not None:
                tally.add(f"{prefix}.unchanged.psnr_db", kept)
            # What changing nothing would give: PSNR rewards it, the two rates do not.
            if not tally.view:
                tally.add(f"repeat_source.{prefix}.psnr_db", psnr_db(source, target))


def read_tokens(tally: Tally, task: EditTask, pictures: Sequence[Painted]) -> None:
    """Rows of what the tokens of all edits say: the edit made, the rest kept (all of it: `rest_kept`), the
    right state.

    Held against the source as it truly is: what an earlier edit of a chain missed, a later one misses too.
    """
    for number, (picture, scenes) in enumerate(zip(pictures, task.scenes, strict=True), 1):
        target, source = scenes[:2]
        kept = share_kept(picture.tokens_ND, source, target)
        for prefix in task.prefixes(number):
            tally.add(f"{prefix}.right_state", nearest_scene(picture.tokens_ND, scenes) == 0)
            tally.add(f"{prefix}.change_made", change_said(picture.tokens_ND, source, target))
            tally.add(f"{prefix}.factors_kept", kept)
            tally.add(f"{prefix}.rest_kept", kept == 1)


def _painted(made: Draft, seed: int, size_px: int, chain: bool) -> EditTask:
    scenes = [made.rounds[0].pictures[0], *(r.scene for r in made.rounds if r.scene is not None)]
    rng = seeded("decoys", SPLIT, seed)
    dialogue = paint_draft(made, size_px)
    num = len(made.rounds) if chain else 1  # the further edits of chains have tasks of their own
    candidates = tuple(
        tuple(_candidates(rng, before, after)) for before, after in pairwise(scenes[: num + 1])
    )
    states = tuple(tuple(Picture(render(scene, size_px)) for scene in found) for found in candidates)
    shown = {name: dialogue.truth[name][:num] for name in ("scenes", "pictures")}
    return EditTask(
        kind="chain" if chain else "single_turn",
        dialogue=Dialogue(
            rounds=dialogue.rounds[:num], kind=dialogue.kind, truth={**dialogue.truth, **shown}
        ),
        states=states,
        scenes=candidates,
    )


def _candidates(rng: np.random.Generator, before: Scene, after: Scene) -> list[Scene]:
    """The target, the source, and other edits of the source."""
    candidates = [after, before]
    while len(candidates) < 2 + NUM_DECOYS:
        candidates.append(apply(random_edit(before, rng, avoid=candidates), before))
    return candidates


@dataclass(frozen=True, kw_only=True)
class Editing:
    """Single edits and chains take turns."""

    name: str = "editing"
    figure: str = "Section 3.3.3"
    about: str = "one edit of a given picture, and chains of edits, against the exact target"

    def measure(self, bench: Bench, index: int) -> Outcome:
        """See `Suite.measure`."""
        task = make_task(bench.task_seed(index), bench.painter.image_size_px, chain=index % 2 == 1)
        tell_truth(bench, shown_in(task.dialogue))
        pictures, asking = drive(bench.painter, task, seed=paint_seed(self.name, bench.seed, index))
        tally = Tally(dialogue=task_name(self.name, bench, index))
        measure(tally, task, pictures)
        twin = twin_of(bench.painter)
        if twin is not None:
            measure(tally.seen_as(TWIN), task, [twin(picture) for picture in pictures])
            read_tokens(tally.seen_as(TOKENS), task, pictures)
        return asking.outcome(tally, _shown(task, pictures, twin))


def _shown(task: EditTask, pictures: Sequence[Picture], twin: Redraw | None) -> tuple[Shown, ...]:
    rounds = task.dialogue.rounds
    shown = [Shown(column="Given", picture=rounds[0].instruction.pictures[0])]
    for number, (round_, picture, states) in enumerate(zip(rounds, pictures, task.states, strict=True), 1):
        shown.append(Shown(column=f"Edit {number}", picture=picture, text=round_.instruction.text))
        if twin is not None:
            shown.append(Shown(column=f"Edit {number}, twin", picture=twin(picture)))
        shown.append(Shown(column=f"Edit {number}, truth", picture=states[0]))
    return tuple(shown)
