"""Pairs of held-out persons whom eyes can tell apart and names cannot, and how they are introduced.

Both are of one presentation, so that no name gives away who is meant. Knows nothing about checks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from limner.benchmark.tasks.changes import FAR_RGB
from limner.benchmark.tasks.story import SPLIT
from limner_world.chance import pick
from limner_world.names import random_names
from limner_world.palette import COLOURS, HAIR_COLOURS
from limner_world.person import PRESENTATIONS, Person, Traits
from limner_world.sampling import random_person
from limner_world.scene import Scene
from limner_world.staging import random_scene

_AGES: Final = ("child", "teenager", "young adult", "middle-aged", "elderly")
_MEET: Final = (
    "The one on the left is {a}, the one on the right is {b}.",
    "On the left you see {a}, on the right {b}.",
    "{a} is on the left and {b} is on the right.",
    "The person on the left is called {a}, the person on the right {b}.",
    "Remember their names: {a} on the left, {b} on the right.",
)
_BRINGS: Final = ("Here is a picture of two people.", "This is a picture of mine.", "Look at these two.")
_GREETS: Final = ("I see {a} and {b}.", "Hello {a} and {b}.", "I will remember {a} and {b}.")


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two named persons in one picture; `names` from left to right."""

    scene: Scene
    names: tuple[str, str]


def draw_pair(rng: np.random.Generator) -> Pair:
    """Two bare-headed persons of one presentation, whose hair and clothes are of clearly other colours."""
    presentation = pick(rng, PRESENTATIONS)
    first = _person(rng, presentation)
    second = _person(rng, presentation)
    while not _apart(first.traits, second.traits):
        second = _person(rng, presentation)
    framing = "bust" if rng.random() < 0.7 else "half body"
    scene = random_scene(rng, people=(first, second), framing=framing, interaction="none", split=SPLIT)
    left, right = draw_names(rng, scene)
    return Pair(scene=scene, names=(left, right))


def draw_names(rng: np.random.Generator, scene: Scene) -> tuple[str, str]:
    """Two plain first names that say nothing of title, age or dress."""
    while True:
        names = [str(name) for name in random_names(rng, [f.person.traits for f in scene.figures], SPLIT)]
        if not any(set(name) & set(" .") for name in names):
            return names[0], names[1]


def introduce(rng: np.random.Generator, names: tuple[str, str]) -> tuple[str, str]:
    """Who is who, and the answer to it."""
    left, right = names
    return pick(rng, _MEET).format(a=left, b=right), pick(rng, _GREETS).format(a=left, b=right)


def bring(rng: np.random.Generator) -> str:
    """An instruction for uploading a picture of two persons."""
    return pick(rng, _BRINGS)


def _person(rng: np.random.Generator, presentation: str) -> Person:
    while True:
        person = random_person(rng, SPLIT, age=pick(rng, _AGES), presentation=presentation)
        traits = person.traits
        if traits.headwear == "none" and traits.hair_style != "bald" and traits.glasses != "dark sunglasses":
            return person


def _apart(first: Traits, second: Traits) -> bool:
    hair = np.subtract(HAIR_COLOURS[first.hair_colour], HAIR_COLOURS[second.hair_colour])
    cloth = np.subtract(COLOURS[first.garment_colour], COLOURS[second.garment_colour])
    return min(float(np.linalg.norm(hair)), float(np.linalg.norm(cloth))) >= FAR_RGB
