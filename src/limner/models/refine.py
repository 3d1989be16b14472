"""One step of a small convolutional decoder: twice the places a side, fewer channels. Knows tensors only.

Legend: B batch, E width of what modulates.
"""

from __future__ import annotations

from typing import Final

from torch import Tensor, nn
from torch.nn import functional as F

RGBA: Final = 4
FINER: Final = 2  # places a side that one of the coarser map becomes


class Refine(nn.Module):
    """A step up by one linear map a place, two convolutions beside it, scaled and shifted by a summary
    (B, E).
    """

    def __init__(self, width: int, narrower: int, summary_width: int) -> None:
        super().__init__()
        self.up = nn.Conv2d(width, FINER**2 * narrower, 1)
        self.modulation = nn.Linear(summary_width, 2 * narrower)
        self.first = nn.Conv2d(narrower, narrower, 3, padding=1)
        self.second = nn.Conv2d(narrower, narrower, 3, padding=1)
        nn.init.zeros_(self.modulation.weight)
        nn.init.zeros_(self.modulation.bias)

    def forward(self, x: Tensor, summary_BE: Tensor) -> Tensor:
        x = F.pixel_shuffle(self.up(x), FINER)
        scale, shift = self.modulation(summary_BE)[:, :, None, None].chunk(2, dim=1)
        inner = F.silu(self.first(x) * (1 + scale) + shift)
        return F.silu(x + self.second(inner))
