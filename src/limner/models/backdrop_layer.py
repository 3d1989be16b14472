"""Places as a layer of its own: remembered as small maps, drawn whole, then seen in part.

A world has few places and shows each again and again, cut and mirrored. A network that draws pictures place
by place learns each of these views anew; here every place has a small learned map (as in generative latent
optimisation, Bojanowski et al. 2018), one small decoder draws it, and the part that is seen is sampled from
it. Which place and which part the tokens name. Knows tensors only.

Legend: B batch, N image tokens, D token width, R remembered places, G places a side of a remembered map, V
views, C channels, E width of the summary, S side of the picture.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limner.models.compact_linear import CompactLinear
from limner.models.refine import FINER, Refine
from limner.models.sizes import BackdropSizes
from limner.models.token_lookup import TokenLookup
from limner.models.windows import sampling_grid

SUMMARY = 64
CORNERS = 4


class BackdropLayer(nn.Module):
    """Draws whole places, and the part of them that a picture shows."""

    view_corners: Tensor

    def __init__(self, sizes: BackdropSizes, first: int, num_tokens: int, token_dim: int) -> None:
        super().__init__()
        self.sizes = sizes
        self.first = first  # of the tokens that are about no person
        self.place = TokenLookup(sizes.places, sizes.place_tokens, token_dim)
        self.view = TokenLookup(sizes.views, sizes.view_tokens, token_dim)
        self.register_buffer("view_corners", torch.tensor([0.0, 0.0, 1.0, 1.0]).repeat(sizes.views))
        self.remembered = CompactLinear(sizes.places, sizes.channels * sizes.side**2, bias=False)
        self.summarise = CompactLinear((num_tokens - self.first) * token_dim, SUMMARY)
        widths = sizes.widths
        self.enter = nn.Conv2d(sizes.channels, widths[0], 3, padding=1)
        self.steps = nn.ModuleList(Refine(a, b, SUMMARY) for a, b in pairwise(widths))
        self.last = nn.Conv2d(widths[-1], 3 * FINER**2, 3, padding=1)
        nn.init.normal_(self.remembered.weight, std=0.5)

    def forward(self, image_tokens_BND: Tensor, side: int) -> Tensor:
        """What is seen of the places, (B, 3, side, side) in [-1, 1]."""
        whole_B3WW = self.whole(image_tokens_BND).float()
        grid_BSS2 = sampling_grid(self.windows(image_tokens_BND), side, inverse=True)
        return F.grid_sample(whole_B3WW, grid_BSS2, padding_mode="border", align_corners=False)

    def whole(self, image_tokens_BND: Tensor) -> Tensor:
        """The whole places (B, 3, W, W)."""
        side, channels = self.sizes.side, self.sizes.channels
        named_BR = self.place(image_tokens_BND).to(self.remembered.weight.dtype)
        x = self.remembered(named_BR).view(-1, channels, side, side)
        summary_BE = F.silu(self.summarise(image_tokens_BND[:, self.first :].flatten(1)))
        x = F.silu(self.enter(x.contiguous(memory_format=torch.channels_last)))
        for step in self.steps:
            x = step(x, summary_BE)
        return F.pixel_shuffle(self.last(x), FINER)

    def windows(self, image_tokens_BND: Tensor) -> Tensor:
        """(B, 4): where the picture's left, top, right and bottom edge lie in the place's unit square."""
        seen_B4: Tensor = self.view(image_tokens_BND) @ self.view_corners.float().view(-1, CORNERS)
        return seen_B4
