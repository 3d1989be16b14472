"""Rollback: an instruction that reaches back behind the last picture, each family of phrases by itself
(paper, Section 3.3.3).

Knows answers and measuring (tasks are `rollback_tasks.py`'s). Knows nothing about files and reports.

Earlier states are given as they should be, so that only reaching back is measured. Each task is answered
three times: with the whole history; with a history cut to the last round, from which no reader can know the
earlier state (`cut_history`); and with the same change asked in one turn of the right state (`one_turn`),
which bounds what the painter could reach.

`right_state` asks from which state a picture was made: its rivals are what every other state of the chain,
the last one too, would be after the same change. So a painter without memory, who changes the last picture,
is never right; a blind one is by chance; one that goes back and fails at the change still is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from limner.dialogue.parts import Picture, Round
from limner.evaluation.metrics.metric import fit_to
from limner.evaluation.metrics.psnr import psnr_db
from limner.evaluation.metrics.rollback import chance_of_state, right_state
from limner.evaluation.metrics.scene_reading import change_said, nearest_scene, share_kept
from limner.evaluation.suite import Bench, Outcome, Shown, paint_seed, task_name
from limner.evaluation.suites.asking import Asking, tokens_of
from limner.evaluation.suites.edit_measures import change_made
from limner.evaluation.suites.redrawing import Redraw, twin_of
from limner.evaluation.suites.rollback_tasks import FAMILIES, RollbackTask, make_task
from limner.evaluation.suites.tally import Tally
from limner.evaluation.suites.true_tokens import shown_in, tell_truth
from limner.evaluation.views import TOKENS, TWIN
from limner.inference.painter import Painter


@dataclass(frozen=True, kw_only=True, eq=False)
class Answers:
    """What a painter gave; `one_turn` is None where nothing but an undo was asked."""

    whole_history: Picture
    cut_history: Picture
    one_turn: Picture | None

    def named(self) -> Iterator[tuple[str, Picture]]:
        """(what stands before the metrics of a picture, the picture)."""
        yield "", self.whole_history
        yield "cut_history.", self.cut_history
        if self.one_turn is not None:
            yield "one_turn.", self.one_turn


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


def measure(tally: Tally, task: RollbackTask, answers: Answers, redraw: Redraw | None = None) -> None:
    """Rows per family and over all: right state and PSNR, with the bounds above and below; of the pictures as
    `redraw` draws their tokens, where it is given.
    """
    for prefix, picture in answers.named():
        _measure_one(tally, prefix, task, redraw(picture) if redraw is not None else picture)
    # PSNR rewards even a painter without memory; how much must stand beside every PSNR.
    if not tally.view:
        worth = psnr_db(task.memoryless.pixels, task.target.pixels)
        _both(tally, "memoryless.", task.family, "psnr_db", worth)


def read_tokens(tally: Tally, task: RollbackTask, answers: Answers) -> None:
    """Rows per family and over all of what the tokens say: the right state, the change made, the rest of the
    earlier state kept (all of it: `rest_kept`).
    """
    before, target = task.before, task.scenes[0]
    for prefix, picture in answers.named():
        tokens = tokens_of(picture)
        kept = share_kept(tokens, before, target)
        said = {
            "right_state": nearest_scene(tokens, task.scenes) == 0,
            "factors_kept": kept,
            "rest_kept": kept == 1,
        }
        if task.change:
            said["change_made"] = change_said(tokens, before, target)
        for metric, value in said.items():
            _both(tally, prefix, task.family, metric, value)


def _measure_one(tally: Tally, prefix: str, task: RollbackTask, picture: Picture) -> None:
    states = [state.pixels for state in task.states]
    made = fit_to(picture.pixels, states[0])
    chance = chance_of_state(states, 0)
    _both(tally, prefix, task.family, "right_state", right_state(made, states, 0), chance)
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


def _after(painter: Painter, rounds: Sequence[Round], seed: int) -> Asking:
    asking = Asking(conversation=painter.conversation(seed=seed))
    for round_ in rounds:
        asking.conversation.remember(round_)
    return asking


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
        tell_truth(bench, [*shown_in(task.dialogue), (task.start, task.before)])
        answers, asking = drive(painter, task, seed=paint_seed(self.name, bench.seed, index))
        tally = Tally(dialogue=task_name(self.name, bench, index))
        measure(tally, task, answers)
        twin = twin_of(painter)
        if twin is not None:
            measure(tally.seen_as(TWIN), task, answers, twin)
            read_tokens(tally.seen_as(TOKENS), task, answers)
        return asking.outcome(tally, _shown(task, answers, twin))


def _shown(task: RollbackTask, answers: Answers, twin: Redraw | None) -> tuple[Shown, ...]:
    rounds = task.dialogue.rounds
    done = rounds[task.asked - 1].instruction.text
    shown = [
        Shown(column="State to go back to", picture=task.start),
        Shown(column="Last picture", picture=task.last, text=done),
        Shown(column="Answer", picture=answers.whole_history, text=rounds[task.asked].instruction.text),
        Shown(column="Last round alone", picture=answers.cut_history),
    ]
    if twin is not None:
        shown.insert(3, Shown(column="Answer, twin", picture=twin(answers.whole_history)))
    if answers.one_turn is not None:
        shown.append(Shown(column="In one turn", picture=answers.one_turn, text=_sentence(task.change)))
    return (*shown, Shown(column="Truth", picture=task.target, text=task.family.replace("_", " ")))
