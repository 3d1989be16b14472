"""Names that fit what is seen, used equally often; and whether a text holds exactly them.

Knows looks and names. Knows nothing about pictures.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from limner.builders.runner.document import Drop
from limner.dialogue.names import find_names
from limner.dialogue.people import find_people
from limner.perception.protocols import Look
from limner_world.names import MEN, NEUTRAL, WOMEN, held_out_names, seen_names

_POOLS = {"woman": WOMEN, "man": MEN, "": NEUTRAL}


def draw_names(number: int, looks: tuple[Look, Look], seed: int, split: str = "train") -> tuple[str, str]:
    """Two different names for the persons of document `number`, the left one's first.

    Each side walks through a pool in a shuffled order, one step a document, so that all its names come up
    equally often whatever happens to other documents. The test split has names that training never sees.
    """
    left = _name(looks[0].presentation, number, (seed, 0), split)
    right = _name(looks[1].presentation, number, (seed, 1), split)
    again = 2
    while right == left:
        right = _name(looks[1].presentation, number, (seed, again), split)
        again += 1
    return left, right


def _name(presentation: str, number: int, key: tuple[int, int], split: str) -> str:
    pool = _pool(presentation, split)
    turn, at = divmod(number, len(pool))
    return pool[int(_order(len(pool), key, turn)[at])]


@lru_cache
def _pool(presentation: str, split: str) -> tuple[str, ...]:
    names = _POOLS.get(presentation, NEUTRAL)
    return held_out_names(names) if split == "test" else seen_names(names)


@lru_cache(maxsize=64)
def _order(num: int, key: tuple[int, int], turn: int) -> np.ndarray:
    return np.random.default_rng([*key, turn, num]).permutation(num)


def why_not_two_names(text: str, names: tuple[str, str]) -> Drop | None:
    """The paper's second filter: exactly two names, and on the sides where their persons are."""
    found = set(dict.fromkeys(span.name for span in find_names(text, names)))
    if found != set(names):
        told = ", ".join(sorted(found)) or "none"
        return Drop(reason="not exactly two names", detail=f"{told} instead of {' and '.join(names)}")
    sides = {mention.name: mention.side for mention in find_people(text, names)}
    if sides.get(names[0]) == "right" or sides.get(names[1]) == "left":
        return Drop(reason="names on the wrong sides", detail=text[:120])
    return None
