"""The surface forms of the vocabulary: every way in which a trait, a colour or a thing may be put into words.

Knows single phrases ("curly red hair", "a pair of black glasses"). Knows nothing about whole sentences.
`FORMS` lists, for each field and value, the strings of which at least one stands in a text that claims it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

import numpy as np

from limner_world.chance import chance, pick
from limner_world.person import COLOURS, Traits

COLOUR_FORMS: Final[dict[str, tuple[str, ...]]] = {colour: (colour,) for colour in COLOURS} | {
    "gray": ("gray", "grey"),
    "mint-green": ("mint-green", "mint green"),
    "light-blue": ("light-blue", "light blue", "pale-blue"),
    "navy-blue": ("navy-blue", "navy blue", "navy"),
    "tan": ("tan", "beige"),
}
SKIN_FORMS: Final = {
    "fair": ("fair skin", "fair skin", "light skin", "a fair complexion"),
    "tan": ("tan skin", "tan skin", "tanned skin", "a tan complexion"),
    "brown": ("brown skin", "brown skin", "medium-brown skin", "a brown complexion"),
    "dark": ("dark skin", "dark skin", "dark-brown skin", "a dark complexion"),
}
HAIR_COLOUR_FORMS: Final = {
    "black": ("black",),
    "brown": ("brown",),
    "blond": ("blond", "blonde"),
    "red": ("red", "ginger"),
    "gray": ("gray", "grey"),
    "white": ("white",),
}
HAIR_PATTERNS: Final = {
    "short": ("short {} hair", "short {} hair", "{} hair cut short", "short, {} hair"),
    "shoulder-length": ("{} shoulder-length hair", "shoulder-length {} hair"),
    "long": ("long {} hair", "long {} hair", "long, {} hair"),
    "long with bangs": ("long {} hair and bangs", "long {} hair with bangs", "bangs and long {} hair"),
    "curly": ("curly {} hair", "{} curly hair", "{} curls", "curly {} hair"),
    "bun": ("{} hair pulled into a bun", "{} hair in a bun", "{} hair tied up in a bun", "a {} bun"),
    "ponytail": ("{} hair tied back in a ponytail", "{} hair in a ponytail", "a {} ponytail"),
    "braids": ("{} hair in two braids", "{} braids", "braided {} hair"),
    "spiky": ("spiky {} hair", "messy, spiky {} hair", "{} spiky hair"),
    "bald": ("a bald head", "no hair", "a bald head"),
}
HAIR_MARKS: Final = {
    "short": ("short",),
    "shoulder-length": ("shoulder-length",),
    "long": ("long",),
    "long with bangs": ("bangs",),
    "curly": ("curl",),
    "bun": ("bun",),
    "ponytail": ("ponytail",),
    "braids": ("braid",),
    "spiky": ("spiky",),
    "bald": ("bald", "no hair"),
}
FACIAL_HAIR_FORMS: Final = {
    "stubble": ("stubble", "some stubble", "a little stubble"),
    "beard": ("a beard", "a full beard", "a beard"),
    "mustache": ("a mustache", "a moustache", "a mustache"),
    "beard and mustache": ("a beard and mustache", "a beard and a mustache"),
}
GLASSES_FORMS: Final = {
    "black glasses": ("black glasses", "black-rimmed glasses", "glasses with black frames"),
    "blue glasses": ("blue glasses", "blue-rimmed glasses", "glasses with blue frames"),
    "red glasses": ("red glasses", "red-rimmed glasses", "glasses with red frames"),
    "dark sunglasses": ("dark sunglasses", "sunglasses", "a pair of dark sunglasses"),
}
HEADWEAR_FORMS: Final = {
    "beanie": ("beanie", "knit beanie"),
    "cap": ("cap", "baseball cap"),
    "sun hat": ("sun hat", "wide sun hat"),
    "tricorne hat": ("tricorne hat", "pirate's tricorne hat"),
    "headphones": ("headphones", "over-ear headphones"),
}
JEWELLERY_FORMS: Final = {
    "gold hoop earrings": ("gold hoop earrings", "hoop earrings made of gold", "golden hoop earrings"),
    "pearl earrings": ("pearl earrings", "a pair of pearl earrings"),
    "black choker": ("a black choker", "a black choker around the neck"),
}
NECKWEAR_FORMS: Final = {
    "scarf": ("scarf", "knit scarf"),
    "bow tie": ("bow tie",),
    "tie": ("tie", "necktie"),
    "headphones around the neck": ("headphones around the neck", "headphones resting around the neck"),
}
GARMENT_FORMS: Final = {
    "t-shirt": ("t-shirt", "T-shirt", "t-shirt", "tee"),
    "button-up shirt": ("button-up shirt", "button-down shirt", "buttoned shirt"),
    "sweater": ("sweater", "sweater", "knit sweater", "pullover"),
    "hooded sweatshirt": ("hooded sweatshirt", "hoodie"),
    "cardigan": ("cardigan", "knit cardigan"),
    "blouse": ("blouse",),
    "dress": ("dress",),
    "white coat": ("white coat", "doctor's white coat", "white lab coat"),
    "suit": ("suit",),
    "vest": ("vest",),
    "onesie": ("onesie",),
}
PATTERN_PATTERNS: Final = {
    "plain": ("{c} {g}",),
    "striped": ("{c} striped {g}", "striped {c} {g}", "{c} {g} with stripes"),
    "checkered": ("{c} checkered {g}", "checkered {c} {g}", "{c} plaid {g}"),
    "polka-dot": ("{c} polka-dot {g}", "{c} {g} with polka dots", "polka-dot {c} {g}"),
    "floral": ("{c} floral {g}", "{c} {g} with flowers on it", "floral {c} {g}"),
}
PATTERN_MARKS: Final = {
    "striped": ("striped", "with stripes"),
    "checkered": ("checkered", "plaid"),
    "polka-dot": ("polka-dot", "polka dots"),
    "floral": ("floral", "with flowers on it"),
}
EXPRESSION_FORMS: Final = {
    "neutral": ("with a neutral expression", "with a calm, neutral expression", "with a neutral look"),
    "smiling": ("smiling", "with a smile", "smiling at the camera", "with a friendly smile"),
    "laughing": ("laughing", "laughing out loud", "laughing happily"),
    "sad": ("looking sad", "with a sad expression", "with a sad face"),
    "surprised": ("looking surprised", "with a surprised expression", "with a surprised look"),
    "winking": ("winking", "winking at the camera"),
    "eyes closed": ("with eyes closed", "with both eyes closed"),
    "sticking out the tongue": ("sticking out the tongue", "with the tongue sticking out"),
}
EXPRESSION_MARKS: Final = {
    "neutral": ("neutral",),
    "smiling": ("smil",),
    "laughing": ("laugh",),
    "sad": ("sad",),
    "surprised": ("surprised",),
    "winking": ("wink",),
    "eyes closed": ("eyes closed",),
    "sticking out the tongue": ("tongue",),
}
MAKE_UP_FORMS: Final = {
    "red lipstick": ("red lipstick", "bright red lipstick"),
    "goth makeup": ("goth makeup", "dark goth makeup"),
}
HOLDING_FORMS: Final = {
    "potato chip": ("a potato chip",),
    "laptop": ("a laptop", "a silver laptop"),
    "book": ("a {c} book", "an open {c} book"),
    "phone": ("a phone", "a mobile phone"),
    "coffee cup": ("a coffee cup", "a cup of coffee"),
    "flowers": ("{c} flowers", "a bouquet of {c} flowers"),
    "tablet": ("a tablet",),
    "leaf": ("a green leaf", "a leaf"),
    "whiskey glass": ("a whiskey glass", "a glass of whiskey"),
    "balloon": ("a {c} balloon",),
    "ball": ("a {c} ball",),
}
HOLDING_MARKS: Final = {thing: (thing,) for thing in HOLDING_FORMS} | {
    "coffee cup": ("coffee cup", "cup of coffee"),
    "whiskey glass": ("whiskey glass", "glass of whiskey"),
}
# Things whose colour is the holder's choice; the others have their own.
COLOURED_THINGS: Final = ("book", "flowers", "balloon", "ball")
AGE_NOUNS: Final = {
    ("baby", "woman"): ("baby girl", "baby"),
    ("baby", "man"): ("baby boy", "baby"),
    ("child", "woman"): ("girl", "little girl", "young girl"),
    ("child", "man"): ("boy", "little boy", "young boy"),
    ("teenager", "woman"): ("teenage girl", "teenager"),
    ("teenager", "man"): ("teenage boy", "teenager"),
    ("young adult", "woman"): ("young woman",),
    ("young adult", "man"): ("young man",),
    ("middle-aged", "woman"): ("middle-aged woman",),
    ("middle-aged", "man"): ("middle-aged man",),
    ("elderly", "woman"): ("elderly woman", "old woman", "older woman"),
    ("elderly", "man"): ("elderly man", "old man", "older man"),
}
# What others say for the noun of a person; which child or person it is, such a word leaves open.
OTHER_NOUNS: Final = {
    "woman": ("lady", "person"),
    "man": ("guy", "gentleman", "person"),
    "girl": ("kid", "child"),
    "boy": ("kid", "child"),
    "baby": ("little baby",),
}
AGE_MARKS: Final = {
    "baby": ("baby",),
    "child": ("girl", "boy"),
    "teenager": ("teenage",),
    "young adult": ("young woman", "young man"),
    "middle-aged": ("middle-aged",),
    "elderly": ("elderly", "old woman", "old man", "older"),
}
GARMENT_COLOURED: Final = ("white coat",)


def with_article(noun: str) -> str:
    """ "a" or "an" before `noun`, by its first letter; plural nouns stay bare."""
    if noun.split(" with ")[0].endswith(("headphones", "glasses", "flowers", "clothes")):
        return noun
    return f"{'an' if noun[0].lower() in 'aeio' else 'a'} {noun}"


def colour_word(rng: np.random.Generator, colour: str, usual: float = 0.8) -> str:
    """`colour` as the vocabulary has it with probability `usual`, else one of its synonyms."""
    return colour if chance(rng, usual) else pick(rng, COLOUR_FORMS[colour])


def hair_phrase(rng: np.random.Generator, traits: Traits, told: Collection[str]) -> str:
    """The hair of `traits`, with colour, style or both as `told` has it: "curly red hair", "red hair"."""
    if "hair_style" in told and traits.hair_style == "bald":
        return pick(rng, HAIR_PATTERNS["bald"])
    forms = HAIR_COLOUR_FORMS[traits.hair_colour]
    colour = forms[0] if chance(rng, 0.85) else pick(rng, forms)
    if "hair_style" not in told:
        return f"{colour} hair"
    pattern = pick(rng, HAIR_PATTERNS[traits.hair_style])
    if "hair_colour" in told:
        return pattern.format(colour)
    bare = pattern.replace(", {}", "").replace("{} ", "")
    return bare.replace("a ponytail", "a ponytail").strip()


def garment_phrase(rng: np.random.Generator, traits: Traits, told: Collection[str]) -> str:
    """The garment of `traits` with its article: "a red striped sweater"; only colour or only kind as
    `told` has it.
    """
    noun = pick(rng, GARMENT_FORMS[traits.garment]) if "garment" in told else ""
    colour = colour_word(rng, traits.garment_colour)
    if traits.garment in GARMENT_COLOURED:
        return with_article(noun) if noun else "white clothes"
    if not noun:
        return f"{colour} clothes"
    if "garment_colour" not in told:
        return with_article(noun)
    pattern = traits.garment_pattern if "garment_pattern" in told else "plain"
    return with_article(pick(rng, PATTERN_PATTERNS[pattern]).format(c=colour, g=noun))


def headwear_phrase(rng: np.random.Generator, traits: Traits) -> str:
    """ "a red beanie", "white over-ear headphones"."""
    noun = pick(rng, HEADWEAR_FORMS[traits.headwear])
    return with_article(f"{colour_word(rng, traits.headwear_colour)} {noun}")


def neckwear_phrase(rng: np.random.Generator, traits: Traits) -> str:
    """ "a green scarf", "headphones around the neck"."""
    noun = pick(rng, NECKWEAR_FORMS[traits.neckwear])
    if traits.neckwear.startswith("headphones"):
        return noun
    return with_article(f"{colour_word(rng, traits.neckwear_colour)} {noun}")


def holding_phrase(rng: np.random.Generator, thing: str, colour: str) -> str:
    """ "a red balloon", "a bouquet of white flowers", "a phone"."""
    words = pick(rng, HOLDING_FORMS[thing]).format(c=colour_word(rng, colour))
    return f"an {words[2:]}" if words.startswith("a ") and words[2] in "aeio" else words


def plain_value(traits: Traits, field: str) -> str:
    """The canonical short answer for one field: "red", "a red beanie", "curly"."""
    value = str(getattr(traits, field))
    if field == "headwear" and value != "none":
        return with_article(f"{traits.headwear_colour} {value}")
    if field == "neckwear" and value not in ("none", "headphones around the neck"):
        return with_article(f"{traits.neckwear_colour} {value}")
    return value


def marks(traits: Traits, field: str) -> tuple[str, ...]:
    """Strings of which at least one stands (any case) in every text that claims `field` of `traits`."""
    value = str(getattr(traits, field))
    tables: dict[str, Mapping[str, tuple[str, ...]]] = {
        "skin": SKIN_FORMS,
        "hair_colour": HAIR_COLOUR_FORMS,
        "hair_style": HAIR_MARKS,
        "facial_hair": FACIAL_HAIR_FORMS,
        "glasses": GLASSES_FORMS,
        "headwear": HEADWEAR_FORMS,
        "jewellery": JEWELLERY_FORMS,
        "neckwear": NECKWEAR_FORMS,
        "garment": GARMENT_FORMS,
        "garment_pattern": PATTERN_MARKS,
        "expression": EXPRESSION_MARKS,
        "make_up": MAKE_UP_FORMS,
        "age": AGE_MARKS,
    }
    if field.endswith("_colour") and field != "hair_colour":
        return COLOUR_FORMS[value]
    if field == "lower":
        return (value,)
    return tuple(form.removeprefix("a ") for form in tables[field][value])


def plain_garment(traits: Traits, told: Collection[str]) -> str:
    """The canonical garment, as fully as `told` allows: "a red striped sweater", "a sweater", "red
    clothes".
    """
    if traits.garment in GARMENT_COLOURED:
        return "a white coat" if "garment" in told else "white clothes"
    if "garment" not in told:
        return f"{traits.garment_colour} clothes"
    words = [traits.garment_colour] if "garment_colour" in told else []
    if "garment_pattern" in told and traits.garment_pattern != "plain":
        words.append(traits.garment_pattern)
    return with_article(" ".join([*words, traits.garment]))


def plain_thing(thing: str, colour: str) -> str:
    """The canonical held thing: "a red balloon", "a phone", "white flowers"."""
    return with_article(f"{colour} {thing}" if thing in COLOURED_THINGS else thing)


def plain_hair(traits: Traits, told: Collection[str]) -> str:
    """The canonical hair, as fully as `told` allows: "curly red hair", "red hair", "a bald head", or ""."""
    if "hair_style" in told:
        pattern = HAIR_PATTERNS[traits.hair_style][0]
        if "hair_colour" in told or traits.hair_style == "bald":
            return pattern.format(traits.hair_colour)
        return pattern.replace("{} ", "")
    return f"{traits.hair_colour} hair" if "hair_colour" in told else ""
