"""What was read of a round's text, remembered for as long as the round itself is in memory.

A line of rounds is read anew for every instruction; only what has not been read with the same names in mind
costs anything. Knows texts and names. Knows nothing about who is shown where. Safe for several threads.
"""

from __future__ import annotations

import re
import weakref
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from limner.dialogue.known_names import KnownNames, atoms_of, name_key
from limner.dialogue.parts import Round
from limner.dialogue.people import Mention, find_people
from limner.planning.album import Made, picture_names, without_naming

HANDLE: Final = re.compile(r"@(?=[^\W\d_])")


@dataclass
class _Reading:
    """Of one round: its text without names of pictures, those names, its words, who is mentioned under which
    of the known names, and how its picture came about behind the round `after` (None: behind no round).
    """

    of: weakref.ref[Round]
    text: str
    picture_names: frozenset[str]
    words: frozenset[str]
    mentions: dict[tuple[str, ...], tuple[Mention, ...]] = field(default_factory=dict)
    made: tuple[weakref.ref[Round] | None, Made | None] | None = None


_READINGS: Final[dict[int, _Reading]] = {}  # by the identity of the round, which takes its reading with it
MOST_MENTIONS: Final = 2  # of one round: with strangers in mind and without


class NamesInMind:
    """The names that are known so far, and which of them a round could mean."""

    def __init__(self, also: Iterable[str] = ()) -> None:
        self.known = KnownNames()
        self._names: list[str] = []
        self._of_word: dict[str, list[int]] = {}
        for name in also:
            self.add(name)

    def add(self, name: str) -> None:
        """Know one more."""
        self.known.add(name)
        for word in _words(name):
            self._of_word.setdefault(word, []).append(len(self._names))
        self._names.append(name)

    def mentions(self, round_: Round) -> list[Mention]:
        """Who is mentioned in a round's instruction, names of its pictures left out."""
        reading = _read(round_)
        places = {at for word in self._of_word.keys() & reading.words for at in self._of_word[word]}
        key = tuple(self._names[at] for at in sorted(places))
        mentions = reading.mentions.get(key)
        if mentions is None:
            mentions = find_people(reading.text, self.known)
            while len(reading.mentions) >= MOST_MENTIONS:
                reading.mentions.pop(next(iter(reading.mentions), ()), None)
            reading.mentions[key] = mentions
        return [one for one in mentions if name_key(one.name) not in reading.picture_names]


def made_of(round_: Round, after: Round | None, read: Callable[[], Made | None]) -> Made | None:
    """How a round's picture came about, as `read` tells; remembered for as long as it follows `after`.

    Whoever goes along a line from its beginning so knows each round to follow the very line that was read.
    """
    reading = _read(round_)
    if reading.made is not None:
        before = None if reading.made[0] is None else reading.made[0]()
        if before is after and (reading.made[0] is None) == (after is None):
            return reading.made[1]
    made = read()
    reading.made = (None if after is None else weakref.ref(after), made)
    return made


def _read(round_: Round) -> _Reading:
    held = _READINGS.get(id(round_))
    if held is not None and held.of() is round_:
        return held
    text = HANDLE.sub("", without_naming(round_.instruction.text))
    reading = _Reading(
        of=weakref.ref(round_),
        text=text,
        picture_names=frozenset(map(name_key, picture_names(round_.instruction.text))),
        words=_words(text),
    )
    _READINGS[id(round_)] = reading
    weakref.finalize(round_, _forget, id(round_), reading).atexit = False
    return reading


def _forget(identity: int, reading: _Reading) -> None:
    if _READINGS.get(identity) is reading:
        del _READINGS[identity]


def _words(text: str) -> frozenset[str]:
    return frozenset(atom.key.strip() for atom in atoms_of(text))
