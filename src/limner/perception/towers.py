"""The convolutions that all of the world's perceptual models are made of.

Knows feature maps. Knows nothing about faces, traits or words.

Legend: B batch, c channels, H W places, D embedding.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F

NORM_GROUPS = 4
ENTRY_PX = 4


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
    """Pixels -> one vector: two quick halvings, then residual pairs and a halving for each width.

    Most work is done at a quarter of the picture's side and below, where a processor multiplies best. The
    last map is flattened rather than averaged: faces are aligned, and where an eye sits is what tells people
    apart.
    """

    def __init__(self, size_px: int, widths: Sequence[int], depth: int, out_dim: int) -> None:
        super().__init__()
        places = size_px // (ENTRY_PX * 2 ** (len(widths) - 1))
        if places * ENTRY_PX * 2 ** (len(widths) - 1) != size_px:
            raise ValueError(
                f"A tower of {len(widths)} widths cannot halve {size_px} px evenly; change the sizes."
            )
        entry = max(8, widths[0] // 2)
        layers: list[nn.Module] = [
            nn.Conv2d(3, entry, 5, stride=2, padding=2),
            nn.GELU(),
            nn.Conv2d(entry, widths[0], 3, stride=2, padding=1),
        ]
        layers += [Residual(widths[0]) for _ in range(depth)]
        for narrow, wide in pairwise(widths):
            layers.append(nn.Conv2d(narrow, wide, 3, stride=2, padding=1))
            layers += [Residual(wide) for _ in range(depth)]
        self.body = nn.Sequential(*layers, nn.GroupNorm(NORM_GROUPS, widths[-1]), nn.GELU(), nn.Flatten())
        self.leave = nn.Linear(widths[-1] * places**2, out_dim)

    def forward(self, pixels_B3HW: Tensor) -> Tensor:
        """Pixels (B, 3, S, S) in [-1, 1] -> (B, D)."""
        out_BD: Tensor = self.leave(self.body(pixels_B3HW))
        return out_BD
