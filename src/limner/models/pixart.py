"""PixArt's diffusion transformer (Chen et al. 2023, figure 4) in plain torch, over square maps of one size.

Knows maps, a time, and vectors that every place reads by cross-attention. Knows nothing about image tokens or
flows. Its weights have the names, and its maps the numbers, of diffusers' `PixArtTransformer2DModel`
(tested), whose import takes longer than loading the embedded model.

Legend: B batch, C channels in, O channels out, S side of the map, G places a side, N places, M vectors read,
D their width, W width, A heads, H width of a head.
"""

from __future__ import annotations

import math
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

NUM_WAVES: Final = 256  # sines and cosines that tell a number
LONGEST_WAVE: Final = 10_000.0
EPS: Final = 1e-6


def number_waves(numbers_B: Tensor) -> Tensor:
    """(B,) numbers -> (B, `NUM_WAVES`) float32: cosines, then sines (DDPM's, Ho et al. 2020)."""
    half = NUM_WAVES // 2
    steps = torch.arange(half, dtype=torch.float32, device=numbers_B.device)
    angles_Bw = numbers_B[:, None].float() * torch.exp(-math.log(LONGEST_WAVE) * steps / half)
    return torch.cat([angles_Bw.cos(), angles_Bw.sin()], dim=-1)


def place_waves(grid: int, width: int, stretch: float) -> Tensor:
    """(1, G * G, W) float32: a quarter each of sines and cosines of a place's column, then of its row, both
    divided by `stretch`; all worked out in float64.
    """
    quarter = width // 4
    waves_w = 1.0 / LONGEST_WAVE ** (torch.arange(quarter, dtype=torch.float64) / quarter)
    angles_Gw = torch.outer(torch.arange(grid, dtype=torch.float32) / stretch, waves_w)
    told_Gh = torch.cat([angles_Gw.sin(), angles_Gw.cos()], dim=1)
    columns_GGh, rows_GGh = told_Gh[None].expand(grid, -1, -1), told_Gh[:, None].expand(-1, grid, -1)
    return torch.cat([columns_GGh, rows_GGh], dim=-1).reshape(1, grid * grid, -1).float()


class PatchEmbed(nn.Module):
    """A map cut into patches, each a place that knows where it is."""

    pos_embed: Tensor

    def __init__(self, channels: int, width: int, patch: int, grid: int, stretch: float) -> None:
        super().__init__()
        self.proj = nn.Conv2d(channels, width, patch, stride=patch)
        self.register_buffer("pos_embed", place_waves(grid, width, stretch), persistent=False)

    def forward(self, map_BCSS: Tensor) -> Tensor:
        places_BNW: Tensor = self.proj(map_BCSS).flatten(2).transpose(1, 2)
        return (places_BNW + self.pos_embed).to(places_BNW.dtype)


class TwoLinears(nn.Module):
    """A linear map, a nonlinearity, another linear map."""

    def __init__(self, width_in: int, width: int, act: nn.Module) -> None:
        super().__init__()
        self.linear_1, self.act, self.linear_2 = nn.Linear(width_in, width), act, nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.linear_2(self.act(self.linear_1(x)))
        return made


class TimeAndSize(nn.Module):
    """The time, and for PixArt-alpha resolution and aspect ratio (two numbers, one), as one vector."""

    def __init__(self, width: int, *, size_conditions: bool) -> None:
        super().__init__()
        self.timestep_embedder = TwoLinears(NUM_WAVES, width, nn.SiLU())
        if size_conditions:
            self.resolution_embedder = TwoLinears(NUM_WAVES, width // 3, nn.SiLU())
            self.aspect_ratio_embedder = TwoLinears(NUM_WAVES, width // 3, nn.SiLU())

    def forward(self, time_B: Tensor, told_sizes: tuple[Tensor, Tensor] | None, dtype: torch.dtype) -> Tensor:
        time_BW: Tensor = self.timestep_embedder(number_waves(time_B).to(dtype))
        if told_sizes is None:
            return time_BW
        embedders = self.resolution_embedder, self.aspect_ratio_embedder
        parts = [
            embedder(number_waves(numbers.flatten()).to(dtype)).reshape(len(time_BW), -1)
            for embedder, numbers in zip(embedders, told_sizes, strict=True)
        ]
        return time_BW + torch.cat(parts, dim=1)


class AdaLayerNormSingle(nn.Module):
    """What all blocks are modulated by (section 2.3): six vectors, and the one that they are made of."""

    def __init__(self, width: int, *, size_conditions: bool) -> None:
        super().__init__()
        self.emb = TimeAndSize(width, size_conditions=size_conditions)
        self.linear = nn.Linear(width, 6 * width)

    def forward(
        self, time_B: Tensor, told_sizes: tuple[Tensor, Tensor] | None, dtype: torch.dtype
    ) -> tuple[Tensor, Tensor]:
        told_BW = self.emb(time_B, told_sizes, dtype)
        return self.linear(F.silu(told_BW)).unflatten(1, (6, -1)), told_BW


class Attention(nn.Module):
    """Places look at each other, or at what they are given to read. `is_fused`: by torch's own kernel."""

    def __init__(self, width: int, heads: int, *, is_fused: bool) -> None:
        super().__init__()
        self.heads, self.is_fused, self.scale = heads, is_fused, (width // heads) ** -0.5
        self.to_q, self.to_k, self.to_v = (nn.Linear(width, width) for _ in range(3))
        self.to_out = nn.Sequential(nn.Linear(width, width))

    def forward(self, places_BNW: Tensor, read_BMW: Tensor) -> Tensor:
        queries_BANH, keys_BAMH, values_BAMH = (
            projected.unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for projected in (self.to_q(places_BNW), self.to_k(read_BMW), self.to_v(read_BMW))
        )
        if self.is_fused:
            attended_BANH = F.scaled_dot_product_attention(queries_BANH, keys_BAMH, values_BAMH)
        else:
            attended_BANH = self._unfused(queries_BANH, keys_BAMH, values_BAMH)
        made_BNW: Tensor = self.to_out(attended_BANH.transpose(1, 2).flatten(2))
        return made_BNW

    def _unfused(self, queries_BANH: Tensor, keys_BAMH: Tensor, values_BAMH: Tensor) -> Tensor:
        queries, keys, values = (x.flatten(0, 1) for x in (queries_BANH, keys_BAMH, values_BAMH))
        nothing = queries.new_empty(len(queries), queries.shape[1], keys.shape[1])
        scores = torch.baddbmm(nothing, queries, keys.transpose(1, 2), beta=0, alpha=self.scale)
        attended_BANH: Tensor = torch.bmm(scores.softmax(-1), values).unflatten(0, (-1, self.heads))
        return attended_BANH


class Widen(nn.Module):
    """The first half of a feed-forward layer."""

    def __init__(self, width: int, inner_width: int) -> None:
        super().__init__()
        self.proj = nn.Linear(width, inner_width)

    def forward(self, places_BNW: Tensor) -> Tensor:
        return F.gelu(self.proj(places_BNW), approximate="tanh")


class FeedForward(nn.Module):
    """As in a usual transformer, four times as wide inside."""

    def __init__(self, width: int) -> None:
        super().__init__()
        # The one in the middle keeps the place of diffusers' dropout, by which weights are named.
        self.net = nn.Sequential(Widen(width, 4 * width), nn.Identity(), nn.Linear(4 * width, width))

    def forward(self, places_BNW: Tensor) -> Tensor:
        made_BNW: Tensor = self.net(places_BNW)
        return made_BNW


class PixArtBlock(nn.Module):
    """Self-attention, cross-attention, feed-forward; the first and last are modulated."""

    def __init__(self, width: int, heads: int, *, is_fused: bool) -> None:
        super().__init__()
        self.attn1 = Attention(width, heads, is_fused=is_fused)
        self.attn2 = Attention(width, heads, is_fused=is_fused)
        self.ff = FeedForward(width)
        self.norm = nn.LayerNorm(width, eps=EPS, elementwise_affine=False)
        self.scale_shift_table = nn.Parameter(torch.randn(6, width) / width**0.5)

    def forward(self, places_BNW: Tensor, read_BMW: Tensor, modulation_B6W: Tensor) -> Tensor:
        shift, scale, gate, shift_ff, scale_ff, gate_ff = (
            self.scale_shift_table[None] + modulation_B6W
        ).chunk(6, dim=1)
        normed_BNW = self.norm(places_BNW) * (1 + scale) + shift
        places_BNW = gate * self.attn1(normed_BNW, normed_BNW) + places_BNW
        places_BNW = self.attn2(places_BNW, read_BMW) + places_BNW
        normed_BNW = self.norm(places_BNW) * (1 + scale_ff) + shift_ff
        made_BNW: Tensor = gate_ff * self.ff(normed_BNW) + places_BNW
        return made_BNW


class PixArtTransformer(nn.Module):
    """A map and what it reads in, a map of the same side out.

    Args:
        channels: of the map that comes in.
        channels_out: of the one that leaves.
        side: of both; `patch` numbers along it are one place.
        width: of a place, in `heads` heads and `layers` blocks.
        read_width: of the vectors that are read.
        stretch: how much positions are stretched.
        size_conditions: told resolution and aspect ratio, as PixArt-alpha is at 1024 px.
        is_fused: attention by torch's own kernel.
    """

    def __init__(
        self,
        *,
        channels: int,
        channels_out: int,
        side: int,
        patch: int,
        width: int,
        heads: int,
        layers: int,
        read_width: int,
        stretch: float = 1.0,
        size_conditions: bool = False,
        is_fused: bool = True,
    ) -> None:
        super().__init__()
        self.patch, self.grid, self.recomputes = patch, side // patch, False
        self.pos_embed = PatchEmbed(channels, width, patch, self.grid, stretch)
        self.transformer_blocks = nn.ModuleList(
            PixArtBlock(width, heads, is_fused=is_fused) for _ in range(layers)
        )
        self.norm_out = nn.LayerNorm(width, eps=EPS, elementwise_affine=False)
        self.scale_shift_table = nn.Parameter(torch.randn(2, width) / width**0.5)
        self.proj_out = nn.Linear(width, patch * patch * channels_out)
        self.adaln_single = AdaLayerNormSingle(width, size_conditions=size_conditions)
        self.caption_projection = TwoLinears(read_width, width, nn.GELU(approximate="tanh"))

    def enable_gradient_checkpointing(self) -> None:
        """Training takes less memory and a third more time: blocks compute twice. Named as in diffusers."""
        self.recomputes = True

    def forward(
        self,
        map_BCSS: Tensor,
        read_BMD: Tensor,
        time_B: Tensor,
        told_sizes: tuple[Tensor, Tensor] | None = None,
    ) -> Tensor:
        """(B, C, S, S), (B, M, D) and times (B,) from 1000 (noise) to 0 -> (B, O, S, S)."""
        places_BNW = self.pos_embed(map_BCSS)
        modulation_B6W, told_BW = self.adaln_single(time_B, told_sizes, places_BNW.dtype)
        read_BMW = self.caption_projection(read_BMD)
        for block in self.transformer_blocks:
            if self.recomputes and torch.is_grad_enabled():
                from torch.utils.checkpoint import checkpoint

                places_BNW = checkpoint(block, places_BNW, read_BMW, modulation_B6W, use_reentrant=False)
            else:
                places_BNW = block(places_BNW, read_BMW, modulation_B6W)
        shift_B1W, scale_B1W = (self.scale_shift_table[None] + told_BW[:, None]).chunk(2, dim=1)
        patches_BNp = self.proj_out(self.norm_out(places_BNW) * (1 + scale_B1W) + shift_B1W)
        patches = patches_BNp.reshape(len(map_BCSS), self.grid, self.grid, self.patch, self.patch, -1)
        made_BOSS: Tensor = patches.permute(0, 5, 1, 3, 2, 4).flatten(4, 5).flatten(2, 3)
        return made_BOSS
