"""Which earlier rounds an instruction points at: by count, by name, or by what it quotes.

Knows English turns of phrase and the texts of earlier instructions. Knows no tokens, pictures or models; the
model itself decides what an instruction means, this only keeps what it may mean within its sight.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from limner.chat.window import Rank
from limner.dialogue.known_names import KnownNames
from limner.dialogue.matching import content
from limner.dialogue.names import find_names
from limner.dialogue.ways_back import NUMBERS, ORDINALS

# Of each text, and of all together: they are read again for every round beyond the context.
READ_CHARACTERS: Final = 1000
READ_IN_ALL: Final = 100_000

_BACK: Final = re.compile(
    r"\b(?:(?:go|step|take|move|roll|get|track) ?back|back ?track|recall|undo|revert|take [^.,;]{0,24}\bback"
    r"|(?:steps?|times?|rounds?|edits?) (?:back|ago|earlier))\b"
    r"(?! (?:to|the (?:(?:very )?first|picture|image|photo))\b)",
    re.IGNORECASE,
)
_COUNT: Final = re.compile(
    rf"\b(?:(\d{{1,4}}|{'|'.join(NUMBERS)}) (?:step|time|round|edit|action|change|picture|image)s?"
    r"|(once)|(twice))\b",
    re.IGNORECASE,
)
_FROM_START: Final = re.compile(
    r"\b(?:from|at) (?:scratch|the (?:very )?(?:beginning|start))\b|\bstart (?:again|over|anew)\b"
    r"|\b(?:the|my|our) (?:very )?(?:first|original|initial) (?:picture|image|photo|one|round|version)\b"
    r"|\bthe original\b|\bmy (?:own )?(?:picture|photo|image)\b|\bpicture I gave\b|\bforget all\b",
    re.IGNORECASE,
)
_NUMBERED: Final = re.compile(
    rf"\b(?:the ({'|'.join(ORDINALS)}|\d{{1,4}}(?:st|nd|rd|th)) (?:picture|image|photo|round|version)"
    r"|(?:picture|image|photo|round|version) (?:number )?(\d{1,4}))\b",
    re.IGNORECASE,
)
_REFERS: Final = re.compile(
    r"\b(?:instead of|rather than|in place of|before|after|not this)\b", re.IGNORECASE
)
def ranks(instruction: str, said: Sequence[str], *, has_picture: Sequence[bool]) -> list[Rank]:
    """How much each earlier round is needed to answer `instruction`.

    Args:
        instruction: what is said now.
        said: what was said in each earlier round, oldest first.
        has_picture: whether each of them brought a picture with it.
    """
    most = min(READ_CHARACTERS, READ_IN_ALL // max(1, len(said)))
    said = [text[:most] for text in said]
    found = [Rank.OTHER] * len(said)
    names = KnownNames()
    known: dict[str, int] = {}
    latest: dict[str, int] = {}
    for index, text in enumerate(said):
        for span in find_names(text, names):
            if span.name not in known:
                known[span.name] = index
                found[index] = Rank.INTRODUCES
                names.add(span.name)
            latest[span.name] = index
    if said:
        found[0] = max(found[0], Rank.INTRODUCES)
        found[-1] = Rank.NEWEST
    instruction = instruction[:READ_CHARACTERS]
    named = {span.name for span in find_names(instruction, names) if span.name in known}
    pointed = {known[name] for name in named} | {latest[name] for name in named}
    pointed |= _counted(instruction, len(said), has_picture) | _quoted(instruction, said)
    for index in pointed:
        found[index] = Rank.POINTED_AT
    return found


def _counted(instruction: str, num_rounds: int, has_picture: Sequence[bool]) -> set[int]:
    """Rounds meant by number, with all between: the model counts what it sees."""
    pointed: set[int] = set()
    if _BACK.search(instruction):
        steps = max([1, *(_number(*match.groups()) for match in _COUNT.finditer(instruction))])
        pointed.update(range(max(0, num_rounds - 1 - steps), num_rounds))
    if _FROM_START.search(instruction):
        pointed.update([0, *(index for index, given in enumerate(has_picture) if given)][:2])
    for match in _NUMBERED.finditer(instruction):
        ordinal, number = match.groups()
        place = int(number) if number else _place(ordinal.lower())
        pointed.update(range(min(place, num_rounds)))
    return {index for index in pointed if index < num_rounds}


def _quoted(instruction: str, said: Sequence[str]) -> set[int]:
    """The latest round that has most words in common with the instruction, and the one before it, which is
    what "instead of" and "before" go back to.
    """
    wanted = content(instruction)
    shared = [len(wanted & content(text)) for text in said]
    most = max(shared, default=0)
    if most < (1 if _REFERS.search(instruction) else 2):
        return set()
    at = len(shared) - 1 - shared[::-1].index(most)
    return {max(0, at - 1), at}


def _number(counted: str | None, once: str | None, twice: str | None) -> int:
    if counted is None:
        return 1 if once else 2
    return int(counted) if counted.isdigit() else NUMBERS.index(counted.lower()) + 1


def _place(ordinal: str) -> int:
    return ORDINALS.index(ordinal) + 1 if ordinal in ORDINALS else int(ordinal[:-2])
