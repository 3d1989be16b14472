"""Which earlier rounds an instruction refers to: by count, by name, or by what it quotes.

Knows English turns of phrase and the texts of earlier instructions. Knows no tokens, pictures or models; the
model itself decides what an instruction means, this only keeps what it may mean within its sight.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from limner.dialogue.known_names import KnownNames
from limner.dialogue.matching import content
from limner.dialogue.names import find_names
from limner.dialogue.reaching import read_reach
from limner.dialogue.ways_back import Way
from limner.inference.context_selection import Rank

# Of each text, and of all together: they are read again for every round beyond the context.
READ_CHARACTERS: Final = 1000
READ_IN_ALL: Final = 100_000

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
    referenced = {known[name] for name in named} | {latest[name] for name in named}
    referenced |= _reached(instruction, len(said), has_picture) | _quoted(instruction, said)
    for index in referenced:
        found[index] = Rank.REFERENCED
    return found


def _reached(instruction: str, num_rounds: int, has_picture: Sequence[bool]) -> set[int]:
    """Rounds meant by number, with all between: the model counts what it sees."""
    reach = read_reach(instruction)
    if reach is None:
        return set()
    referenced: set[int] = set()
    if reach.way is Way.COUNT:
        referenced.update(range(max(0, num_rounds - 1 - reach.steps), num_rounds))
    elif reach.way in (Way.FIRST, Way.GIVEN):
        referenced.update([0, *(index for index, given in enumerate(has_picture) if given)][:2])
    elif reach.way is Way.NUMBERED:
        first = reach.number == 1
        referenced.update(
            [0, *(index for index, given in enumerate(has_picture) if given)][:2] if first else []
        )
        referenced.update(range(min(reach.number, num_rounds)))
    return {index for index in referenced if index < num_rounds}


def _quoted(instruction: str, said: Sequence[str]) -> set[int]:
    """The latest round that has most words in common with the instruction, and the one before it, which is
    what "instead of" and "before" go back to.
    """
    wanted = _words(instruction)
    shared = [len(wanted & _words(text)) for text in said]
    most = max(shared, default=0)
    if most < (1 if _REFERS.search(instruction) else 2):
        return set()
    at = len(shared) - 1 - shared[::-1].index(most)
    return {max(0, at - 1), at}


def _words(text: str) -> set[str]:
    """Those that say something; "close-up" counts as one, by its part."""
    return {word for word in content(text) if "-" not in word}
