"""Which row of a table some tokens name: attention with fixed, learned-once keys. Knows tensors only.

Legend: B batch, N image tokens, D token width, A addressing tokens, R rows.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

# Of the softmax: a token that is undecided between words, or noisy, still names one row (a Hopfield layer of
# high inverse temperature, Ramsauer et al. 2020).
SHARPNESS = 40.0


class TokenLookup(nn.Module):
    """Weights of `rows` rows by what the tokens at `addressed` hold; a key of zeros leaves a token out."""

    keys: Tensor

    def __init__(self, rows: int, addressed: Sequence[int], token_dim: int) -> None:
        super().__init__()
        self.addressed = tuple(addressed)
        self.register_buffer("keys", torch.zeros(rows, len(self.addressed) * token_dim))

    def forward(self, image_tokens_BND: Tensor) -> Tensor:
        """(B, R) float32, each row of sum one."""
        named_BAD = image_tokens_BND[:, list(self.addressed)].float()
        scores_BR = named_BAD.flatten(1) @ self.keys.float().T / named_BAD.shape[-1]
        return torch.softmax(SHARPNESS * scores_BR, dim=-1)

    @torch.no_grad()
    def set_keys(self, keys_RAD: Tensor) -> None:
        """Rows are named by these contents of the tokens, of unit spread."""
        self.keys.copy_(keys_RAD.flatten(1))
