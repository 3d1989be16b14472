"""Persons drawn in windows of their own: head and chest at one size around the face, then set in their place.

A face in the middle of a picture and one at its edge, a small and a large one, are the same drawing at
another place; one network that draws all places of a picture has to learn each anew. So each person's tokens
are drawn on a canvas that follows the face, and the canvas is sampled into the picture's map where the tokens
say that the face lies (a spatial transformer, Jaderberg et al. 2015). That place is a fixed linear reading of
the tokens (`read_windows`), found once by least squares. Knows tensors only.

Legend: B batch, F persons (figures), N image tokens, D token width, T tokens of a person, E width of a
person's summary, K windows of a batch, M side of the map, W side of a canvas, C channels.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limner.models.refine import Refine
from limner.models.sizes import FaceWindowSizes

FIRST_SIDE = 4
# Of a person: centre x, centre y, width and height of the face in the unit square, and whether it is there.
READINGS = 5
# A window in units of the face's box, from its centre: to the sides (shoulders), up (hats), down (chest).
SIDE, UP, DOWN = 1.7, 1.35, 2.5


class FaceWindows(nn.Module):
    """Adds what is in the windows to a map of the whole picture."""

    reading: Tensor
    bias: Tensor

    def __init__(self, sizes: FaceWindowSizes, num_tokens: int, token_dim: int, map_channels: int) -> None:
        super().__init__()
        self.sizes = sizes
        in_persons, width = sizes.persons * sizes.person_tokens, sizes.summary_width
        self.register_buffer("reading", torch.zeros(sizes.persons * READINGS, num_tokens * token_dim))
        self.register_buffer("bias", torch.zeros(sizes.persons * READINGS))
        self.person = nn.Linear(sizes.person_tokens * token_dim, width)
        self.around = nn.Linear((num_tokens - in_persons) * token_dim, width, bias=False)
        self.mix = nn.Linear(width, width)
        first, *finer = sizes.widths
        self.begin = nn.Linear(width, FIRST_SIDE**2 * first)
        coarser = (first, *finer[:-1])
        self.steps = nn.ModuleList(Refine(a, b, width) for a, b in zip(coarser, finer, strict=True))
        self.last = nn.Conv2d(finer[-1], map_channels, 1)
        self.blend = nn.Conv2d(map_channels, map_channels, 3, padding=1)
        for added in (self.last, self.blend):
            for parameter in added.parameters():
                nn.init.zeros_(parameter)

    def forward(self, map_BCMM: Tensor, image_tokens_BND: Tensor, drawn_BCMM: Tensor | None = None) -> Tensor:
        """The map with what is in the windows, (B, C, M, M); `drawn_BCMM` is `drawn` of the same tokens,
        where that is known.
        """
        if drawn_BCMM is None:
            drawn_BCMM = self.drawn(image_tokens_BND, map_BCMM.shape[-1])
        together_BCMM = map_BCMM + drawn_BCMM.to(map_BCMM.dtype)
        blended: Tensor = together_BCMM + self.blend(F.silu(together_BCMM))
        return blended

    def drawn(self, image_tokens_BND: Tensor, side: int) -> Tensor:
        """What is in the windows, on a map of `side` places (B, C, side, side), float32: the tokens alone say
        it, not the picture so far.
        """
        windows_BF4, there_BF = self.windows(image_tokens_BND)
        picture_K, person_K = torch.nonzero(there_BF, as_tuple=True)
        shape = (len(image_tokens_BND), self.last.out_channels, side, side)
        added_BCMM = torch.zeros(shape, device=image_tokens_BND.device)
        if len(picture_K) == 0:
            return added_BCMM
        drawn_KCWW = self.canvases(image_tokens_BND, picture_K, person_K)
        grid_KMM2 = sampling_grid(windows_BF4[picture_K, person_K], side)
        placed = F.grid_sample(drawn_KCWW.float(), grid_KMM2, padding_mode="zeros", align_corners=False)
        return added_BCMM.index_add(0, picture_K, placed)

    def canvases(self, image_tokens_BND: Tensor, picture_K: Tensor, person_K: Tensor) -> Tensor:
        """(K, C, W, W) of these persons of these pictures."""
        each, persons = self.sizes.person_tokens, self.sizes.persons
        persons_BFd = image_tokens_BND[:, : persons * each].unflatten(1, (persons, each)).flatten(2)
        around_BE = self.around(image_tokens_BND[:, persons * each :].flatten(1))
        summary_KE = F.silu(self.person(persons_BFd[picture_K, person_K]) + around_BE[picture_K])
        summary_KE = summary_KE + F.silu(self.mix(summary_KE))
        x = self.begin(summary_KE).unflatten(1, (-1, FIRST_SIDE, FIRST_SIDE))
        x = x.contiguous(memory_format=torch.channels_last)
        for step in self.steps:
            x = step(x, summary_KE)
        drawn: Tensor = self.last(x)
        return drawn

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


def sampling_grid(windows_K4: Tensor, side: int) -> Tensor:
    """(K, side, side, 2): where each place of a map of the whole picture lies in a window, -1 to 1 inside."""
    centres = (torch.arange(side, device=windows_K4.device) + 0.5) / side
    x0, y0, x1, y1 = (windows_K4[:, index, None] for index in range(4))
    x_KM = 2 * (centres - x0) / (x1 - x0) - 1
    y_KM = 2 * (centres - y0) / (y1 - y0) - 1
    shape = (len(windows_K4), side, side)
    return torch.stack([x_KM[:, None, :].expand(shape), y_KM[:, :, None].expand(shape)], dim=-1)
