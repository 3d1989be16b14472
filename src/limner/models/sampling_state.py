"""A sampler's state: a picture on its way from noise to latents, a row of whatever batch its next step is in.

Knows what a row is and how rows become a batch. Knows no network and no sampler: a detokenizer makes its own
kind of row (`detokenizer_contract.py`).

Legend: B batch, C latent channels, H W latent places, N image tokens, D token width, ... any axes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, kw_only=True, eq=False)
class SamplingState:
    """One picture after `step` of `num_steps` steps; never changed, each step makes another.

    `x_CHW` is where the sampler stands, float32 and in its own scale. `predicted_x0_CHW` is the
    data that the last step's prediction points to, in the scale of what is drawn; None before the first step.
    """

    tokens_ND: Tensor
    x_CHW: Tensor
    num_steps: int
    step: int = 0
    predicted_x0_CHW: Tensor | None = None

    @property
    def is_done(self) -> bool:
        """Whether no step is left."""
        return self.step >= self.num_steps


def batch(rows: Sequence[Tensor]) -> Tensor:
    """Rows (...) -> (B, ...); a single row is not copied."""
    return rows[0][None] if len(rows) == 1 else torch.stack(list(rows))
