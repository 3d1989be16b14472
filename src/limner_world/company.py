"""Two persons in one word: "a couple", "two friends", "a mother and her son".

Knows ages and whom a stranger would take two persons for. Knows nothing about what else is said of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from limner_world.chance import pick
from limner_world.scene import Figure

ADULTS: Final = ("young adult", "middle-aged", "elderly")
_YOUNG: Final = ("baby", "child")
_COUPLES: Final = {
    "young adult": ("a young couple",),
    "middle-aged": (),
    "elderly": ("an old couple", "an elderly couple"),
}
_PARENTS: Final = {
    "woman": (("mother", "mom"), ("grandmother", "grandma")),
    "man": (("father", "dad"), ("grandfather", "grandpa")),
}
_CHILDREN: Final = {"woman": ("daughter", "granddaughter"), "man": ("son", "grandson")}
_PLURALS: Final = {"woman": ("women", "girls"), "man": ("men", "boys")}


def together(rng: np.random.Generator, figures: Sequence[Figure]) -> str:
    """What two persons may be called together; not who stands where."""
    first, second = (figure.person.traits for figure in figures)
    ages, presentations = {first.age, second.age}, {first.presentation, second.presentation}
    forms = ["two people"]
    if "baby" not in ages:
        forms += ["two friends"] * 2
    if ages <= set(ADULTS):
        forms += ["a couple"] * (3 if len(presentations) == 2 else 1)
        forms += _COUPLES[first.age] if len(ages) == 1 else ()
    if len(presentations) == 1 and (ages <= set(ADULTS) or ages == {"child"}):
        forms += [f"two {_PLURALS[first.presentation][ages == {'child'}]}"] * 3
    if ages == {"child"}:
        forms += ["two kids", "two children"]
    old, young = (first, second) if first.age in ADULTS else (second, first)
    if old.age in ADULTS and young.age in _YOUNG:
        is_grand = old.age == "elderly"
        child = _CHILDREN[young.presentation][is_grand]
        forms += [
            f"a {parent} and her {child}" if old.presentation == "woman" else f"a {parent} and his {child}"
            for parent in _PARENTS[old.presentation][is_grand]
        ]
    return pick(rng, tuple(forms))
