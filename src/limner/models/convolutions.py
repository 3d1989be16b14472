"""Convolutions that several networks share. Knows tensors only.

Legend: B batch, c channels, H W places.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F


class ConvolutionPair(nn.Module):
    """Two convolutions beside the map (B, c, H, W), which they leave as it is at the start."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.second.weight)

    def forward(self, x_BcHW: Tensor) -> Tensor:
        change_BcHW: Tensor = self.second(F.gelu(self.first(F.gelu(x_BcHW))))
        return x_BcHW + change_BcHW


def halvings(widths: Sequence[int]) -> list[nn.Module]:
    """What follows a first convolution to `widths[0]` channels: a map (B, widths[0], H, W) is halved once for
    each of the other widths, to (B, widths[-1], ...).
    """
    steps: list[nn.Module] = []
    for wide, wider in pairwise(widths):
        steps += [nn.GELU(), nn.Conv2d(wide, wider, 3, stride=2, padding=1), ConvolutionPair(wider)]
    return [*steps, ConvolutionPair(widths[-1]), nn.GELU()]
