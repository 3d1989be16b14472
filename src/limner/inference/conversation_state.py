"""What a conversation is beside its tree: what later rounds read of each round, its seed, its history.

Knows values and what they may be. Knows nothing about painters or files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from torch import Tensor

# What later rounds read of a painted picture: the tokens as predicted, or those of its pixels, encoded anew.
HISTORIES: Final = ("cache", "reencode")


@dataclass(frozen=True, kw_only=True, eq=False)
class RoundState:
    """What the token cache keeps of a round: the answer's ids and its image tokens, as predicted; `encoded`
    when they are those of pixels, as the round was remembered or the conversation's history is "reencode".
    """

    response_ids: tuple[int, ...]
    image_tokens_KD: Tensor | None
    num_tokens: int
    seed: int
    seconds: float
    encoded: bool = False


def check_settings(seed: int, history: str) -> None:
    """ValueError for what is no seed or no kind of history."""
    if history not in HISTORIES:
        raise ValueError(f"A conversation's history is {' or '.join(map(repr, HISTORIES))}, not {history!r}.")
    if not 0 <= seed < 2**63:
        raise ValueError(f"A conversation's seed is a whole number from 0 to 2**63 - 1, not {seed}.")
