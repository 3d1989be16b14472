"""What words of an answer count: synonyms of the world's vocabulary, numbers, and words that say nothing.

Knows the surface forms of `world.wording`. Knows nothing about questions.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final

from limner_world import person
from limner_world.places import PLACE_NOUNS, PLACE_PHRASES
from limner_world.scene import HOLDABLE, LIGHTINGS, STYLES
from limner_world.wording import (
    COLOUR_FORMS,
    EXPRESSION_FORMS,
    FACIAL_HAIR_FORMS,
    GARMENT_FORMS,
    GLASSES_FORMS,
    HAIR_COLOUR_FORMS,
    HEADWEAR_FORMS,
    HOLDING_FORMS,
    JEWELLERY_FORMS,
    MAKE_UP_FORMS,
    NECKWEAR_FORMS,
    PATTERN_MARKS,
)

Words = tuple[str, ...]
NEGATIONS: Final = frozenset({"not", "no", "none", "nothing", "nobody", "neither", "without", "never"})
SIDES: Final = frozenset({"left", "right"})
_NUMBERS: Final = {
    word: str(number)
    for number, word in enumerate(
        """
        zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
        seventeen eighteen nineteen twenty
        """.split()  # noqa: SIM905 - words without quotes read better
    )
}
# Articles, pronouns, helping verbs, prepositions, and nouns that only name the field that was asked about.
SAYING_NOTHING: Final = frozenset(
    """
    a an the this that these those it she he they i you we there here her his him their them its who which
    whose and or is are was be has have had do does wear wears wearing hold holds holding look looks looking
    see seem seems appear appears stand stands standing sit sits sitting take takes taking place in on at of
    to with by from for side hair skin tone colour color hairstyle expression person persons people picture
    image photo painting painted style pattern setting time pair bouquet open very some any
    """.split()  # noqa: SIM905 - words without quotes read better
)
_FORMS: Final[tuple[Mapping[str, tuple[str, ...]], ...]] = (
    COLOUR_FORMS,
    HAIR_COLOUR_FORMS,
    FACIAL_HAIR_FORMS,
    GLASSES_FORMS,
    HEADWEAR_FORMS,
    JEWELLERY_FORMS,
    NECKWEAR_FORMS,
    GARMENT_FORMS,
    PATTERN_MARKS,
    EXPRESSION_FORMS,
    MAKE_UP_FORMS,
    PLACE_PHRASES,
    PLACE_NOUNS,
    {"bald": ("a bald head",), "curly": ("curls",), "braids": ("two braids", "braided")},
    {"warm evening light": ("evening light", "warm evening", "evening"), "daylight": ("day",)},
    {thing: tuple(f for f in forms if "{" not in f) for thing, forms in HOLDING_FORMS.items()},
)
# Forms that mean something else when they stand alone.
_AMBIGUOUS: Final = frozenset({("flower",), ("field", "flower")})


def plain_words(text: str) -> list[str]:
    """Lower-case words without punctuation; hyphens part words, "n't" becomes "not", possessive 's falls."""
    text = unicodedata.normalize("NFKC", text).replace("’", "'").lower()
    text = re.sub(r"n't\b", " not", re.sub(r"\bcan't\b", "can not", text))
    text = re.sub(r"'(?:s|re|m|ll|ve|d)\b", "", text)
    return re.findall(r"[^\W_]+", text)


def spoken_words(words: Sequence[str]) -> list[str]:
    """Words that say something: singular, numbers as digits, synonyms as the world has them."""
    told = [_singular(word) for word in _counted(words) if word not in SAYING_NOTHING]
    return list(_canonical(told))


@lru_cache(maxsize=1)
def vocabulary() -> frozenset[str]:
    """All words that could be another answer: the world's own, numbers, sides and negations."""
    values = (
        *person.AGES,
        *person.SKINS,
        *person.HAIR_COLOURS,
        *person.HAIR_STYLES,
        *person.FACIAL_HAIR,
        *person.GLASSES,
        *person.HEADWEAR,
        *person.JEWELLERY,
        *person.NECKWEAR,
        *person.GARMENTS,
        *person.PATTERNS,
        *person.LOWERS,
        *person.EXPRESSIONS,
        *person.MAKE_UP,
        *person.COLOURS,
        *HOLDABLE,
        *PLACE_PHRASES,
        *STYLES,
        *LIGHTINGS,
    )
    words = {word for value in values for word in _singulars(value)}
    return frozenset(words | set(_NUMBERS.values()) | SIDES | NEGATIONS | {"yes", "both"})


def _counted(words: Sequence[str]) -> Iterator[str]:
    """Number words as digits; "the one" and "which one" count nothing."""
    for before, word in zip(("", *words), words, strict=False):
        pointing = word == "one" and before in ("the", "which", "this", "that")
        yield "the" if pointing else _NUMBERS.get(word, word)


def _singular(word: str) -> str:
    plural = len(word) > 3 and word.endswith("s") and not word.endswith("ss")
    return word[:-1] if plural else word


def _singulars(text: str) -> Words:
    return tuple(_singular(word) for word in _counted(plain_words(text)) if word not in SAYING_NOTHING)


def _canonical(words: Sequence[str]) -> Iterator[str]:
    """`words` with every run that is a known form replaced by the world's own word, longest runs first."""
    forms, longest = _synonyms()
    place = 0
    while place < len(words):
        for length in range(min(longest, len(words) - place), 0, -1):
            run = tuple(words[place : place + length])
            if run in forms:
                yield from forms[run]
                break
        else:
            length = 1
            yield words[place]
        place += length


@lru_cache(maxsize=1)
def _synonyms() -> tuple[dict[Words, Words], int]:
    """Form -> the world's own words, and the length of the longest form."""
    forms: dict[Words, Words] = {}
    for table in _FORMS:
        for value, said in table.items():
            own = _singulars(value)
            forms.setdefault(own, own)
            for form in said:
                run = _singulars(form)
                if run and run not in _AMBIGUOUS:
                    forms.setdefault(run, own)
    return forms, max(map(len, forms))
