"""Copy attention: each place either keeps what the language model made of it, or takes what entered the model
at an earlier place, unchanged.

A round mostly repeats what earlier pictures show: an edit changes one token of 64, a way back none. Attention
inside a small model hands a token on through heads that are narrower than it and six layers that do other
things besides, so every copy is a little wrong and about one in 40 is another word. Here what is copied goes
around them: a pointer network (Vinyals et al. 2015) chooses the place, and a learned share "nothing" keeps
what was made, as in CopyNet (Gu et al. 2016) and the pointer-generator (See et al. 2017).

Knows states, inputs and masks. Knows nothing about pictures, rounds or training.

Legend: B batch, N new places, S all places, W model width, H width of a key.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn

from limner.models.least_squares import solve

# The score of "nothing" at the start, against 0 of every place: of 2,000 places none is copied.
START: Final = 12.0


class CopyAttention(nn.Module):
    """One head over all places seen, and one more that stands for copying nothing.

    Args:
        width: W.
        key_width: H.
    """

    def __init__(self, width: int, key_width: int) -> None:
        super().__init__()
        self.q_proj = nn.Linear(2 * width, key_width)
        self.k_proj = nn.Linear(2 * width, key_width, bias=False)
        self.nothing = nn.Linear(2 * width, 1)
        self.o_proj = nn.Linear(width, width)
        nn.init.zeros_(self.nothing.weight)
        nn.init.constant_(self.nothing.bias, START)

    @property
    def is_new(self) -> bool:
        """Whether `fit` was never called, nor weights loaded."""
        return bool((self.nothing.weight == 0).all())

    def keys(self, states_BNW: Tensor, inputs_BNW: Tensor) -> Tensor:
        """What places are found by, (B, N, H)."""
        keys_BNH: Tensor = self.k_proj(torch.cat([states_BNW, inputs_BNW], dim=-1))
        return keys_BNH

    def log_shares(
        self, states_BNW: Tensor, inputs_BNW: Tensor, keys_BSH: Tensor, mask_BNS: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Logarithms of the shares of "nothing" (B, N) and of each place (B, N, S), in float32.

        Args:
            states_BNW: last hidden states of the places that look.
            inputs_BNW: what entered the model there.
            keys_BSH: of all places that may be looked at.
            mask_BNS: True where a place may look at another.
        """
        looking = torch.cat([states_BNW, inputs_BNW], dim=-1)
        scores_BNS = (self.q_proj(looking) @ keys_BSH.transpose(1, 2)).float() * keys_BSH.shape[-1] ** -0.5
        scores_BNS = scores_BNS.masked_fill(~mask_BNS, float("-inf"))
        shares = torch.cat([self.nothing(looking).float(), scores_BNS], dim=-1).log_softmax(-1)
        return shares[..., 0], shares[..., 1:]

    def forward(
        self,
        states_BNW: Tensor,
        inputs_BNW: Tensor,
        keys_BSH: Tensor,
        values_BSW: Tensor,
        mask_BNS: Tensor,
    ) -> Tensor:
        """States (B, N, W), each partly replaced by what `values_BSW` has at the places it looks at."""
        nothing_BN, places_BNS = self.log_shares(states_BNW, inputs_BNW, keys_BSH, mask_BNS)
        shares_BNS = places_BNS.exp()
        kept_BN1 = nothing_BN.exp()[..., None].to(states_BNW.dtype)
        copied_BNW = torch.nn.functional.linear(shares_BNS.to(values_BSW.dtype) @ values_BSW, self.o_proj.weight)
        return kept_BN1 * states_BNW + copied_BNW + (1 - kept_BN1) * self.o_proj.bias

    @torch.no_grad()
    def fit(self, states_RW: Tensor, values_RW: Tensor) -> None:
        """Let copies of `values_RW` begin as the states that R places of a trained model already have where
        it repeats them: then what reads the states reads copies, too.
        """
        solve(self.o_proj, values_RW, states_RW, ridge=1e-3)
