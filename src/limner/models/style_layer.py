"""The art style of a finished picture: a small convolutional network over its pixels.

What a style does (outlines, hatching, a printer's dots, paper that shows through) is the same in every
picture, and finer than what a transformer over 64 places draws. So the detokenizer draws the plain picture,
and this layer puts on the style that one image token names. Grain that lies still, such as hatching and the
tooth of paper, is remembered in maps of the picture's size. Of the small scales alone. Knows tensors only.

Legend: B batch, S side of the picture, D token width, C channels, M maps remembered, V maps of waves.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limner.models.compact_linear import CompactLinear
from limner.models.sizes import StyleSizes

BLOCK: Final = 2  # pixels a side that the convolutions see as one place
# Periods in pixels: of a grid of three pixels with its dither of four cells, and of a printer's screen.
GRID_PERIODS: Final = (12.0, 6.0, 4.0, 3.0)
SCREEN_PERIOD: Final = 8.8


class StyleLayer(nn.Module):
    """Puts the style that a token names on a plain picture; the token `plain` leaves it as it is."""

    plain: Tensor
    still: Tensor

    def __init__(self, sizes: StyleSizes, side_px: int, token_dim: int) -> None:
        super().__init__()
        self.sizes, self.side_px = sizes, side_px
        self.register_buffer("plain", torch.zeros(token_dim))
        self.register_buffer("still", _still(side_px), persistent=False)
        seen = (3 + sizes.maps + len(self.still)) * BLOCK**2
        self.grain = CompactLinear(side_px, sizes.maps * side_px, bias=False)  # read as maps, not as a map
        nn.init.normal_(self.grain.weight, std=0.5)
        self.colours = nn.Linear(token_dim, 3 * 4)
        self.enter = nn.Conv2d(seen, sizes.width, 3, padding=1)
        self.steps = nn.ModuleList(
            nn.Conv2d(sizes.width, sizes.width, 3, padding=1) for _ in range(sizes.depth)
        )
        self.modulation = nn.Linear(token_dim, 2 * sizes.width * (sizes.depth + 1))
        self.leave = nn.Conv2d(sizes.width, 3 * BLOCK**2, 3, padding=1)
        for zero in (self.colours, self.leave):
            nn.init.zeros_(zero.weight)
            assert zero.bias is not None
            nn.init.zeros_(zero.bias)

    def plainly(self, image_tokens_BND: Tensor) -> Tensor:
        """The tokens with the plain style in the place of theirs."""
        token, plain_D = self.sizes.token, self.plain.to(image_tokens_BND.dtype)
        plain_B1D = plain_D.expand(len(image_tokens_BND), 1, -1)
        return torch.cat([image_tokens_BND[:, :token], plain_B1D, image_tokens_BND[:, token + 1 :]], dim=1)

    def forward(self, pixels_B3SS: Tensor, image_tokens_BND: Tensor) -> Tensor:
        """The picture (B, 3, S, S), about in [-1, 1], in the style of its tokens."""
        style_BD = image_tokens_BND[:, self.sizes.token]
        share_B111 = self.share(style_BD)[:, None, None, None].to(pixels_B3SS.dtype)
        if not bool(share_B111.any()):
            return pixels_B3SS
        styled_B3SS: Tensor = pixels_B3SS + share_B111 * (self.put_on(pixels_B3SS, style_BD) - pixels_B3SS)
        return styled_B3SS

    def share(self, style_BD: Tensor) -> Tensor:
        """(B,): how much of a style there is: 0 for a token that is nearest to the plain one, else 1 less
        what it says of that.
        """
        plain_D = self.plain.float()
        said_B = (style_BD.float() @ plain_D) / plain_D.square().sum().clamp_min(1e-6)
        share_B: Tensor = (1 - said_B).clamp(0, 1)
        return share_B * (said_B <= 0.5)

    def put_on(self, pixels_B3SS: Tensor, style_BD: Tensor, corner: tuple[int, int] = (0, 0)) -> Tensor:
        """The picture in the style of these tokens (B, D), whichever they are; or a part of it, whose upper
        left `corner` lies at these even (y, x).
        """
        dtype, count = self.enter.weight.dtype, len(pixels_B3SS)
        (top, left), (high, wide) = corner, pixels_B3SS.shape[2:]
        pixels_B3SS = pixels_B3SS.to(dtype)
        style_BD = style_BD.to(dtype) / style_BD.shape[1] ** 0.5  # a word's length is the root of its width
        grain_MSS = self.grain.weight.view(self.sizes.maps, self.side_px, self.side_px)
        maps_MSS = torch.cat([grain_MSS, self.still.to(dtype)])[:, top : top + high, left : left + wide]
        maps_BMSS = maps_MSS.expand(count, -1, -1, -1)
        x = F.pixel_unshuffle(torch.cat([pixels_B3SS, maps_BMSS], dim=1), BLOCK)
        x = self.enter(x.contiguous(memory_format=torch.channels_last))
        told = self.modulation(style_BD)[:, :, None, None].chunk(2 * (self.sizes.depth + 1), dim=1)
        x = F.silu(x * (1 + told[0]) + told[1])
        for index, step in enumerate(self.steps, 1):
            x = x + F.silu(step(x) * (1 + told[2 * index]) + told[2 * index + 1])
        change_B3SS = F.pixel_shuffle(self.leave(x), BLOCK)
        mixing_B34 = self.colours(style_BD).unflatten(1, (3, 4))
        tinted_B3SS = torch.einsum("bij,bjyx->biyx", mixing_B34[..., :3], pixels_B3SS)
        made_B3SS: Tensor = pixels_B3SS + tinted_B3SS + mixing_B34[..., 3, None, None] + change_B3SS
        return made_B3SS


def _still(side_px: int) -> Tensor:
    """(V, S, S): waves across, down and along both diagonals, and how near the picture's edge is."""
    along = torch.arange(side_px) + 0.5
    waves = []
    for period in GRID_PERIODS:
        for places_SS in (along[None, :].expand(side_px, -1), along[:, None].expand(-1, side_px)):
            angles_SS = places_SS * (2 * torch.pi / period)
            waves += [angles_SS.sin(), angles_SS.cos()]
    for sign in (1, -1):
        angles_SS = (along[None, :] + sign * along[:, None]) * (2**0.5 * torch.pi / SCREEN_PERIOD)
        waves += [angles_SS.sin(), angles_SS.cos()]
    from_edge_S = torch.minimum(along, side_px - along) / side_px
    rim_SS = torch.minimum(from_edge_S[None, :], from_edge_S[:, None])
    return torch.stack([*waves, (-40 * rim_SS).exp()])
