"""A person of the world: what captions may say of them, and what only pixels can tell.

Knows the vocabulary of traits and the hidden shape of a face. Knows nothing about drawing, sentences or
scenes.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

AGES: Final = ("baby", "child", "teenager", "young adult", "middle-aged", "elderly")
PRESENTATIONS: Final = ("woman", "man")
SKINS: Final = ("fair", "tan", "brown", "dark")
HAIR_COLOURS: Final = ("black", "brown", "blond", "red", "gray", "white")
HAIR_STYLES: Final = (
    "short",
    "shoulder-length",
    "long",
    "long with bangs",
    "curly",
    "bun",
    "ponytail",
    "braids",
    "spiky",
    "bald",
)
FACIAL_HAIR: Final = ("none", "stubble", "beard", "mustache", "beard and mustache")
GLASSES: Final = ("none", "black glasses", "blue glasses", "red glasses", "dark sunglasses")
HEADWEAR: Final = ("none", "beanie", "cap", "sun hat", "tricorne hat", "headphones")
JEWELLERY: Final = ("none", "gold hoop earrings", "pearl earrings", "black choker")
NECKWEAR: Final = ("none", "scarf", "bow tie", "tie", "headphones around the neck")
GARMENTS: Final = (
    "t-shirt",
    "button-up shirt",
    "sweater",
    "hooded sweatshirt",
    "cardigan",
    "blouse",
    "dress",
    "white coat",
    "suit",
    "vest",
    "onesie",
)
PATTERNS: Final = ("plain", "striped", "checkered", "polka-dot", "floral")
LOWERS: Final = ("pants", "jeans", "skirt", "shorts")
EXPRESSIONS: Final = (
    "neutral",
    "smiling",
    "laughing",
    "sad",
    "surprised",
    "winking",
    "eyes closed",
    "sticking out the tongue",
)
MAKE_UP: Final = ("none", "red lipstick", "goth makeup")
COLOURS: Final = (
    "white",
    "black",
    "gray",
    "red",
    "maroon",
    "orange",
    "yellow",
    "green",
    "mint-green",
    "light-blue",
    "blue",
    "navy-blue",
    "purple",
    "pink",
    "tan",
    "brown",
)


@dataclass(frozen=True, kw_only=True)
class Identity:
    """The hidden face: every field lies in [-1, 1], 0 is the average, and none ever appears in a caption."""

    face_width: float = 0.0
    face_length: float = 0.0
    jaw_width: float = 0.0
    chin_length: float = 0.0
    cheek_fullness: float = 0.0
    forehead_height: float = 0.0
    eye_size: float = 0.0
    eye_spacing: float = 0.0
    eye_tilt: float = 0.0
    eye_height: float = 0.0
    eye_hue: float = 0.0
    brow_thickness: float = 0.0
    brow_arch: float = 0.0
    brow_tilt: float = 0.0
    nose_length: float = 0.0
    nose_width: float = 0.0
    mouth_width: float = 0.0
    mouth_height: float = 0.0
    lip_fullness: float = 0.0
    ear_size: float = 0.0
    mole_place: float = 0.0
    mole_size: float = 0.0

    def vector(self) -> tuple[float, ...]:
        """The 22 parameters in field order."""
        return tuple(float(getattr(self, f.name)) for f in fields(self))


@dataclass(frozen=True, kw_only=True)
class Traits:
    """What a caption may say of a person: each field holds one word of the vocabulary above."""

    age: str = "young adult"
    presentation: str = "woman"
    skin: str = "fair"
    hair_colour: str = "brown"
    hair_style: str = "short"
    facial_hair: str = "none"
    glasses: str = "none"
    headwear: str = "none"
    headwear_colour: str = "red"
    jewellery: str = "none"
    neckwear: str = "none"
    neckwear_colour: str = "red"
    garment: str = "t-shirt"
    garment_colour: str = "blue"
    garment_pattern: str = "plain"
    lower: str = "pants"
    lower_colour: str = "black"
    expression: str = "neutral"
    make_up: str = "none"


@dataclass(frozen=True, kw_only=True)
class Person:
    """One inhabitant: described traits and a hidden identity."""

    traits: Traits
    identity: Identity
