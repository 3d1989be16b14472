"""Named persons: the close-up of each of two people by name, near and far from the picture that introduced
them (paper, Section 4.3, Figures 7 and 13).

Knows the suite: its tasks in turn, its figure, what only the whole set tells. Measuring is in
`named_answers.py`.

Two runs of each conversation: `true_first`, where the first picture is given as it should be and identity can
be measured, and `own_first`, where the model paints it, as in the paper. Every close-up is the model's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from limner.dialogue.parts import Picture
from limner.evaluation.score import Row
from limner.evaluation.suite import Bench, Outcome, Shown, paint_seed, task_name
from limner.evaluation.suites.named_answers import (
    CEILING,
    Answers,
    drive,
    known_people,
    measure_first_picture,
    measure_own_first,
    measure_true_first,
    oracle,
)
from limner.evaluation.suites.named_tasks import NamedTask, make_task
from limner.evaluation.suites.tally import Tally

LEAST_FOR_WORST = 5  # a trait that was told more rarely says nothing


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
        paint = paint_seed(self.name, bench.seed, index)
        shown_first, true_asking = drive(painter, task, true_first=True, seed=paint)
        own_first, own_asking = drive(painter, task, true_first=False, seed=paint)
        people = known_people(judge, task, seed=seed, num_strangers=self.num_strangers)
        tally = Tally(dialogue=task_name(self.name, bench, index))

        def encode(picture: Picture) -> np.ndarray:
            return np.asarray(painter.encode(picture).float().cpu().numpy())

        alike = measure_true_first(tally, task, shown_first, people, judge, encode)
        ceiling = measure_true_first(tally, task, oracle(task), people, judge, encode, prefix=CEILING)
        measure_own_first(tally, task, own_first, judge, encode)
        seen = measure_first_picture(tally, task, own_first.first, judge)
        where = (float(bench.seed), float(index))
        return Outcome(
            rows=tuple(tally.rows),
            shown=_shown(task, own_first, shown_first),
            round_seconds=tuple(true_asking.seconds + own_asking.seconds),
            features={
                "likeness": np.array(
                    [(*where, *pair) for pair in zip(alike, ceiling, strict=True)], np.float32
                ),
                "traits": np.array([(*where, *pair) for pair in seen], np.float32).reshape(-1, 4),
            },
            conversation=own_asking.conversation.rounds,
        )

    def finish(self, features: Mapping[str, np.ndarray]) -> tuple[Row, ...]:
        """The share of the similarity that true pictures of one person reach, and the trait seen least."""
        return (*_shares_of_ceiling(features.get("likeness")), *_worst_trait(features.get("traits")))


def _shares_of_ceiling(likeness: np.ndarray | None) -> list[Row]:
    """Each similarity over the mean ceiling, so that their mean is a ratio of means."""
    if likeness is None or not len(likeness):
        return []
    ceiling = float(np.mean(likeness[:, 3], dtype=np.float64))
    if ceiling <= 0:  # a judge that knows nobody again has no ceiling
        return []
    return [
        Row(dialogue=_name(row), metric="true_first.share_of_ceiling", value=float(row[2]) / ceiling)
        for row in likeness
    ]


def _worst_trait(traits: np.ndarray | None) -> list[Row]:
    """The rows of the trait with the lowest rate among those told often enough."""
    if traits is None or not len(traits):
        return []
    by_trait = {int(number): traits[traits[:, 2] == number] for number in np.unique(traits[:, 2])}
    least = min(LEAST_FOR_WORST, max(len(rows) for rows in by_trait.values()))
    often = {number: rows for number, rows in by_trait.items() if len(rows) >= least}
    worst = min(often, key=lambda number: (float(often[number][:, 3].mean()), number))
    return [
        Row(dialogue=_name(row), metric="first_picture.worst_trait_seen", value=float(row[3]))
        for row in often[worst]
    ]


def _name(row: np.ndarray) -> str:
    return f"named-{int(row[0])}-{int(row[1]):05d}"


def _shown(task: NamedTask, own: Answers, given: Answers) -> tuple[Shown, ...]:
    rounds, truth = task.dialogue.rounds, oracle(task)
    asks = [rounds[index].instruction.text for index in task.close_ups]
    far = task.close_ups[0]
    shown = [Shown(column="Round 1", picture=own.first, text=rounds[0].instruction.text)]
    for column, ask, text, picture in zip(
        ("First by name", "Second by name"), asks, own.texts, own.close_ups, strict=True
    ):
        shown.append(Shown(column=column, picture=picture, text=f"{ask} - {text}"))
    shown.append(
        Shown(
            column="Round 1, true",
            picture=given.first,
            text=f"{far} {'round' if far == 1 else 'rounds'} before it is needed",
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
