"""One person in words: which traits are told, and the sentences that tell them.

Knows how a person's sentences are built. Knows nothing about openings, settings or instructions
(`caption.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from limner_world.chance import chance, pick
from limner_world.person import Traits
from limner_world.scene import Figure, Scene
from limner_world.staging import visible_traits
from limner_world.wording import (
    AGE_NOUNS,
    EXPRESSION_FORMS,
    FACIAL_HAIR_FORMS,
    GLASSES_FORMS,
    JEWELLERY_FORMS,
    MAKE_UP_FORMS,
    SKIN_FORMS,
    colour_word,
    garment_phrase,
    hair_phrase,
    headwear_phrase,
    holding_phrase,
    neckwear_phrase,
    with_article,
)

LENGTHS: Final = ("bare", "short", "medium", "long")
# How likely a visible trait is told, for each length.
_TOLD: Final[dict[str, dict[str, float]]] = {
    "bare": {},
    "short": {"hair": 0.75, "garment": 0.75, "facial_hair": 0.4, "glasses": 0.4, "headwear": 0.4, "age": 0.1},
    "medium": {
        "skin": 0.55,
        "hair": 0.95,
        "facial_hair": 0.9,
        "glasses": 0.9,
        "headwear": 0.9,
        "jewellery": 0.75,
        "neckwear": 0.85,
        "make_up": 0.8,
        "garment": 0.95,
        "lower": 0.7,
        "expression": 0.45,
        "holding": 0.9,
        "age": 0.2,
    },
    "long": dict.fromkeys(
        (
            "skin",
            "hair",
            "facial_hair",
            "glasses",
            "headwear",
            "jewellery",
            "neckwear",
            "make_up",
            "garment",
            "lower",
            "expression",
            "holding",
        ),
        0.96,
    )
    | {"age": 0.3},
}
_WEARING: Final = ("is wearing", "is wearing", "wears", "wears", "has on", "is dressed in")


@dataclass(frozen=True, kw_only=True)
class Pronouns:
    """The words that stand for one person."""

    subject: str
    object: str
    possessive: str


def pronouns(traits: Traits) -> Pronouns:
    """She or he, by the described presentation."""
    if traits.presentation == "woman":
        return Pronouns(subject="she", object="her", possessive="her")
    return Pronouns(subject="he", object="him", possessive="his")


def choose_told(rng: np.random.Generator, figure: Figure, scene: Scene, length: str) -> frozenset[str]:
    """Which visible traits a text of `length` ("bare", "short", "medium", "long") tells of `figure`."""
    visible = visible_traits(figure, scene)
    rates = _TOLD[length]
    told = {name for name in visible if name in rates and chance(rng, rates[name])}
    if chance(rng, rates.get("hair", 0.0)):
        told |= {"hair_colour", "hair_style"} & set(visible) - _dropped(rng, ("hair_style", "hair_colour"))
    if chance(rng, rates.get("garment", 0.0)):
        dropped = _dropped(rng, ("garment_pattern", "garment"))
        told |= {"garment", "garment_colour", "garment_pattern"} & set(visible) - dropped
        if "garment" not in told:
            told.discard("garment_pattern")
    elif "garment" in told:
        told.discard("garment")
    return frozenset(told)


def _dropped(rng: np.random.Generator, fields: Sequence[str]) -> set[str]:
    return {pick(rng, fields)} if chance(rng, 0.1) else set()


def join(parts: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def having(rng: np.random.Generator, traits: Traits, told: Collection[str]) -> list[str]:
    """Phrases for what one has: skin, hair, facial hair."""
    items = []
    if "skin" in told:
        items.append(pick(rng, SKIN_FORMS[traits.skin]))
    if {"hair_colour", "hair_style"} & set(told):
        items.append(hair_phrase(rng, traits, told))
    if "facial_hair" in told:
        items.append(pick(rng, FACIAL_HAIR_FORMS[traits.facial_hair]))
    return items


def worn(rng: np.random.Generator, traits: Traits, told: Collection[str]) -> list[str]:
    """Phrases for what one wears: garments, glasses, headwear, neckwear, jewellery, make-up."""
    items = []
    if {"garment", "garment_colour"} & set(told):
        items.append(garment_phrase(rng, traits, told))
    if "lower" in told:
        lower = f"{colour_word(rng, traits.lower_colour)} {traits.lower}"
        items.append(with_article(lower) if traits.lower == "skirt" else lower)
    extras = []
    if "glasses" in told:
        extras.append(pick(rng, GLASSES_FORMS[traits.glasses]))
    if "headwear" in told:
        extras.append(headwear_phrase(rng, traits))
    if "neckwear" in told:
        extras.append(neckwear_phrase(rng, traits))
    if "jewellery" in told:
        extras.append(pick(rng, JEWELLERY_FORMS[traits.jewellery]))
    if "make_up" in told:
        extras.append(pick(rng, MAKE_UP_FORMS[traits.make_up]))
    return [*items, *extras] if chance(rng, 0.7) else [*extras, *items]


def doing(rng: np.random.Generator, figure: Figure, told: Collection[str]) -> str:
    """The sentence part after the subject for expression and held thing: "is smiling and holding a phone";
    may be "".
    """
    traits = figure.person.traits
    expression = pick(rng, EXPRESSION_FORMS[traits.expression]) if "expression" in told else ""
    thing = holding_phrase(rng, figure.holding, figure.holding_colour) if "holding" in told else ""
    hand = pick(rng, ("", "", " in one hand", f" in {pronouns(traits).possessive} hand")) if thing else ""
    if thing and expression:
        if expression.startswith("with"):
            return pick(rng, (f"is holding {thing}{hand} {expression}", f"holds {thing}{hand} {expression}"))
        return pick(rng, (f"is {expression} and holding {thing}{hand}", f"holds {thing}{hand}, {expression}"))
    if thing:
        return pick(rng, (f"is holding {thing}{hand}", f"holds {thing}{hand}"))
    if expression.startswith("with"):
        gaze = "looks at the camera" if abs(figure.turn) < 0.5 else "is shown"
        return f"{gaze} {expression}" if "eyes" not in expression else f"is shown {expression}"
    return f"is {expression}" if expression else ""


def in_passing(rng: np.random.Generator, figure: Figure, head: str, told: Collection[str]) -> str:
    """`head` with everything that is told, as people say it in one breath: "a man with a beard in a
    gray suit".

    Returns "" where there is nothing to tell, or too much for it.
    """
    traits, cloth = figure.person.traits, {"garment", "garment_colour", "garment_pattern", "lower"}
    dressed = worn(rng, traits, cloth & set(told))
    shown = [*having(rng, traits, told), *worn(rng, traits, set(told) - cloth)]
    if not 1 <= len(dressed) + len(shown) <= 4:
        return ""
    parts = [f"with {join(shown)}"] if shown else []
    if dressed:
        clothed = f"{pick(rng, ('in', 'in', 'wearing', 'dressed in'))} {join(dressed)}"
        parts.insert(int(chance(rng, 0.5)) * len(parts), clothed)
    if "expression" in told:
        parts.append(pick(rng, EXPRESSION_FORMS[traits.expression]))
    if "holding" in told:
        parts.append(f"holding {holding_phrase(rng, figure.holding, figure.holding_colour)}")
    return f"{head} {' '.join(parts)}"


def person_sentences(
    rng: np.random.Generator, figure: Figure, subject: str, told: Collection[str], side: str = ""
) -> str:
    """One to three sentences about `figure`, called `subject` first; `side` is "", "on the left" or "on the
    right".

    Returns "" when there is nothing to tell.
    """
    traits = figure.person.traits
    he = pronouns(traits).subject.capitalize()
    has, wears, does = having(rng, traits, told), worn(rng, traits, told), doing(rng, figure, told)
    age = with_article(pick(rng, AGE_NOUNS[traits.age, traits.presentation])) if "age" in told else ""
    if not (has or wears or does or age):
        return _standing(rng, subject, side) if side else ""
    if chance(rng, 0.06):
        return (
            f"{_capital(subject)}{f' ({side})' if side else ''}: {', '.join(_terse(age, has, wears, does))}."
        )
    lead = _lead(rng, subject, side)
    wearing = pick(rng, _WEARING if len(wears) == 1 and "garment_colour" in told else _WEARING[:4])
    clauses: list[str] = []
    if age:
        clauses.append(f"is {age} with {join(has)}" if has else f"is {age}")
        if wears:
            clauses.append(f"{wearing} {join(wears)}")
    elif has and wears and chance(rng, 0.18):
        clauses.append(f"{wearing} {join(wears)}")
        clauses.append(f"has {join(has)}")
    elif has and wears and chance(rng, 0.2):
        lead = f"{lead}, with {join(has)}," if not lead.endswith(",") else f"{lead} with {join(has)},"
        clauses.append(f"{wearing} {join(wears)}")
    else:
        if has:
            clauses.append(f"has {join(has)}")
        if wears:
            clauses.append(f"{wearing} {join(wears)}")
    if does:
        clauses.append(does)
    return _flow(rng, lead, he, clauses)


def _flow(rng: np.random.Generator, lead: str, he: str, clauses: list[str]) -> str:
    """The clauses as sentences: the first after `lead`, the others joined to it by "and" or begun with
    `he`.
    """
    text = f"{lead} {clauses[0]}"
    joined = False
    for clause in clauses[1:]:
        if not joined and chance(rng, 0.35):
            text += f", and {clause}" if " and " in text.rsplit(". ", 1)[-1] else f" and {clause}"
            joined = True
        else:
            text += f". {he} {clause}"
            joined = False
    return f"{text}."


def _lead(rng: np.random.Generator, subject: str, side: str) -> str:
    if not side:
        return _capital(subject)
    return pick(
        rng,
        (f"{_capital(subject)}, {side},", f"{side.capitalize()}, {subject}", f"{_capital(subject)} {side}"),
    )


def _standing(rng: np.random.Generator, subject: str, side: str) -> str:
    return f"{_capital(subject)} {pick(rng, ('is', 'stands', 'is seen'))} {side}."


def _terse(age: str, has: Sequence[str], wears: Sequence[str], does: str) -> list[str]:
    return [part for part in (age.split(" ", 1)[-1], *has, *wears, does.removeprefix("is ")) if part]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def terse_traits(rng: np.random.Generator, traits: Traits, told: Collection[str]) -> str:
    """A bare list: "brown curly hair, white blouse". "" when nothing is told."""
    items = [*having(rng, traits, told), *worn(rng, traits, told)]
    return ", ".join(
        item.removeprefix("a ").removeprefix("an ") if chance(rng, 0.5) else item for item in items
    )


def unnamed_subjects(scene: Scene, rng: np.random.Generator | None = None) -> list[str]:
    """Definite references that tell the figures apart: "the woman", "the man on the left", "the baby"."""
    nouns = []
    for figure in scene.figures:
        traits = figure.person.traits
        noun = {"baby": "baby", "child": "girl" if traits.presentation == "woman" else "boy"}.get(
            traits.age, traits.presentation
        )
        nouns.append(noun)
    if len(nouns) == 1:
        return [f"the {nouns[0]}"]
    if nouns[0] != nouns[1] and (rng is None or chance(rng, 0.8)):
        return [f"the {noun}" for noun in nouns]
    if rng is not None and nouns[0] != nouns[1] and chance(rng, 0.5):
        nouns = ["person", "person"]
    return [f"the {nouns[0]} on the left", f"the {nouns[1]} on the right"]
