"""A plan: what a painter without memory is given so that it answers as if it had one.

Knows the plan's parts and the planner's protocol. Knows nothing of how plans are made or carried out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from limner.dialogue.parts import Instruction, Round

KIND: Final = "planned"  # of painters without memory: whoever plans and paints, their histories are alike

# "paint" something new, "edit" a picture, "recall" one, "portray" known persons, "answer" a question about
# what is seen, "listen" to what needs no answer, "ask" back: it cannot be told what is meant.
Act = Literal["paint", "edit", "recall", "portray", "answer", "listen", "ask"]


@dataclass(frozen=True, kw_only=True)
class Person:
    """A named person, and where to see them.

    Args:
        name: as it was said.
        picture: the number of the picture that shows them, from 1; 0 while none does.
        place: which person of that picture, counted from the left; None when the order does not tell.
        side: "left" or "right" when that was said, else "".
        noun: "woman", "man", "girl", "boy" or "person", as far as words tell.
        said: what was said of them, for a face finder that has to tell two apart.
    """

    name: str
    picture: int = 0
    place: int | None = None
    side: str = ""
    noun: str = "person"
    said: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Args:
    act: what is to be done.
    base: the number of the picture that is changed, shown again or asked about, from 1; None for none.
    people: whose faces are given along, in the order of naming.
    shown: numbers of further pictures that are given whole.
    instruction: what is to be painted, in words that need no history: no names, no ways back. Of an answer
        the question.
    reply: what is said to the user; for "ask" the question back.
    why: how it was understood, one sentence for whoever looks.
    """

    act: Act
    base: int | None = None
    people: tuple[Person, ...] = ()
    shown: tuple[int, ...] = ()
    instruction: str = ""
    reply: str = ""
    why: str = ""


class Planner(Protocol):
    """Makes plans. One planner may serve several threads."""

    @property
    def name(self) -> str:
        """How results call it."""
        ...

    def plan(self, rounds: Sequence[Round], instruction: Instruction, *, target: int | None = None) -> Plan:
        """What to do about `instruction` after `rounds`, oldest first, which are one line of a history tree.

        `target` is the number of the picture that the user points at, as "reply to this picture" does.
        Pictures are numbered as they appear: those given with an instruction before the one painted for it;
        those given with `instruction` come last. ValueError when the planner itself cannot be asked.
        """
        ...
