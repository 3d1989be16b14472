"""Rollback: an instruction that reaches back behind the last picture, each family of phrases by itself
(paper, Section 3.3.3).

Knows tasks, answers and measuring. Knows nothing about files and reports.

Earlier states are given as they should be, so that only reaching back is measured. Each task is answered
three times: with the whole history; with a history cut to the last round, from which no reader can know the
earlier state (`cut_history`); and with the same change asked in one turn of the right state (`one_turn`),
which bounds what the painter could reach.

`right_state` asks from which state a picture was made: its rivals are what every other state of the chain,
the last one too, would be after the same change. So a painter without memory, who changes the last picture,
is never right; a blind one is by chance; one that goes back and fails at the change still is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from limner.chat.painter import Painter
from limner.dialogue.parts import Dialogue, Picture, Round
from limner.evaluation.metrics.metric import fit_to
from limner.evaluation.metrics.psnr import psnr_db
from limner.evaluation.metrics.rollback import chance_of_state, right_state
from limner.evaluation.score import Row
from limner.evaluation.suite import Bench, Outcome, Shown, paint_seed, task_name
from limner.evaluation.suites.asking import SPLIT, Asking
from limner.evaluation.suites.edit_measures import carry_over, change_made
from limner.evaluation.suites.tally import Tally
from limner.world.dialogues import Draft, draft, paint_draft
from limner.world.render import render
from limner.world.scene import Scene

FAMILIES: Mapping[str, str] = {  # in metrics -> in the world's truth
    "instead": "instead",
    "step_back": "step back",
    "first": "first",
    "undo": "undo",
    "before": "before",
    "after": "after",
}
TRIES = 1000  # the rarest family is a twelfth of all
Encode = Callable[[Picture], np.ndarray]


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
        memoryless: the same change of the last picture: what a perfect painter without memory paints.
    """

    family: str
    dialogue: Dialogue
    asked: int
    change: str
    start: Picture
    states: tuple[Picture, ...]
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


@dataclass(frozen=True, kw_only=True, eq=False)
class Answers:
    """What a painter gave; `one_turn` is None where nothing but an undo was asked."""

    whole_history: Picture
    cut_history: Picture
    one_turn: Picture | None


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


def drive(painter: Painter, task: RollbackTask, *, seed: int) -> tuple[Answers, Asking]:
    """Ask three times: after the whole true history, after its last round alone, and in one turn."""
    rounds = task.dialogue.rounds
    whole = _after(painter, rounds[: task.asked], seed)
    cut = Asking(
        conversation=_after(painter, rounds[task.asked - 1 : task.asked], seed).conversation,
        seconds=whole.seconds,
    )
    alone = Asking(conversation=painter.conversation(seed=seed), seconds=whole.seconds)
    text = rounds[task.asked].instruction.text
    answers = Answers(
        whole_history=whole.picture(text, seed=seed),
        cut_history=cut.picture(text, seed=seed),
        one_turn=alone.picture(_sentence(task.change), [task.start], seed=seed) if task.change else None,
    )
    return answers, whole


def measure(tally: Tally, task: RollbackTask, answers: Answers, encode: Encode) -> None:
    """Rows per family and over all: right state and PSNR, with the bounds above and below."""
    _measure_one(tally, "", task, answers.whole_history, encode)
    _measure_one(tally, "cut_history.", task, answers.cut_history, encode)
    if answers.one_turn is not None:
        _measure_one(tally, "one_turn.", task, answers.one_turn, encode)
    # PSNR rewards even a painter without memory; how much must stand beside every PSNR.
    _both(tally, "memoryless.", task.family, "psnr_db", psnr_db(task.memoryless.pixels, task.target.pixels))


def _measure_one(tally: Tally, prefix: str, task: RollbackTask, picture: Picture, encode: Encode) -> None:
    states = [state.pixels for state in task.states]
    made = fit_to(picture.pixels, states[0])
    chance = chance_of_state(states, 0)
    _both(tally, prefix, task.family, "right_state", right_state(made, states, 0), chance)
    by_tokens = _nearest_by_tokens(picture, task.states, encode) == 0
    _both(tally, prefix, task.family, "right_state_by_tokens", by_tokens, 1 / len(states))
    _both(tally, prefix, task.family, "psnr_db", psnr_db(made, states[0]))
    if task.change:
        hit = change_made(made, task.start.pixels, states[0])
        _both(tally, prefix, task.family, "change_made", hit, 0.5)


def _both(
    tally: Tally, prefix: str, family: str, metric: str, value: float, chance: float | None = None
) -> None:
    """A row over all families and one of this family."""
    for name in (f"{prefix}{metric}", f"{prefix}{family}.{metric}"):
        if chance is None:
            tally.add(name, value)
        else:
            tally.rate(name, value, chance)


def _nearest_by_tokens(picture: Picture, states: Sequence[Picture], encode: Encode) -> int:
    made = encode(picture)
    return int(np.argmin([np.square(made - encode(state)).mean() for state in states]))


def _after(painter: Painter, rounds: Sequence[Round], seed: int) -> Asking:
    asking = Asking(conversation=painter.conversation(seed=seed))
    for round_ in rounds:
        asking.conversation.remember(round_)
    return asking


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
    return RollbackTask(
        family=family,
        dialogue=paint_draft(made, size_px),
        asked=asked,
        change=made.truth["change"],
        start=Picture(render(_start(made), size_px)),
        states=tuple(dict.fromkeys(pictures)),  # some look the same
        memoryless=pictures[-1],
    )


def _sentence(imperative: str) -> str:
    return f"{imperative[0].upper()}{imperative[1:]}."


@dataclass(frozen=True, kw_only=True)
class Rollback:
    """Families take turns, so that all are measured equally often."""

    name: str = "rollback"
    figure: str = "Section 3.3.3, poster"
    about: str = "going back to earlier states: instead, step back, first, undo, before, after"

    def measure(self, bench: Bench, index: int) -> Outcome:
        """See `Suite.measure`."""
        painter, family = bench.painter, list(FAMILIES)[index % len(FAMILIES)]
        task = make_task(bench.task_seed(index), family, painter.image_size_px)
        answers, asking = drive(painter, task, seed=paint_seed(self.name, bench.seed, index))
        tally = Tally(dialogue=task_name(self.name, bench, index))

        def encode(picture: Picture) -> np.ndarray:
            return np.asarray(painter.encode(picture).float().cpu().numpy())

        measure(tally, task, answers, encode)
        return Outcome(
            rows=tuple(tally.rows),
            shown=_shown(task, answers),
            round_seconds=tuple(asking.seconds),
            conversation=asking.conversation.rounds,
        )

    def finish(self, features: Mapping[str, np.ndarray]) -> tuple[Row, ...]:
        """Nothing but what each task tells."""
        return ()


def _shown(task: RollbackTask, answers: Answers) -> tuple[Shown, ...]:
    rounds = task.dialogue.rounds
    done = rounds[task.asked - 1].instruction.text
    shown = [
        Shown(column="State to go back to", picture=task.start),
        Shown(column="Last picture", picture=task.last, text=done),
        Shown(column="Answer", picture=answers.whole_history, text=rounds[task.asked].instruction.text),
        Shown(column="Last round alone", picture=answers.cut_history),
    ]
    if answers.one_turn is not None:
        shown.append(Shown(column="In one turn", picture=answers.one_turn, text=_sentence(task.change)))
    return (*shown, Shown(column="Truth", picture=task.target, text=task.family.replace("_", " ")))
