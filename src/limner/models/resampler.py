"""One cross-attention from learned queries to a sequence: SEED-X's input and output resamplers, and Qwen-VL's
pool.

Knows attention and its fixed sine positions. Knows nothing about pictures, prompts or losses. The state-dict
names are those of the public checkpoints.

Legend: B batch, N tokens read, Q queries, D width, K width of what is read.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limner.models.sizes import ResamplerSizes


class Resampler(nn.Module):
    """`grid`^2 learned queries read any square number of vectors; no feed-forward and no norm on the way out.

    q = ln_q(query) + pos, k = ln_kv(kv_proj(x)) + pos, v = ln_kv(kv_proj(x)), where the frozen `pos_embed` is
    stretched to the length of x. LayerNorm eps is 1e-5 in SEED-X's resamplers and 1e-6 in Qwen-VL's pool.
    """

    pos_embed: Tensor

    def __init__(self, sizes: ResamplerSizes, *, norm_eps: float = 1e-5) -> None:
        super().__init__()
        self.sizes = sizes
        num_queries, width = sizes.grid**2, sizes.width
        self.register_buffer("pos_embed", sine_positions(width, sizes.grid))
        self.query = nn.Parameter(torch.randn(num_queries, width) * 0.02)
        self.kv_proj = (
            nn.Identity() if sizes.input_dim == width else nn.Linear(sizes.input_dim, width, bias=False)
        )
        self.attn = nn.MultiheadAttention(width, sizes.heads, batch_first=True)
        self.ln_q = nn.LayerNorm(width, eps=norm_eps)
        self.ln_kv = nn.LayerNorm(width, eps=norm_eps)

    def forward(self, inputs_BNK: Tensor) -> Tensor:
        """(B, N, K) -> (B, Q, D); N must be a square number, as 256 encoder or 64 predicted tokens are."""
        batch, num_inputs, _ = inputs_BNK.shape
        values_BND = self.ln_kv(self.kv_proj(inputs_BNK))
        keys_BND = values_BND + stretch_positions(self.pos_embed, num_inputs).to(values_BND.dtype)
        queries_QD = self.ln_q(self.query)
        queries_QD = queries_QD + self.pos_embed.to(queries_QD.dtype)
        queries_BQD = queries_QD.expand(batch, -1, -1)
        out_BQD: Tensor = self.attn(queries_BQD, keys_BND, values_BND, need_weights=False)[0]
        return out_BQD


def sine_positions(width: int, grid: int) -> Tensor:
    """2D sine-cosine positions (grid^2, width), rows first: a half of the width for x, then a half for y
    (MAE).
    """
    if width % 4:
        raise ValueError(f"Sine positions need a width divisible by 4, not {width}; change the preset.")
    frequencies = 1.0 / 10000 ** (torch.arange(width // 4, dtype=torch.float64) / (width // 4))
    steps = torch.arange(grid, dtype=torch.float64)
    rows, columns = torch.meshgrid(steps, steps, indexing="ij")
    halves = []
    for places in (columns, rows):
        angles = places.reshape(-1, 1) * frequencies
        halves.append(torch.cat([angles.sin(), angles.cos()], dim=1))
    return torch.cat(halves, dim=1).float()


def stretch_positions(positions_PD: Tensor, num_targets: int) -> Tensor:
    """Positions of a square grid, bicubically stretched to another square number of places, in their own
    dtype.
    """
    num_places, width = positions_PD.shape
    if num_places == num_targets:
        return positions_PD
    source, target = math.isqrt(num_places), math.isqrt(num_targets)
    if target**2 != num_targets:
        raise ValueError(
            f"{num_targets} tokens do not fill a square grid; pass a square number, such as 64 or 256."
        )
    grid_1DHW = positions_PD.float().reshape(1, source, source, width).permute(0, 3, 1, 2)
    grid_1DHW = F.interpolate(grid_1DHW, size=(target, target), mode="bicubic", align_corners=False)
    return grid_1DHW.permute(0, 2, 3, 1).reshape(num_targets, width).to(positions_PD.dtype)
