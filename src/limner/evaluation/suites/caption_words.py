"""Trait words in a free text: which a caption should name, and which it claims.

Knows the surface forms of the world's vocabulary. Knows nothing about models.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from limner_world.person import Traits
from limner_world.scene import Scene
from limner_world.wording import (
    FACIAL_HAIR_FORMS,
    GARMENT_FORMS,
    GLASSES_FORMS,
    HEADWEAR_FORMS,
    JEWELLERY_FORMS,
    MAKE_UP_FORMS,
    NECKWEAR_FORMS,
    marks,
)

# Fields whose words mean nothing else: "red" may be hair or cloth, "cardigan" may not.
_CLAIMED: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "facial_hair": FACIAL_HAIR_FORMS,
    "glasses": GLASSES_FORMS,
    "headwear": HEADWEAR_FORMS,
    "jewellery": JEWELLERY_FORMS,
    "neckwear": NECKWEAR_FORMS,
    "garment": GARMENT_FORMS,
    "make_up": MAKE_UP_FORMS,
}
_FORMS: Final = sorted(
    {
        (form.removeprefix("a ").removeprefix("some ").lower(), field, word)
        for field, table in _CLAIMED.items()
        for word, forms in table.items()
        for form in forms
    },
    key=lambda entry: (-len(entry[0]), entry),
)


_UNSAID: Final = ("none", "plain")
_STEMS: Final = ("expression", "hair_style")  # fields whose marks begin words: "smil", "curl"


def names_trait(text: str, traits: Traits, field: str) -> bool:
    """Whether `text` names `field` of `traits` in any of its forms ("grey" for gray, "hoodie")."""
    end = "" if field in _STEMS else r"(?:es|s)?\b"
    text = text.lower()
    return any(re.search(rf"\b{re.escape(mark.lower())}{end}", text) for mark in marks(traits, field))


def told_traits(scene: Scene, stated: Sequence[Collection[str]]) -> list[tuple[Traits, str]]:
    """(a person's traits, a field of them) for everything that a true caption states, given the stated fields
    of each person.
    """
    return [
        (figure.person.traits, field)
        for figure, told in zip(scene.figures, stated, strict=True)
        for field in sorted(told)
        if hasattr(figure.person.traits, field) and getattr(figure.person.traits, field) not in _UNSAID
    ]


def claims(text: str) -> set[tuple[str, str]]:
    """(field, word) of every unmistakable trait that `text` claims of anyone; the longest form wins."""
    text, found = text.lower(), set()
    for form, field, word in _FORMS:
        pattern = rf"\b{re.escape(form)}(?:es|s)?\b"
        if re.search(pattern, text):
            found.add((field, word))
            text = re.sub(pattern, " ", text)
    return found


def true_share(claimed: Collection[tuple[str, str]], scene: Scene) -> float:
    """Share of the claims that are true of some person in `scene`. ValueError when there are no claims."""
    if not claimed:
        raise ValueError("There are no claims to check; leave out captions that claim nothing.")
    held = [
        any(getattr(figure.person.traits, field) == word for figure in scene.figures)
        for field, word in claimed
    ]
    return sum(held) / len(held)
