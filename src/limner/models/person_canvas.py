"""Persons drawn on canvases of their own, which follow the face.

A face in the middle of a picture and one at its edge, a small and a large one, are the same drawing at
another place; one network that draws all places of a picture has to learn each anew. So each person's tokens
are drawn on a canvas around the face, colours with their opacity, and `scene_layers.py` sets it in its place
(a spatial transformer, Jaderberg et al. 2015). That place is a fixed linear reading of the tokens
(`FaceFinder`), found once by least squares. Knows tensors only.

Legend: B batch, F persons (figures), N image tokens, D token width, T tokens that tell of a person, E width
of a summary, K persons of a batch, S side of the picture, W side of a canvas.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limner.models.compact_linear import CompactLinear
from limner.models.refine import FINER, Refine
from limner.models.sizes import CanvasSizes

FIRST_SIDE: Final = 8
# Of a person: centre x, centre y, width and height of the face in the unit square, and whether it is there.
READINGS: Final = 5
RGBA: Final = 4


class FaceFinder(nn.Module):
    """Where faces lie, read from image tokens by a fixed linear map."""

    reading: Tensor
    bias: Tensor

    def __init__(self, persons: int, num_tokens: int, token_dim: int) -> None:
        super().__init__()
        self.register_buffer("reading", torch.zeros(persons * READINGS, num_tokens * token_dim))
        self.register_buffer("bias", torch.zeros(persons * READINGS))

    @torch.no_grad()
    def forward(self, image_tokens_BND: Tensor) -> tuple[Tensor, Tensor]:
        """Centre x, centre y, width and height of faces (B, F, 4) in the unit square, float32, and whether
        somebody is there (B, F).
        """
        read_BR = F.linear(image_tokens_BND.float().flatten(1), self.reading.float(), self.bias.float())
        read_BFR = read_BR.unflatten(1, (-1, READINGS))
        centres, sizes = read_BFR[..., :2], read_BFR[..., 2:4].clamp(0.02, 1.0)
        return torch.cat([centres, sizes], dim=-1), read_BFR[..., 4] > 0.5

    @torch.no_grad()
    def fit(self, tokens_BND: Tensor, boxes_BF4: Tensor, *, noise: float) -> float:
        """Find the linear reading that gives the face boxes (x0, y0, x1, y1; zeros where nobody is) of these
        tokens with the smallest squared error, were they disturbed by `noise`; returns the mean error of a
        number in the unit square.
        """
        inputs = tokens_BND.flatten(1).double()
        low, high = boxes_BF4[..., :2].double(), boxes_BF4[..., 2:].double()
        there = (high > low).all(-1, keepdim=True).double()
        wanted = torch.cat([(low + high) / 2, high - low, there], dim=-1).flatten(1)
        mean_in, mean_out = inputs.mean(0), wanted.mean(0)
        centred = inputs - mean_in
        gram = centred.T @ centred + noise**2 * len(inputs) * torch.eye(inputs.shape[1], dtype=torch.double)
        weights = torch.linalg.solve(gram, centred.T @ (wanted - mean_out))
        self.reading.copy_(weights.T)
        self.bias.copy_(mean_out - mean_in @ weights)
        error = (inputs @ weights + mean_out - mean_in @ weights - wanted).unflatten(1, (-1, READINGS))
        return float((error[..., :4].abs() * there).sum() / (4 * there.sum()))


class PersonCanvas(nn.Module):
    """Draws persons, or a part of them, from the tokens that tell of them."""

    def __init__(self, sizes: CanvasSizes, person_tokens: int, other_tokens: int, token_dim: int) -> None:
        super().__init__()
        self.sizes = sizes
        first, width, told = sizes.widths[0], sizes.summary_width, person_tokens + other_tokens
        self.person = CompactLinear(person_tokens * token_dim, width)
        self.around = CompactLinear(other_tokens * token_dim, width, bias=False)
        self.direct = CompactLinear(width, FIRST_SIDE**2 * sizes.direct_width)
        self.widen = nn.Linear(sizes.direct_width, first)
        self.enter = nn.Linear(token_dim, first)
        self.token_positions = nn.Parameter(torch.randn(told, first) / 2)
        self.places = nn.Parameter(torch.randn(FIRST_SIDE**2, first) / 2)
        self.entered = nn.LayerNorm(first)
        self.blocks = nn.ModuleList(
            nn.TransformerDecoderLayer(
                first, sizes.heads, 3 * first, 0.0, "gelu", batch_first=True, norm_first=True
            )
            for _ in range(sizes.blocks)
        )
        self.left = nn.LayerNorm(first)
        self.steps = nn.ModuleList(Refine(a, b, width) for a, b in pairwise(sizes.widths))
        self.last = nn.Conv2d(sizes.widths[-1], RGBA * FINER**2, 3, padding=1)

    @property
    def side_px(self) -> int:
        """Pixels along one side of a canvas."""
        return FIRST_SIDE << len(self.sizes.widths)

    def forward(self, person_KTD: Tensor, around_KTD: Tensor) -> Tensor:
        """Tokens of persons, and of the scenes around them -> (K, 4, W, W): colours in [-1, 1] times their
        opacity, and the opacity, about in [0, 1].
        """
        summary_KE = F.silu(self.person(person_KTD.flatten(1)) + self.around(around_KTD.flatten(1)))
        told_KTW = self.enter(torch.cat([person_KTD, around_KTD], dim=1)) + self.token_positions
        told_KTW = self.entered(told_KTW)
        x = self.places + self.widen(self.direct(summary_KE).unflatten(1, (FIRST_SIDE**2, -1)))
        for block in self.blocks:
            x = block(x, told_KTW)
        x = self.left(x).transpose(1, 2).unflatten(2, (FIRST_SIDE, FIRST_SIDE))
        # On a CPU, convolutions of few channels run a third faster with channels last.
        x = x.contiguous(memory_format=torch.channels_last)
        for step in self.steps:
            x = step(x, summary_KE)
        drawn: Tensor = F.pixel_shuffle(self.last(x), FINER)
        return drawn
