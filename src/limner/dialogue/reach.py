"""What an instruction reaches back to, as a value, and what words of amount and filler say.

Knows English numbers. How a text is read is `reaching.py`'s business.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from limner.dialogue import reaching_words as w
from limner.dialogue.ways_back import NUMBERS, Way

_AMOUNT: Final = re.compile(rf"(?<!\w)x?(?P<n>{w.NUMBER})x?(?!\w)")


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Args:
    way: where to.
    steps: how many pictures back: of COUNT from the one in view, else from where the way leads.
    number: of NUMBERED, which picture, from 1; 0 for the last.
    made: of NUMBERED, whether only pictures count that were painted.
    about: of NAMED the name; of BEFORE, AFTER, INSTEAD and DESCRIBED the words that tell what is meant, which
        for INSTEAD may be empty: the last thing that was done.
    change: what is asked of that picture; "" when it is only to be seen again.
    """

    way: Way
    steps: int = 0
    number: int = 0
    made: bool = False
    about: str = ""
    change: str = ""


def number_of(word: str) -> int:
    """ "3", "three" or "a couple of" as a number; 1 for anything else."""
    word = word.lower().strip()
    if word.isdecimal():
        return int(word)
    words = (*NUMBERS, *w.MORE_NUMBERS)
    if word in words:
        return words.index(word) + 1
    return 2 if word in ("a couple of", "both") else 1


def amount(words: str) -> int:
    """How many: "twice", "three times", "the last two edits", "the last edit"."""
    lower = words.lower()
    for word, number in (("once", 1), ("twice", 2), ("thrice", 3)):
        if re.search(rf"\b{word}\b", lower):
            return number
    match = _AMOUNT.search(lower)
    return number_of(match["n"]) if match else 1


def says_nothing(text: str) -> bool:
    return all(word in w.FILLERS for word in re.findall(r"[^\W\d_]+", text.lower().replace("’", "'")))


def tells(words: str) -> bool:
    return not says_nothing(words)
