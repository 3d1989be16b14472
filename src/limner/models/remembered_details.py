"""What a canvas remembers of a person's drawing: for each word a map in the body's frame.

Lapels, knit, curls and lashes lie at the same places of everybody's body. A decoder that begins at 8 x 8
places has to carry them there through everything that differs; a map that is remembered for its word holds
them where they are drawn, as `backdrop_layer.py` does for places. A few convolutions join them to what was
drawn without. Knows tensors only.

Legend: K persons of a batch, T tokens that tell of a person, D token width, C channels of the canvas' finest
map, M side of that, W side of the canvas, R words of a token, S side of a remembered map.
"""

from __future__ import annotations

from typing import Final, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limner.models.compact_linear import CompactLinear
from limner.models.refine import FINER, RGBA
from limner.models.sizes import BankSizes, DetailSizes
from limner.models.token_lookup import TokenLookup
from limner.models.windows import sampling_grid, within

TOLD_WIDTH: Final = 64
RIM: Final = 2  # pixels beyond what is drawn that may be drawn in
WARP: Final = 0.02  # a step of learning moves a map by a part of a pixel
# Of what a step of learning moves an output of the widest map: with 1,536 inputs, by no more than itself.
CALM: Final = 1 / 32


class WordMaps(nn.Module):
    """The maps of some tokens' words, over one part of the body."""

    def __init__(self, sizes: BankSizes, token_dim: int) -> None:
        super().__init__()
        self.sizes = sizes
        pairs = list(zip(sizes.tokens, sizes.words, strict=True))
        self.lookups = nn.ModuleList(TokenLookup(words, (token,), token_dim) for token, words in pairs)
        # Read as maps, one after the other, not as linear maps.
        self.maps = nn.ModuleList(
            CompactLinear(sizes.side, words * sizes.side, bias=False) for _, words in pairs
        )
        for kept in self.maps:
            assert isinstance(kept, CompactLinear)
            nn.init.zeros_(kept.weight)
        # An affine change of each map's place; none at the start.
        self.warp = nn.Linear(TOLD_WIDTH, 6 * len(pairs))
        nn.init.zeros_(self.warp.weight)
        nn.init.zeros_(self.warp.bias)

    def forward(self, person_KTD: Tensor, told_KV: Tensor, windows_K4: Tensor, side: int) -> Tensor:
        """One map a token (K, tokens, side, side) float32, as it lies in these windows of the body's frame,
        moved and stretched as `told_KV` says; nothing beyond its reach.
        """
        size, tokens = self.sizes.side, len(self.sizes.tokens)
        told = [
            lookup(person_KTD) @ cast("Tensor", kept.weight).float().view(-1, size * size)
            for lookup, kept in zip(self.lookups, self.maps, strict=True)
        ]
        maps_X1SS = torch.stack(told, dim=1).view(-1, 1, size, size)
        warp_KT23 = WARP * self.warp(told_KV).float().view(-1, tokens, 2, 3)
        grid_KMM2 = sampling_grid(within(windows_K4, self.sizes.reach), side, inverse=True)
        moved_KTMM2 = torch.einsum("kymj,ktij->ktymi", grid_KMM2, warp_KT23[..., :2])
        moved_KTMM2 = moved_KTMM2 + warp_KT23[:, :, None, None, :, 2] + grid_KMM2[:, None]
        seen_X1MM = F.grid_sample(maps_X1SS, moved_KTMM2.flatten(0, 1), align_corners=False)
        return seen_X1MM.view(-1, tokens, side, side)


class RememberedDetails(nn.Module):
    """Added to what a canvas draws; nothing at the start."""

    def __init__(self, sizes: DetailSizes, map_channels: int, person_width: int, token_dim: int) -> None:
        super().__init__()
        self.sizes = sizes
        width, drawn = sizes.width, RGBA * FINER**2
        self.banks = nn.ModuleList(WordMaps(bank, token_dim) for bank in sizes.banks)
        remembered = FINER**2 * sum(len(bank.tokens) for bank in sizes.banks)
        self.told = CompactLinear(person_width, TOLD_WIDTH)
        nn.init.normal_(self.told.weight, std=1 / (CALM * person_width**0.5))
        self.modulation = nn.Linear(TOLD_WIDTH, 4 * width)
        self.enter = nn.Conv2d(map_channels + drawn + remembered, width, 3, padding=1)
        self.inner = nn.Conv2d(width, width, 3, padding=1)
        self.leave = nn.Conv2d(width, drawn, 3, padding=1)
        nn.init.zeros_(self.leave.weight)
        assert self.leave.bias is not None
        nn.init.zeros_(self.leave.bias)

    @property
    def is_new(self) -> bool:
        """Whether nothing has been remembered yet."""
        banks = (cast("WordMaps", bank) for bank in self.banks)
        return not any(bool(weight.any()) for bank in banks for weight in bank.maps.parameters())

    def forward(self, x_KCMM: Tensor, drawn_KCWW: Tensor, person_KTD: Tensor, windows_K4: Tensor) -> Tensor:
        """What is added to the canvas `drawn_KCWW`, of the same shape. `windows_K4`: x0, y0, x1, y1 of the
        canvas in the body's frame.
        """
        side = drawn_KCWW.shape[-1]
        told_KV = F.silu(self.told(CALM * person_KTD.flatten(1)))
        maps = [bank(person_KTD, told_KV, windows_K4, side) for bank in self.banks]
        fine = F.pixel_unshuffle(torch.cat([*maps, drawn_KCWW.float()], dim=1), FINER)
        told = self.modulation(told_KV)[:, :, None, None]
        scale, shift, later_scale, later_shift = told.chunk(4, dim=1)
        x = torch.cat([x_KCMM, fine.to(x_KCMM.dtype)], dim=1).contiguous(memory_format=torch.channels_last)
        x = F.silu(self.enter(x) * (1 + scale) + shift)
        x = x + F.silu(self.inner(x) * (1 + later_scale) + later_shift)
        added: Tensor = F.pixel_shuffle(self.leave(x), FINER)
        # A map also holds what this canvas does not show: a coat below a head that is cut out.
        opacity = drawn_KCWW[:, RGBA - 1 :].clamp(0, 1)
        return added * F.max_pool2d(opacity, 2 * RIM + 1, 1, RIM)
