"""A look of the vision encoder at the whole picture, for what surrounds the persons.

Which of a place's layouts is seen, which part of it and which way round, is told by shapes that persons cover
in part; a transformer of a few layers over large patches reads hardly half of them. A small convolutional
network over the shrunk picture does, and what it finds is mixed into the image tokens of the scene. Qwen-VL
has no such look; small encoders need it, as they need `face_reader.py`. Knows tensors only.

Legend: B batch, Q the encoder's tokens, D token width, T tokens that are read, H side of the picture, S side
of the shrunk one, c channels, M places along a side of the last map.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limner.models.compact_linear import CompactLinear
from limner.models.convolutions import halvings
from limner.models.sizes import PlaceReaderSizes

MAP_CHANNELS: Final = 12  # of the last map, each of whose places is read
FIRST_TRUST: Final = 2.0  # before the sigmoid: about nine tenths


class PlaceReader(nn.Module):
    """What the tokens of the scene are; `trust` says how much of each of them is this look's."""

    def __init__(self, sizes: PlaceReaderSizes, token_dim: int) -> None:
        super().__init__()
        self.sizes = sizes
        enter = nn.Conv2d(3, sizes.widths[0], 3, stride=2, padding=1)
        self.body = nn.Sequential(enter, *halvings(sizes.widths))
        self.leave = nn.Conv2d(sizes.widths[-1], MAP_CHANNELS, 1)
        map_side = sizes.side_px >> len(sizes.widths)
        self.read = CompactLinear(MAP_CHANNELS * map_side**2, sizes.summary_width)
        self.out = CompactLinear(sizes.summary_width, sizes.num_tokens * token_dim)
        self.trust = nn.Parameter(torch.full((sizes.num_tokens,), FIRST_TRUST))

    def forward(self, tokens_BQD: Tensor, pixels_B3HH: Tensor) -> Tensor:
        """The encoder's tokens, those of the scene mixed with what this look finds."""
        return self.mix(tokens_BQD, self.look(pixels_B3HH))

    def look(self, pixels_B3HH: Tensor) -> Tensor:
        """The tokens of the scene (B, T, D) by this look alone."""
        side = self.sizes.side_px
        small_B3SS = F.interpolate(pixels_B3HH.float(), (side, side), mode="area").to(pixels_B3HH.dtype)
        map_BcMM = self.leave(self.body(small_B3SS.contiguous(memory_format=torch.channels_last)))
        summary_BE = F.gelu(self.read(map_BcMM.flatten(1)))
        found_BTD: Tensor = self.out(summary_BE).unflatten(1, (self.sizes.num_tokens, -1))
        return found_BTD

    def mix(self, tokens_BQD: Tensor, found_BTD: Tensor) -> Tensor:
        """All the encoder's tokens that are pooled to one of the scene's, moved towards what was found."""
        sizes, pooled = self.sizes, self.sizes.tokens_pooled
        first, last = sizes.first_token * pooled, (sizes.first_token + sizes.num_tokens) * pooled
        own_BTD = tokens_BQD[:, first:last].unflatten(1, (-1, pooled)).mean(2)
        trust_T = self.trust.sigmoid().to(tokens_BQD.dtype)
        changes_BTD = trust_T[:, None] * (found_BTD.to(tokens_BQD.dtype) - own_BTD)
        changes_BQD = changes_BTD.repeat_interleave(pooled, dim=1)
        return tokens_BQD + F.pad(changes_BQD, (0, 0, first, tokens_BQD.shape[1] - last))
