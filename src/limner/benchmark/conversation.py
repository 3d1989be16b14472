"""A conversation of the benchmark: what is said to a system, and what is checked in its answers.

Knows rounds, where each goes on from, and the checks. Knows nothing of how conversations are made
(`scripts.py`), answered (`systems/`) or scored (`scoring.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from limner.dialogue.parts import Picture
from limner_world.edit import Edit
from limner_world.scene import Scene

Shot = Scene | Picture  # a picture of the world, painted when it is needed, or a real one

NON_MARKOV_FAMILIES = (
    "person_by_name",
    "answer_by_name",
    "step_back",
    "before_or_after",
    "instead_of",
    "from_scratch",
    "picture_by_name",
    "fork_person",
    "fork_picture",
)
CONTROL_FAMILY = "control_edit"


@dataclass(frozen=True, kw_only=True)
class Own:
    """The system's own picture of an earlier round stands where a true one is not known."""

    round: int


@dataclass(frozen=True, kw_only=True)
class StateCheck:
    """Which of several pictures is the answer nearest to?

    Args:
        states: the candidates; a blind system hits each alike.
        right: the place of the right one.
        exact: the picture that a perfect answer shows, pixel by pixel, when there is one.
    """

    states: tuple[Shot | Own, ...]
    right: int
    exact: Shot | None = None


@dataclass(frozen=True, kw_only=True)
class PersonCheck:
    """Which of two persons does the answer show?

    Args:
        seen: the picture in which both stand.
        right: the place of the right one, from the left.
        takes: true pictures of each person alone, in other poses; empty where the system painted `seen`.
        traits: what is known of each by words and pixels: trait -> value.
    """

    seen: Shot | Own
    right: int
    takes: tuple[tuple[Shot, ...], ...] = ()
    traits: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class AnswerCheck:
    """Which of the offered answers does the text give?"""

    options: tuple[str, ...]
    right: int


@dataclass(frozen=True, kw_only=True)
class LookCheck:
    """Fixed questions about the answer's picture with the right answers, for a vision-language judge.

    `pictures` are shown beside the answer's, oldest first.
    """

    questions: tuple[tuple[str, str], ...]
    pictures: tuple[Shot, ...] = ()


Check = StateCheck | PersonCheck | AnswerCheck | LookCheck


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """What an instruction asks for, as far as it is clear without the history.

    Args:
        act: "paint" a described scene, "edit" a picture, "recall" one, "portray" a person, "answer" a
            question, "listen" to what is told.
        scene: what "paint" describes.
        edit: what "edit" changes.
        options: answers that a question offers.
    """

    act: str
    scene: Scene | None = None
    edit: Edit | None = None
    options: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Scored:
    """What one round measures.

    Args:
        family: the kind of memory that is needed.
        depth: rounds between what is needed and where it is needed: 1 for the round just before.
        chance: how often a system that is blind to the history hits.
        check: how a hit is told.
        name: the person whose name the answer should say; empty for none.
    """

    family: str
    depth: int
    chance: float
    check: Check
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class BenchRound:
    """One instruction, and what is expected of its answer.

    Args:
        say: the instruction.
        after: the round it goes on from: the one before, -1 for the beginning, or an earlier one (a fork).
        pictures: what is uploaded with it.
        meaning: for systems that know the world; None for real pictures.
        target: what a perfect answer shows; None for words alone or where it is not known.
        reply: what a perfect answer says.
        scored: what is measured; None for a round that only leads up to others.
    """

    say: str
    after: int
    pictures: tuple[Shot, ...] = ()
    meaning: Meaning | None = None
    target: Shot | None = None
    reply: str = ""
    scored: Scored | None = None


@dataclass(frozen=True, kw_only=True)
class BenchConversation:
    """One task: lines of 2 to 10 rounds that share their beginnings, a tree.

    Args:
        name: names the task in results: its cluster in every interval.
        family: the family of its scored non-Markov rounds.
        given: "uploaded" when true pictures are given, "painted" when the system paints the first itself.
        size_px: at which world pictures are painted.
    """

    name: str
    family: str
    given: str
    rounds: tuple[BenchRound, ...]
    size_px: int = 256
    facts: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for index, round_ in enumerate(self.rounds):
            if not -1 <= round_.after < index or (round_.after == -1 and index):
                raise ValueError(
                    f"Round {index} of {self.name} goes on from round {round_.after}; "
                    "every round but the first goes on from an earlier one."
                )

    def round_after(self, here: int, text: str, said: Collection[int] = ()) -> int:
        """The round with `text` that follows round `here`; of several alike the first not in `said`.

        ValueError when the script has none.
        """
        found = [i for i, round_ in enumerate(self.rounds) if round_.after == here and round_.say == text]
        if not found:
            raise ValueError(f"{self.name} has no round after round {here} that says {text!r}.")
        return next((index for index in found if index not in said), found[0])

    def line_to(self, index: int) -> tuple[int, ...]:
        """The rounds that lead to round `index`, itself included, oldest first."""
        line = [index]
        while self.rounds[line[-1]].after >= 0:
            line.append(self.rounds[line[-1]].after)
        return tuple(reversed(line))


def as_picture(shot: Shot, size_px: int) -> Picture:
    """The picture itself; scenes are painted at `size_px` x `size_px`."""
    return shot if isinstance(shot, Picture) else _painted(shot, size_px)


@lru_cache(maxsize=256)
def _painted(scene: Scene, size_px: int) -> Picture:
    from limner_world.render import render

    return Picture(render(scene, size_px))
