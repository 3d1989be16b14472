"""A first picture composed of layers: the place, then the persons before it; and what joins it to the rest.

What a place looks like and what a person looks like is learned on canvases of their own, far cheaper than in
whole pictures (`backdrop_layer.py`, `figure_layers.py`). What lies between (furniture, light, style, hands
that meet) the transformer draws, and a few convolutions choose, pixel by pixel, between both. Knows tensors
only.

Legend: B batch, F persons, N image tokens, D token width, S side of the picture, M places a side of the
finest map, C its channels, E width of the summary.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limner.models.backdrop_layer import BackdropLayer
from limner.models.figure_layers import FINER, FigureLayers
from limner.models.sizes import LayerSizes

GATE_START = -2.0  # of the transformer's share before its sigmoid: at first the layers are most of a picture


class SceneLayers(nn.Module):
    """The layers of a scene, composed."""

    def __init__(self, sizes: LayerSizes, num_tokens: int, token_dim: int) -> None:
        super().__init__()
        self.backdrop = BackdropLayer(sizes, num_tokens, token_dim)
        self.figures = FigureLayers(sizes, num_tokens, token_dim)

    def forward(self, image_tokens_BND: Tensor, side: int) -> Tensor:
        """(B, 3, side, side) float32, about in [-1, 1]; persons from left to right, each over the former."""
        picture_B3SS = self.backdrop(image_tokens_BND, side)
        for layer_BCSS in self.figures(image_tokens_BND, side).unbind(1):
            colours, opacity = layer_BCSS.split((3, 1), dim=1)
            picture_B3SS = picture_B3SS * (1 - opacity) + colours
        return picture_B3SS


class Mend(nn.Module):
    """Joins the composed layers and the transformer's own picture."""

    def __init__(self, map_channels: int, width: int, summary_width: int) -> None:
        super().__init__()
        self.enter = nn.Conv2d(map_channels + 3 * FINER**2, width, 3, padding=1)
        self.modulation = nn.Linear(summary_width, 2 * width)
        self.inner = nn.Conv2d(width, width, 3, padding=1)
        self.leave = nn.Conv2d(width, 4 * FINER**2, 3, padding=1)
        for zero in (self.modulation, self.leave):
            nn.init.zeros_(zero.weight)
            assert zero.bias is not None
            nn.init.zeros_(zero.bias)

    def forward(
        self, map_BCMM: Tensor, drawn_B3SS: Tensor, composed_B3SS: Tensor, summary_BE: Tensor
    ) -> Tensor:
        """The picture (B, 3, S, S) of the finest map, what the transformer drew of it, and the layers."""
        composed_B3SS = composed_B3SS.to(map_BCMM.dtype)
        x = torch.cat([map_BCMM, F.pixel_unshuffle(composed_B3SS, FINER)], dim=1)
        scale, shift = self.modulation(summary_BE)[:, :, None, None].chunk(2, dim=1)
        x = F.silu(self.enter(x.contiguous(memory_format=torch.channels_last)) * (1 + scale) + shift)
        x = x + F.silu(self.inner(x))
        change, gate = F.pixel_shuffle(self.leave(x), FINER).split((3, 1), dim=1)
        share = torch.sigmoid(gate + GATE_START)
        return composed_B3SS + share * (drawn_B3SS - composed_B3SS) + change
