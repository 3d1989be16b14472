"""The ABC of pictures from text, for small training budgets: busts in daylight, in storybook style.

With layout, light and style held still, what remains to be learned is what the words say: who, with which
hair and garment, where. Full variety comes with the other kinds.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from limner.builders.world.draft import Draft, DraftRound
from limner.builders.world.replies import CLOSE_UP_ASKS, HERE_ONE, HERE_THEY_ARE, restate
from limner_world.caption import tell
from limner_world.chance import chance, pick
from limner_world.film import later
from limner_world.names import random_names
from limner_world.scene import Figure, Scene
from limner_world.staging import cut_out, random_scene

_FRAMING: Final = "bust"
_STYLE: Final = "storybook"


def draft_plain_text_to_image(rng: np.random.Generator, split: str) -> Draft:
    """A short text and its picture: one or two persons, named or not."""
    scene = plain_scene(rng, 2 if chance(rng, 0.5) else 1, split)
    names = random_names(rng, [f.person.traits for f in scene.figures], split) if chance(rng, 0.5) else None
    register = "usual" if chance(rng, 0.65) else None
    told = tell(scene, names, rng=rng, length="short" if chance(rng, 0.5) else "medium", register=register)
    say = pick(rng, HERE_THEY_ARE if len(scene.figures) == 2 else HERE_ONE)
    return Draft(
        kind="plain_text_to_image",
        rounds=(DraftRound(instruction=told.text, response=say, scene=scene),),
        names={str(name): (0, place) for place, name in enumerate(names or ())},
        truth={
            "stated": [sorted(fields) for fields in told.stated],
            "stated_scene": sorted(told.stated_scene),
        },
    )


def draft_plain_named(rng: np.random.Generator, split: str) -> Draft:
    """Two named persons, then the close-up of each by name (paper, Section 3.3.2), nothing in between."""
    scene = plain_scene(rng, 2, split)
    names = random_names(rng, [figure.person.traits for figure in scene.figures], split)
    told = tell(scene, names, rng=rng, length="short" if chance(rng, 0.5) else "medium")
    last = later(rng, scene)
    rounds = [DraftRound(instruction=told.text, response=pick(rng, HERE_THEY_ARE), scene=scene)]
    for place in (int(place) for place in rng.permutation(2)):
        name, figure = str(names[place]), scene.figures[place]
        rounds.append(
            DraftRound(
                instruction=pick(rng, CLOSE_UP_ASKS).format(x=name),
                response=restate(rng, name, figure, told.stated[place]),
                scene=cut_out(last, place),
                depends_on=(0,),
            )
        )
    return Draft(
        kind="plain_named",
        rounds=tuple(rounds),
        names={str(name): (0, place) for place, name in enumerate(names)},
        truth={"stated": [sorted(fields) for fields in told.stated]},
    )


def plain_scene(rng: np.random.Generator, num_figures: int, split: str) -> Scene:
    """A bust of one or two persons who do nothing, in daylight, in storybook style."""
    scene = random_scene(
        rng, num_figures=num_figures, framing=_FRAMING, style=_STYLE, interaction="none", split=split
    )
    figures = tuple(_still(figure) for figure in scene.figures)
    return replace(scene, figures=figures, lighting="daylight", zoom=1.0, written_word="")


def _still(figure: Figure) -> Figure:
    return replace(
        figure, shift_x=0.0, shift_y=0.0, tilt=0.0, turn=round(figure.turn * 0.3, 3), holding="none"
    )
