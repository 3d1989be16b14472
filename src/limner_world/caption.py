"""Whole scenes in words: descriptions and requests, short to long, with or without names.

Every text comes with what it tells (`Caption.stated`), so that questions and tests ask only what was said. A
trait may be left out at random, because a user who says little is as welcome as one who says all.
Knows nothing about dialogues.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

import numpy as np

from limner_world.caption_writer import Caption, CaptionWriter
from limner_world.chance import chance, weighted
from limner_world.names import Name
from limner_world.scene import Scene

MAX_WORDS: Final = 110
_LENGTH_WEIGHTS: Final = {"bare": 0.07, "short": 0.25, "medium": 0.4, "long": 0.28}


def caption(scene: Scene, names: Sequence[Name] | None = None, *, rng: np.random.Generator) -> str:
    """A text about `scene` in any register and length; see `tell`."""
    return tell(scene, names, rng=rng).text


def tell(
    scene: Scene,
    names: Sequence[Name] | None = None,
    *,
    rng: np.random.Generator,
    length: str | None = None,
    register: str | None = None,
    sides: bool | None = None,
    untold: Collection[str] = (),
    frame: bool | None = None,
) -> Caption:
    """A text about `scene` of at most 110 words.

    `names` in the order of the figures (left to right), or None for an unnamed description; `length` one of
    "bare", "short", "medium", "long"; `register` "describe" (a caption), "ask" or "usual" (a request, with
    the few openings that most people use); `sides` whether each person's place is told, `frame` whether the
    framing is; `untold` fields are left out. What is None is drawn.
    """
    length = length or weighted(rng, _LENGTH_WEIGHTS)
    register = register or ("ask" if chance(rng, 0.5) else "describe")
    while True:
        made = CaptionWriter(rng, scene, names, length, register, sides, untold, frame).caption()
        if made.num_words <= MAX_WORDS:
            return made
        length = "medium" if length == "long" and chance(rng, 0.5) else length
