"""Discrete-time diffusion as SDXL was trained: the noise schedule, its times, and Euler's sampler.

Conventions: step 0 is the least noise and step 999 the most; x_t = sqrt(a_t) * data + sqrt(1 - a_t) * noise,
a_t the product of 1 - beta (Ho et al. 2020, eq. 4); a network predicts the noise. Samplers work on
x = x_t / sqrt(a_t), whose noise has the spread sigma_t = sqrt(1 / a_t - 1) (Karras et al. 2022, section 4).
Knows tensors of any shape whose first axis is the batch. Knows nothing about networks.

Legend: B batch, T the 1,000 steps of training.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final, Literal

import torch
from torch import Tensor

from limner.models.flow import spread_time

NUM_STEPS: Final = 1000
FIRST_BETA: Final = 0.00085
LAST_BETA: Final = 0.012

Predict = Callable[[Tensor], Tensor]
"""x_t of shape (B, ...) -> noise of the shape of x."""
Spacing = Literal["leading", "trailing"]


def signal_levels() -> Tensor:
    """a_t (T,) float32 of Stable Diffusion's "scaled linear" betas: linear in their square roots."""
    betas_T = torch.linspace(FIRST_BETA**0.5, LAST_BETA**0.5, NUM_STEPS, device="cpu") ** 2
    return torch.cumprod(1 - betas_T, dim=0)


def random_steps(count: int, generator: torch.Generator | None, device: torch.device | str = "cpu") -> Tensor:
    """`count` steps, evenly drawn: one in each of `count` equal shares, shuffled."""
    source = generator.device if generator is not None else torch.device("cpu")
    order = torch.randperm(count, generator=generator, device=source)
    shares = (order + torch.rand(count, generator=generator, device=source)) / count
    return (shares * NUM_STEPS).long().clamp_max(NUM_STEPS - 1).to(device)


def add_noise(data: Tensor, noise: Tensor, step_B: Tensor) -> Tensor:
    """x_t of data and noise at the steps of each row."""
    level = spread_time(signal_levels().to(data.device)[step_B], data)
    return level.sqrt() * data + (1 - level).sqrt() * noise


def sampling_steps(num_steps: int, spacing: Spacing) -> list[int]:
    """Training steps to visit, most noise first.

    "leading" is SDXL's own (multiples of 1000 // num_steps, plus 1) and begins below the most noise;
    "trailing" begins at it, which matters when steps are few (Lin et al. 2024, table 2).
    """
    if not 1 <= num_steps <= NUM_STEPS:
        raise ValueError(f"This sampler takes 1 to {NUM_STEPS} steps, not {num_steps}.")
    if spacing == "leading":
        stride = NUM_STEPS // num_steps
        return [min(index * stride + 1, NUM_STEPS - 1) for index in reversed(range(num_steps))]
    return [round(NUM_STEPS - index * NUM_STEPS / num_steps) - 1 for index in range(num_steps)]


def noise_levels(steps: Sequence[int]) -> list[float]:
    """sigma_t at the given training steps, and the 0 that the last step leads to."""
    levels = [float(signal_levels()[step]) for step in steps]
    return [*(math.sqrt(1 / level - 1) for level in levels), 0.0]


def first_scale(sigma: float, spacing: Spacing) -> float:
    """What unit noise is multiplied by to stand at the first level; "leading" begins below pure noise."""
    return math.sqrt(sigma**2 + 1) if spacing == "leading" else sigma


def euler_step(predict: Predict, x: Tensor, sigma_B: Tensor, next_sigma_B: Tensor) -> tuple[Tensor, Tensor]:
    """One Euler step from sigma to the next one, each row at its own: (x, the data it points to), float32.

    `predict` is given x_t, of unit spread.
    """
    sigma, next_sigma = spread_time(sigma_B, x), spread_time(next_sigma_B, x)
    predicted = predict(x / (sigma**2 + 1).sqrt()).float()
    return x + (next_sigma - sigma) * predicted, x - sigma * predicted
