"""Was the right person painted? Two persons side by side, or one among others who look alike in words.

Knows similarities, and how to draw persons of equal described traits from the world. Knows no judge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from limner.evaluation.metrics.metric import Metric
from limner.perception.protocols import Box
from limner_world.chance import seeded
from limner_world.person import Person
from limner_world.render import render
from limner_world.sampling import random_identity
from limner_world.scene import Scene
from limner_world.staging import cut_out
from limner_world.truth import scene_truth

METRIC = Metric(
    name="right_person",
    source="share of pictures nearer to the person asked for than to the other of the two; chance .5",
    range=(0.0, 1.0),
    better="higher",
)
RANK_METRIC = Metric(
    name="rank",
    source="place of the person asked for among N others of equal described traits, 1 is the best",
    range=(1.0, float("inf")),
    better="lower",
)
LOST_METRIC = Metric(
    name="lost_by_distance",
    source="share of right persons at once minus the share as many rounds later, task by task",
    range=(-1.0, 1.0),
    better="lower",
)


@dataclass(frozen=True, kw_only=True, eq=False)
class ReferenceFace:
    """A person's true face: pixels (size, size, 3) uint8 and its box in the unit square."""

    person: Person
    pixels: np.ndarray
    box: Box


def right_of_two(own: float, other: float) -> float:
    """1 when `own` is the greater similarity, 0 when `other` is, 0.5 when they tie.

    A picture without a face is equally unlike both, so it counts as a guess.
    """
    return 0.5 if own == other else float(own > other)


def rank_among(similarities: Sequence[float], own: int = 0) -> float:
    """The place of `similarities[own]` from the greatest, 1 to N; equal ones share their mean place."""
    mine = similarities[own]
    above = sum(value > mine for value in similarities)
    equal = sum(value == mine for value in similarities) - 1
    return 1 + above + equal / 2


def chance_rank(num: int) -> float:
    """The mean rank of a blind guess among `num`."""
    return (num + 1) / 2


def distractors(person: Person, num: int, *, seed: int, split: str = "test") -> tuple[Person, ...]:
    """`num` persons with every described trait of `person` and hidden faces of their own, all of `split`.

    The same person, number and seed give the same persons; the first of many are those of few.
    """
    rng = seeded("distractors", seed, *(round(1000 * (value + 1)) for value in person.identity.vector()))
    return tuple(replace(person, identity=random_identity(rng, split)) for _ in range(num))


def with_person(scene: Scene, place: int, person: Person) -> Scene:
    """`scene` with `person` in the place of figure `place`, posed and dressed as that figure was."""
    figures = list(scene.figures)
    figures[place] = replace(figures[place], person=person)
    return replace(scene, figures=tuple(figures))


def reference_face(scene: Scene, place: int, size_px: int) -> ReferenceFace:
    """The true close-up of figure `place` of `scene` on white, turned as it is there."""
    alone = cut_out(scene, place)
    return ReferenceFace(
        person=scene.figures[place].person,
        pixels=render(alone, size_px),
        box=scene_truth(alone).face_boxes[0],
    )


def distractor_faces(
    scene: Scene, place: int, num: int, *, seed: int, size_px: int, split: str = "test"
) -> tuple[ReferenceFace, ...]:
    """Close-ups of `num` distractors in the very pose of figure `place`, so that only the face differs."""
    person = scene.figures[place].person
    return tuple(
        reference_face(with_person(scene, place, other), place, size_px)
        for other in distractors(person, num, seed=seed, split=split)
    )
