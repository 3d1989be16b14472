"""Copy attention: each slot either keeps what the language model made of it, or takes what entered the model
at an earlier place, unchanged.

A round mostly repeats what earlier pictures show: an edit changes one token of 64, a way back none. Attention
inside a small model hands a token on through heads that are narrower than it and six layers that do other
things besides, so every copy is a little wrong and about one in 40 is another word. Here what is copied goes
around them: a pointer network (Vinyals et al. 2015) chooses the place, and a learned share of "nothing" keeps
what was made, as in CopyNet (Gu et al. 2016) and the pointer-generator (See et al. 2017).

Knows states, inputs and masks. Knows nothing about pictures, rounds or training.

Legend: B batch, Q places that look, S all places, W model width, H width of a key, R rows of a sample.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limner.models.least_squares import solve

# The score of "nothing" at the start, against 0 of every place: of 2,000 places none is copied.
START: Final = 12.0


class CopyPointer(nn.Module):
    """Where to copy from: one head over all places seen, and a score of copying nothing.

    Args:
        width: W.
        key_width: H.
    """

    def __init__(self, width: int, key_width: int) -> None:
        super().__init__()
        self.q_proj = nn.Linear(2 * width, key_width)
        self.k_proj = nn.Linear(2 * width, key_width, bias=False)
        self.nothing = nn.Linear(2 * width, 1)
        nn.init.zeros_(self.nothing.weight)
        nn.init.constant_(self.nothing.bias, START)

    def keys(self, states_BSW: Tensor, inputs_BSW: Tensor) -> Tensor:
        """What places are found by, (B, S, H)."""
        keys_BSH: Tensor = self.k_proj(torch.cat([states_BSW, inputs_BSW], dim=-1))
        return keys_BSH

    def forward(
        self, states_BQW: Tensor, inputs_BQW: Tensor, keys_BSH: Tensor, mask_BQS: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Logarithms of the shares of "nothing" (B, Q) and of each place (B, Q, S), in float32.

        Args:
            states_BQW: last hidden states of the places that look.
            inputs_BQW: what entered the model there.
            keys_BSH: of all places that may be looked at.
            mask_BQS: True where a place may look at another.
        """
        looking = torch.cat([states_BQW, inputs_BQW], dim=-1)
        scores_BQS = (self.q_proj(looking) @ keys_BSH.transpose(1, 2)).float() * keys_BSH.shape[-1] ** -0.5
        scores_BQS = scores_BQS.masked_fill(~mask_BQS, float("-inf"))
        nothing_BQ1 = self.nothing(looking).float()
        total_BQ1 = torch.logaddexp(nothing_BQ1, scores_BQS.logsumexp(-1, keepdim=True))
        return (nothing_BQ1 - total_BQ1)[..., 0], scores_BQS - total_BQ1


class CopyAttention(nn.Module):
    """States replaced by what entered the model elsewhere: partly while it trains, else wholly or not at all,
    for half a token of one kind and half of another is none of them.

    Args:
        width: W.
        key_width: H.
    """

    def __init__(self, width: int, key_width: int) -> None:
        super().__init__()
        self.pointer = CopyPointer(width, key_width)
        self.o_proj = nn.Linear(width, width)

    @property
    def is_new(self) -> bool:
        """Whether it was neither trained nor loaded."""
        return bool((self.pointer.nothing.weight == 0).all())

    def forward(
        self, states_BQW: Tensor, inputs_BQW: Tensor, keys_BSH: Tensor, values_BSW: Tensor, mask_BQS: Tensor
    ) -> Tensor:
        """The states (B, Q, W) after copying from `values_BSW`; the rest as `CopyPointer.forward` has it."""
        nothing_BQ, places_BQS = self.pointer(states_BQW, inputs_BQW, keys_BSH, mask_BQS)
        if not self.training:
            nothing_BQ, places_BQS = _decided(nothing_BQ, places_BQS)
        kept_BQ1 = nothing_BQ.exp()[..., None].to(states_BQW.dtype)
        copied_BQW = F.linear(places_BQS.exp().to(values_BSW.dtype) @ values_BSW, self.o_proj.weight)
        after_BQW: Tensor = kept_BQ1 * states_BQW + copied_BQW + (1 - kept_BQ1) * self.o_proj.bias
        return after_BQW

    @torch.no_grad()
    def fit(self, states_RW: Tensor, values_RW: Tensor) -> None:
        """Let copies of `values_RW` begin as the states that R places of a trained model already have where
        it repeats them: then what reads the states reads copies, too.
        """
        solve(self.o_proj, values_RW, states_RW, ridge=1e-3)


def _decided(nothing_BQ: Tensor, places_BQS: Tensor) -> tuple[Tensor, Tensor]:
    """Log shares of 1 for nothing, or else for the likeliest place, and of 0 for all others."""
    best_BQ1 = places_BQS.argmax(-1, keepdim=True)
    keeps_BQ = nothing_BQ.exp() > 0.5
    chosen_BQS = torch.full_like(places_BQS, float("-inf")).scatter(-1, best_BQ1, 0.0)
    chosen_BQS = chosen_BQS.masked_fill(keeps_BQ[..., None], float("-inf"))
    return torch.where(keeps_BQ, 0.0, float("-inf")), chosen_BQS
