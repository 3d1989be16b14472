"""Image tokens a little wrong, as a language model's are, for a detokenizer that has to draw from those.

Two ways of being wrong: noise, and undecidedness (a token between two words, as a regression's mean is).
What is to be drawn stays the picture of the true tokens, so the detokenizer learns to take the nearer word.
Numbers (a face's measures, where it lies) are left nearly alone: each of their values is some picture's, and
learning to draw one's picture from another's would teach the mean of both, a blur. Knows scene tokens. Knows
no networks.

Legend: B batch, K image tokens of a picture, D token width.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from limner.models.flow import random_noise
from limner_world.scene_tokens import SLOTS, Words

NUMBERS_SHARE = 0.2  # of the noise, in tokens that hold a number
UNDECIDED_SHARE = 0.5  # of pictures that have undecided tokens at all
_WORDS_K = torch.tensor([all(isinstance(factor, Words) for factor in slot.factors) for slot in SLOTS])


@dataclass(frozen=True, kw_only=True)
class TokenDisturbance:
    """`noise`: the largest spread of a picture's noise, drawn evenly from 0. `mixing`: the largest share of
    another picture's word in an undecided token; only of scene tokens.
    """

    noise: float
    mixing: float = 0.0
    scene_tokens: bool = False

    def __call__(self, tokens_BKD: Tensor, generator: torch.Generator) -> Tensor:
        """The tokens of a batch, each picture's disturbed in its own measure."""
        device = generator.device
        spreads_B = self.noise * torch.rand(len(tokens_BKD), generator=generator, device=device)
        noise_BKD = spreads_B.to(tokens_BKD)[:, None, None] * random_noise(tokens_BKD, generator)
        if not self.scene_tokens:
            return tokens_BKD + noise_BKD
        words_K1 = _WORDS_K.to(tokens_BKD.device)[:, None]
        noise_BKD = torch.where(words_K1, noise_BKD, NUMBERS_SHARE * noise_BKD)
        if self.mixing == 0:
            return tokens_BKD + noise_BKD
        shares_BK, chosen_BK = torch.rand((2, *tokens_BKD.shape[:2]), generator=generator, device=device)
        undecided_B, often_B = torch.rand((2, len(tokens_BKD)), generator=generator, device=device)
        chosen = (chosen_BK < often_B[:, None]) & (undecided_B[:, None] < UNDECIDED_SHARE)
        shares_BK1 = (self.mixing * shares_BK * chosen).to(tokens_BKD)[..., None] * words_K1
        others_BKD = tokens_BKD.roll(1, dims=0)
        return torch.lerp(tokens_BKD, others_BKD, shares_BK1) + noise_BKD
