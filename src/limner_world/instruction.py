"""Edits in words: what the user asks ("Give Mia a red beanie"), its gerund ("giving Mia a red beanie"), what
is answered.

Knows phrasing only; what an edit does is in `edit.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from limner_world.chance import chance, pick
from limner_world.describe import Pronouns
from limner_world.edit import Edit
from limner_world.person import Traits
from limner_world.places import LIGHT_PHRASES, PLACE_NOUNS, PLACE_PHRASES, STYLE_NOUNS, place_phrases
from limner_world.scene import Scene
from limner_world.wording import plain_garment, plain_thing, plain_value, with_article

# (imperative verb, gerund, rest): {x} whom, {n} the new thing, {o} the old one, {t} the kind of garment.
Form = tuple[str, str, str]
_FORMS: Final[dict[str, tuple[Form, ...]]] = {
    "add": (
        ("add", "adding", "{n} to {x}"),
        ("give", "giving", "{x} {n}"),
        ("put", "putting", "{n} on {x}"),
        ("let", "letting", "{x} wear {n}"),
        ("make", "making", "{x} wear {n}"),
    ),
    "remove": (
        ("remove", "removing", "{x}'s {o}"),
        ("take away", "taking away", "{x}'s {o}"),
        ("take off", "taking off", "{x}'s {o}"),
        ("get rid of", "getting rid of", "{x}'s {o}"),
    ),
    "replace": (
        ("replace", "replacing", "{x}'s {o} with {n}"),
        ("change", "changing", "{x}'s {o} to {n}"),
        ("swap", "swapping", "{x}'s {o} for {n}"),
        ("turn", "turning", "{x}'s {o} into {n}"),
    ),
    "recolour garment": (
        ("make", "making", "{x}'s {t} {n}"),
        ("change", "changing", "the colour of {x}'s {t} to {n}"),
        ("change", "changing", "the color of {x}'s {t} to {n}"),
        ("turn", "turning", "{x}'s {t} {n}"),
        ("colour", "colouring", "{x}'s {t} {n}"),
        ("paint", "painting", "{x}'s {t} {n}"),
        ("recolour", "recolouring", "{x}'s {t} in {n}"),
    ),
    "recolour accessory": (
        ("make", "making", "{x}'s {o} {n}"),
        ("change", "changing", "the colour of {x}'s {o} to {n}"),
        ("change", "changing", "the color of {x}'s {o} to {n}"),
        ("turn", "turning", "{x}'s {o} {n}"),
    ),
    "recolour hair": (
        ("make", "making", "{x}'s hair {n}"),
        ("change", "changing", "{x}'s hair colour to {n}"),
        ("change", "changing", "{x}'s hair color to {n}"),
        ("dye", "dyeing", "{x}'s hair {n}"),
        ("give", "giving", "{x} {n} hair"),
    ),
    "restyle hair": (
        ("give", "giving", "{x} {n}"),
        ("change", "changing", "{x}'s hairstyle to {n}"),
        ("let", "letting", "{x} have {n}"),
    ),
    "change garment": (
        ("dress", "dressing", "{x} in {n}"),
        ("replace", "replacing", "{x}'s {t} with {n}"),
        ("change", "changing", "{x}'s {t} to {n}"),
        ("put", "putting", "{x} in {n}"),
        ("let", "letting", "{x} wear {n}"),
    ),
    "pattern": (
        ("make", "making", "{x}'s {t} {n}"),
        ("change", "changing", "the pattern of {x}'s {t} to {n}"),
        ("turn", "turning", "{x}'s {t} {n}"),
    ),
    "expression": (
        ("make", "making", "{x} {n}"),
        ("let", "letting", "{x} {n}"),
        ("have", "having", "{x} {n}"),
    ),
    "hold": (
        ("let", "letting", "{x} hold {n}"),
        ("give", "giving", "{x} {n} to hold"),
        ("put", "putting", "{n} in {x}'s hand"),
        ("make", "making", "{x} hold {n}"),
    ),
    "release": (
        ("take", "taking", "{o} out of {x}'s hand"),
        ("remove", "removing", "{o} from {x}'s hand"),
        ("take away", "taking away", "{o} that {x} is holding"),
    ),
    "background": (
        ("change", "changing", "the background to {n}"),
        ("replace", "replacing", "the background with {n}"),
        ("make", "making", "the background {n}"),
        ("turn", "turning", "the background into {n}"),
        ("move", "moving", "the scene to {n}"),
        ("use", "using", "{n} as the background"),
        ("set", "setting", "the scene {p}"),
    ),
    "style": (
        ("convert", "converting", "the image into {n}"),
        ("convert", "converting", "the picture to {n}"),
        ("turn", "turning", "the picture into {n}"),
        ("make", "making", "it {n}"),
        ("change", "changing", "the style to {s}"),
        ("change", "changing", "the style of the image to {s}"),
        ("repaint", "repainting", "it as {n}"),
    ),
    "lighting": (
        ("change", "changing", "the light to {n}"),
        ("change", "changing", "the lighting to {n}"),
        ("show", "showing", "the scene {l}"),
        ("set", "setting", "the scene {l}"),
        ("paint", "painting", "it {l}"),
    ),
    "word": (
        ("add", "adding", 'a sign that says "{n}"'),
        ("write", "writing", '"{n}" on a sign'),
        ("put up", "putting up", 'a sign with the word "{n}"'),
    ),
    "reword": (
        ("change", "changing", 'the word on the sign to "{n}"'),
        ("replace", "replacing", 'the word "{o}" with "{n}"'),
    ),
    "unword": (("remove", "removing", "the sign"), ("take away", "taking away", 'the sign that says "{o}"')),
}
# The same where nobody has to be named: {t}, {o} and {n} as above.
_UNADDRESSED: Final[dict[str, tuple[Form, ...]]] = {
    "add": (("add", "adding", "{n}"), ("add", "adding", "{n}"), ("include", "including", "{n}")),
    "remove": (
        ("remove", "removing", "the {o}"),
        ("take off", "taking off", "the {o}"),
        ("lose", "losing", "the {o}"),
    ),
    "replace": (
        ("replace", "replacing", "the {o} with {n}"),
        ("change", "changing", "the {o} to {n}"),
        ("swap", "swapping", "the {o} for {n}"),
    ),
    "recolour garment": (
        ("make", "making", "the {t} {n}"),
        ("turn", "turning", "the {t} {n}"),
        ("change", "changing", "the colour of the {t} to {n}"),
        ("change", "changing", "the {t} to {n}"),
    ),
    "recolour accessory": (("make", "making", "the {o} {n}"), ("turn", "turning", "the {o} {n}")),
    "recolour hair": (
        ("make", "making", "the hair {n}"),
        ("change", "changing", "the hair to {n}"),
        ("change", "changing", "the hair colour to {n}"),
    ),
    "restyle hair": (("change", "changing", "the hairstyle to {n}"),),
    "change garment": (
        ("change", "changing", "the {t} to {n}"),
        ("replace", "replacing", "the {t} with {n}"),
        ("swap", "swapping", "the {t} for {n}"),
    ),
    "pattern": (("make", "making", "the {t} {n}"),),
    "release": (("remove", "removing", "{o}"), ("take away", "taking away", "{o}")),
}
# Without a verb, of the only person or of the scene; {p} a place, {l} a light.
_BRIEF: Final[dict[str, tuple[str, ...]]] = {
    "add": ("with {n}", "now with {n}", "{n}, please", "and {n}"),
    "remove": ("no {o}", "without the {o}", "now without the {o}"),
    "replace": ("now with {n}",),
    "recolour hair": ("now with {n} hair", "{n} hair, please"),
    "restyle hair": ("now with {n}", "{n}, please"),
    "change garment": ("now in {n}", "in {n}, please"),
    "background": ("now {p}", "same picture, but {p}", "the same {p}", "{p}, please"),
    "style": ("as {n}", "now as {n}", "the same as {n}"),
    "lighting": ("now {l}", "the same {l}", "same picture, but {l}", "{l}, please"),
}
_RESULTS: Final[dict[str, tuple[str, ...]]] = {
    "add": ("{x} now wears {n}", "{x} is wearing {n} now", "here is {x} with {n}"),
    "remove": ("{x}'s {o} is gone", "I removed {x}'s {o}", "here is {x} without the {o}"),
    "replace": ("{x} now wears {n}", "{x} has {n} now", "here is {x} with {n}"),
    "beard": ("{x} now has {n}", "here is {x} with {n}"),
    "recolour garment": ("{x}'s {t} is {n} now", "{x}'s {t} is now {n}"),
    "recolour accessory": ("{x}'s {o} is {n} now",),
    "recolour hair": ("{x}'s hair is {n} now", "{x} now has {n} hair"),
    "restyle hair": ("{x} now has {n}", "here is {x} with {n}"),
    "change garment": ("{x} now wears {n}", "{x} is wearing {n} now", "here is {x} in {n}"),
    "pattern": ("{x}'s {t} is {n} now",),
    "expression": ("I made {x} {n}",),
    "hold": ("{x} is holding {n} now", "{x} now holds {n}"),
    "release": ("{x} holds nothing now", "{x} has empty hands now"),
    "background": ("the background is now {n}", "the scene is {p} now", "here is the scene {p}"),
    "style": ("here it is as {n}", "the picture is now {n}", "it is {n} now"),
    "lighting": ("here is the scene {l}", "the scene is {l} now"),
    "word": ('the sign now says "{n}"', 'there is a sign that says "{n}"'),
    "reword": ('the sign now says "{n}"',),
    "unword": ("the sign is gone", "I removed the sign"),
}
_FACES: Final = {
    "neutral": ("look neutral", "look calm and neutral"),
    "smiling": ("smile",),
    "laughing": ("laugh",),
    "sad": ("look sad",),
    "surprised": ("look surprised",),
    "winking": ("wink",),
    "eyes closed": ("keep both eyes closed", "have both eyes closed"),
    "sticking out the tongue": ("stick out the tongue",),
}
_NIGHT: Final = {
    "daylight": ("bright daylight", "daylight"),
    "warm evening light": ("warm evening light",),
    "night": ("night",),
}
_POLITE: Final = (
    "Please {}.",
    "Can you {}?",
    "Could you {}?",
    "Now {}.",
    "Now please {}.",
    "I want you to {}.",
    "Next, {}.",
)
_DONE: Final = ("Here it is", "Done", "Here is the picture", "Here you are")


@dataclass(frozen=True, kw_only=True)
class Phrase:
    """One way to say an edit: "give Mia a red beanie", "giving Mia a red beanie", "Mia now wears a red
    beanie".
    """

    imperative: str
    gerund: str
    result: str


def phrase(
    rng: np.random.Generator,
    edit: Edit,
    traits: Traits | None,
    subject: str = "",
    called: Pronouns | str | None = None,
) -> Phrase:
    """`edit` in words; `traits` are those of its figure before the edit, `subject` how that figure is called
    in the answer, and in the instruction unless it is `called` otherwise: by pronouns, or ("") not at all
    where the edit can be said so.
    """
    key = edit.operation
    new, old, kind = _things(rng, edit, traits)
    if key == "word":
        key = (
            "unword"
            if not edit.after["written_word"]
            else "reword"
            if edit.before["written_word"]
            else "word"
        )
    forms = _UNADDRESSED.get(key, ()) if called == "" else ()
    forms = forms or _FORMS[key]
    if called != "" and key == "add" and "facial_hair" in edit.after:
        forms = (forms[1], ("let", "letting", "{x} have {n}"))
    if called != "" and key == "remove" and "facial_hair" in edit.after:
        forms = (forms[0], ("shave off", "shaving off", "{x}'s {o}"))
    verb, gerund, rest = pick(rng, forms)
    setting = edit.after.get("setting", "white")
    style = str(edit.after.get("style", ""))
    words = {"x": subject, "n": new, "o": old, "t": kind, "s": style, "p": pick(rng, PLACE_PHRASES[setting])}
    words["l"] = pick(rng, LIGHT_PHRASES[edit.after.get("lighting", "daylight")])
    if "facial_hair" in edit.after and key in ("add", "replace"):
        key = "beard"
    asked = _with_pronouns(rest, called) if isinstance(called, Pronouns) else rest
    return Phrase(
        imperative=f"{verb} {asked.format(**words)}",
        gerund=f"{gerund} {asked.format(**words)}",
        result=pick(rng, _RESULTS[key]).format(**words),
    )


def _with_pronouns(form: str, called: Pronouns) -> str:
    return form.replace("{x}'s", called.possessive).replace("{x}", called.object)


def _things(rng: np.random.Generator, edit: Edit, traits: Traits | None) -> tuple[str, str, str]:
    """The new thing, the old thing and the kind of garment, in canonical words."""
    after, before = edit.after, edit.before
    match edit.operation:
        case "background":
            return pick(rng, PLACE_NOUNS[after["setting"]]), "", ""
        case "style":
            return with_article(pick(rng, STYLE_NOUNS[after["style"]])), "", ""
        case "lighting":
            return pick(rng, _NIGHT[after["lighting"]]), "", ""
        case "word":
            return after["written_word"], before["written_word"], ""
        case "hold" | "release":
            old = before["holding"]
            new = (
                "" if edit.operation == "release" else plain_thing(after["holding"], after["holding_colour"])
            )
            return new, f"the {old}", ""
    assert traits is not None
    changed = replace(traits, **after)
    match edit.operation:
        case "add" | "remove" | "replace":
            name = next(iter(after))
            return _worn(changed, name), _bare(traits, name), ""
        case "recolour garment":
            return after["garment_colour"], "", traits.garment
        case "recolour accessory":
            name = next(iter(after)).removesuffix("_colour")
            return next(iter(after.values())), str(getattr(traits, name)), ""
        case "recolour hair":
            return after["hair_colour"], "", ""
        case "restyle hair":
            return _hairstyle(after["hair_style"]), "", ""
        case "change garment":
            told = {"garment", "garment_colour", "garment_pattern"}
            return plain_garment(changed, told), "", traits.garment
        case "pattern":
            return after["garment_pattern"], "", traits.garment
        case _:
            return pick(rng, _FACES[after["expression"]]), "", ""


def _worn(traits: Traits, name: str) -> str:
    value = plain_value(traits, name)
    if value == "none":
        return ""
    if name == "facial_hair":
        return value if value == "stubble" else with_article(value)
    return "a black choker" if value == "black choker" else value


def _bare(traits: Traits, name: str) -> str:
    value = _worn(traits, name)
    return value.removeprefix("a ").removeprefix("an ")


def _hairstyle(style: str) -> str:
    return {
        "bun": "a bun",
        "ponytail": "a ponytail",
        "braids": "two braids",
        "bald": "a bald head",
        "long with bangs": "long hair with bangs",
    }.get(style, f"{style} hair")


def ask(rng: np.random.Generator, words: Phrase) -> str:
    """A whole instruction from a phrase: "Give Mia a red beanie." / "Could you give Mia a red beanie?"."""
    if chance(rng, 0.6):
        return f"{words.imperative[0].upper()}{words.imperative[1:]}{pick(rng, ('.', '.', ''))}"
    return pick(rng, _POLITE).format(words.imperative)


def ask_briefly(rng: np.random.Generator, edit: Edit, scene: Scene) -> str:
    """An edit of `scene` without a verb, as people say it of the only person in view or of the whole picture
    ("Now with a red beanie."); "" where there is no such way to say it.
    """
    forms = _BRIEF.get(edit.operation, ())
    if not forms or (edit.place is not None and len(scene.figures) > 1):
        return ""
    traits = None if edit.place is None else scene.figures[edit.place].person.traits
    new, old, kind = _things(rng, edit, traits)
    words = {"n": new, "o": old, "t": kind}
    words["p"] = pick(rng, place_phrases(edit.after.get("setting", "white")))
    words["l"] = pick(rng, LIGHT_PHRASES[edit.after.get("lighting", "daylight")])
    text = pick(rng, forms).format(**words)
    return f"{text[0].upper()}{text[1:]}{pick(rng, ('.', '.', ''))}"


def say(rng: np.random.Generator, words: Phrase) -> str:
    """The answer before the edited picture: mostly what was done ("Mia now wears a red beanie."), else a
    plain word.
    """
    if chance(rng, 0.2):
        return f"{pick(rng, _DONE)}."
    result = f"{words.result[0].upper()}{words.result[1:]}."
    return f"{pick(rng, _DONE)}. {result}" if chance(rng, 0.2) else result
