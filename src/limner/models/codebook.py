"""The words that image tokens hold: tokens between words go to the nearest ones, as vector quantisation does.

A sampler stops on its way, and the mean of several samples is none of them: such a token is drawn as a smear,
and is a word that no history of the training held. Here each word of a token is told by a softmax of high
inverse temperature over all that could stand there (a Hopfield layer, Ramsauer et al. 2020), whose patterns
are fixed. Numbers stay as they are. Knows tensors only; `fill` is told the words.

Legend: B batch, N image tokens, D token width, G groups (a factor of a token), P words of a group at most, R
words in all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import torch
from torch import Tensor, nn

SHARPNESS: Final = 30.0  # of the softmax; a pattern's score of itself is 1


class Group(NamedTuple):
    """Words (P, D) that may stand in `token`; the last `shared` of them say the same of all its groups."""

    token: int
    words_PD: Tensor
    shared: int = 0


class Codebook(nn.Module):
    """`words` words of `groups` groups; as many of these as `fill` is given later."""

    patterns: Tensor
    group_of: Tensor
    token_of: Tensor
    weight_of: Tensor

    def __init__(self, words: int, groups: int, token_dim: int) -> None:
        super().__init__()
        self.num_groups = groups
        self.register_buffer("patterns", torch.zeros(words, token_dim))
        self.register_buffer("group_of", torch.zeros(words, dtype=torch.int32))
        self.register_buffer("token_of", torch.zeros(words, dtype=torch.int32))
        self.register_buffer("weight_of", torch.ones(words))

    @torch.no_grad()
    def fill(self, groups: Sequence[Group]) -> None:
        """Take the words of `groups`. ValueError: of another number than there is room for."""
        counts = [len(group.words_PD) for group in groups]
        if len(groups) != self.num_groups or sum(counts) != len(self.patterns):
            raise ValueError(
                f"A codebook of {len(self.patterns)} words in {self.num_groups} groups cannot hold "
                f"{sum(counts)} in {len(groups)}; build one of that size."
            )
        self.patterns.copy_(torch.cat([group.words_PD for group in groups]))
        in_token = [sum(other.token == group.token for other in groups) for group in groups]
        for name, values in (
            ("group_of", range(len(groups))),
            ("token_of", [group.token for group in groups]),
        ):
            buffer: Tensor = getattr(self, name)
            buffer.copy_(torch.tensor([v for v, n in zip(values, counts, strict=True) for _ in range(n)]))
        weights = [
            1 / shares if place >= count - group.shared else 1.0
            for group, count, shares in zip(groups, counts, in_token, strict=True)
            for place in range(count)
        ]
        self.weight_of.copy_(torch.tensor(weights))

    def forward(self, tokens_BND: Tensor) -> Tensor:
        """The tokens (B, N, D) with each that holds words alone at the nearest ones; float32."""
        tokens_BND = tokens_BND.float()
        patterns_RD, token_R, group_R = self.patterns.float(), self.token_of.long(), self.group_of.long()
        lengths_R = patterns_RD.square().sum(-1).clamp_min(1e-6)
        scores_BR = (tokens_BND[:, token_R] * patterns_RD).sum(-1) / lengths_R
        highest_BG = scores_BR.new_full((len(scores_BR), self.num_groups), float("-inf"))
        index_BR = group_R.expand_as(scores_BR)
        highest_BG = highest_BG.scatter_reduce(1, index_BR, scores_BR, "amax")
        shares_BR = (SHARPNESS * (scores_BR - highest_BG.gather(1, index_BR))).exp()
        totals_BG = torch.zeros_like(highest_BG).scatter_add(1, index_BR, shares_BR)
        shares_BR = shares_BR / totals_BG.gather(1, index_BR) * self.weight_of.float()
        made_BND = torch.zeros_like(tokens_BND)
        made_BND.index_add_(1, token_R, shares_BR[..., None] * patterns_RD)
        is_worded_N = torch.zeros(tokens_BND.shape[1], dtype=torch.bool, device=tokens_BND.device)
        is_worded_N[token_R] = True
        return torch.where(is_worded_N[:, None], made_BND, tokens_BND)
