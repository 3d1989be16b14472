"""The pictures of a line of rounds, numbered from 1 as they appear: given ones before the painted one.

Knows which picture was in view when, and the names that pictures were given. Knows no persons and no plans.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from limner.dialogue.parts import Instruction, Picture, Round

_N: Final = r"[\"“']?(?P<n>[A-Z][\w'’-]{1,30}|(?<=[\"“'])[^\"”']{1,30})[\"”']?"
# How pictures are named; the wordings of `dialogue.ways_back.CALLS`, and others.
_CALL: Final = re.compile(
    r"(?:(?<=[.!?,;] )|^|\band )(?:(?:(?:and )?(?:please )?(?:[Ll]et(?:'s|’s| us) )?(?i:call|name|title"
    r"|label|save|remember)"
    r" (?:the result|it|this|that|this one|that one|(?:the|this|that) (?:picture|image|photo|version"
    r"|result))(?: as)?"
    rf" {_N})|(?:(?:[Mm]y|[Tt]his|[Tt]he|[Tt]hat) (?:picture|photo|image|one|result|version)?\s*(?:is"
    rf"|will be|shall be)"
    rf" (?:called|named|titled) (?P<m>[A-Z][\w'’-]{{1,30}})))[.!]*"
)
_MINE: Final = re.compile(r"\bmy\b", re.IGNORECASE)
OPENER: Final = re.compile(
    r"^\s*(?:(?:here(?:'s| is| are)|this is|these are|work on|take|look at|see|edit|i have|i brought"
    r"|take a look at)"
    r" (?:(?:a|an|my|this|these|the|another|two|that|one|some)\b[\w' -]{0,40}?)?"
    r"(?:pictures?|photos?|images?|photographs?|upload|snapshot|two|person|friend)(?: of (?:mine|me"
    r"|two people|my \w+))?"
    r"|this one is unrelated|look at these two)\s*(?:[.:!,;]+\s*|$)",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A picture of the line.

    Args:
        number: from 1.
        round: the index of its round; that of the coming one for pictures given now.
        painted: whether it was painted, not given.
        before: the number of the picture that was in view until then; 0 for none.
    """

    number: int
    round: int
    painted: bool
    before: int
    picture: Picture


class Album:
    """All pictures up to now, and those given with the coming instruction."""

    def __init__(self, rounds: Sequence[Round], instruction: Instruction | None = None) -> None:
        self.rounds = rounds
        self.shown: list[Shown] = []
        self.names: dict[str, int] = {}
        self._of_round: list[list[Shown]] = []
        for index, round_ in enumerate(rounds):
            made = [self._add(index, picture) for picture in round_.instruction.pictures]
            if round_.response.picture is not None:
                made.append(self._add(index, round_.response.picture, painted=True))
            self._of_round.append(made)
            self._name(round_.instruction.text, made)
        self.given = (
            []
            if instruction is None
            else [self._add(len(rounds), picture) for picture in instruction.pictures]
        )

    def __len__(self) -> int:
        return len(self.shown)

    @property
    def current(self) -> int:
        """The picture in view, 0 for none."""
        return self.shown[-1].number if self.shown else 0

    @property
    def painted(self) -> list[Shown]:
        """The painted ones, oldest first."""
        return [one for one in self.shown if one.painted]

    def at(self, number: int) -> Shown:
        """Picture `number`. ValueError when there is no such."""
        if not 1 <= number <= len(self.shown):
            raise ValueError(f"There is no picture {number}; so far there are {len(self.shown)}.")
        return self.shown[number - 1]

    def of_round(self, index: int) -> list[Shown]:
        """What a round showed, given pictures first."""
        return self._of_round[index]

    def before_round(self, index: int) -> int:
        """What was in view when a round began to paint: what it was given, else the picture before; 0."""
        made = self._of_round[index]
        return made[-1].before if made else 0

    def first_given(self) -> int | None:
        """The first picture that the user brought."""
        return next((one.number for one in self.shown if not one.painted), None)

    def back(self, steps: int, start: int | None = None) -> int | None:
        """The picture `steps` changes before `start` (default: the current one); None when there are fewer.

        A picture that only showed an earlier one again counts as that one, so that going back twice is going
        back by two.
        """
        number = self.current if start is None else start
        for _ in range(steps):
            digest = self.at(number).picture.digest if number else ""
            while number and self.at(number).painted:
                earlier = [one.number for one in self.shown[: number - 1] if one.picture.digest == digest]
                if not earlier:
                    break
                number = earlier[-1]
            number = self.at(number).before if number else 0
            if not number:
                return None
        return number

    def _add(self, index: int, picture: Picture, *, painted: bool = False) -> Shown:
        one = Shown(
            number=len(self.shown) + 1, round=index, painted=painted, before=self.current, picture=picture
        )
        self.shown.append(one)
        return one

    def _name(self, text: str, made: Sequence[Shown]) -> None:
        for match in _CALL.finditer(text):
            name = match["n"] or match["m"]
            pool = list(made) or self.shown[-1:]
            if not pool:
                continue
            mine = _MINE.search(match.group()) is not None
            given = [one for one in pool if not one.painted]
            self.names[name] = (given[0] if mine and given else pool[-1]).number


def picture_names(text: str) -> list[str]:
    """The names that a text gives to pictures."""
    return [match["n"] or match["m"] for match in _CALL.finditer(text)]


def without_naming(text: str) -> str:
    """The text without the sentences that give pictures names."""
    return " ".join(_CALL.sub(" ", text).split())
