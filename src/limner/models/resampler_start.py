"""A start for resamplers that are trained from nothing: query i reads input i and hands it on.

Knows one trick of initialisation, made with the parameters that a resampler has anyway (SEED-X's names and
shapes); weights loaded from a checkpoint replace it. Why: with random weights all queries look alike and read
the mean of all inputs, and on little data it takes long until they differ. Here the sine positions alone
decide who reads whom.

Legend: P places (queries and inputs), D width, R rank of the positions, H head width.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn

from limner.models.resampler import Resampler

# How many nats the own place leads any other place by, before the softmax.
LEAD_NATS: Final = 8.0
# Wider resamplers come from a checkpoint, and the decompositions below would take minutes.
WIDEST: Final = 1024
# Directions of the positions weaker than this share of the strongest would need huge weights: left out.
WEAKEST: Final = 0.02


@torch.no_grad()
def start_as_copy(resampler: Resampler, out_std: float) -> None:
    """Sets the weights so that output i is (almost) a rotation of input i, with standard deviation `out_std`.

    The positions of an 8x8 grid span 15 directions of the width. Queries and keys read these alone, whitened,
    so that the own place leads; the content is laid into the other directions, so that it does not disturb
    the choice at the start. With a `kv_proj` of identity shape the content cannot be moved and does disturb
    it.
    """
    sizes, attn = resampler.sizes, resampler.attn
    if resampler.pos_embed.is_meta or sizes.width > WIDEST:
        return
    positions_PD = resampler.pos_embed.double()
    mean_D = positions_PD.mean(0)
    _, strengths, directions_RD = torch.linalg.svd(positions_PD - mean_D, full_matrices=False)
    head_width = sizes.width // sizes.heads
    rank = min(int((strengths > WEAKEST * strengths[0]).sum()), head_width)
    whitening_RD = directions_RD[:rank] / strengths[:rank, None]
    whitened_PR = (positions_PD - mean_D) @ whitening_RD.T
    kernel_PP = whitened_PR @ whitened_PR.T
    lead = (kernel_PP.diagonal() - (kernel_PP - 2 * torch.eye(len(kernel_PP))).amax(1)).mean()
    reading_RD = whitening_RD * (LEAD_NATS / lead * head_width**0.5) ** 0.5

    blocks = torch.zeros(sizes.heads, head_width, sizes.width, dtype=torch.float64)
    blocks[:, :rank] = reading_RD
    reading_DD = blocks.reshape(sizes.width, sizes.width)
    rotation_DD = _orthogonal(sizes.width, sizes.width)
    attn.in_proj_weight.copy_(torch.cat([reading_DD, reading_DD, rotation_DD]))
    shift_D = -reading_DD @ mean_D
    attn.in_proj_bias.copy_(torch.cat([shift_D, shift_D, torch.zeros_like(shift_D)]))
    attn.out_proj.weight.copy_(_orthogonal(sizes.width, sizes.width) * out_std)
    attn.out_proj.bias.zero_()

    taken = torch.cat([directions_RD[:rank], torch.ones(1, sizes.width, dtype=torch.float64)])
    free_DF = _complement(taken)
    resampler.query.copy_(
        (free_DF @ torch.randn(free_DF.shape[1], dtype=torch.float64))[None].expand_as(resampler.query)
    )
    if isinstance(resampler.kv_proj, nn.Linear):
        resampler.kv_proj.weight.copy_(free_DF @ _orthogonal(free_DF.shape[1], sizes.input_dim))


def keep_routing(*resamplers: Resampler) -> None:
    """Freezes who reads whom: of each resampler only the way out is still trained.

    Rates of 1e-3 undo the start within 300 steps: what reads the positions are large weights along weak
    directions, and a little noise on them mixes all tokens (own share .995 -> .10, docs/LOG.md).
    """
    for resampler in resamplers:
        for name, parameter in resampler.named_parameters():
            parameter.requires_grad_(name.startswith("attn.out_proj"))


def _complement(rows_RD: Tensor) -> Tensor:
    """Orthonormal columns (D, D - R) that span everything orthogonal to the rows."""
    rank = torch.linalg.matrix_rank(rows_RD).item()
    basis_DD, _, _ = torch.linalg.svd(rows_RD.T, full_matrices=True)
    columns_DF: Tensor = basis_DD[:, int(rank) :]
    return columns_DF


def _orthogonal(rows: int, columns: int) -> Tensor:
    matrix = torch.empty(rows, columns)
    nn.init.orthogonal_(matrix)
    double: Tensor = matrix.double()
    return double
