"""Edits for chains: each large enough to be seen in a blurred picture, no two of a chain on the same thing.

Because each touches a slot of its own (the background, one person's hair or clothes, ...), any edit can be
applied to any state of the chain and is worded alike. Knows nothing about conversations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from limner_world.describe import unnamed_subjects
from limner_world.edit import Edit, apply, random_edit
from limner_world.instruction import Phrase, phrase
from limner_world.palette import COLOURS, HAIR_COLOURS
from limner_world.sampling import BARE_HEAD
from limner_world.scene import Scene

Slot = tuple[str, int | None]

FAR_RGB: Final = 120.0  # Euclidean distance of two colours that nobody confuses
_OPERATIONS: Final[dict[str, tuple[str, ...]]] = {
    "background": ("background",),
    "lighting": ("lighting",),
    "style": ("style",),
    "garment": ("recolour garment", "change garment"),
    "head": ("recolour hair", "add"),
    "hands": ("hold",),
}
_OF_PERSONS: Final = ("garment", "head", "hands")
# What a person holds covers the clothes: of the two only one is in a chain that ends with the other.
_COVERS: Final = {"garment": "hands", "hands": "garment"}
_LARGE_HATS: Final = ("beanie", "cap", "sun hat", "tricorne hat")
_LARGE_THINGS: Final = ("laptop", "book", "flowers", "tablet", "balloon")
_SMALL_HAIR: Final = ("bald", "short", "spiky")
# Oil and water colours change little but the grain, which blur takes away.
_STRONG_STYLES: Final = ("pencil sketch", "comic", "pixel art")
_TRIES: Final = 60


@dataclass(frozen=True, kw_only=True)
class Change:
    """An edit, what it touches, and its words."""

    edit: Edit
    slot: Slot
    words: Phrase


def draw_changes(rng: np.random.Generator, scene: Scene, num: int) -> list[Change]:
    """`num` edits that follow one another from `scene`, the last one local to a person and of nothing that an
    earlier one has covered.

    ValueError when the scene does not allow so many.
    """
    slots: list[Slot] = [("background", None), ("lighting", None), ("style", None)]
    local: list[Slot] = [(name, place) for place in range(len(scene.figures)) for name in _OF_PERSONS]
    slots = [(slots + local)[int(index)] for index in rng.permutation(len(slots) + len(local))]
    final = next(slot for slot in slots if slot in local)
    hidden = (_COVERS.get(final[0], ""), final[1])
    drawn: list[Change] = []
    for slot in [*(slot for slot in slots if slot not in (final, hidden)), final]:
        if len(drawn) == num - 1 and slot != final:
            continue
        change = _draw(rng, scene, slot)
        if change is not None:
            drawn.append(change)
            scene = apply(change.edit, scene)
    if len(drawn) < num:
        raise ValueError(f"The scene allows {len(drawn)} clear edits, not {num}.")
    return drawn


def draw_one(rng: np.random.Generator, scene: Scene, *, avoid: Slot | None = None) -> Change | None:
    """One clear edit of anything but `avoid`; None when the scene allows none."""
    slots: list[Slot] = [("background", None), ("lighting", None)]
    slots += [(name, place) for place in range(len(scene.figures)) for name in ("garment", "head")]
    for index in rng.permutation(len(slots)):
        if slots[index] != avoid and (change := _draw(rng, scene, slots[index])) is not None:
            return change
    return None


def _draw(rng: np.random.Generator, scene: Scene, slot: Slot) -> Change | None:
    name, place = slot
    for _ in range(_TRIES):
        operation = _OPERATIONS[name][int(rng.integers(len(_OPERATIONS[name])))]
        try:
            edit = random_edit(scene, rng, operations=(operation,))
        except ValueError:  # nothing of the kind can be done here
            continue
        if edit.place == place and _LARGE[operation](edit, scene):
            traits = None if place is None else scene.figures[place].person.traits
            subject = "" if place is None else unnamed_subjects(scene)[place]
            return Change(edit=edit, slot=slot, words=phrase(rng, edit, traits, subject))
    return None


def _far(first: tuple[int, int, int], second: tuple[int, int, int]) -> bool:
    return float(np.linalg.norm(np.subtract(first, second))) >= FAR_RGB


def _new_garment(edit: Edit, scene: Scene) -> bool:
    assert edit.place is not None
    old = scene.figures[edit.place].person.traits.garment_colour
    return _far(COLOURS[old], COLOURS[edit.after["garment_colour"]])


def _new_hair(edit: Edit, scene: Scene) -> bool:
    assert edit.place is not None
    traits = scene.figures[edit.place].person.traits
    seen = traits.headwear in BARE_HEAD and traits.hair_style not in _SMALL_HAIR
    return seen and _far(HAIR_COLOURS[traits.hair_colour], HAIR_COLOURS[edit.after["hair_colour"]])


def _new_hat(edit: Edit, scene: Scene) -> bool:
    assert edit.place is not None
    hat = edit.after.get("headwear")
    hair = scene.figures[edit.place].person.traits.hair_colour
    return hat in _LARGE_HATS and _far(HAIR_COLOURS[hair], COLOURS[edit.after["headwear_colour"]])


def _in_hand(edit: Edit, scene: Scene) -> bool:
    assert edit.place is not None
    empty = scene.figures[edit.place].holding == "none"
    return empty and edit.after["holding"] in _LARGE_THINGS


_LARGE: Final[dict[str, Callable[[Edit, Scene], bool]]] = {
    "background": lambda edit, scene: scene.setting != "white",
    "lighting": lambda edit, scene: "night" in (edit.before["lighting"], edit.after["lighting"]),
    "style": lambda edit, scene: edit.after["style"] in _STRONG_STYLES,
    "recolour garment": _new_garment,
    "change garment": _new_garment,
    "recolour hair": _new_hair,
    "add": _new_hat,
    "hold": _in_hand,
}
