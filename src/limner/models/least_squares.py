"""Linear layers solved instead of trained.

Knows layers and samples. Knows nothing about what they mean.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


@torch.no_grad()
def solve(layer: nn.Linear, known_RI: Tensor, wanted_RO: Tensor, *, ridge: float) -> None:
    """Set weight and bias of `layer` to the least-squares map from R rows (R, I) to rows (R, O), in double
    precision; `ridge` is a penalty on squared weights, a row.
    """
    known = known_RI.double()
    known = torch.cat([known, torch.ones_like(known[:, :1])], dim=1)
    ridges = ridge * len(known) * torch.eye(known.shape[1], dtype=known.dtype, device=known.device)
    solved = torch.linalg.solve(known.T @ known + ridges, known.T @ wanted_RO.double())
    layer.weight.copy_(solved[:-1].T)
    layer.bias.copy_(solved[-1])
