"""The numbers of one training run, and the learning rate at each optimizer step.

Knows arithmetic only. Nothing about networks, data or files.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How long, how much at once, how fast. Optimizer defaults are the paper's (supplement, training
    details).
    """

    steps: int
    batch: int  # samples in one micro-batch
    accumulation: int = 1  # micro-batches in one optimizer step
    learning_rate: float = 1e-3
    optimizer: Literal["adamw", "muon"] = "adamw"  # muon: convolutions step orthogonally, the rest by AdamW
    warmup_steps: int = 50
    schedule: Literal["constant", "cosine"] = "cosine"
    final_fraction: float = 0.02  # of the learning rate, at the end of the cosine
    betas: tuple[float, float] = (0.9, 0.98)
    epsilon: float = 1e-6
    # The paper's 0.05 goes with rates of 1e-5. At 1e-3 it wears the resamplers' sharp routing down to a mean
    # of all tokens within a few thousand steps (docs/LOG.md), so only full-scale plans set it.
    weight_decay: float = 0.0
    clip_norm: float = 1.0
    average_decay: float = 0.998  # 0 switches the moving average off
    seed: int = 0
    validations: int = 6  # how often in the run, besides before the first and after the last step
    save_every_s: float = 180.0

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "accumulation"):
            if getattr(self, name) < 1:
                raise ValueError(f"A plan's {name} must be at least 1, not {getattr(self, name)}.")

    @property
    def samples_per_step(self) -> int:
        """The effective batch."""
        return self.batch * self.accumulation


def learning_rate(plan: Plan, step: int) -> float:
    """The rate of optimizer step `step` (from 0): linear warm-up, then constant or a cosine down to the final
    part.

    The schedule counts optimizer steps, never micro-batches. While warming up it doesn't depend on
    `plan.steps`.
    """
    if step < plan.warmup_steps:
        return plan.learning_rate * (step + 1) / plan.warmup_steps
    if plan.schedule == "constant":
        return plan.learning_rate
    done = (step - plan.warmup_steps) / max(1, plan.steps - plan.warmup_steps)
    wave = 0.5 * (1.0 + math.cos(math.pi * min(1.0, done)))
    return plan.learning_rate * (plan.final_fraction + (1.0 - plan.final_fraction) * wave)
