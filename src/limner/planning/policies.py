"""What systems do that plan nothing: the last picture, or all of them, with the instruction as it was said.

They are what planners are compared with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from limner.dialogue.parts import Instruction, Round
from limner.planning.album import Album, without_pointing
from limner.planning.plan import Plan

_DONE = "Here is the picture."


@dataclass(frozen=True, kw_only=True)
class LastPicture:
    """A planner that always has the picture in view edited."""

    name: str = "last picture"

    def plan(self, rounds: Sequence[Round], instruction: Instruction, *, target: int | None = None) -> Plan:
        """See `Planner.plan`."""
        album = Album(rounds, instruction)
        return Plan(
            act="edit" if album.current else "paint",
            base=target or album.current or None,
            instruction=_said(instruction, target),
            reply=_DONE,
        )


@dataclass(frozen=True, kw_only=True)
class AllPictures:
    """A planner that gives the painter the newest `most` pictures, oldest first."""

    most: int = 10
    name: str = "all pictures"

    def plan(self, rounds: Sequence[Round], instruction: Instruction, *, target: int | None = None) -> Plan:
        """See `Planner.plan`."""
        album = Album(rounds, instruction)
        numbers = tuple(one.number for one in album.shown)[-self.most :]
        return Plan(
            act="paint", base=target, shown=numbers, instruction=_said(instruction, target), reply=_DONE
        )


def _said(instruction: Instruction, target: int | None) -> str:
    return instruction.text if target is None else without_pointing(target, instruction.text)
