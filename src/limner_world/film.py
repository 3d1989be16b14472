"""Short two-person films: a first and a last scene and the motion between them.

Knows which parts of a scene may move. Knows nothing about drawing or words.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from limner_world.chance import chance
from limner_world.person import Person
from limner_world.scene import Figure, Scene
from limner_world.staging import pose_of, random_scene


@dataclass(frozen=True, kw_only=True)
class Film:
    """A clip: the same people in the same place; poses, places in the frame and the camera's zoom move."""

    first: Scene
    last: Scene

    def frames(self, num: int) -> list[Scene]:
        """`num` scenes from first to last (both included), eased in and out. Raises ValueError below 2."""
        if num < 2:
            raise ValueError(f"a film has at least its first and last frame, got num={num}")
        return [self._between(0.5 - 0.5 * float(np.cos(np.pi * step / (num - 1)))) for step in range(num)]

    def _between(self, share: float) -> Scene:
        if share <= 0.0:
            return self.first
        if share >= 1.0:
            return self.last
        figures = tuple(
            replace(
                start if share < 0.5 else end,
                **{
                    name: round(getattr(start, name) * (1 - share) + getattr(end, name) * share, 3)
                    for name in ("turn", "tilt", "shift_x", "shift_y")
                },
            )
            for start, end in zip(self.first.figures, self.last.figures, strict=True)
        )
        zoom = round(self.first.zoom * (1 - share) + self.last.zoom * share, 3)
        return replace(self.first, figures=figures, zoom=zoom)


def moved(rng: np.random.Generator, figure: Figure, *, new_expression: bool = False) -> Figure:
    """`figure` some moments later: another turn and tilt, a small step, now and then eyes closed or a
    smile.
    """
    person = figure.person
    if (
        new_expression
        and person.traits.expression in ("neutral", "smiling")
        and person.traits.glasses != "dark sunglasses"
    ):
        other = (
            "eyes closed"
            if chance(rng, 0.3)
            else "smiling"
            if person.traits.expression == "neutral"
            else "neutral"
        )
        person = Person(traits=replace(person.traits, expression=other), identity=person.identity)
    step = rng.uniform(-0.06, 0.06, 2)
    pose = pose_of(rng)
    return replace(
        figure,
        person=person,
        shift_x=round(float(np.clip(figure.shift_x + step[0], -0.15, 0.15)), 3),
        shift_y=round(float(np.clip(figure.shift_y + step[1], -0.08, 0.08)), 3),
        turn=pose["turn"],
        tilt=pose["tilt"],
    )


def later(rng: np.random.Generator, scene: Scene) -> Scene:
    """The last frame of a film that begins with `scene`."""
    figures = tuple(moved(rng, figure) for figure in scene.figures)
    return replace(scene, figures=figures, zoom=round(float(rng.uniform(0.92, 1.08)), 3))


def random_film(rng: np.random.Generator, split: str = "train", framing: str | None = None) -> Film:
    """A two-person film of `split`."""
    first = random_scene(rng, num_figures=2, framing=framing, split=split)
    return Film(first=first, last=later(rng, first))
