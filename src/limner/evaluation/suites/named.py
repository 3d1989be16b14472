"""Named persons: the close-up of each of two people by name, near and far from the picture that introduced
them (paper, Section 4.3, Figures 7 and 13).

Knows the suite: its tasks in turn and its figure. Measuring is in `named_answers.py` (by the judge, from
pixels) and `named_tokens.py`.

Each conversation is held from two first pictures: `true_first`, where it is given as it should be and
identity can be measured, and `own_first`, where the model paints it, as in the paper. Every close-up is the
model's own. After the true one, the same close-ups are asked for at once and six rounds later:
`lost_by_distance` is the share of right persons lost on the way, task by task.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from limner.evaluation.suite import Bench, Outcome, Shown, paint_seed, task_name
from limner.evaluation.suites.likeness import KnownPerson, known_people
from limner.evaluation.suites.named_answers import (
    Answers,
    Runs,
    drive,
    measure_first_picture,
    measure_own_first,
    measure_true_first,
    measure_words,
    oracle,
    told_words,
)
from limner.evaluation.suites.named_tasks import NamedTask, make_task
from limner.evaluation.suites.named_tokens import read_first_picture, read_own_first, read_true_first
from limner.evaluation.suites.redrawing import Redraw, twin_of
from limner.evaluation.suites.tally import Tally
from limner.evaluation.suites.true_tokens import shown_in, tell_truth
from limner.evaluation.views import CEILING, TOKENS, TWIN
from limner.perception.senses import WorldSenses

LOST = "true_first.lost_by_distance"


@dataclass(frozen=True, kw_only=True)
class Named:
    """Close-ups by name. `num_strangers` people of the same traits are ranked with the person asked for."""

    name: str = "named"
    figure: str = "Figures 7, 13"
    about: str = "close-ups of two named people, one to seven rounds after they were introduced"
    num_strangers: int = 100

    def measure(self, bench: Bench, index: int) -> Outcome:
        """See `Suite.measure`."""
        painter, judge, seed = bench.painter, bench.judge, bench.task_seed(index)
        task = make_task(seed, index, painter.image_size_px)
        tell_truth(bench, shown_in(task.dialogue))
        runs, askings = drive(painter, task, seed=paint_seed(self.name, bench.seed, index))
        people = known_people(judge, task.scene, seed=seed, num_strangers=self.num_strangers)
        tally = Tally(dialogue=task_name(self.name, bench, index))
        measure(tally, task, runs, people, judge)
        twin = twin_of(painter)
        if twin is not None:
            measure(tally.seen_as(TWIN), task, runs.redrawn(twin), people, judge)
            read_tokens(tally.seen_as(TOKENS), task, runs, judge)
        measure_ceiling(tally.seen_as(CEILING), task, people, judge)
        for answers, prefix in ((runs.near, "true_first"), (runs.far, "true_first"), (runs.own, "own_first")):
            measure_words(tally, prefix, task, answers)
        return askings[2].outcome(tally, _shown(task, runs.own, runs.far, twin), askings[1])


def measure(
    tally: Tally, task: NamedTask, runs: Runs, people: tuple[KnownPerson, ...], judge: WorldSenses
) -> None:
    """All that the judge reads from the pixels of all runs."""
    near = measure_true_first(tally, task, runs.near, people, judge)
    far = measure_true_first(tally, task, runs.far, people, judge)
    tally.add(LOST, float(np.mean(near) - np.mean(far)))
    measure_own_first(tally, task, runs.own, judge)
    measure_first_picture(tally, task, runs.own.first, judge)


def measure_ceiling(
    tally: Tally, task: NamedTask, people: tuple[KnownPerson, ...], judge: WorldSenses
) -> None:
    """What the judge reads from the true pictures."""
    truth = oracle(task)
    measure_true_first(tally, task, truth, people, judge)
    measure_own_first(tally, task, replace(truth, distance=task.own_distance), judge)
    measure_first_picture(tally, task, truth.first, judge)


def read_tokens(tally: Tally, task: NamedTask, runs: Runs, judge: WorldSenses) -> None:
    """What all runs' tokens say, of the traits that the judge can read too."""
    told = [told_words(judge, task, place) for place in range(len(task.names))]
    near = read_true_first(tally, task, runs.near, told)
    far = read_true_first(tally, task, runs.far, told)
    tally.add(LOST, float(np.mean(near) - np.mean(far)))
    read_own_first(tally, task, runs.own, told)
    read_first_picture(tally, runs.own, told)


def _shown(task: NamedTask, own: Answers, given: Answers, twin: Redraw | None) -> tuple[Shown, ...]:
    rounds, truth = task.dialogue.rounds, oracle(task)
    asks = [rounds[index].instruction.text for index in task.close_ups]
    shown = [Shown(column="Round 1", picture=own.first, text=rounds[0].instruction.text)]
    for column, ask, text, picture in zip(
        ("First by name", "Second by name"), asks, own.texts, own.close_ups, strict=True
    ):
        shown.append(Shown(column=column, picture=picture, text=f"{ask} - {text}"))
    if twin is not None:
        named = zip(("Round 1", "First by name"), (own.first, own.close_ups[0]), strict=True)
        shown += [Shown(column=f"{column}, twin", picture=twin(picture)) for column, picture in named]
    shown.append(
        Shown(
            column="Round 1, true",
            picture=given.first,
            text=f"{given.distance} rounds before it is needed",
        )
    )
    for column, text, picture in zip(
        ("First, after the true one", "Second, after the true one"), given.texts, given.close_ups, strict=True
    ):
        shown.append(Shown(column=column, picture=picture, text=text))
    for column, place, picture in zip(
        ("First, truth", "Second, truth"), task.places, truth.close_ups, strict=True
    ):
        shown.append(Shown(column=column, picture=picture, text=task.names[place]))
    return tuple(shown)
