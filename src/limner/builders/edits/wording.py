"""The grammar of edit instructions: how one reads in the middle of a sentence, and as what was done.

Knows English by simple rules: "Please remove the dog." -> "remove the dog" -> "removing the dog". An
instruction that does not begin with a verb of editing is quoted instead of bent. Knows nothing about history.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from limner.dialogue.edit_verbs import NOUNS, VERBS


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_LEAD: Final = re.compile(
    r"^(?:(?:please|kindly|now|then|next|and|also|ok(?:ay)?|hey|hi)\b[\s,]*"
    r"|(?:can|could|would|will) you (?:please )?|i(?:'d| would) like (?:you )?to |i want (?:you )?to "
    r"|let(?:'s|’s| us) |we (?:should|could) |you (?:should|could) )+",
    re.IGNORECASE,
)
_TRAILING: Final = re.compile(r"(?:[\s.!?;,]|,? please)+$", re.IGNORECASE)
_WORD: Final = re.compile(r"[A-Za-z]+")
_VOWELS: Final = "aeiou"
_ING: Final = {"be": "being", "age": "aging", "dye": "dyeing", "tie": "tying", "lie": "lying", "die": "dying"}
# Two syllables or more with the last one unstressed: no doubled consonant.
_UNDOUBLED: Final = ("er", "en", "el", "it", "on", "or", "et")
_COMMON_WORDS: Final = _set(
    "make change replace remove have with that this into from picture image photo left right side there "
    "them they could would should what where turn take give more instead color colour let's under over "
    "front behind next only also some will without whole the and let add put his her its has for are not "
    "can you out off all one get was new"
)


def sentence(words: str) -> str:
    """An instruction as one sentence on one line."""
    words = " ".join(words.split())
    words = words[0].upper() + words[1:]
    return words if words[-1] in ".!?" else f"{words}."


def quoted(words: str) -> str:
    """An instruction fit to stand between double quotes; empty when it is blank."""
    return sentence(words).replace('"', "'") if words.strip() else ""


def imperative(words: str) -> str | None:
    """The bare command, fit to follow "and": "Could you add a dog?" -> "add a dog".

    None when the instruction is no command that begins with a verb, or is several sentences.
    """
    bare = _LEAD.sub("", " ".join(words.split()))
    bare = _TRAILING.sub("", bare)
    first = _WORD.match(bare)
    if first is None or first.group().lower() not in VERBS or re.search(r"[.!?;]\s", bare):
        return None
    verb = first.group()
    if not (verb.islower() or verb.istitle() or bare.isupper()):
        return None
    return verb.lower() + bare[first.end() :]


def gerund(words: str) -> str | None:
    """What an instruction did: "Remove the dog and add a cat." -> "removing the dog and adding a cat".

    None where `imperative` is None.
    """
    bare = imperative(words)
    if bare is None:
        return None
    verb, rest = bare.split(" ", 1) if " " in bare else (bare, "")
    rest = re.sub(
        r"(\b(?:and|then)\s+(?:then\s+)?)([a-z]+)\b",
        lambda match: match[1] + (ing(match[2]) if _is_bent(match[2]) else match[2]),
        rest,
    )
    return f"{ing(verb)} {rest}".rstrip()


def ing(verb: str) -> str:
    """The -ing form of a verb."""
    if verb in _ING:
        return _ING[verb]
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")):
        return f"{verb[:-1]}ing"
    if _is_doubled(verb):
        return f"{verb}{verb[-1]}ing"
    return f"{verb}ing"


def _is_doubled(verb: str) -> bool:
    """One consonant after one vowel at the end of a stressed syllable: put, swap, but not draw or open."""
    if len(verb) < 3 or verb[-1] in f"{_VOWELS}wxy" or verb[-2] not in _VOWELS or verb[-3] in _VOWELS:
        return False
    syllables = len(re.findall(r"[aeiouy]+", verb))
    return syllables == 1 or (not verb.endswith(_UNDOUBLED) and verb[-2:] in ("in", "ip", "op", "ap"))


def _is_bent(word: str) -> bool:
    return word in VERBS and word not in NOUNS


def independent(instructions: Sequence[str], base: int) -> bool:
    """Whether the last instruction makes sense without those from `base` on: they share no word with a
    meaning.
    """
    last = _meanings(instructions[-1])
    return all(not last & _meanings(words) for words in instructions[base:-1])


def _meanings(words: str) -> set[str]:
    found = re.findall(r"[a-z']{3,}", words.casefold())
    return {word.removesuffix("s") for word in found if word not in _COMMON_WORDS}
