"""Who lives in the world: random identities and believable, widely varied traits, parted into train and test.

Knows what goes together (babies have no beards) and which persons are held out. Knows nothing about scenes.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Final

import numpy as np

from limner_world.chance import chance, pick, split_hash, weighted
from limner_world.person import (
    COLOURS,
    EXPRESSIONS,
    FACIAL_HAIR,
    GARMENTS,
    GLASSES,
    HAIR_COLOURS,
    HAIR_STYLES,
    HEADWEAR,
    LOWERS,
    PATTERNS,
    PRESENTATIONS,
    SKINS,
    Identity,
    Person,
    Traits,
)

SPLITS: Final = ("train", "test")
LENSES_HIDE_EYES: Final = ("dark sunglasses",)
BARE_HEAD: Final = ("none", "headphones")
_AGE_WEIGHTS: Final = {
    "baby": 0.06,
    "child": 0.15,
    "teenager": 0.13,
    "young adult": 0.3,
    "middle-aged": 0.2,
    "elderly": 0.16,
}
_HAIR_STYLE_WEIGHTS: Final = {
    "woman": dict(zip(HAIR_STYLES, (0.12, 0.15, 0.17, 0.12, 0.14, 0.1, 0.11, 0.1, 0.03, 0.01), strict=True)),
    "man": dict(zip(HAIR_STYLES, (0.42, 0.06, 0.05, 0.02, 0.15, 0.03, 0.03, 0.02, 0.14, 0.1), strict=True)),
    "baby": {"short": 0.5, "bald": 0.32, "curly": 0.13, "ponytail": 0.05},
}
_GARMENT_WEIGHTS: Final = {
    "woman": dict(
        zip(GARMENTS, (0.14, 0.12, 0.13, 0.1, 0.13, 0.14, 0.15, 0.03, 0.03, 0.03, 0.0), strict=True)
    ),
    "man": dict(zip(GARMENTS, (0.2, 0.21, 0.16, 0.13, 0.08, 0.0, 0.0, 0.04, 0.11, 0.07, 0.0), strict=True)),
    "baby": {"onesie": 0.7, "sweater": 0.15, "t-shirt": 0.1, "hooded sweatshirt": 0.05},
}
PLAIN_GARMENTS: Final = ("white coat", "suit", "vest")
TIE_GARMENTS: Final = ("button-up shirt", "suit", "vest", "white coat")


def random_identity(rng: np.random.Generator, split: str = "train") -> Identity:
    """A hidden face of `split`: 22 numbers in [-1, 1], rounded to 3 decimals so that they survive JSON
    exactly.
    """
    _check_split(split)
    names = [f.name for f in fields(Identity)]
    while True:
        numbers = np.clip(rng.normal(0.0, 0.6, len(names)), -1.0, 1.0)
        values = {name: round(float(number), 3) for name, number in zip(names, numbers, strict=True)}
        identity = Identity(**values)
        if identity_split(identity) == split:
            return identity


def identity_split(identity: Identity) -> str:
    """ "test" for the tenth of all faces that training never sees, else "train"."""
    key = ",".join(f"{round(number * 1000)}" for number in identity.vector())
    return "test" if split_hash(key) == 0 else "train"


def traits_split(traits: Traits) -> str:
    """ "test" for the tenth of all combinations of hair and garment that training never sees, else
    "train".
    """
    key = f"{traits.hair_colour}|{traits.hair_style}|{traits.garment}|{traits.garment_colour}"
    return "test" if split_hash(key) == 0 else "train"


def person_split(person: Person) -> str | None:
    """The split whose face and whose traits this person has; None when the two disagree."""
    split = identity_split(person.identity)
    return split if traits_split(person.traits) == split else None


def random_traits(
    rng: np.random.Generator, split: str = "train", age: str | None = None, presentation: str | None = None
) -> Traits:
    """Believable described traits of `split`; about one person in eight breaks the usual pattern of hair
    and skin.
    """
    _check_split(split)
    while True:
        traits = _draw_traits(
            rng, age or weighted(rng, _AGE_WEIGHTS), presentation or pick(rng, PRESENTATIONS)
        )
        if traits_split(traits) == split:
            return traits


def random_person(
    rng: np.random.Generator, split: str = "train", age: str | None = None, presentation: str | None = None
) -> Person:
    """A person whose face and traits both belong to `split`."""
    return Person(
        traits=random_traits(rng, split, age=age, presentation=presentation),
        identity=random_identity(rng, split),
    )


def random_outfit(rng: np.random.Generator, traits: Traits, split: str = "train") -> Traits:
    """The same person on another day: what is worn and the expression change, the body, hair and beard
    stay.
    """
    while True:
        other = _draw_traits(rng, traits.age, traits.presentation)
        kept = {
            name: getattr(traits, name)
            for name in ("skin", "hair_colour", "hair_style", "facial_hair", "make_up")
        }
        other = settle(replace(other, **kept))
        if traits_split(other) == split:
            return other


def settle(traits: Traits) -> Traits:
    """The nearest traits without contradiction: what cannot be seen or worn together is set to its plain
    value.
    """
    changes: dict[str, str] = {}
    if traits.glasses in LENSES_HIDE_EYES and traits.expression in ("winking", "eyes closed"):
        changes["expression"] = "smiling"
    if traits.headwear == "headphones" and traits.neckwear == "headphones around the neck":
        changes["neckwear"] = "none"
    if traits.jewellery == "black choker" and traits.neckwear != "none":
        changes["neckwear"] = "none"
    if traits.garment == "white coat" and traits.garment_colour != "white":
        changes["garment_colour"] = "white"
    if traits.garment in PLAIN_GARMENTS and traits.garment_pattern != "plain":
        changes["garment_pattern"] = "plain"
    if traits.facial_hair != "none" and (traits.presentation == "woman" or traits.age in ("baby", "child")):
        changes["facial_hair"] = "none"
    return replace(traits, **changes) if changes else traits


def _draw_traits(rng: np.random.Generator, age: str, presentation: str) -> Traits:
    baby, young = age == "baby", age in ("baby", "child")
    skin = pick(rng, SKINS)
    kind = "baby" if baby else presentation
    hair_style = weighted(rng, _HAIR_STYLE_WEIGHTS[kind])
    if age == "child" and hair_style == "bald":
        hair_style = "curly"
    garment = weighted(rng, _GARMENT_WEIGHTS[kind])
    if young and garment in ("white coat", "suit"):
        garment = "t-shirt"
    return settle(
        Traits(
            age=age,
            presentation=presentation,
            skin=skin,
            hair_colour=_hair_colour(rng, age, skin),
            hair_style=hair_style,
            facial_hair=_facial_hair(rng, age, presentation),
            garment=garment,
            garment_colour=pick(rng, COLOURS),
            garment_pattern="plain" if chance(rng, 0.6) else pick(rng, PATTERNS[1:]),
            lower=_lower(rng, presentation, garment),
            lower_colour=pick(rng, COLOURS),
            expression=_expression(rng),
            **_accessories(rng, age, presentation, garment),
        )
    )


def _hair_colour(rng: np.random.Generator, age: str, skin: str) -> str:
    if age == "elderly" and chance(rng, 0.75):
        return pick(rng, ("gray", "white"))
    if chance(rng, 0.15):
        return pick(rng, HAIR_COLOURS)
    if skin in ("brown", "dark"):
        return weighted(rng, {"black": 0.5, "brown": 0.3, "red": 0.1, "blond": 0.1})
    return weighted(rng, {"black": 0.2, "brown": 0.3, "blond": 0.27, "red": 0.23})


def _facial_hair(rng: np.random.Generator, age: str, presentation: str) -> str:
    if presentation == "woman" or age in ("baby", "child") or (age == "teenager" and chance(rng, 0.8)):
        return "none"
    return "none" if chance(rng, 0.5) else pick(rng, FACIAL_HAIR[1:])


def _lower(rng: np.random.Generator, presentation: str, garment: str) -> str:
    if presentation == "man" or garment == "suit":
        return weighted(rng, {"pants": 0.45, "jeans": 0.38, "shorts": 0.17})
    return pick(rng, LOWERS)


def _expression(rng: np.random.Generator) -> str:
    return weighted(rng, dict(zip(EXPRESSIONS, (0.2, 0.34, 0.12, 0.07, 0.08, 0.06, 0.07, 0.06), strict=True)))


def _accessories(rng: np.random.Generator, age: str, presentation: str, garment: str) -> dict[str, str]:
    baby, woman = age == "baby", presentation == "woman"
    glasses = "none" if chance(rng, 0.97 if baby else 0.66) else pick(rng, GLASSES[1:])
    headwear = "none"
    if chance(rng, 0.3):
        headwear = weighted(
            rng,
            {"beanie": 0.7, "cap": 0.15, "sun hat": 0.15}
            if baby
            else dict(zip(HEADWEAR[1:], (0.26, 0.24, 0.22, 0.1, 0.18), strict=True)),
        )
    jewellery = "none"
    if not baby and chance(rng, 0.38 if woman else 0.05 if age != "child" else 0.0):
        jewellery = weighted(rng, {"gold hoop earrings": 0.4, "pearl earrings": 0.35, "black choker": 0.25})
    neckwear = "none"
    if garment in TIE_GARMENTS and chance(rng, 0.45 if not woman else 0.15):
        neckwear = weighted(rng, {"tie": 0.65, "bow tie": 0.35})
    elif chance(rng, 0.16):
        neckwear = weighted(
            rng,
            {
                "scarf": 0.55,
                "headphones around the neck": 0.0 if baby else 0.25,
                "bow tie": 0.12,
                "tie": 0.05,
            },
        )
    make_up = "none"
    if woman and not baby and age != "child" and chance(rng, 0.25):
        make_up = "red lipstick"
    if not baby and age != "child" and chance(rng, 0.04):
        make_up = "goth makeup"
    return {
        "glasses": glasses,
        "headwear": headwear,
        "headwear_colour": pick(rng, COLOURS),
        "jewellery": jewellery,
        "neckwear": neckwear,
        "neckwear_colour": pick(rng, COLOURS),
        "make_up": make_up,
    }


def _check_split(split: str) -> None:
    if split not in SPLITS:
        raise ValueError(f'the split is "train" or "test", got {split!r}')
