"""From a Markov chain A0 -T1-> A1 -T2-> ... to dialogues whose last round reaches back (slides, "Non-Markov
Editing dataset").

A way back stands after `length` edits, starts from state `base` < `length`, and asks for `new`; its target is
in the data (another edit of that state, an edit back to the state before it, or the state itself) or has to
be made. Knows which ways back a chain allows and how they become rounds. Knows no files and no editor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from limner.builders.edits import phrases
from limner.builders.edits.sessions import Chain
from limner.builders.edits.wording import independent, sentence
from limner.dialogue.parts import Dialogue, Instruction, Picture, Response, Round

_OPENED_APART: Final = 0.4


@dataclass(frozen=True, kw_only=True)
class WayBack:
    """One way back.

    Args:
        family: "instead of", "count" or "start from scratch".
        length: edits of the chain before it.
        base: the state that it starts from, 0 (what the user brought) to `length` - 1.
        new: the edit asked of that state; "" for the state itself.
        target: its picture; None when an editor has to make it.
        made_by: where the target comes from: "state", "branch", "return" or "editor".
    """

    family: str
    length: int
    base: int
    new: str
    target: Picture | None
    made_by: str

    @property
    def depth(self) -> int:
        """How many edits it takes back."""
        return self.length - self.base


def ways_back(chain: Chain, *, has_editor: bool) -> list[WayBack]:
    """All ways back that the chain allows, of every family and depth.

    An editor is asked for the edit that comes next in the chain, done to an earlier state (the slides' step
    1), unless it speaks of what the edits between have made.
    """
    found: list[WayBack] = []
    num = len(chain.instructions)
    for length in range(1, num + 1):
        for base in range(length):
            for new, target, made_by in _targets(chain, length, base, has_editor):
                for family in _families(base, new):
                    found.append(
                        WayBack(
                            family=family, length=length, base=base, new=new, target=target, made_by=made_by
                        )
                    )
    return found


def _targets(chain: Chain, length: int, base: int, has_editor: bool) -> list[tuple[str, Picture | None, str]]:
    found: list[tuple[str, Picture | None, str]] = [("", chain.states[base], "state")]
    found += [(words, picture, "branch") for at, words, picture in chain.branches if at == base]
    found += [(words, chain.states[to], "return") for at, words, to in chain.returns if at == base]
    upcoming = chain.instructions[: length + 1]
    if has_editor and length < len(chain.instructions) and independent(upcoming, base):
        found.append((chain.instructions[length], None, "editor"))
    return found


def _families(base: int, new: str) -> list[str]:
    families = ["count", phrases.SCRATCH] if base == 0 else ["count"]
    return [phrases.INSTEAD, *families] if new else families


def drawn(found: Sequence[WayBack], num: int, plain_share: float, rng: np.random.Generator) -> list[WayBack]:
    """`num` of the ways back at most, each with another target or length: families in turn, depths at random.

    A way back without an edit is taken at the rate `plain_share` where there are others.
    """
    left = list(found)
    chosen: list[WayBack] = []
    families = [phrases.FAMILIES[place] for place in rng.permutation(len(phrases.FAMILIES))]
    while left and len(chosen) < num:
        is_plain = bool(rng.random() < plain_share)
        pool = [way for way in left if (not way.new) == is_plain] or left
        family = families[len(chosen) % len(families)]
        pool = [way for way in pool if way.family == family] or pool
        depths = sorted({way.depth for way in pool})
        depth = depths[int(rng.integers(len(depths)))]
        pool = [way for way in pool if way.depth == depth]
        way = pool[int(rng.integers(len(pool)))]
        chosen.append(way)
        left = [one for one in left if (one.length, one.base, one.new) != (way.length, way.base, way.new)]
    return chosen


def edit_dialogue(chain: Chain, rng: np.random.Generator, facts: dict[str, Any]) -> Dialogue:
    """The chain as the data has it: one Markov edit a round."""
    rounds, first = _chain_rounds(chain, len(chain.instructions), rng, apart=rng.random() < _OPENED_APART)
    truth = {**facts, "bases": _bases(first, len(chain.instructions)), "instructions": chain.instructions}
    return Dialogue(kind="edit", rounds=tuple(rounds), truth=truth)


def rollback_dialogue(
    chain: Chain, way: WayBack, target: Picture, rng: np.random.Generator, facts: dict[str, Any]
) -> Dialogue:
    """The first `way.length` edits, then the round that reaches back.

    Its `depends_on` is the round that shows its base. Truth: "rollback" (the verb), "base" (that round, or -1
    for the picture that the user brought), "bases" (the same for every round; null where nothing is edited),
    "change" (the edit asked), "undone" (edits taken back), "target" (where the picture comes from).
    """
    # Brought together with the first edit, the picture would stand in the round just before a way back to it.
    apart = (way.length == 1) or rng.random() < _OPENED_APART
    rounds, first = _chain_rounds(chain, way.length, rng, apart=apart)
    how, words = _said(way, chain.instructions[way.base : way.length], rng)
    base = first + way.base - 1 if way.base else -1
    rounds.append(
        Round(
            instruction=Instruction(text=words),
            response=Response(text=phrases.reply(rng, goes_back=not way.new), picture=target),
            depends_on=(max(base, 0),),
        )
    )
    truth = {
        **facts,
        "rollback": how,
        "base": base,
        "bases": [*_bases(first, way.length), base],
        "change": way.new,
        "undone": way.depth,
        "target": way.made_by,
        "instructions": chain.instructions[: way.length],
    }
    return Dialogue(kind="rollback", rounds=tuple(rounds), truth=truth)


def _said(way: WayBack, undone: Sequence[str], rng: np.random.Generator) -> tuple[str, str]:
    """The verb and the whole sentence."""
    if way.family == phrases.INSTEAD:
        return phrases.INSTEAD, phrases.instead(rng, undone, way.new)
    if way.family == phrases.SCRATCH:
        return phrases.SCRATCH, phrases.from_scratch(rng, way.new)
    verb = tuple(phrases.VERBS)[int(rng.integers(len(phrases.VERBS)))]
    return verb, phrases.count_back(rng, verb, way.depth, way.new)


def _chain_rounds(
    chain: Chain, length: int, rng: np.random.Generator, *, apart: bool
) -> tuple[list[Round], int]:
    """The first `length` edits, one a round, and the index of the round that does the first of them.

    The user's picture comes with the first edit, or, when `apart`, in a round of its own before it.
    """
    rounds: list[Round] = []
    given = (chain.states[0],)
    if apart:
        say, answer = phrases.opening(rng)
        rounds.append(
            Round(instruction=Instruction(text=say, pictures=given), response=Response(text=answer))
        )
    first = len(rounds)
    for index, words in enumerate(chain.instructions[:length]):
        answer = chain.responses[index] if index < len(chain.responses) else ""
        rounds.append(
            Round(
                instruction=Instruction(text=sentence(words), pictures=() if rounds else given),
                response=Response(text=answer or phrases.reply(rng), picture=chain.states[index + 1]),
                depends_on=(len(rounds) - 1,) if rounds else (),
            )
        )
    return rounds, first


def _bases(first: int, length: int) -> list[int | None]:
    """What each round of the chain edits: -1 the user's picture, else the round that shows it."""
    return [*([None] * first), -1, *(first + index for index in range(length - 1))]
