"""The pictures of a line of rounds, numbered from 1 as they appear: given ones before the painted one.

Knows which picture was in view when, which one each was made from as far as it is told, and the names that
pictures were given. So pictures are a tree: a way back begins a branch, and what is counted is counted along
it. Knows no persons and no plans; who makes plans tells what came of them (`branches.py`).
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
        before: the number of the picture that it was made from, else of the one that was in view until then;
            0 for none.
        base: the number of the picture that it was made from; 0 for none, or when that is not known.
        again: the number of the picture that it only shows again; 0 for none.
    """

    number: int
    round: int
    painted: bool
    before: int
    picture: Picture
    base: int = 0
    again: int = 0


@dataclass(frozen=True, kw_only=True)
class Made:
    """How a round's picture came about.

    Args:
        base: the number of the picture that was changed or shown again; 0 for one painted anew.
        again: whether that one was only shown again.
        done: the words of what was done, without those that only say to which picture.
    """

    base: int = 0
    again: bool = False
    done: str = ""


class Album:
    """All pictures up to now, and those given with the coming instruction.

    Without being told how pictures came about, each counts as made from the one in view before it, and one
    that equals an earlier one as that one shown again.
    """

    def __init__(self, rounds: Sequence[Round] = (), instruction: Instruction | None = None) -> None:
        self.rounds: list[Round] = []
        self.shown: list[Shown] = []
        self.given: list[Shown] = []
        self.names: dict[str, int] = {}
        self._of_round: list[list[Shown]] = []
        self._done: list[str] = []
        self._newest: dict[str, int] = {}  # the newest picture of each digest
        for round_ in rounds:
            self.give(round_.instruction)
            self.answer(round_)
        if instruction is not None:
            self.give(instruction)

    def __len__(self) -> int:
        return len(self.shown)

    def give(self, instruction: Instruction) -> None:
        """Take the pictures that the coming instruction brings."""
        index = len(self.rounds)
        self.given = [
            self._add(round=index, painted=False, before=self.current, picture=picture)
            for picture in instruction.pictures
        ]

    def answer(self, round_: Round, made: Made | None = None) -> None:
        """The round whose pictures were given last is over; `made` tells how its picture came about."""
        pictures, picture = list(self.given), round_.response.picture
        if picture is not None:
            pictures.append(self._painted(picture, made))
        self.given = []
        self.rounds.append(round_)
        self._of_round.append(pictures)
        self._done.append(without_naming(round_.instruction.text) if made is None else made.done)
        self._name(round_.instruction.text, pictures)

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

    def done_in(self, index: int) -> str:
        """The words of what a round did; "" for one that only showed a picture again."""
        return self._done[index]

    def before_round(self, index: int) -> int:
        """What a round's picture was made from, else what was in view until then; 0."""
        made = self._of_round[index]
        return made[-1].before if made else 0

    def first_given(self) -> int | None:
        """The first picture that the user brought."""
        return next((one.number for one in self.shown if not one.painted), None)

    def branch(self) -> set[int]:
        """The picture in view and all that it goes back to."""
        found: set[int] = set()
        number = self.current
        while number:
            found.add(number)
            number = self.at(number).again or self.at(number).before
        return found

    def back(self, steps: int, start: int | None = None) -> int | None:
        """The picture `steps` changes before `start` (default: the current one) along its branch; None when
        there are fewer.

        A picture that only showed an earlier one again counts as that one, so that going back twice is going
        back by two.
        """
        number = self.current if start is None else start
        for _ in range(steps):
            number = self._itself(number)
            number = self.at(number).before if number else 0
            if not number:
                return None
        return number

    def _itself(self, number: int) -> int:
        """The picture that `number` only shows again, or itself."""
        while number and self.at(number).again:
            number = self.at(number).again
        return number

    def _painted(self, picture: Picture, made: Made | None) -> Shown:
        if made is None:
            base, before, again = 0, self.current, self._newest.get(picture.digest, 0)
        else:
            base, before = made.base, made.base or self.current
            shows_it = base and made.again and self.at(base).picture.digest == picture.digest
            again = base if shows_it else 0
        return self._add(
            round=len(self.rounds), painted=True, before=before, picture=picture, base=base, again=again
        )

    def _add(
        self, *, round: int, painted: bool, before: int, picture: Picture, base: int = 0, again: int = 0
    ) -> Shown:
        one = Shown(
            number=len(self.shown) + 1,
            round=round,
            painted=painted,
            before=before,
            picture=picture,
            base=base,
            again=again,
        )
        self.shown.append(one)
        self._newest[picture.digest] = one.number
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


def pointing_at(number: int, text: str) -> str:
    """What is said of picture `number`, in words that tell so to whoever reads the round later."""
    return f"@picture{number} {text}"


def without_pointing(number: int, text: str) -> str:
    """The text alone."""
    return text.removeprefix(pointing_at(number, ""))
