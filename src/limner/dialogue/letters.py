"""How letters are written: composed or not, in capitals or not, in scripts that have no capitals.

Knows Unicode. Knows nothing about names.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

# Marks that belong to the letter before them (`\\w` leaves them out), written as a part of a character class.
COMBINING: Final = "".join(
    chr(code) for code in range(0x300, 0x2000) if unicodedata.category(chr(code)) in ("Mn", "Mc")
)
# Scripts that put no spaces between words, or write particles onto them: Chinese, Japanese, Korean.
UNSPACED: Final = (
    "\u3005-\u3007\u3031-\u3035\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7a3\uf900-\ufaff\uff66-\uff9f\U00020000-\U000323af"
)
# Each letter with all that composes with it: marks, and the second and third part of a Korean syllable.
_CLUSTER: Final = re.compile(rf".[{COMBINING}\u1160-\u11ff\u20d0-\u20f0\u3099\u309a]*", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Composed:
    """A text in Unicode's composed form (NFC), and where its letters stood in the text as it was given."""

    text: str
    starts: tuple[int, ...] | None  # of each cluster here; None where nothing had to be composed
    origins: tuple[int, ...] = ()  # of each cluster there

    def origin(self, place: int) -> int:
        """The place in the given text of a place between two letters of `text`."""
        if self.starts is None:
            return place
        return self.origins[bisect_right(self.starts, place) - 1]


def composed(text: str) -> Composed:
    """The text with every accent composed with its letter. Quadratic in the number of marks on one letter, as
    Unicode's canonical order is, so give it bounded texts.
    """
    if unicodedata.is_normalized("NFC", text):
        return Composed(text=text, starts=None)
    clusters = [match.group() for match in _CLUSTER.finditer(text)]
    whole = [unicodedata.normalize("NFC", cluster) for cluster in clusters]
    return Composed(
        text="".join(whole),
        starts=tuple(accumulate(map(len, whole), initial=0)),
        origins=tuple(accumulate(map(len, clusters), initial=0)),
    )


def fold(text: str) -> str:
    """What is equal when two texts differ in case, width and composition only."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def is_caseless(word: str) -> bool:
    """Whether the word's script has no capitals, so that their absence says nothing."""
    return word[0].lower() == word[0].upper()
