"""Persons as layers of their own: each drawn on a canvas that follows the face, then set in its place.

A face in the middle of a picture and one at its edge, a small and a large one, are the same drawing at
another place; one network that draws all places of a picture has to learn each anew. So each person's tokens
are drawn on a canvas around the face, colours with their opacity, and the canvas is sampled into the picture
where the tokens say that the face lies (a spatial transformer, Jaderberg et al. 2015). That place is a fixed
linear reading of the tokens (`windows`), found once by least squares. Knows tensors only.

Legend: B batch, F persons (figures), N image tokens, D token width, T tokens of a person, E width of a
person's summary, K figures of a batch, S side of the picture, W side of a canvas or width of a place, C
channels.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limner.models.compact_linear import CompactLinear
from limner.models.refine import Refine
from limner.models.sizes import LayerSizes

FIRST_SIDE = 8
# Of a person: centre x, centre y, width and height of the face in the unit square, and whether it is there.
READINGS = 5
# A window in units of the face's box, from its centre: to the sides (shoulders), up (hats), down (chest).
SIDE, UP, DOWN = 1.7, 1.35, 2.5
RGBA = 4
FINER = 2  # pixels a side that one place of the finest map becomes


class FigureLayers(nn.Module):
    """Draws the persons of pictures and finds where they stand."""

    reading: Tensor
    bias: Tensor

    def __init__(self, sizes: LayerSizes, num_tokens: int, token_dim: int) -> None:
        super().__init__()
        self.sizes = sizes
        in_persons, width = sizes.persons * sizes.person_tokens, sizes.figure_summary
        self.register_buffer("reading", torch.zeros(sizes.persons * READINGS, num_tokens * token_dim))
        self.register_buffer("bias", torch.zeros(sizes.persons * READINGS))
        self.person = CompactLinear(sizes.person_tokens * token_dim, width)
        self.around = CompactLinear((num_tokens - in_persons) * token_dim, width, bias=False)
        first, inner = sizes.figure_widths[0], sizes.figure_direct
        self.direct = CompactLinear(width, FIRST_SIDE**2 * inner)
        self.widen = nn.Linear(inner, first)
        self.enter = nn.Linear(token_dim, first)
        told = sizes.person_tokens + num_tokens - in_persons
        self.token_positions = nn.Parameter(torch.randn(told, first) / 2)
        self.places = nn.Parameter(torch.randn(FIRST_SIDE**2, first) / 2)
        self.entered = nn.LayerNorm(first)
        self.blocks = nn.ModuleList(
            nn.TransformerDecoderLayer(
                first, sizes.figure_heads, 3 * first, 0.0, "gelu", batch_first=True, norm_first=True
            )
            for _ in range(sizes.figure_blocks)
        )
        self.left = nn.LayerNorm(first)
        self.steps = nn.ModuleList(Refine(a, b, width) for a, b in pairwise(sizes.figure_widths))
        self.last = nn.Conv2d(sizes.figure_widths[-1], RGBA * FINER**2, 3, padding=1)

    @property
    def canvas_side(self) -> int:
        """Pixels along one side of a canvas."""
        return FIRST_SIDE * FINER ** len(self.sizes.figure_widths)

    def forward(self, image_tokens_BND: Tensor, side: int) -> Tensor:
        """The persons in their places (B, F, 4, side, side): colours in [-1, 1] times their opacity, and the
        opacity in [0, 1]. Nothing where nobody is.
        """
        windows_BF4, there_BF = self.windows(image_tokens_BND)
        picture_K, person_K = torch.nonzero(there_BF, as_tuple=True)
        count, persons = len(image_tokens_BND), self.sizes.persons
        placed = torch.zeros(count * persons, RGBA, side, side, device=image_tokens_BND.device)
        if len(picture_K):
            drawn_KCWW = self.canvases(image_tokens_BND, picture_K, person_K).float()
            # Colours are stored with their opacity, and beyond a canvas both are nothing.
            grid_KSS2 = sampling_grid(windows_BF4[picture_K, person_K], side)
            sampled = F.grid_sample(drawn_KCWW, grid_KSS2, padding_mode="zeros", align_corners=False)
            placed = placed.index_copy(0, picture_K * persons + person_K, sampled)
        placed_BFCSS = placed.unflatten(0, (count, persons))
        colours, opacity = placed_BFCSS.split((RGBA - 1, 1), dim=2)
        return torch.cat([colours, opacity.clamp(0, 1)], dim=2)

    def canvases(self, image_tokens_BND: Tensor, picture_K: Tensor, person_K: Tensor) -> Tensor:
        """(K, 4, W, W) of these persons of these pictures, as `forward`'s, but for the limits of opacity."""
        each, persons = self.sizes.person_tokens, self.sizes.persons
        persons_BFTD = image_tokens_BND[:, : persons * each].unflatten(1, (persons, each))
        person_KTD, around_KTD = (
            persons_BFTD[picture_K, person_K],
            image_tokens_BND[picture_K, persons * each :],
        )
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
        return F.pixel_shuffle(self.last(x), FINER)

    @torch.no_grad()
    def windows(self, image_tokens_BND: Tensor) -> tuple[Tensor, Tensor]:
        """Windows (B, F, 4) as x0, y0, x1, y1 in the unit square, float32, and whether somebody is there."""
        read_BR = F.linear(image_tokens_BND.float().flatten(1), self.reading.float(), self.bias.float())
        x_BF, y_BF, wide_BF, high_BF, there_BF = read_BR.unflatten(1, (-1, READINGS)).unbind(-1)
        wide_BF, high_BF = wide_BF.clamp(0.02, 1.0), high_BF.clamp(0.02, 1.0)
        sides = (
            x_BF - SIDE * wide_BF,
            y_BF - UP * high_BF,
            x_BF + SIDE * wide_BF,
            y_BF + DOWN * high_BF,
        )
        return torch.stack(sides, dim=-1), there_BF > 0.5

    @torch.no_grad()
    def fit_reading(self, tokens_BND: Tensor, boxes_BF4: Tensor, *, noise: float) -> float:
        """Find the linear reading that gives the face boxes (zeros where nobody is) of these tokens with the
        smallest squared error, were they disturbed by `noise`; returns the mean error of a side in the unit
        square.
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


def sampling_grid(windows_K4: Tensor, side: int, *, inverse: bool = False) -> Tensor:
    """(K, side, side, 2): where each pixel of a picture of `side` lies in a window of it, -1 to 1 inside;
    with `inverse` the windows are the picture's in something larger.
    """
    centres = (torch.arange(side, device=windows_K4.device) + 0.5) / side
    x0, y0, x1, y1 = (windows_K4[:, index, None] for index in range(4))
    if inverse:
        x_KS, y_KS = x0 + (x1 - x0) * centres, y0 + (y1 - y0) * centres
    else:
        x_KS, y_KS = (centres - x0) / (x1 - x0), (centres - y0) / (y1 - y0)
    shape = (len(windows_K4), side, side)
    across, down = 2 * x_KS - 1, 2 * y_KS - 1
    return torch.stack([across[:, None, :].expand(shape), down[:, :, None].expand(shape)], dim=-1)
