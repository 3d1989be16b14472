"""SEED-X's way from image tokens to what SDXL reads in place of a prompt.

Knows vectors only: 64 (or 256) image tokens in, SDXL's prompt embeddings and their pooled vector out. Knows
nothing about the UNet. State-dict names are those of SEED-X's `resampler`.

Legend: B batch, N image tokens, Q queries, K token width, D width, I all heads together, P prompt width, G
pooled width.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limner.models.unet_sizes import SDXLResamplerSizes


class SDXLResampler(nn.Module):
    """`num_queries` latents that read the image tokens in `depth` steps of a perceiver."""

    def __init__(self, sizes: SDXLResamplerSizes) -> None:
        super().__init__()
        width = sizes.width
        self.sizes = sizes
        self.latents = nn.Parameter(torch.randn(1, sizes.num_queries, width) * width**-0.5)
        self.proj_in = nn.Linear(sizes.token_dim, width)
        self.layers = nn.ModuleList(
            nn.ModuleList(
                [_PerceiverAttention(sizes), _feed_forward(width, width * sizes.widening)],
            )
            for _ in range(sizes.depth)
        )
        self.norm_out = nn.LayerNorm(width)
        self.unet_proj_1 = nn.Linear(width, sizes.first_dim)
        self.unet_proj_2 = nn.Linear(width, sizes.second_dim)
        self.unet_attnpool = _AttentionPool(sizes)

    def forward(self, tokens_BNK: Tensor) -> tuple[Tensor, Tensor]:
        """(B, N, K) -> prompt embeddings (B, Q, first + second) and pooled embeddings (B, second)."""
        read_BND = self.proj_in(tokens_BNK)
        latents_BQD = self.latents.expand(len(tokens_BNK), -1, -1)
        for layer in self.layers:
            assert isinstance(layer, nn.ModuleList)
            attention, feed_forward = layer
            latents_BQD = latents_BQD + attention(read_BND, latents_BQD)
            latents_BQD = latents_BQD + feed_forward(latents_BQD)
        out_BQD = self.norm_out(latents_BQD)
        prompt_BQP = torch.cat([self.unet_proj_1(out_BQD), self.unet_proj_2(out_BQD)], dim=-1)
        pooled_BG: Tensor = self.unet_attnpool(out_BQD)
        return prompt_BQP, pooled_BG


class _PerceiverAttention(nn.Module):
    """Latents look at what is read and at themselves, each with a norm of its own."""

    def __init__(self, sizes: SDXLResamplerSizes) -> None:
        super().__init__()
        inner = sizes.heads * sizes.head_width
        self.heads = sizes.heads
        self.norm1 = nn.LayerNorm(sizes.width)
        self.norm2 = nn.LayerNorm(sizes.width)
        self.to_q = nn.Linear(sizes.width, inner, bias=False)
        self.to_kv = nn.Linear(sizes.width, 2 * inner, bias=False)
        self.to_out = nn.Linear(inner, sizes.width, bias=False)

    def forward(self, read_BND: Tensor, latents_BQD: Tensor) -> Tensor:
        latents_BQD = self.norm2(latents_BQD)
        keys_BNI, values_BNI = self.to_kv(torch.cat([self.norm1(read_BND), latents_BQD], dim=1)).chunk(2, -1)
        out_BQD: Tensor = self.to_out(_attend(self.to_q(latents_BQD), keys_BNI, values_BNI, self.heads))
        return out_BQD


class _AttentionPool(nn.Module):
    """CLIP's pool: the mean, as a first token, looks at itself and at all others."""

    def __init__(self, sizes: SDXLResamplerSizes) -> None:
        super().__init__()
        width = sizes.width
        self.heads = sizes.heads
        self.positional_embedding = nn.Parameter(torch.randn(sizes.num_queries + 1, width) * width**-0.5)
        self.q_proj = nn.Linear(width, width)
        self.k_proj = nn.Linear(width, width)
        self.v_proj = nn.Linear(width, width)
        self.c_proj = nn.Linear(width, sizes.second_dim)

    def forward(self, x_BQD: Tensor) -> Tensor:
        x_BQD = torch.cat([x_BQD.mean(dim=1, keepdim=True), x_BQD], dim=1) + self.positional_embedding
        mean_B1D = _attend(self.q_proj(x_BQD[:, :1]), self.k_proj(x_BQD), self.v_proj(x_BQD), self.heads)
        pooled_BG: Tensor = self.c_proj(mean_B1D[:, 0])
        return pooled_BG


def _feed_forward(width: int, inner: int) -> nn.Sequential:
    return nn.Sequential(
        nn.LayerNorm(width),
        nn.Linear(width, inner, bias=False),
        nn.GELU(),
        nn.Linear(inner, width, bias=False),
    )


def _attend(queries_BQI: Tensor, keys_BNI: Tensor, values_BNI: Tensor, heads: int) -> Tensor:
    """Attention in `heads` heads, (B, Q, I)."""

    def split(x_BNI: Tensor) -> Tensor:
        batch, length, width = x_BNI.shape
        return x_BNI.view(batch, length, heads, width // heads).transpose(1, 2)

    out = F.scaled_dot_product_attention(split(queries_BQI), split(keys_BNI), split(values_BNI))
    return out.transpose(1, 2).flatten(2)
