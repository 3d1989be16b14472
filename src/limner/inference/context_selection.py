"""Which rounds of a long conversation the model still reads when they no longer all fit its context.

The rule, last to leave first: what the new instruction refers to (`referenced_rounds.py`); the newest round;
the first round and every round that named somebody first; all others. Of equals the oldest leaves first. Of
the others, some leave early, so that the next rounds have the same ones before them and find them in the
prefix cache. Knows lengths and ranks only.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

EARLY = 8  # the others leave by steps of this part of the context


class Rank(IntEnum):
    """How much a round is needed; the least needed leave first."""

    OTHER = 0
    INTRODUCES = 1
    NEWEST = 2
    REFERENCED = 3


def visible_rounds(lengths: Sequence[int], ranks: Sequence[Rank], budget_tokens: int) -> list[int]:
    """Indices, in order, of the rounds that stay.

    Args:
        lengths: tokens of each round, oldest first.
        ranks: how much each of them is needed.
        budget_tokens: how many tokens all visible rounds may take together.
    """
    assert len(lengths) == len(ranks)
    excess = sum(lengths) - budget_tokens
    step = max(1, budget_tokens // EARLY)
    early = -excess % step if excess > 0 else 0
    gone = set()
    for index in sorted(range(len(lengths)), key=lambda index: (ranks[index], index)):
        if excess + (early if ranks[index] is Rank.OTHER else 0) <= 0:
            break
        gone.add(index)
        excess -= lengths[index]
    return [index for index in range(len(lengths)) if index not in gone]
