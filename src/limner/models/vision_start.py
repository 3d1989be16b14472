"""A start for a small vision encoder that is trained from nothing: each pooled token is a local cosine code.

Knows one initialisation, made with the parameters that the encoder has anyway (Qwen-VL's names and shapes);
weights loaded from a checkpoint replace it. Why: with random weights the pool's queries all read the mean of
the picture, and on tens of thousands of pictures, not billions, the encoder never catches up with a plain
blockwise cosine transform. Here it begins as one: head h of the pool reads patch h of each token's group, and
training improves on that.

Legend: P patches (and queries), C coefficients kept of a patch, W width, D token width, H head width.
"""

from __future__ import annotations

import math
from typing import Final

import torch
from torch import Tensor, nn

from limner.models.blockwise import cosine_basis
from limner.models.vision import QwenVisionTransformer

# Places are told apart by the four highest sine frequencies of either axis: 16 numbers, one head's width.
FREQUENCY_WEIGHTS: Final = (2.0, 1.0, 0.7, 0.3)
CODE_WIDTH: Final = 4 * len(FREQUENCY_WEIGHTS)
LEAD_NATS: Final = 5.0  # of the own place over its neighbours, before the softmax
CONSTANT: Final = 8.0  # against the spread of the coefficients: makes the norms nearly linear
BRANCH_SCALE: Final = 0.2  # of attention and feed-forward branches, so that the codes pass


def fits(vision: QwenVisionTransformer, num_tokens: int) -> bool:
    """Whether the start exists for these sizes: a query a patch, a head of 16 for each patch of a token's
    group.
    """
    sizes = vision.sizes
    return (
        sizes.num_queries == sizes.grid**2
        and sizes.num_queries == num_tokens * sizes.pool_heads
        and sizes.output_dim == CODE_WIDTH * sizes.pool_heads
        and sizes.width >= sizes.output_dim + CODE_WIDTH
    )


@torch.no_grad()
def start_as_cosine_codes(vision: QwenVisionTransformer, num_tokens: int) -> None:
    """Set the weights so that each of `num_tokens` pooled tokens holds the first 15 cosines of each of its
    patches.

    Raises ValueError when the sizes do not allow it (see `fits`).
    """
    if not fits(vision, num_tokens):
        raise ValueError("This encoder's sizes do not allow the cosine start; train it from random weights.")
    sizes = vision.sizes
    _start_patches(vision)
    for block in vision.transformer.resblocks:
        for last in (block.attn.out_proj, block.mlp.c_proj):  # type: ignore[union-attr]
            last.weight.mul_(BRANCH_SCALE)  # type: ignore[operator, union-attr]
            last.bias.zero_()  # type: ignore[operator, union-attr]
    pool = vision.attn_pool
    dim, heads = sizes.output_dim, sizes.pool_heads
    kept = CODE_WIDTH - 1
    readout = _place_readout(dim)  # the 16 dims of the positions that keys read
    free = [index for index in range(dim) if index not in set(readout.tolist())]

    assert isinstance(pool.kv_proj, nn.Linear)
    pool.kv_proj.weight.zero_()
    for row, index in enumerate(free[:kept]):
        pool.kv_proj.weight[index, row] = 1.0
    constants = free[kept:]
    for number, index in enumerate(constants):
        sign = 1.0 if number % 2 == 0 else -1.0
        pool.kv_proj.weight[index, sizes.width - 1] = 0.5 * sign

    weights = torch.tensor([w for w in FREQUENCY_WEIGHTS for _ in range(2)] * 2)
    lead = sum(w * (1 - math.cos(f)) for w, f in zip(FREQUENCY_WEIGHTS, _frequencies(dim), strict=True))
    scale = (LEAD_NATS / lead * CODE_WIDTH**0.5) ** 0.5
    query_rows, key_rows, value_rows = pool.attn.in_proj_weight.chunk(3)
    for rows in (query_rows, key_rows, value_rows):
        rows.zero_()
    pool.attn.in_proj_bias.zero_()
    places_PD = pool.pos_embed
    codes_PH = places_PD[:, readout] * weights.sqrt() * scale
    wanted_PD = torch.cat(
        [codes_PH[_group_member(len(places_PD), heads, head)] for head in range(heads)], dim=1
    )
    for head in range(heads):
        span = slice(head * CODE_WIDTH, (head + 1) * CODE_WIDTH)
        key_rows[span][torch.arange(CODE_WIDTH), readout] = weights.sqrt() * scale
        query_rows[span, span] = torch.eye(CODE_WIDTH)
        for row in range(kept):
            value_rows[head * CODE_WIDTH + row, free[row]] = 1.0
    content_PD = wanted_PD - places_PD
    pool.query.copy_(content_PD)
    pool.ln_q.weight.fill_(content_PD.std(dim=1, unbiased=False).mean())
    pool.attn.out_proj.weight.copy_(torch.eye(dim))
    pool.attn.out_proj.bias.zero_()
    for head in range(heads):
        sign = 1.0 if head % 2 == 0 else -1.0
        pool.attn.out_proj.bias[head * CODE_WIDTH + kept] = sign
    nn.init.orthogonal_(vision.proj)


def _start_patches(vision: QwenVisionTransformer) -> None:
    """Patches as cosine coefficients, lowest first; the last two of the width hold a constant and its
    opposite.
    """
    sizes = vision.sizes
    num = min(sizes.width - CODE_WIDTH, 3 * sizes.patch_size_px**2)
    basis, _ = cosine_basis(num, sizes.patch_size_px)
    vision.conv1.weight.mul_(0.1)
    vision.conv1.weight[:num] = (
        basis.reshape(num, 3, sizes.patch_size_px, sizes.patch_size_px) / sizes.patch_size_px
    )
    vision.conv1.weight[-2:] = 0.0
    vision.positional_embedding.mul_(0.1)
    vision.positional_embedding[:, :num] = 0.0
    vision.positional_embedding[:, -1] = CONSTANT / 2
    vision.positional_embedding[:, -2] = -CONSTANT / 2


def _frequencies(dim: int) -> list[float]:
    return [10000 ** (-index / (dim // 4)) for index in range(len(FREQUENCY_WEIGHTS))]


def _place_readout(dim: int) -> Tensor:
    """Indices of `pos_embed`'s sine and cosine of the four highest frequencies, for columns and then for
    rows.
    """
    quarter = dim // 4
    return torch.tensor(
        [
            half * 2 * quarter + wave * quarter + index
            for half in range(2)
            for index in range(len(FREQUENCY_WEIGHTS))
            for wave in range(2)
        ]
    )


def _group_member(num_places: int, group: int, member: int) -> Tensor:
    """For each place in reading order, the place of `member` within its group of neighbours in the row."""
    places = torch.arange(num_places)
    return places - places % group + member
