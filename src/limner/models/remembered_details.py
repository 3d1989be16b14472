"""What a canvas remembers of a person's drawing: maps in the body's frame, of which the tokens choose.

Curls, knit, lapels and lashes lie at the same places of everybody's body. A decoder that begins at 8 x 8
places has to carry them there through maps that get coarser the less it has learned; remembered maps hold
them where they are drawn (as `style_layer.py` does for grain). Knows tensors only.

Legend: K persons of a batch, V numbers that tell of a person, C channels of the canvas' finest map, M side of
that, R remembered maps, S side of those, W side of the canvas.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limner.models.compact_linear import CompactLinear
from limner.models.refine import FINER
from limner.models.sizes import DetailSizes

TOLD_WIDTH = 96


class RememberedDetails(nn.Module):
    """Added to what a canvas draws; nothing at the start."""

    def __init__(self, sizes: DetailSizes, map_channels: int, told_width: int, drawn_channels: int) -> None:
        super().__init__()
        self.sizes = sizes
        width, maps = sizes.width, sizes.maps
        self.remembered = CompactLinear(sizes.side, maps * sizes.side, bias=False)  # read as maps
        nn.init.normal_(self.remembered.weight, std=0.5)
        self.told = CompactLinear(told_width, TOLD_WIDTH)
        self.modulation = nn.Linear(TOLD_WIDTH, maps + 4 * width)
        self.enter = nn.Conv2d(map_channels + maps, width, 1)
        self.inner = nn.Conv2d(width, width, 3, padding=1)
        self.leave = nn.Conv2d(width, drawn_channels * FINER**2, 3, padding=1)
        nn.init.zeros_(self.leave.weight)
        assert self.leave.bias is not None
        nn.init.zeros_(self.leave.bias)

    def forward(self, x_KCMM: Tensor, told_KV: Tensor, windows_K4: Tensor) -> Tensor:
        """What is added to the canvas (K, drawn channels, W, W). `windows_K4`: x0, y0, x1, y1 of the canvas
        in the body's frame.
        """
        width, maps = self.sizes.width, self.sizes.maps
        told = self.modulation(F.silu(self.told(told_KV)))[:, :, None, None]
        gain, scale, shift, later_scale, later_shift = told.split((maps, width, width, width, width), dim=1)
        remembered_KRMM = self._seen(windows_K4, x_KCMM.shape[-1]).to(x_KCMM.dtype) * (1 + gain)
        x = torch.cat([x_KCMM, remembered_KRMM], dim=1).contiguous(memory_format=torch.channels_last)
        x = F.silu(self.enter(x) * (1 + scale) + shift)
        x = x + F.silu(self.inner(x) * (1 + later_scale) + later_shift)
        added: Tensor = F.pixel_shuffle(self.leave(x), FINER)
        return added

    def _seen(self, windows_K4: Tensor, side: int) -> Tensor:
        """The maps (K, R, side, side) as they lie in these windows, float32; nothing beyond their reach."""
        x0, y0, x1, y1 = self.sizes.reach
        windows_K4 = windows_K4.float()
        centres = (torch.arange(side, device=windows_K4.device) + 0.5) / side
        across_KM = torch.lerp(windows_K4[:, :1], windows_K4[:, 2:3], centres)
        down_KM = torch.lerp(windows_K4[:, 1:2], windows_K4[:, 3:], centres)
        across_KM, down_KM = 2 * (across_KM - x0) / (x1 - x0) - 1, 2 * (down_KM - y0) / (y1 - y0) - 1
        shape = (len(windows_K4), side, side)
        grid = torch.stack([across_KM[:, None, :].expand(shape), down_KM[:, :, None].expand(shape)], dim=-1)
        maps_RSS = self.remembered.weight.float().view(self.sizes.maps, self.sizes.side, self.sizes.side)
        return F.grid_sample(maps_RSS.expand(len(grid), -1, -1, -1), grid, align_corners=False)
