"""Which picture each picture of a line of rounds was made from, so that ways back count along branches.

A conversation is its rounds and nothing else, so this is read from them: whoever reads an instruction tells
what it meant when it was said. Knows rounds and albums. Reads no English itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from limner.dialogue.parts import Instruction, Round
from limner.planning.album import Album, Made
from limner.planning.persons import Persons
from limner.planning.readings import made_of

Reader = Callable[[Album, Persons, Instruction], Made | None]


def with_branches(rounds: Sequence[Round], instruction: Instruction, read: Reader) -> Album:
    """The album of `rounds`, and of what `instruction` brings. `read` tells from the album up to then how the
    picture of each round came about, None where it does not know; it is asked once for each round.
    """
    album = Album()
    persons = Persons(album)
    after: Round | None = None

    def asked(round_: Round) -> Made | None:
        persons.follow(album)
        return read(album, persons, round_.instruction)

    for round_ in rounds:
        album.give(round_.instruction)
        made = None
        if round_.response.picture is not None:
            made = made_of(round_, after, lambda round_=round_: asked(round_))  # type: ignore[misc]
        album.answer(round_, made)
        after = round_
    album.give(instruction)
    return album
