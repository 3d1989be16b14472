"""A scene: one or two persons, posed and framed in a setting. A value; knows nothing about drawing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from limner_world.person import Person

FRAMINGS: Final = ("close-up", "bust", "half body", "full body")
STYLES: Final = ("storybook", "watercolor", "pencil sketch", "comic", "oil painting", "pixel art", "pastel")
LIGHTINGS: Final = ("daylight", "warm evening light", "night")
SETTINGS: Final = (
    "white",  # the plain ground of a cut-out face
    "living room",
    "kitchen",
    "cafe",
    "office",
    "library",
    "doctor's office",
    "garden",
    "park",
    "forest",
    "beach",
    "mountains",
    "city street",
    "snowy field",
    "wedding",
    "ship",
    "classroom",
    "flower field",
    "brick wall",
)
HOLDABLE: Final = (
    "none",
    "potato chip",
    "laptop",
    "book",
    "phone",
    "coffee cup",
    "flowers",
    "tablet",
    "leaf",
    "whiskey glass",
    "balloon",
    "ball",
)
INTERACTIONS: Final = (
    "none",
    "sitting on a couch",  # both on one couch, which fills the foreground
    "looking at a laptop",
    "reading a book",
    "taking a selfie",
    "sitting at a table",
    "examining",  # the first examines the second's face
    "holding the baby",  # the first holds the second, who is a baby
    "kissing on the cheek",  # the first kisses the second
    "hugging",
    "holding hands",
    "holding flowers",
)


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A person in a scene.

    `turn` and `tilt` lie in [-1, 1] (turn -1 looks to the picture's left); `shift` is in figure widths.
    """

    person: Person
    turn: float = 0.0
    tilt: float = 0.0
    shift_x: float = 0.0
    shift_y: float = 0.0
    holding: str = "none"
    holding_colour: str = "red"


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What is painted: `figures` from left to right (one or two); `variant` lays out the setting's furniture.

    `zoom` in [0.9, 1.1] scales the camera; `written_word` is lettered on a sign when it is not empty.
    """

    figures: tuple[Figure, ...]
    setting: str = "white"
    interaction: str = "none"
    framing: str = "bust"
    lighting: str = "daylight"
    style: str = "storybook"
    variant: int = 0
    zoom: float = 1.0
    written_word: str = ""
