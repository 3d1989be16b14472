"""Benchmark conversations on real pictures: a chain of edits, then rounds that reach back, each in a fork.

Knows how families are shared out and which chains cannot be asked about. What is said is `reaching.py`'s
business. Knows nothing about files and data sets.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import cv2
import numpy as np

from limner.benchmark.conversation import BenchConversation, BenchRound
from limner.benchmark.importers.reaching import (
    FAMILIES,
    JUDGED,
    MAX_EDITS,
    REPLY,
    control,
)
from limner.builders.edits.sessions import Chain
from limner.builders.edits.wording import sentence
from limner.dialogue.parts import Picture

_UPLOAD: Final = "Here is a picture. {first}"

_CELLS = 64
_DIFFERENT_LEVELS = 24
_DIFFERENT_CELLS = 6


def conversations_of(
    chain: Chain, rng: np.random.Generator, *, num: int, used: dict[str, int], judged: bool
) -> list[BenchConversation]:
    """Up to `num` conversations on one chain, of the families that `used` counts least; `used` is updated.

    Args:
        chain: two edits or more; what comes after the fifth is left out.
        rng: draws phrases, depths, and the order of equally used families.
        num: how many at most.
        used: family -> how many conversations have it already.
        judged: also make rounds whose result only a vision-language judge can tell.

    ValueError when no round that reaches back can be told from the others, with the reason.
    """
    if len(chain.instructions) < 2:
        raise ValueError("it has one edit, and reaching back needs two")
    chain = _shortened(chain)
    if len({words.casefold().strip() for words in chain.instructions}) < len(chain.instructions):
        raise ValueError("it says one thing twice, so that naming an edit does not tell which")
    _check_states(chain.states)
    drawn = [
        (family, made)
        for family, make in FAMILIES.items()
        if (judged or family not in JUDGED) and (made := make(chain, rng))
    ]
    order = rng.permutation(len(drawn)).tolist()
    chosen = [drawn[i] for i in sorted(order, key=lambda index: used.get(drawn[index][0], 0))[:num]]
    for family, _ in chosen:
        used[family] = used.get(family, 0) + 1
    return [_conversation(chain, family, made) for family, made in chosen]


def _shortened(chain: Chain) -> Chain:
    return replace(
        chain,
        states=chain.states[: MAX_EDITS + 1],
        instructions=chain.instructions[:MAX_EDITS],
        branches=tuple(branch for branch in chain.branches if branch[0] <= MAX_EDITS),
    )


def _conversation(chain: Chain, kind: str, made: Sequence[BenchRound]) -> BenchConversation:
    assert made[0].scored is not None
    return BenchConversation(
        name=f"{chain.name}-{kind}",
        family=made[0].scored.family,
        given="uploaded",
        rounds=(*_edits(chain), *made),
        size_px=max(chain.states[0].width_px, chain.states[0].height_px),
        facts={"real": True, "edits": len(chain.instructions)},
    )


def _edits(chain: Chain) -> Iterator[BenchRound]:
    """The chain as it is told: one edit a round, the last of them scored as the Markov control."""
    last = len(chain.instructions) - 1
    for index, words in enumerate(chain.instructions):
        told = sentence(words)
        yield BenchRound(
            say=told if index else _UPLOAD.format(first=told),
            after=index - 1,
            pictures=() if index else (chain.states[0],),
            target=chain.states[index + 1],
            reply=REPLY,
            scored=control(chain) if index == last else None,
        )


def _check_states(states: Sequence[Picture]) -> None:
    """ValueError when two states look alike, so that no answer could be told to be nearer to one of them."""
    small = [
        cv2.resize(state.pixels, (_CELLS, _CELLS), interpolation=cv2.INTER_AREA).astype(np.int16)
        for state in states
    ]
    for one in range(len(small)):
        for other in range(one):
            different = np.abs(small[one] - small[other]).max(-1) > _DIFFERENT_LEVELS
            if different.sum() < _DIFFERENT_CELLS:
                raise ValueError(f"its pictures {other} and {one} look alike")
