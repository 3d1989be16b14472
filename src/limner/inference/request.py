"""What a round is computed from: the history as the model reads it, and what is said now.

Knows the inputs of a round and nothing of how one is computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from limner.dialogue.parts import Instruction, Picture, Round
from limner.inference.sampling import Sampling

MAX_PREVIEWS = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class PastRound:
    """A round of the history as the model reads it again: the key stands for it and everything before it."""

    key: str
    instruction: Instruction
    response_ids: tuple[int, ...]
    image_tokens_KD: Tensor | None


@dataclass(frozen=True, kw_only=True, eq=False)
class RoundRequest:
    """One round to be computed. `Conversation.prepare` makes them.

    Args:
        past: the rounds that the model reads before this one, oldest first.
        instruction: what is said now.
        seed: draws the answer; the same request with the same seed has the same answer.
        picture: True insists on a picture, False forbids one, None leaves it to the model.
        sampling: how the answer is drawn, None for the painter's own way.
        condition: what a detokenizer that reads a condition picture is shown.
        num_previews: unfinished pictures to be shown on the way, at most three; fewer when steps are few.
        history: all rounds before this one, oldest first, for painters that read rounds themselves.
        target: the number of the picture that the user points at, counted from 1; None for none.
        parent_id: the node that this round will follow in its conversation's tree, None for a first round.
        salt: whose round it is; nothing cached for one salt is found with another.
        tree: names the conversation, whichever of its rounds are read; "" before its first round.

    Raises:
        ValueError: `num_previews` is not 0 to 3, or the seed not 0 to 2**63 - 1.
    """

    past: Sequence[PastRound]
    instruction: Instruction
    seed: int
    picture: bool | None = None
    sampling: Sampling | None = None
    condition: Picture | None = None
    num_previews: int = 0
    history: Sequence[Round] = ()
    target: int | None = None
    parent_id: str | None = None
    salt: str = ""
    tree: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.seed < 2**63:
            raise ValueError(f"A seed is a whole number from 0 to 2**63 - 1, not {self.seed}.")
        if not 0 <= self.num_previews <= MAX_PREVIEWS:
            raise ValueError(f"A round shows 0 to {MAX_PREVIEWS} previews, not {self.num_previews}.")
