"""The convolutions that all of the world's senses are made of.

Knows feature maps. Knows nothing about faces, traits or words.

Legend: B batch, c channels, H W places, D embedding.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F

NORM_GROUPS = 4


class Residual(nn.Module):
    """Two 3 x 3 convolutions around a shortcut; group norms, so that a picture's result ignores its batch."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(NORM_GROUPS, width)
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x_BcHW: Tensor) -> Tensor:
        change_BcHW: Tensor = self.second(F.gelu(self.first(F.gelu(self.norm(x_BcHW)))))
        return x_BcHW + change_BcHW


class Tower(nn.Module):
    """Pixels -> one vector: unshuffle, then a residual pair and a halving for each width.

    The last map is flattened rather than averaged: faces are aligned, and where an eye sits is what tells
    people apart.
    """

    def __init__(self, size_px: int, unshuffle: int, widths: Sequence[int], out_dim: int) -> None:
        super().__init__()
        places = size_px // (unshuffle * 2 ** (len(widths) - 1))
        if places * unshuffle * 2 ** (len(widths) - 1) != size_px:
            raise ValueError(
                f"A tower of {len(widths)} widths cannot halve {size_px} px evenly; change the sizes."
            )
        self.unshuffle = unshuffle
        layers: list[nn.Module] = [nn.Conv2d(3 * unshuffle**2, widths[0], 3, padding=1), Residual(widths[0])]
        for narrow, wide in pairwise(widths):
            layers += [nn.Conv2d(narrow, wide, 3, stride=2, padding=1), Residual(wide)]
        self.body = nn.Sequential(*layers, nn.GroupNorm(NORM_GROUPS, widths[-1]), nn.GELU(), nn.Flatten())
        self.leave = nn.Linear(widths[-1] * places**2, out_dim)

    def forward(self, pixels_B3HW: Tensor) -> Tensor:
        """Pixels (B, 3, S, S) in [-1, 1] -> (B, D)."""
        out_BD: Tensor = self.leave(self.body(F.pixel_unshuffle(pixels_B3HW, self.unshuffle)))
        return out_BD
