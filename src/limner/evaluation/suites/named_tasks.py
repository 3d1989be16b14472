"""The tasks of `named`: two people with names, then the close-up of each, at once or six rounds later.

Knows the world's scenes and texts. Knows nothing about painters and measuring.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from limner.builders.world import Draft, DraftRound, paint_draft
from limner.builders.world.naming import named_pair
from limner.builders.world.plain import plain_scene
from limner.builders.world.replies import CLOSE_UP_ASKS, HERE_ONE, HERE_THEY_ARE, restate
from limner.dialogue.parts import Dialogue
from limner.evaluation.suites.asking import SPLIT
from limner_world.caption import tell
from limner_world.caption_writer import Caption
from limner_world.chance import chance, pick, seeded
from limner_world.film import later
from limner_world.names import Name, random_names
from limner_world.question import random_question
from limner_world.scene import Scene
from limner_world.staging import cut_out, random_scene

SCENES = ("varied", "shared_traits", "plain")
FARTHEST = 6  # rounds from a name to the first close-up by it
_TOPICS = ("what", "who", "yes")


@dataclass(frozen=True, kw_only=True, eq=False)
class NamedTask:
    """One conversation with its truth.

    Args:
        dialogue: painted; round 0 paints both people, `close_ups`, the last two rounds, one each; the others
            lie in between and need neither person's face. Fewer of them make the names needed sooner.
        scene: what round 0 shows, people from left to right.
        kind: one of `SCENES`.
        names: of the people, from left to right.
        close_ups: rounds that ask for a face by name.
        own_distance: 1 to `FARTHEST`: how many rounds later names are needed after the painter's own first
            picture.
        places: whose face each of them asks for.
        stated: per person, the traits that round 0 tells.
    """

    dialogue: Dialogue
    scene: Scene
    kind: str
    names: tuple[str, str]
    close_ups: tuple[int, int]
    own_distance: int
    places: tuple[int, int]
    stated: tuple[frozenset[str], ...]


def make_task(seed: int, index: int, size_px: int) -> NamedTask:
    """Task `index` of held-out people; kind of scene and distance follow from the index, so that all are
    even.
    """
    kind, distance = SCENES[(index + index // FARTHEST) % len(SCENES)], 1 + index % FARTHEST
    rng = seeded("named suite", SPLIT, seed)
    scene, names, told = _first(rng, kind)
    rounds = [DraftRound(instruction=told.text, response=pick(rng, HERE_THEY_ARE), scene=scene)]
    rounds += [_between(rng, scene, names, told, number) for number in range(FARTHEST - 1)]
    places = (0, 1) if chance(rng, 0.5) else (1, 0)
    last = later(rng, scene)
    for place in places:
        name = str(names[place])
        rounds.append(
            DraftRound(
                instruction=pick(rng, CLOSE_UP_ASKS).format(x=name),
                response=restate(rng, name, scene.figures[place], told.stated[place]),
                scene=cut_out(last, place),
                depends_on=(0,),
            )
        )
    draft = Draft(
        kind="named",
        rounds=tuple(rounds),
        names={str(name): (0, place) for place, name in enumerate(names)},
    )
    return NamedTask(
        dialogue=paint_draft(draft, size_px),
        scene=scene,
        kind=kind,
        names=(str(names[0]), str(names[1])),
        close_ups=(FARTHEST, FARTHEST + 1),
        own_distance=distance,
        places=places,
        stated=told.stated,
    )


def _first(rng: np.random.Generator, kind: str) -> tuple[Scene, tuple[Name, ...], Caption]:
    if kind != "plain":
        return named_pair(rng, SPLIT, shared=1.0 if kind == "shared_traits" else 0.0)
    scene = plain_scene(rng, 2, SPLIT)
    names = random_names(rng, [figure.person.traits for figure in scene.figures], SPLIT)
    return scene, names, tell(scene, names, rng=rng, length=pick(rng, ("short", "medium")))


def _between(
    rng: np.random.Generator, scene: Scene, names: tuple[Name, ...], told: Caption, number: int
) -> DraftRound:
    """A round that needs no face: by turns somebody else's picture and a question on what the text has
    told.
    """
    if number % 2:
        asked = random_question(
            scene, rng, names, told=told.stated, told_scene=told.stated_scene, topics=_TOPICS
        )
        return DraftRound(instruction=asked.question, response=asked.answer, depends_on=(0,))
    other = random_scene(rng, num_figures=1, split=SPLIT)
    text = tell(other, rng=rng, register="ask", length=pick(rng, ("bare", "short"))).text
    return DraftRound(instruction=text, response=pick(rng, HERE_ONE), scene=other)
