"""Editing: one change of a given picture, and chains in which every change is made to the last result (paper,
Section 3.3.3).

Knows tasks, answers and measuring. Knows nothing about files and reports.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from limner.chat.painter import Painter
from limner.dialogue.parts import Dialogue, Picture
from limner.evaluation.metrics.metric import fit_to
from limner.evaluation.metrics.psnr import psnr_db
from limner.evaluation.metrics.rollback import chance_of_state, right_state
from limner.evaluation.score import Row
from limner.evaluation.suite import Bench, Outcome, Shown, paint_seed, task_name
from limner.evaluation.suites.asking import SPLIT, Asking
from limner.evaluation.suites.edit_measures import change_made, kept_psnr_db
from limner.evaluation.suites.tally import Tally
from limner.world.chance import seeded
from limner.world.dialogues import Draft, draft, paint_draft
from limner.world.edit import apply, random_edit
from limner.world.render import render
from limner.world.scene import Scene

NUM_DECOYS = 3
TRIES = 1000  # a quarter of all dialogues are chains


@dataclass(frozen=True, kw_only=True, eq=False)
class EditTask:
    """Edits in a row: `dialogue` gives the picture in its first round; `states[i]` are the pictures that the
    answer of round i is compared with: the exact target, the picture before, and what other edits of it give.
    """

    kind: str  # "single_turn" or "chain"
    dialogue: Dialogue
    states: tuple[tuple[Picture, ...], ...]


def make_task(seed: int, size_px: int, *, chain: bool) -> EditTask:
    """The first held-out edit after `seed` that is a chain, or of any dialogue its first edit."""
    for number in range(TRIES):
        made = draft("edit", seed * TRIES + number, SPLIT)
        if not chain or len(made.rounds) > 1:
            return _painted(made, seed, size_px, chain)
    raise ValueError(f"no chain of edits within {TRIES} dialogues; choose another seed")


def drive(painter: Painter, task: EditTask, *, seed: int) -> tuple[tuple[Picture, ...], Asking]:
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
        prefixes = [task.kind] if task.kind == "single_turn" else [task.kind, f"{task.kind}.round_{number}"]
        kept = kept_psnr_db(made, source, target)
        for prefix in prefixes:
            tally.add(f"{prefix}.psnr_db", psnr_db(made, target))
            tally.rate(f"{prefix}.right_state", right_state(made, known, 0), chance_of_state(known, 0))
            tally.rate(f"{prefix}.change_made", change_made(made, source, target), 0.5)
            if kept is not None:
                tally.add(f"{prefix}.unchanged.psnr_db", kept)
            # What changing nothing would give: PSNR rewards it, the two rates do not.
            tally.add(f"repeat_source.{prefix}.psnr_db", psnr_db(source, target))


def _painted(made: Draft, seed: int, size_px: int, chain: bool) -> EditTask:
    scenes = [made.rounds[0].pictures[0], *(r.scene for r in made.rounds if r.scene is not None)]
    rng = seeded("decoys", SPLIT, seed)
    dialogue = paint_draft(made, size_px)
    num = len(made.rounds) if chain else 1  # the further edits of chains have tasks of their own
    states = tuple(
        tuple(Picture(render(scene, size_px)) for scene in _candidates(rng, before, after))
        for before, after in pairwise(scenes[: num + 1])
    )
    return EditTask(
        kind="chain" if chain else "single_turn",
        dialogue=Dialogue(rounds=dialogue.rounds[:num], kind=dialogue.kind, truth=dialogue.truth),
        states=states,
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
        pictures, asking = drive(bench.painter, task, seed=paint_seed(self.name, bench.seed, index))
        tally = Tally(dialogue=task_name(self.name, bench, index))
        measure(tally, task, pictures)
        return Outcome(
            rows=tuple(tally.rows),
            shown=_shown(task, pictures),
            round_seconds=tuple(asking.seconds),
            conversation=asking.conversation.rounds,
        )

    def finish(self, features: Mapping[str, np.ndarray]) -> tuple[Row, ...]:
        """Nothing but what each task tells."""
        return ()


def _shown(task: EditTask, pictures: Sequence[Picture]) -> tuple[Shown, ...]:
    rounds = task.dialogue.rounds
    shown = [Shown(column="Given", picture=rounds[0].instruction.pictures[0])]
    for number, (round_, picture, states) in enumerate(zip(rounds, pictures, task.states, strict=True), 1):
        shown.append(Shown(column=f"Edit {number}", picture=picture, text=round_.instruction.text))
        shown.append(Shown(column=f"Edit {number}, truth", picture=states[0]))
    return tuple(shown)
