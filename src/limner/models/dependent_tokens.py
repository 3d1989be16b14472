"""Image tokens that follow from all others: where a face lies follows from how a picture is framed, from how
many stand in it, how near and how old they are.

A token head draws its tokens side by side. Where a text leaves both open, a box of a close-up may come with
the framing of a whole figure, and what is painted of both is no body. A small network reads what follows from
the other tokens; a token that is far from it is replaced. Knows tensors only.

Legend: B batch, N image tokens, D token width, P dependent tokens, C numbers read of each other token.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limner.models.compact_linear import CompactLinear

READ: Final = 8  # numbers of each token that are read
FAR: Final = 0.02  # mean squared difference to what follows, at unit spread


class DependentTokens(nn.Module):
    """The tokens at `dependents`, of `num_tokens` of `token_dim` numbers, by a network of `width`. Before it
    has learned it leaves all as they are.
    """

    knows: Tensor

    def __init__(self, dependents: Sequence[int], num_tokens: int, token_dim: int, width: int) -> None:
        super().__init__()
        self.dependents, self.token_dim = tuple(dependents), token_dim
        self.others = tuple(token for token in range(num_tokens) if token not in self.dependents)
        self.register_buffer("knows", torch.zeros(()))
        self.read = nn.Parameter(torch.randn(len(self.others), token_dim, READ) / READ)
        self.enter = CompactLinear(len(self.others) * READ, width)
        self.inner = nn.ModuleList(CompactLinear(width, width) for _ in range(2))
        self.leave = CompactLinear(width, len(self.dependents) * token_dim)

    def following(self, tokens_BND: Tensor) -> Tensor:
        """What the dependent tokens should be by the others (B, P, D)."""
        read_BOC = torch.einsum("bod,odc->boc", tokens_BND[:, list(self.others)], self.read)
        x = F.gelu(self.enter(read_BOC.flatten(1)))
        for layer in self.inner:
            x = x + F.gelu(layer(x))
        followed: Tensor = self.leave(x)
        return followed.view(len(followed), len(self.dependents), self.token_dim)

    def errors(self, tokens_BND: Tensor) -> Tensor:
        """(B, P) mean squared differences of the dependent tokens to what follows from the others."""
        known_BPD = tokens_BND[:, list(self.dependents)]
        return (self.following(tokens_BND) - known_BPD).square().mean(-1)

    def forward(self, tokens_BND: Tensor) -> Tensor:
        """The tokens (B, N, D), float32, with the dependent ones replaced where they are far from what
        follows.
        """
        tokens_BND = tokens_BND.float()
        if not bool(self.knows):
            return tokens_BND
        dtype = self.read.dtype
        followed_BPD = self.following(tokens_BND.to(dtype)).float()
        drawn_BPD = tokens_BND[:, list(self.dependents)]
        is_far_BP1 = (followed_BPD - drawn_BPD).square().mean(-1, keepdim=True) > FAR
        made_BND = tokens_BND.clone()
        made_BND[:, list(self.dependents)] = torch.where(is_far_BP1, followed_BPD, drawn_BPD)
        return made_BND
