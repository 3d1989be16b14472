"""The numbers of one training run, and the learning rate at each optimizer step.

Knows arithmetic only. Nothing about networks, data or files.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
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
    # With muon, also the matrices of modules of these names: ("resblocks",) for those of a transformer.
    orthogonal_in: tuple[str, ...] = ()
    warmup_steps: int = 50
    schedule: Literal["constant", "cosine"] = "cosine"
    # Shares of the steps and the rate of each, one after the other: ((28, 1e-4), (62, 1e-5)). Replaces the
    # schedule.
    phases: tuple[tuple[int, float], ...] = ()
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

    def in_micro_batches_of(self, batch: int) -> Plan:
        """The same effective batch in micro-batches of another size, for another amount of memory."""
        if batch < 1 or self.samples_per_step % batch:
            raise ValueError(
                f"Micro-batches of {batch} don't make up an effective batch of {self.samples_per_step}; "
                "choose a divisor."
            )
        return replace(self, batch=batch, accumulation=self.samples_per_step // batch)

    @property
    def samples_per_step(self) -> int:
        """The effective batch."""
        return self.batch * self.accumulation


def learning_rate(plan: Plan, step: int) -> float:
    """The rate of optimizer step `step` (from 0): linear warm-up, then constant, a cosine down to the final
    part, or the plan's phases.

    The schedule counts optimizer steps, never micro-batches. While warming up it doesn't depend on
    `plan.steps`.
    """
    if plan.phases:
        return _phase(plan, step)
    if step < plan.warmup_steps:
        return plan.learning_rate * (step + 1) / plan.warmup_steps
    if plan.schedule == "constant":
        return plan.learning_rate
    done = (step - plan.warmup_steps) / max(1, plan.steps - plan.warmup_steps)
    wave = 0.5 * (1.0 + math.cos(math.pi * min(1.0, done)))
    return plan.learning_rate * (plan.final_fraction + (1.0 - plan.final_fraction) * wave)


def _phase(plan: Plan, step: int) -> float:
    warm = min(1.0, (step + 1) / plan.warmup_steps) if plan.warmup_steps else 1.0
    shares = sum(share for share, _ in plan.phases)
    ended = 0
    for share, rate in plan.phases:
        ended += share
        if step * shares < ended * plan.steps:
            return warm * rate
    return warm * plan.phases[-1][1]
