"""Rectified flow: the path from noise to data, its loss, and samplers as free functions.

Conventions, for every part of limner: time t in [0, 1], t = 0 is noise and t = 1 is data;
x_t = (1 - t) * noise + t * data; velocity = dx/dt = data - noise (Liu et al. 2022, eq. 1).
Knows tensors of any shape whose first axis is the batch. Knows nothing about networks.

Legend: B batch, ... any further axes, S sampling steps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor

Velocity = Callable[[Tensor, Tensor], Tensor]
"""(x of shape (B, ...), time_B) -> velocity of the shape of x."""


def spread_time(time_B: Tensor, like: Tensor) -> Tensor:
    """time_B with as many trailing axes of length 1 as `like` needs for broadcasting, in its dtype."""
    return time_B.to(like.dtype).reshape(-1, *([1] * (like.ndim - 1)))


def interpolate(data: Tensor, noise: Tensor, time_B: Tensor) -> Tensor:
    """x_t on the straight path from noise to data."""
    time = spread_time(time_B, data)
    return (1 - time) * noise + time * data


def target_velocity(data: Tensor, noise: Tensor) -> Tensor:
    """dx/dt of the straight path, the same at every time."""
    return data - noise


def random_times(count: int, generator: torch.Generator | None, device: torch.device | str = "cpu") -> Tensor:
    """`count` times in (0, 1), logit-normal: training looks most at the middle (Esser et al. 2024, eq. 19).

    One time in each of `count` equal shares of probability, shuffled, so that even a small batch covers the
    path.
    """
    source = generator.device if generator is not None else torch.device("cpu")
    order = torch.randperm(count, generator=generator, device=source)
    shares = (order + torch.rand(count, generator=generator, device=source)) / count
    normal = torch.special.ndtri(shares.clamp(1e-4, 1 - 1e-4))
    return torch.sigmoid(normal).to(device)


def random_noise(data: Tensor, generator: torch.Generator | None) -> Tensor:
    """Standard normal noise of the shape, dtype and device of `data`, drawn where the generator lives."""
    source = generator.device if generator is not None else data.device
    return torch.randn(data.shape, generator=generator, device=source, dtype=torch.float32).to(data)


def seeded_noise(
    seeds: Sequence[int],
    shape: Sequence[int],
    *,
    device: torch.device | str = "cpu",
) -> Tensor:
    """Noise (len(seeds), *shape): row i depends on seeds[i] alone, whatever the batch and the device."""
    rows = [
        torch.randn(tuple(shape), generator=torch.Generator().manual_seed(int(seed) % 2**63))
        for seed in seeds
    ]
    return torch.stack(rows).to(device=device)


def time_schedule(steps: int) -> list[float]:
    """S + 1 evenly spaced times from 0 to 1."""
    if steps < 1:
        raise ValueError(f"A sampler needs at least 1 step, not {steps}.")
    return [1 - (1 - step / steps) for step in range(steps + 1)]


def euler_step(velocity: Velocity, x: Tensor, time_B: Tensor, next_time_B: Tensor) -> Tensor:
    """One first-order step; every row may stand at a time of its own, so requests at different steps share a
    batch.
    """
    return x + spread_time(next_time_B - time_B, x) * velocity(x, time_B)


@torch.no_grad()
def integrate(velocity: Velocity, noise: Tensor, steps: int) -> Tensor:
    """Carry noise (B, ...) at t = 0 to data at t = 1 in `steps` Euler steps."""
    times = time_schedule(steps)
    x = noise
    for now, later in pairwise(times):
        time_B = torch.full((x.shape[0],), now, device=x.device)
        x = euler_step(velocity, x, time_B, torch.full_like(time_B, later))
    return x
