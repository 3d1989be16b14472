"""Pictures that are meant beside the one that is changed: "put the hat of picture 2 on her", "as in picture
1", "combine pictures 1 and 3", "bring the lantern back".

What is only named to be changed or shown ("picture 2: add a bird") is a way back and `dialogue/reaching.py`'s
business. Knows English and numbers. Knows no persons.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from limner.dialogue import reaching_words as w
from limner.dialogue.matching import best_match
from limner.dialogue.reach import number_of, says_nothing
from limner.dialogue.ways_back import ORDINALS
from limner.planning.album import Album


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


_MORE: Final = _pattern(
    r"\s*(?:,|,? and|&|,? or)\s*(?:(?:picture|image|photo) )?#?(?P<n>\d{1,3})\b"
    r"(?=\s*(?:$|[.,;:!?&]|(?:and|or|into|in|to|on|with|together|as|by|side|for|please)\b))"
)
_LIKE: Final = _pattern(
    r"\b(?:like|as|than|similar to|matching|match(?:es)?|inspired by|in the (?:style|colou?rs|light|mood) of)"
    r"(?: (?:it|they|she|he|that|those|the ones?)(?: (?:is|was|are|were|looks?|looked|had|has))?)?"
    r"(?: (?:in|of|from|on))? (?:the )?$"
)
_TAKEN: Final = _pattern(
    r"(?:^|[,;] |\band |\bthen )(?:please )?(?:use|put|add|take(?! out| off| away)|copy|give"
    r"|bring|insert|place|paste"
    r"|include|apply|transfer|borrow|dress|let (?:her|him|them|it) (?:wear|have"
    r"|hold))\b[^.;]*\b(?:from|of) (?:the )?$"
)
_EXCHANGED: Final = _pattern(
    r"\b(?:to|with|for|by) (?:the|that|those|his|her|their)\b[^,.;]*\b(?:from|of|in) (?:the )?$"
)
_INTO: Final = _pattern(r"\b(?:in|into|onto|on|to|inside|over) (?:the )?$")
_JOINT: Final = _pattern(r"^[\s,.;:]*(?:and )?(?:then )?")
_TELLS: Final = _pattern(r"\b(?:compare|differ|differs|difference|differences|changed)\b")
_JOINS: Final = _pattern(r"\b(?:combine|merge|blend|mix|join|collage|fuse|together|side by side)\b")
_RETURNED: Final = _pattern(
    r"(?:please )?(?:bring|put|give|get|add) (?P<old>(?:(?:her|him|them) )?(?:the|his|her|their"
    r"|my|that) [^,;]+?)"
    r" back(?: again| in| please)*[.!]*"
)
_RESTORED: Final = _pattern(
    r"(?:please )?restore (?!.*\b(?:pictures?|images?|photos?|versions?|state"
    r"|one)\b)(?P<old>(?:the|his|her|their) [^,;.]+?)(?: again| please)*[.!]*"
)
_FORMER: Final = _pattern(r"\b(?:original|old|earlier|former|previous|first)\b ?")


@dataclass(frozen=True, kw_only=True)
class Borrowed:
    """Args:
    base: the picture that is changed; None for the one in view, or for none at all when `anew`.
    shown: what is gone by, in the order of mention.
    anew: whether a new picture is made of them.
    asks: whether words are wanted, not a picture.
    parts: the text around the places where pictures are named.
    numbers: the picture of each such place.
    """

    base: int | None
    shown: tuple[int, ...]
    anew: bool = False
    asks: bool = False
    parts: tuple[str, ...] = ()
    numbers: tuple[int, ...] = ()

    def told(self, first: int) -> str:
        """The text with pictures called as a painter knows them: "reference N", counted from `first`."""
        words = [
            "the picture" if number == self.base else f"reference {first + self.shown.index(number)}"
            for number in self.numbers
        ]
        parts = self.parts
        if self.numbers[0] == self.base and says_nothing(parts[0]):  # "Go to picture 2, then ..."
            words, parts = words[1:], (_JOINT.sub("", parts[1]), *parts[2:])
        pieces = [parts[0]]
        for word, part in zip(words, parts[1:], strict=True):
            pieces += [word, part]
        return "".join(pieces)


def borrowed(text: str) -> Borrowed | None:
    """What a text borrows from numbered pictures; None when it does not."""
    found = _mentions(text)
    if not found:
        return None
    numbers = [number for _, _, number in found]
    sources = [number for start, _, number in found if _is_source(text[:start])]
    targets = [number for start, _, number in found if _is_target(text[:start])]
    asks = _TELLS.search(text) is not None
    if len(set(numbers)) > 1 and (asks or _JOINS.search(text) or not targets):
        base, shown, anew = None, numbers, True
    elif len(set(numbers)) > 1 and not sources:  # "put the man of picture 1 into picture 2"
        base, anew = targets[-1], False
        shown = [number for number in numbers if number != base]
    elif sources:
        base = next((number for number in targets if number not in sources), None)
        shown, anew = sources, False
    else:
        return None
    return Borrowed(
        base=base,
        shown=tuple(dict.fromkeys(shown)),
        anew=anew,
        asks=asks,
        parts=_around(text, found),
        numbers=tuple(numbers),
    )


def returned(text: str, album: Album) -> int | None:
    """The picture that shows what is to be brought back ("bring the lantern back", "restore her old hair");
    None when nothing is, or when no other picture than the one in view shows it.
    """
    match = _RETURNED.fullmatch(text) or _RESTORED.fullmatch(text)
    if match is None:
        return None
    indices = [
        index for index in range(len(album.rounds)) if any(one.painted for one in album.of_round(index))
    ]
    place = best_match(_FORMER.sub("", match["old"]), [album.done_in(index) for index in indices])
    former = _FORMER.search(match["old"]) is not None
    if place is None:
        number = 1 if former and album.shown else 0
    elif former:
        number = album.before_round(indices[place]) or 1
    else:
        number = album.of_round(indices[place])[-1].number
    return number if number and number != album.current else None


def _mentions(text: str) -> list[tuple[int, int, int]]:
    """(start, end, number) of each place where a picture is named by number, in order."""
    found: list[tuple[int, int, int]] = []
    for match in w.NUMBERED.finditer(text):
        number = number_of(next(group for group in match.groups() if group))
        found.append((match.start(), match.end(), number))
        end = match.end()
        while (more := _MORE.match(text, end)) is not None:
            found.append((more.start("n"), more.end("n"), int(more["n"])))
            end = more.end()
    for match in w.ORDINAL.finditer(text):
        word = match["which"].lower()
        if word in ORDINALS:
            found.append((match.start(), match.end(), ORDINALS.index(word) + 1))
    found.sort()
    return [one for place, one in enumerate(found) if place == 0 or one[0] >= found[place - 1][1]]


def _is_source(lead: str) -> bool:
    if says_nothing(lead):
        return False
    return any(pattern.search(lead) for pattern in (_LIKE, _TAKEN, _EXCHANGED))


def _is_target(lead: str) -> bool:
    return says_nothing(lead) or _INTO.search(lead) is not None


def _around(text: str, found: Sequence[tuple[int, int, int]]) -> tuple[str, ...]:
    ends = [0, *(end for _, end, _ in found)]
    starts = [*(start for start, _, _ in found), len(text)]
    return tuple(text[end:start] for end, start in zip(ends, starts, strict=True))
