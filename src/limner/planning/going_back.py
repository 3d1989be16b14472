"""Which picture of the album a way back means. Knows ways and numbers; what is unclear becomes a question."""

from __future__ import annotations

from limner.dialogue.matching import best_match
from limner.dialogue.reaching import Reach
from limner.dialogue.ways_back import Way
from limner.planning.album import Album


class Unclear(Exception):  # noqa: N818  (a question, not an error of anyone's)
    """It cannot be told what is meant; the message is what to ask the user."""


def resolve(reach: Reach, album: Album) -> int:
    """The number of the picture that `reach` means; `Unclear` with a question when there is none."""
    number = _place(reach, album)
    if reach.way is Way.COUNT or not reach.steps:
        return number
    found = album.back(reach.steps, number)
    if found is None:
        raise Unclear(f"There are fewer than {reach.steps} changes before that picture; how far back?")
    return found


def _place(reach: Reach, album: Album) -> int:
    if not album.rounds:
        raise Unclear("There is no earlier picture yet; say what you want to see.")
    match reach.way:
        case Way.COUNT:
            found = album.back(reach.steps)
            if found is None:
                raise Unclear(f"There are fewer than {reach.steps} changes to go back by; how far back?")
            return found
        case Way.FIRST:
            return _existing(album, 1)
        case Way.GIVEN:
            return album.first_given() or _existing(album, 1)
        case Way.NUMBERED:
            return _numbered(album, reach)
        case Way.NAMED:
            if reach.about not in album.names:
                raise Unclear(f"No picture was called {reach.about}; which one is meant?")
            return album.names[reach.about]
        case Way.INSTEAD if not reach.about:
            return album.back(1) or _existing(album, album.current)
        case Way.BEFORE | Way.INSTEAD:
            return _existing(album, album.before_round(_round(album, reach.about)))
        case Way.AFTER:
            return album.of_round(_round(album, reach.about))[-1].number
        case Way.DESCRIBED:
            return album.of_round(_round(album, reach.about, is_described=True))[-1].number


def _numbered(album: Album, reach: Reach) -> int:
    pool = album.painted if reach.made else album.shown
    if not 1 <= reach.number <= len(pool):
        raise Unclear(f"There is no picture {reach.number}; so far there are {len(pool)}.")
    return pool[reach.number - 1].number


def _round(album: Album, about: str, *, is_described: bool = False) -> int:
    """The round that did what is told: one that painted; also one that only gave, for a description. Of equal
    ones the latest along the branch in view, else the latest of all.
    """
    branch = album.branch()
    indices = [
        index
        for index in range(len(album.rounds))
        if any(one.painted or is_described for one in album.of_round(index))
    ]
    indices.sort(key=lambda index: any(one.number in branch for one in album.of_round(index)))
    found = best_match(about, [album.done_in(index) for index in indices])
    if found is None:
        raise Unclear(f'I find nothing in this conversation that was "{about}"; which picture is meant?')
    return indices[found]


def _existing(album: Album, number: int) -> int:
    if not number or number > len(album):
        raise Unclear("There is no picture before that; say what you want to see.")
    return number
