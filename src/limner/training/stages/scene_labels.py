"""Scenes as numbers to learn from: trait classes per figure, and captions as bags of hashed words.

Knows the world's vocabulary. Knows no networks.

Legend: N pictures, F figures (2, left to right), T trait fields, W words.
"""

from __future__ import annotations

import itertools
import re
import zlib
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from limner.world import person
from limner.world.scene import Figure, Scene
from limner.world.staging import visible_traits

TRAIT_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "age": person.AGES,
    "presentation": person.PRESENTATIONS,
    "skin": person.SKINS,
    "hair_colour": person.HAIR_COLOURS,
    "hair_style": person.HAIR_STYLES,
    "facial_hair": person.FACIAL_HAIR,
    "glasses": person.GLASSES,
    "headwear": person.HEADWEAR,
    "jewellery": person.JEWELLERY,
    "neckwear": person.NECKWEAR,
    "garment": person.GARMENTS,
    "garment_colour": person.COLOURS,
    "garment_pattern": person.PATTERNS,
    "expression": person.EXPRESSIONS,
    "make_up": person.MAKE_UP,
}
ABSENT: Final = -1
NUM_BUCKETS: Final = 8192
MAX_WORDS: Final = 96
# What is "none" or "plain" is not listed as visible, yet its absence can be seen.
_ABSENCE_SHOWS: Final = (
    "facial_hair",
    "glasses",
    "headwear",
    "jewellery",
    "neckwear",
    "make_up",
    "garment_pattern",
)


def trait_labels(scenes: Sequence[Scene]) -> np.ndarray:
    """(N, 2, T) class numbers; ABSENT where there is no figure or the trait cannot be seen."""
    labels = np.full((len(scenes), 2, len(TRAIT_WORDS)), ABSENT, np.int64)
    for row, scene in enumerate(scenes):
        for place, figure in enumerate(scene.figures[:2]):
            labels[row, place] = figure_labels(figure, scene)
    return labels


def figure_labels(figure: Figure, scene: Scene) -> list[int]:
    """T class numbers of one figure of `scene`."""
    shown = visible_traits(figure, scene)
    seen = [name in shown or name in _ABSENCE_SHOWS for name in TRAIT_WORDS]
    traits = figure.person.traits
    return [
        words.index(getattr(traits, name)) if visible else ABSENT
        for (name, words), visible in zip(TRAIT_WORDS.items(), seen, strict=True)
    ]


def word_bags(captions: Sequence[str]) -> np.ndarray:
    """(N, MAX_WORDS) bucket numbers of single words and of neighbours, 0 beyond the end."""
    bags = np.zeros((len(captions), MAX_WORDS), np.int64)
    for row, text in enumerate(captions):
        words = re.findall(r"[a-z'-]+", text.lower())
        pairs = [f"{first} {second}" for first, second in itertools.pairwise(words)]
        hashed = [1 + zlib.crc32(word.encode()) % (NUM_BUCKETS - 1) for word in [*words, *pairs][:MAX_WORDS]]
        bags[row, : len(hashed)] = hashed
    return bags
