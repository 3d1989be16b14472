"""Persons drawn on canvases of their own, which follow the face.

A face in the middle of a picture and one at its edge, a small and a large one, are the same drawing at
another place; one network that draws all places of a picture has to learn each anew. So each person's tokens
are drawn on a canvas around the face, colours with their opacity, and `scene_layers.py` sets it in its place
(a spatial transformer, Jaderberg et al. 2015). That place is a fixed linear reading of the tokens
(`FaceFinder`), found once by least squares. Patterns of cloth repeat in the body's own frame, which is read
likewise, so that stripes and checks need not be learned pixel by pixel (`Texture`). Knows tensors only.

Legend: B batch, F persons (figures), N image tokens, D token width, T tokens that tell of a person, E width
of a summary, K persons of a batch, S side of the picture, W side of a canvas, M side of its finest map, C
channels of that, V numbers of the tokens that tell of clothes.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limner.models.compact_linear import CompactLinear
from limner.models.refine import FINER, RGBA, Refine
from limner.models.remembered_details import RememberedDetails
from limner.models.sizes import CanvasSizes

FIRST_SIDE: Final = 8
# Of a person: centre x, centre y, width and height of the face in the unit square, and whether it is there.
READINGS: Final = 5
# Of a body's frame beside a face's box: its origin from the box' centre in widths and heights of the box, and
# its unit in heights.
FRAME_READINGS: Final = 3
REPEATS: Final = (2.0, 1.0, 0.5)  # wave lengths of a texture, in repeats of the pattern
TEXTURE_WIDTH: Final = 32


class FaceFinder(nn.Module):
    """Where faces lie, and the frames of the bodies below them, read from tokens by fixed linear maps."""

    reading: Tensor
    bias: Tensor
    frame_reading: Tensor
    frame_bias: Tensor

    def __init__(self, persons: int, num_tokens: int, token_dim: int) -> None:
        super().__init__()
        self.register_buffer("reading", torch.zeros(persons * READINGS, num_tokens * token_dim))
        self.register_buffer("bias", torch.zeros(persons * READINGS))
        self.register_buffer("frame_reading", torch.zeros(persons * FRAME_READINGS, num_tokens * token_dim))
        self.register_buffer("frame_bias", torch.zeros(persons * FRAME_READINGS))

    @torch.no_grad()
    def forward(self, image_tokens_BND: Tensor) -> tuple[Tensor, Tensor]:
        """Centre x, centre y, width and height of faces (B, F, 4) in the unit square, float32, and whether
        somebody is there (B, F).
        """
        read_BFR = _read(image_tokens_BND, self.reading, self.bias).unflatten(1, (-1, READINGS))
        centres, sizes = read_BFR[..., :2], read_BFR[..., 2:4].clamp(0.02, 1.0)
        return torch.cat([centres, sizes], dim=-1), read_BFR[..., 4] > 0.5

    @torch.no_grad()
    def frames(self, image_tokens_BND: Tensor, boxes_BF4: Tensor) -> Tensor:
        """The bodies' frames (B, F, 3): x and y of the origin and the unit, in the unit square, beside faces
        as `forward` gives them.
        """
        read_BR = _read(image_tokens_BND, self.frame_reading, self.frame_bias)
        across, down, unit = read_BR.unflatten(1, (-1, FRAME_READINGS)).unbind(-1)
        x, y, wide, high = boxes_BF4.unbind(-1)
        return torch.stack([x + across * wide, y + down * high, unit.clamp(0.5, 2.0) * high], dim=-1)

    @torch.no_grad()
    def fit(self, tokens_BND: Tensor, boxes_BF4: Tensor, frames_BF3: Tensor, *, noise: float) -> float:
        """Find the linear readings that give the face boxes (x0, y0, x1, y1; zeros where nobody is) and the
        bodies' frames of these tokens with the smallest squared error, were they disturbed by `noise`;
        returns the mean error of a box' number in the unit square.
        """
        inputs = tokens_BND.flatten(1).double()
        low, high = boxes_BF4[..., :2].double(), boxes_BF4[..., 2:].double()
        there_BF1 = (high > low).all(-1, keepdim=True)
        centre, size = (low + high) / 2, high - low
        wanted = torch.cat([centre, size, there_BF1.double()], dim=-1).flatten(1)
        weights, bias = _least_squares(inputs, wanted, noise)
        self.reading.copy_(weights.T)
        self.bias.copy_(bias)
        error = (inputs @ weights + bias - wanted).unflatten(1, (-1, READINGS))
        # A box that the picture's edge cuts says nothing of the frame.
        whole_BF = there_BF1[..., 0] & (low > 0).all(-1) & (high < 1).all(-1)
        origin = (frames_BF3[..., :2].double() - centre) / size.clamp(min=1e-6)
        unit = frames_BF3[..., 2:].double() / size[..., 1:].clamp(min=1e-6)
        beside_BF3 = torch.cat([origin, unit], dim=-1)
        for person in range(beside_BF3.shape[1]):
            rows = whole_BF[:, person]
            if rows.any():
                weights, bias = _least_squares(inputs[rows], beside_BF3[rows, person], noise)
                part = slice(person * FRAME_READINGS, (person + 1) * FRAME_READINGS)
                self.frame_reading[part] = weights.T.to(self.frame_reading)
                self.frame_bias[part] = bias.to(self.frame_bias)
        return float((error[..., :4].abs() * there_BF1).sum() / (4 * there_BF1.sum()))


def _read(image_tokens_BND: Tensor, weights: Tensor, bias: Tensor) -> Tensor:
    return F.linear(image_tokens_BND.float().flatten(1), weights.float(), bias.float())


def _least_squares(inputs: Tensor, wanted: Tensor, noise: float) -> tuple[Tensor, Tensor]:
    """Weights and bias of the linear map from `inputs`, were they disturbed by `noise`, to `wanted`."""
    mean_in, mean_out = inputs.mean(0), wanted.mean(0)
    centred = inputs - mean_in
    gram = centred.T @ centred + noise**2 * len(inputs) * torch.eye(inputs.shape[1], dtype=inputs.dtype)
    weights = torch.linalg.solve(gram, centred.T @ (wanted - mean_out))
    return weights, mean_out - mean_in @ weights


class Texture(nn.Module):
    """What repeats over a cloth: a small network at each place, of the map and of waves across and down the
    body, scaled and shifted by what the tokens of the clothes (K, V) say. Nothing at the start.
    """

    def __init__(self, channels: int, told_width: int, pitch: float) -> None:
        super().__init__()
        self.pitch = pitch
        self.enter = nn.Conv2d(channels + 4 * len(REPEATS), TEXTURE_WIDTH, 1)
        self.modulation = CompactLinear(told_width, 2 * TEXTURE_WIDTH)
        self.inner = nn.Conv2d(TEXTURE_WIDTH, TEXTURE_WIDTH, 1)
        self.leave = nn.Conv2d(TEXTURE_WIDTH, channels, 1)
        nn.init.zeros_(self.leave.weight)
        assert self.leave.bias is not None
        nn.init.zeros_(self.leave.bias)

    def forward(self, x_KCMM: Tensor, told_KV: Tensor, windows_K4: Tensor) -> Tensor:
        """What is added to the map (K, C, M, M). `windows_K4`: x0, y0, x1, y1 of the canvas in the body's
        frame.
        """
        side = x_KCMM.shape[-1]
        x0, y0, x1, y1 = (windows_K4[:, index, None] for index in range(4))
        centres = (torch.arange(side, device=windows_K4.device) + 0.5) / side
        waves = []
        for start, end, shape in ((x0, x1, (side, 1)), (y0, y1, (1, side))):
            places_KM = start + (end - start) * centres
            for repeat in REPEATS:
                angles_KM = places_KM * (2 * torch.pi / (repeat * self.pitch))
                waves += [
                    wave.unflatten(1, shape[::-1]).expand(-1, side, side)
                    for wave in (angles_KM.sin(), angles_KM.cos())
                ]
        waves_KVMM = torch.stack(waves, dim=1).to(x_KCMM.dtype)
        scale, shift = self.modulation(told_KV)[:, :, None, None].chunk(2, dim=1)
        inner = torch.cat([x_KCMM, waves_KVMM], dim=1).contiguous(memory_format=torch.channels_last)
        inner = F.silu(self.enter(inner) * (1 + scale) + shift)
        added_KCMM: Tensor = self.leave(F.silu(self.inner(inner)))
        return added_KCMM


class PersonCanvas(nn.Module):
    """Draws persons, or a part of them, from the tokens that tell of them."""

    def __init__(self, sizes: CanvasSizes, person_tokens: int, other_tokens: int, token_dim: int) -> None:
        super().__init__()
        self.sizes = sizes
        first, width, told = sizes.widths[0], sizes.summary_width, person_tokens + other_tokens
        self.person = CompactLinear(person_tokens * token_dim, width)
        self.around = CompactLinear(other_tokens * token_dim, width, bias=False)
        self.window = nn.Linear(4, width, bias=False)
        nn.init.zeros_(self.window.weight)
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
        self.texture = (
            Texture(sizes.widths[-1], len(sizes.texture_tokens) * token_dim, sizes.texture_pitch)
            if sizes.texture_pitch
            else None
        )
        self.details = (
            None
            if sizes.details is None
            else RememberedDetails(sizes.details, sizes.widths[-1], person_tokens * token_dim, token_dim)
        )
        self.last = nn.Conv2d(sizes.widths[-1], RGBA * FINER**2, 3, padding=1)

    @property
    def side_px(self) -> int:
        """Pixels along one side of a canvas."""
        return FIRST_SIDE << len(self.sizes.widths)

    def forward(self, person_KTD: Tensor, around_KTD: Tensor, windows_K4: Tensor) -> Tensor:
        """See `with_pattern`, whose first result this is."""
        drawn_KCWW, _ = self.with_pattern(person_KTD, around_KTD, windows_K4, alone=False)
        return drawn_KCWW

    def with_pattern(
        self, person_KTD: Tensor, around_KTD: Tensor, windows_K4: Tensor, *, alone: bool = True
    ) -> tuple[Tensor, Tensor | None]:
        """Tokens of persons, and of the scenes around them -> (K, 4, W, W): colours in [-1, 1] times their
        opacity, and the opacity, about in [0, 1]. `windows_K4`: x0, y0, x1, y1 of the canvas in the body's
        frame. With it, where it is asked for `alone`, what the texture adds to the colours, (K, 3, W, W):
        learning from that moves the texture and nothing else. None for a canvas without patterns.
        """
        told_KE = self.person(person_KTD.flatten(1)) + self.around(around_KTD.flatten(1))
        summary_KE = F.silu(told_KE + self.window(windows_K4.to(told_KE.dtype)))
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
        if self.details is not None:
            drawn = drawn + self.details(x, drawn, person_KTD, windows_K4)
        if self.texture is None:
            return drawn, None
        told_KV = person_KTD[:, list(self.sizes.texture_tokens)].flatten(1)
        added = self._pattern(x, told_KV, windows_K4)
        # Where nothing is drawn, nothing is patterned.
        opacity = drawn[:, RGBA - 1 :].detach().clamp(0, 1)
        patterned = drawn[:, : RGBA - 1] + opacity * added
        alone_K3WW = None
        if alone:
            alone_K3WW = opacity * self._pattern(x.detach(), told_KV, windows_K4, self.last.weight.detach())
        return torch.cat([patterned, drawn[:, RGBA - 1 :]], dim=1), alone_K3WW

    def _pattern(
        self, x_KCMM: Tensor, told_KV: Tensor, windows_K4: Tensor, last: Tensor | None = None
    ) -> Tensor:
        """What the texture adds to the colours (K, 3, W, W), through the weights `last`."""
        assert self.texture is not None
        weight = self.last.weight if last is None else last
        added_KCMM = self.texture(x_KCMM, told_KV, windows_K4)
        shuffled = F.pixel_shuffle(F.conv2d(added_KCMM, weight, padding=1), FINER)
        return shuffled[:, : RGBA - 1]
