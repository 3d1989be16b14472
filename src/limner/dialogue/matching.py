"""Which earlier text is meant by words that tell of it: "before giving her a hat", "the night picture".

Knows English endings, words that tell nothing and a few that mean the same. Knows no rounds and no pictures.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

# They tell no edit from another.
_EMPTY_WORDS: Final = (
    "the and then that this with from for her his him she they them its not but all now one please instead "
    "rather than before after back step time undo recall revert start again first last picture image photo "
    "version show add remove make change put take give turn replace wear has have are was into place "
    # Forms of them, and what stands around such words.
    "made gave given took taken got get getting became become came went going gone did done been being were "
    "just right when where which what once more only very some any you your our mine had let use used set "
    "keep keeping look looks looked said thing things there here original edit edits"
)
_SAME: Final[dict[str, str]] = {
    "dark": "night", "nighttime": "night", "evening": "night", "color": "colour", "coloring": "colour",
    "watercolor": "watercolour", "hairstyle": "hair", "haircut": "hair", "dyed": "dye",
    "spectacles": "glasses", "cap": "hat", "beanie": "hat", "drawing": "sketch", "drawn": "draw",
    "grey": "gray", "backdrop": "background", "scenery": "background", "holding": "hold", "held": "hold",
    "wore": "wear", "worn": "wear", "wearing": "wear", "worked": "work", "daytime": "day",
    "daylight": "day", "jacket": "coat", "couch": "sofa",
}  # fmt: skip
_WORD: Final = re.compile(r"[^\W\d_]{3,}")
_COMPOUND: Final = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)+")  # "t-shirt" tells more than "shirt"
_LEAST_STEM: Final = 2
_TIE: Final = 1e-9  # less than any difference in worth


def content(text: str) -> set[str]:
    """Words that say something, without their endings: "adding a red hat" and "add a red hat" have all in
    common.
    """
    words = (word.lower() for word in (*_WORD.findall(text), *_COMPOUND.findall(text)))
    return {stem(word) for word in words if word not in _SKIPPED} - _EMPTY


def best_match(words: str, texts: Sequence[str]) -> int | None:
    """The text that tells most of what `words` tell, rare words counting more; of equals the one that says
    "blue" where another says "navy-blue", then the latest. None when no text shares a telling word.
    """
    wanted = _widened(content(words))
    found = [_widened(content(text)) for text in texts]
    rounds = Counter(word for one in found for word in one)
    worth = [sum(1 / rounds[word] for word in wanted & one) for one in found]
    worth = [one and one - _TIE * num for one, num in zip(worth, _compounds(texts, wanted), strict=True)]
    best = max(worth, default=0.0)
    if best <= 0:
        return None
    return len(worth) - 1 - worth[::-1].index(best)


def _compounds(texts: Sequence[str], wanted: set[str]) -> list[int]:
    """How many words with a hyphen each text has that are not among the wanted ones."""
    return [len({stem(word.lower()) for word in _COMPOUND.findall(text)} - wanted) for text in texts]


def stem(word: str) -> str:
    """A word without its ending, lower case as it was: "adding" -> "add"."""
    for ending in ("ing", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= _LEAST_STEM:
            return word.removesuffix(ending)
    return word


def _widened(words: set[str]) -> set[str]:
    """Words that mean the same as one."""
    return {_MEANING.get(word, word) for word in words}


_EMPTY: Final = frozenset(stem(word) for word in _EMPTY_WORDS.split())
_SKIPPED: Final = frozenset(_EMPTY_WORDS.split())
_MEANING: Final = {stem(word): stem(other) for word, other in _SAME.items()}
