"""Which rounds of a long conversation the model still reads when they no longer all fit its context.

The rule: the first round, every round that named somebody first and the newest round stay; of the rest, the
oldest leave first. Only when even those do not fit do they leave too, oldest first, the newest last of all.
Knows lengths and flags only.
"""

from __future__ import annotations

from collections.abc import Sequence


def visible_rounds(lengths: Sequence[int], keep: Sequence[bool], budget_tokens: int) -> list[int]:
    """Indices, in order, of the rounds that stay.

    Args:
        lengths: tokens of each round, oldest first.
        keep: whether a round introduced a named person.
        budget_tokens: how many tokens all visible rounds may take together.
    """
    assert len(lengths) == len(keep)
    excess = sum(lengths) - budget_tokens
    last = len(lengths) - 1
    precious = [flag or index == 0 for index, flag in enumerate(keep)]
    leaving = [index for index in range(last) if not precious[index]]
    leaving += [index for index in range(last) if precious[index]] + [last]
    gone = set()
    for index in leaving:
        if excess <= 0:
            break
        gone.add(index)
        excess -= lengths[index]
    return [index for index in range(len(lengths)) if index not in gone]
