"""What the sample caches of single pictures show: for each kind, the scene of a seed.

Knows the world's scenes. Knows nothing about rendering or files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from limner.builders.world import draft
from limner.builders.world.plain import plain_scene
from limner_world.chance import chance, pick, seeded, weighted
from limner_world.edit import apply, random_edit
from limner_world.film import later
from limner_world.person import EXPRESSIONS, Person, Traits
from limner_world.sampling import random_identity, random_outfit, random_traits, settle
from limner_world.scene import Scene
from limner_world.staging import cut_out, portrait, random_scene

# Pictures of one person in the sample cache of identities: seed // VIEWS is the person, seed % VIEWS the
# view.
VIEWS: Final = 4
# Pictures of one edit: seed // EDIT_PAIR is the scene, an even seed shows it before, an odd one after.
EDIT_PAIR: Final = 2
# The dialogues whose rounds `conversation` shows, by their share.
CONVERSATIONS: Final = {"named": 3, "rollback": 3, "text_to_image": 2, "full_body": 1, "face_to_image": 1}


def natural(seed: int, split: str) -> Scene:
    """A place with nobody near the camera: the natural pictures of the detokenizer's first stage."""
    rng = seeded("picture bank", "natural", split, seed)
    return random_scene(rng, num_figures=1, framing="full body", split=split)


def plain(seed: int, split: str) -> Scene:
    """The ABC of pictures: busts in daylight, in storybook style, and cut-out heads on white."""
    rng = seeded("picture bank", "plain", split, seed)
    scene = plain_scene(rng, 2 if chance(rng, 0.6) else 1, split)
    if chance(rng, 0.4):
        return cut_out(later(rng, scene), int(rng.integers(len(scene.figures))))
    return scene


def conversation(seed: int, split: str) -> Scene:
    """What conversations show: half of them plain, the others a round of some dialogue with pictures."""
    rng = seeded("picture bank", "conversation", split, seed)
    if chance(rng, 0.5):
        return plain(seed, split)
    kind = weighted(rng, CONVERSATIONS)
    scenes = draft(kind, int(rng.integers(2**31)), split).scenes
    return pick(rng, scenes)


def people(seed: int, split: str) -> Scene:
    """What a conversation shows: scenes of two, scenes of one, and cut-out faces on white."""
    rng = seeded("picture bank", "people", split, seed)
    share = rng.random()
    if share < 0.35:
        return random_scene(rng, num_figures=2, framing="bust", split=split)
    if share < 0.6:
        return random_scene(rng, split=split)
    alone = random_scene(rng, num_figures=1, split=split)
    return portrait(rng, alone.figures[0], style=alone.style)


def identities(seed: int, split: str) -> Scene:
    """One person seen again and again, with another expression, outfit, pose, place and often other hair.

    What stays is the hidden face, skin, age and presentation. Persons come in pairs (2 n, 2 n + 1) of one
    look: the second has the first's traits in every view, and another face. So nothing but the face tells the
    two apart, and a face embedder must not look at anything else.
    """
    person, view = divmod(seed, VIEWS)
    face = random_identity(seeded("identity", split, person), split)
    look = random_traits(seeded("look", split, person // 2), split)
    rng = seeded("picture bank", "identities", split, seed)
    seen = Person(traits=_seen_anew(seeded("view", split, person // 2, view), look, split), identity=face)
    scene = random_scene(rng, people=(seen,), framing=pick(rng, ("close-up", "bust")), split=split)
    return portrait(rng, scene.figures[0], style=scene.style) if chance(rng, 0.5) else scene


def edited(seed: int, split: str) -> Scene:
    """Scenes in pairs, before and after one edit: each is the other's condition picture."""
    scene = people(seed // EDIT_PAIR, split)
    if seed % EDIT_PAIR == 0:
        return scene
    rng = seeded("picture bank", "edited", split, seed)
    return apply(random_edit(scene, rng, split=split), scene)


def _seen_anew(rng: np.random.Generator, look: Traits, split: str) -> Traits:
    traits = random_outfit(rng, look, split)
    other = random_traits(rng, split, age=look.age, presentation=look.presentation)
    changes = {"expression": pick(rng, EXPRESSIONS)}
    for group in (
        ("hair_style", "hair_colour"),
        ("glasses",),
        ("headwear", "headwear_colour"),
        ("facial_hair",),
    ):
        if chance(rng, 0.3):
            changes.update({name: getattr(other, name) for name in group})
    return settle(replace(traits, **changes))


PICTURE_KINDS: Final[Mapping[str, Callable[[int, str], Scene]]] = {
    "natural": natural,
    "plain": plain,
    "conversation": conversation,
    "people": people,
    "identities": identities,
    "edited": edited,
}
