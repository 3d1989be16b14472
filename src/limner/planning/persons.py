"""Who was named on a line of rounds, and which picture shows them, as far as words tell.

Knows names, sides and nouns. Which face is whose, where words do not tell, is for perception (`faces.py`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from limner.dialogue.known_names import name_key
from limner.dialogue.people import Mention, find_people
from limner.planning.album import Album
from limner.planning.plan import Person
from limner.planning.readings import HANDLE, NamesInMind

_NOUN: Final = re.compile(r"\b(woman|man|girl|boy|lady|gentleman|she|he|her|his)\b", re.IGNORECASE)
_NOUN_OF: Final = {
    "lady": "woman", "gentleman": "man", "she": "woman", "he": "man", "her": "woman", "his": "man",
}  # fmt: skip


class Persons:
    """Everybody named so far, by name.

    `also` are names that come up now: whoever wrote them small earlier meant them, too.
    """

    def __init__(self, album: Album, also: Sequence[str] = ()) -> None:
        self.found: dict[str, Person] = {}
        self.known = NamesInMind(also)
        self._num_rounds = self._in_view = 0
        self.follow(album)

    def follow(self, album: Album) -> None:
        """Read the rounds that came since."""
        taken = {name_key(name) for name in album.names}
        for index in range(self._num_rounds, len(album.rounds)):
            heard = self.known.mentions(album.rounds[index])
            mentions = [one for one in heard if name_key(one.name) not in taken]
            shown = album.of_round(index)
            self._in_view = shown[-1].number if shown else self._in_view
            self._take(mentions, self._in_view, is_painted=bool(shown) and shown[-1].painted)
        self._num_rounds = len(album.rounds)

    def named_in(self, text: str, not_names: Sequence[str] = ()) -> list[str]:
        """The names in a text, known ones as they are known, in order; pictures' names left out."""
        taken = {name_key(name) for name in not_names}
        found = find_people(HANDLE.sub("", text), self.known.known)
        return [one.name for one in found if name_key(one.name) not in taken]

    def _take(self, mentions: Sequence[Mention], number: int, *, is_painted: bool) -> None:
        new = [one for one in mentions if one.name not in self.found]
        ordered = sorted(new, key=lambda one: {"left": 0, "": 1, "right": 2}[one.side])
        has_sides = any(one.side for one in new)
        for mention in mentions:
            before = self.found.get(mention.name)
            said = " ".join(mention.sayings)
            if before is None:
                self.known.add(mention.name)
                place = ordered.index(mention) if len(new) > 1 and has_sides else None
                if len(new) == 1 and not mention.side:
                    place = 0 if is_painted else None
                self.found[mention.name] = Person(
                    name=mention.name,
                    picture=number,
                    place=place,
                    side=mention.side,
                    noun=_noun(said),
                    said=mention.sayings,
                )
            elif mention.side and is_painted is False and mention.side != before.side:
                # Named anew in another picture or the other way round: what was said last holds.
                place = None if len(mentions) < 2 else int(mention.side == "right")
                self.found[mention.name] = replace(before, picture=number, place=place, side=mention.side)
            elif before.picture == 0 and number:
                self.found[mention.name] = replace(before, picture=number)


def _noun(said: str) -> str:
    match = _NOUN.search(said)
    if match is None:
        return "person"
    word = match.group().lower()
    return _NOUN_OF.get(word, word)
