"""What a reader of traits learns from: the class of each described trait of a figure.

Knows the world's vocabulary. Knows no networks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from limner_world import person
from limner_world.scene import Figure, Scene
from limner_world.staging import visible_traits

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


def figure_labels(figure: Figure, scene: Scene) -> list[int]:
    """A class number for each of `TRAIT_WORDS`; ABSENT where the trait cannot be seen in `scene`."""
    shown = visible_traits(figure, scene)
    seen = [name in shown or name in _ABSENCE_SHOWS for name in TRAIT_WORDS]
    traits = figure.person.traits
    return [
        words.index(getattr(traits, name)) if visible else ABSENT
        for (name, words), visible in zip(TRAIT_WORDS.items(), seen, strict=True)
    ]
