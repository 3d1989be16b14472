"""Dialogues in which names stand for persons seen earlier: close-ups and full bodies by name (paper
Sections 3.3.2, 8).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from limner.builders.world.draft import Draft, DraftRound, face_boxes
from limner.builders.world.replies import CLOSE_UP_ASKS, HERE_ONE, HERE_THEY_ARE, restate, with_identity
from limner.dialogue.boxes import box_text
from limner_world.caption import tell
from limner_world.caption_writer import Caption
from limner_world.chance import chance, pick, weighted
from limner_world.film import later
from limner_world.names import Name, random_name, random_names
from limner_world.person import Person
from limner_world.question import Asked, random_question, where_question
from limner_world.sampling import random_outfit
from limner_world.scene import Scene
from limner_world.staging import CLOSE_FRAMINGS, cut_out, random_scene, shared_traits_pair

_FULL_BODY_RATE: Final = 0.85
# What the first picture has settled, so that a later request need not say it again.
BODY: Final = ("age", "skin", "hair_colour", "hair_style", "facial_hair")
AS_ASKED: Final = (
    "Here is {x}.",
    "Here is {x}, as you asked.",
    "This is {x}.",
    "Here is the picture of {x}.",
)


def named_pair(
    rng: np.random.Generator, split: str, framing: str | None = None, shared: float = 0.2
) -> tuple[Scene, tuple[Name, ...], Caption]:
    """A scene of two named persons with faces large enough to know them by, and the text that asks for it."""
    people = shared_traits_pair(rng, split) if chance(rng, shared) else None
    framing = framing or (weighted(rng, CLOSE_FRAMINGS) if chance(rng, 0.9) else "half body")
    scene = random_scene(rng, num_figures=2, people=people, framing=framing, split=split)
    names = random_names(rng, [figure.person.traits for figure in scene.figures], split)
    return scene, names, tell(scene, names, rng=rng, register="usual" if chance(rng, 0.2) else None)


def draft_named(rng: np.random.Generator, split: str) -> Draft:
    """A picture of two named persons, then the close-up of each by name from the last frame of the film it
    begins.

    A third of the dialogues has one to three other rounds in between, so that names are needed up to six
    rounds later.
    """
    scene, names, told = named_pair(rng, split)
    last = later(rng, scene)
    rounds = [DraftRound(instruction=told.text, response=pick(rng, HERE_THEY_ARE), scene=scene)]
    places = [0, 1] if chance(rng, 0.5) else [1, 0]
    between = chance(rng, 0.35)
    for place in places:
        if between:
            for _ in range(int(rng.integers(0, 3))):
                rounds.append(_distraction(rng, split, scene, names, rounds))
        name, figure = str(names[place]), scene.figures[place]
        ask, say = pick(rng, CLOSE_UP_ASKS).format(x=name), restate(rng, name, figure, told.stated[place])
        ask, say = with_identity(rng, ask, say)
        target = cut_out(last, place)
        rounds.append(DraftRound(instruction=ask, response=say, scene=target, depends_on=(0,)))
    return Draft(
        kind="named",
        rounds=tuple(rounds),
        names={str(name): (0, place) for place, name in enumerate(names)},
        truth={"stated": [sorted(fields) for fields in told.stated]},
    )


def _distraction(
    rng: np.random.Generator, split: str, scene: Scene, names: tuple[Name, ...], rounds: list[DraftRound]
) -> DraftRound:
    """A round that has nothing to do with the close-up asked next: a question or a picture of something
    else.
    """
    if chance(rng, 0.6):
        asked = random_question(scene, rng, names)
        return _question(asked)
    other = random_scene(rng, num_figures=1, split=split)
    taken = [part for name in names for part in str(name).split()]
    name = [random_name(rng, other.figures[0].person.traits, split, taken)] if chance(rng, 0.4) else None
    if name and set(str(name[0]).split()) & set(taken):
        name = None
    text = tell(other, name, rng=rng, register="ask", length=pick(rng, ("bare", "short"))).text
    return DraftRound(instruction=text, response=pick(rng, HERE_ONE), scene=other)


def _question(asked: Asked) -> DraftRound:
    """About the first picture."""
    return DraftRound(instruction=asked.question, response=asked.answer, depends_on=(0,), asked=asked)


def draft_full_body(rng: np.random.Generator, split: str) -> Draft:
    """Two named persons, then each by name in a full-body picture with other clothes, in another place."""
    scene, names, told = named_pair(rng, split, shared=0.1)
    rounds = [DraftRound(instruction=told.text, response=pick(rng, HERE_THEY_ARE), scene=scene)]
    stated = [[sorted(fields) for fields in told.stated]]
    for place in [0, 1] if chance(rng, 0.5) else [1, 0]:
        figure = scene.figures[place]
        traits = random_outfit(rng, figure.person.traits, split)
        person = Person(traits=traits, identity=figure.person.identity)
        framing = "full body" if chance(rng, _FULL_BODY_RATE) else "half body"
        target = random_scene(rng, people=(person,), framing=framing, style=scene.style, split=split)
        length = pick(rng, ("short", "medium", "long"))
        known = BODY if chance(rng, 0.7) else ()
        framed = chance(rng, 0.6)
        asked = tell(target, [names[place]], rng=rng, length=length, untold=known, frame=framed)
        stated.append([sorted(fields) for fields in asked.stated])
        ask, say = with_identity(rng, asked.text, pick(rng, AS_ASKED).format(x=names[place]))
        rounds.append(DraftRound(instruction=ask, response=say, scene=target, depends_on=(0,)))
    return Draft(
        kind="full_body",
        rounds=tuple(rounds),
        names={str(name): (0, place) for place, name in enumerate(names)},
        truth={"stated_by_round": stated},
    )


def draft_point(rng: np.random.Generator, split: str) -> Draft:
    """A picture of named persons, painted or uploaded, then where each is, as a box; sometimes a question
    too.
    """
    scene, names, told = named_pair(rng, split)
    if chance(rng, 0.5):
        rounds = [DraftRound(instruction=told.text, response=pick(rng, HERE_THEY_ARE), scene=scene)]
    else:
        rounds = [_introduction(rng, scene, names)]
    boxes = face_boxes(scene)
    for place in [0, 1] if chance(rng, 0.5) else [1, 0]:
        asked = where_question(rng, str(names[place]), boxes[place], box_text, place)
        rounds.append(_question(asked))
        if chance(rng, 0.25):
            rounds.append(_question(random_question(scene, rng, names)))
    return Draft(
        kind="point",
        rounds=tuple(rounds),
        names={str(name): (0, place) for place, name in enumerate(names)},
        names_uploaded=rounds[0].scene is None,
    )


def _introduction(rng: np.random.Generator, scene: Scene, names: tuple[Name, ...]) -> DraftRound:
    """An uploaded picture with the names of those in it."""
    left, right = names
    ask = pick(
        rng,
        (
            f"This is {left.introduction} on the left and {right.introduction} on the right.",
            f"{left} is on the left, {right} is on the right.",
            f"Meet {left} (left) and {right} (right).",
            f"The person on the right is {right}, the one on the left is {left}.",
            f"Here are {left} and {right}, from left to right.",
        ),
    )
    say = pick(rng, ("I see {a} and {b}.", "Hello {a} and {b}.", "Thank you, I will remember {a} and {b}."))
    return DraftRound(instruction=ask, response=say.format(a=left, b=right), pictures=(replace(scene),))
