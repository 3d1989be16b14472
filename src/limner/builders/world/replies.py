"""What is answered: announcements of pictures, restatements of a person, identity phrases. Knows no
scenes' making.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import numpy as np

from limner_world.chance import chance, pick
from limner_world.describe import join, pronouns
from limner_world.scene import Figure
from limner_world.wording import plain_garment, plain_hair, plain_value, with_article

KEEP_FACE: Final = (
    "Please keep the face identical",
    "Please keep the face identical.",
    "Keep the face identical, please.",
)
KEPT_FACE: Final = ("I keep the face unchanged", "I keep the face unchanged.")
HERE_THEY_ARE: Final = (
    "Here they are.",
    "Here is the picture.",
    "Here you are.",
    "Here is your picture.",
    "There they are.",
    "Here it is.",
)
HERE_ONE: Final = (
    "Here is the picture.",
    "Here you are.",
    "Here is your picture.",
    "Here it is.",
    "I have painted it.",
)
CLOSE_UP_ASKS: Final = (
    "Generate a close-up photo of {x}.",
    "Generate a close-up photo of {x}",
    "A close-up of {x}.",
    "Now a close-up of {x}.",
    "Generate a close-up of {x}.",
    "Show me {x} up close.",
    "Show me a close-up of {x}.",
    "Show me {x}'s face.",
    "Show me only {x}.",
    "Paint {x}'s face.",
    "Paint a close-up of {x}.",
    "Draw {x}'s face on a white background.",
    "Create a detailed portrait of {x}.",
    "A portrait of {x}, please.",
    "I want to see {x} up close.",
    "Can I see {x}'s face?",
    "Can you make a close-up of {x}?",
    "And now {x}.",
    "Just {x}, close up.",
    "Zoom in on {x}.",
    "What does {x} look like up close?",
    "Give me a close-up photo of {x}, please.",
)
_HERE_IS: Final = (
    "Here is {x}",
    "Here is {x}",
    "This is {x}",
    "Here is a close-up of {x}",
    "Here is {x} up close",
    "A close-up of {x}",
)


def told_items(figure: Figure, told: Collection[str]) -> list[str]:
    """The told traits in canonical words and fixed order: hair, then the head's extras, then the garment."""
    traits = figure.person.traits
    items = [plain_hair(traits, told)]
    if "facial_hair" in told:
        items.append(
            traits.facial_hair if traits.facial_hair == "stubble" else with_article(traits.facial_hair)
        )
    items += [
        plain_value(traits, field)
        for field in ("glasses", "headwear", "neckwear", "jewellery")
        if field in told
    ]
    if {"garment", "garment_colour"} & set(told):
        items.append(plain_garment(traits, told))
    return [with_article(item) if item == "black choker" else item for item in items if item]


def restate(rng: np.random.Generator, name: str, figure: Figure, told: Collection[str], most: int = 4) -> str:
    """ "Here is Mia, with curly red hair and a tan cardigan." from what the text told of Mia; at most
    `most` items.
    """
    items = told_items(figure, told)
    if len(items) > most:
        keep = sorted(int(place) for place in rng.permutation(len(items) - 2)[: most - 2])
        items = [items[0], *(items[1 + place] for place in keep), items[-1]]
    here = pick(rng, _HERE_IS).format(x=name)
    if not items:
        return f"{here}."
    he = pronouns(figure.person.traits).subject
    form = int(rng.integers(4))
    if form == 0:
        return f"{here}: {', '.join(items)}."
    if form == 1 and len(items) > 1 and {"garment", "garment_colour"} & set(told):
        return f"{here}: {he} has {join(items[:-1])} and wears {items[-1]}."
    return f"{here}, with {join(items)}."


def describe(name: str, figure: Figure, told: Collection[str]) -> str:
    """The answer to "Describe Mia.": one canonical sentence."""
    items = told_items(figure, told)
    garment = items.pop() if items and {"garment", "garment_colour"} & set(told) else ""
    skin = [f"{figure.person.traits.skin} skin"] if "skin" in told else []
    clauses = [f"has {join([*skin, *items])}"] if skin or items else []
    clauses += [f"wears {garment}"] if garment else []
    return f"{name} {' and '.join(clauses)}." if clauses else ""


def with_identity(rng: np.random.Generator, ask: str, say: str, rate: float = 0.2) -> tuple[str, str]:
    """The pair with the identity phrases of the paper (Figure 9) added to both, at the given rate."""
    if not chance(rng, rate):
        return ask, say
    ask = ask if ask.endswith((".", "?", "!")) else f"{ask}."
    keep = pick(rng, KEEP_FACE)
    return f"{ask} {keep.lower() if ask.islower() else keep}", f"{say} {pick(rng, KEPT_FACE)}"
