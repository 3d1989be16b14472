"""Instructions in other wordings than the phrase table's, with what a planner should make of each.

    wordings.json  {"histories": {NAME: [{"say", "given", "paints"}]}, "instructions": [{...}]}

The table (`dialogue/ways_back.py`) and this set share no sentence, and a test holds them apart. Batches are
in the order in which they were written: 1 before the rules existed, 2 to 5 after them and then learnt from;
6 was measured once and nothing was changed for it, so that its rate is that of wordings never met. Knows
plans; knows nothing of how they are made. No painter is asked: pictures are blanks that differ.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from limner.dialogue.parts import Instruction, Picture, Response, Round
from limner.evaluation.score import Estimate, Row, estimates
from limner.planning.plan import Plan, Planner

FILE: Final = Path(__file__).with_name("wordings.json")
ALL: Final = "all"
_SIDE_PX: Final = 16


@dataclass(frozen=True, kw_only=True)
class Wording:
    """One instruction, and what it means.

    Args:
        history: the name of what was said before.
        family: the benchmark's family, or what else is tried.
        batch: 1 to 6, see the module.
        say: the instruction.
        act: the plan's act.
        base: the number of the picture that is meant; None where none is.
        people: whose faces the painter, or whoever answers, has to be given.
        says: words that the painter's instruction must hold.
    """

    history: str
    family: str
    batch: int
    say: str
    act: str
    base: int | None
    people: tuple[str, ...]
    says: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Wordings:
    """The set: histories as rounds, and the instructions."""

    histories: Mapping[str, tuple[Round, ...]]
    wordings: tuple[Wording, ...]


def load_wordings(file: Path = FILE) -> Wordings:
    """The published set. ValueError when the file cannot be read as one."""
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        histories = {name: _rounds(rounds) for name, rounds in told["histories"].items()}
        wordings = tuple(
            Wording(**{**one, "people": tuple(one["people"]), "says": tuple(one["says"])})
            for one in told["instructions"]
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{file} holds no set of wordings ({error}).") from error
    return Wordings(histories=histories, wordings=wordings)


def faults(wording: Wording, plan: Plan, names: Sequence[str] = ()) -> list[str]:
    """What is wrong with a plan, in words; empty when nothing is. `names` must not reach the painter."""
    wrong = []
    if plan.act != wording.act:
        wrong.append(f"the act is {plan.act}, not {wording.act}")
    if wording.base is not None and plan.base != wording.base:
        wrong.append(f"picture {plan.base} is meant, not {wording.base}")
    people = [one.name for one in plan.people]
    if wording.people and wording.act in ("portray", "answer") and people != list(wording.people):
        wrong.append(f"the people are {people}, not {list(wording.people)}")
    if wording.act in ("edit", "portray", "paint"):
        told = plan.instruction.lower()
        wrong += [f"{word!r} is missing" for word in wording.says if word.lower() not in told]
    if wording.act in ("edit", "portray"):
        wrong += [f"the painter is told of {name}" for name in names if name in plan.instruction]
    return wrong


def measure(planner: Planner, found: Wordings | None = None) -> list[tuple[Wording, list[str]]]:
    """Every instruction with the faults of its plan."""
    found = found or load_wordings()
    told = []
    for wording in found.wordings:
        history = found.histories[wording.history]
        plan = planner.plan(history, Instruction(text=wording.say))
        told.append((wording, faults(wording, plan, _names(history))))
    return told


def rates(measured: Sequence[tuple[Wording, list[str]]]) -> dict[str, Estimate]:
    """The share of faultless plans: of all, by batch, and by family, with 95 % intervals."""
    rows = []
    for number, (wording, wrong) in enumerate(measured):
        for name in (ALL, f"batch {wording.batch}", wording.family):
            rows.append(Row(dialogue=f"{number:04d}", metric=name, value=float(not wrong)))
    return estimates(rows)


def _rounds(told: Sequence[Mapping[str, Any]]) -> tuple[Round, ...]:
    rounds: list[Round] = []
    num = 0
    for one in told:
        given = tuple(_blank(num := num + 1) for _ in range(int(one["given"])))
        picture = _blank(num := num + 1) if one["paints"] else None
        instruction = Instruction(text=str(one["say"]), pictures=given)
        response = Response(text="Here is the picture.", picture=picture)
        rounds.append(Round(instruction=instruction, response=response))
    return tuple(rounds)


def _blank(number: int) -> Picture:
    return Picture(np.full((_SIDE_PX, _SIDE_PX, 3), number, dtype=np.uint8))


def _names(history: Sequence[Round]) -> list[str]:
    """The persons' and pictures' names of a history."""
    from limner.planning.album import Album
    from limner.planning.persons import Persons

    album = Album(history)
    return [*album.names, *Persons(album).found]
