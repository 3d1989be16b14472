"""The sampler on velocities whose paths are known in closed form."""

from __future__ import annotations

import math

import pytest
import torch

from limner.models.flow import (
    euler_step,
    integrate,
    interpolate,
    random_times,
    seeded_noise,
    target_velocity,
    time_schedule,
)


def decay(x: torch.Tensor, time_B: torch.Tensor) -> torch.Tensor:
    """dx/dt = -x: x(1) = x(0) / e."""
    return -x


def test_a_straight_path_needs_one_step() -> None:
    data, noise = torch.randn(3, 4), torch.randn(3, 4)
    arrived = integrate(lambda x, t: target_velocity(data, noise), noise, 1)
    torch.testing.assert_close(arrived, data)


def test_the_path_starts_at_noise_and_ends_at_data() -> None:
    data, noise = torch.randn(2, 3, 4), torch.randn(2, 3, 4)
    torch.testing.assert_close(interpolate(data, noise, torch.zeros(2)), noise)
    torch.testing.assert_close(interpolate(data, noise, torch.ones(2)), data)


def test_the_error_halves_with_twice_the_steps() -> None:
    start = torch.ones(1, 1, dtype=torch.float64)
    errors = [abs(float(integrate(decay, start, steps)) - math.exp(-1)) for steps in (20, 40)]
    assert errors[0] / errors[1] == pytest.approx(2, rel=0.1)


def test_the_exact_velocity_carries_noise_to_a_known_gaussian() -> None:
    """For data ~ N(m, s^2) the marginal velocity is linear in x: the samples must come out with that mean and
    spread.
    """
    mean, std = 2.0, 0.5

    def velocity(x: torch.Tensor, time_B: torch.Tensor) -> torch.Tensor:
        t = time_B.reshape(-1, 1)
        variance = (1 - t) ** 2 + (t * std) ** 2
        return mean + (t * std**2 - (1 - t)) / variance * (x - t * mean)

    samples = integrate(velocity, torch.randn(4000, 1, generator=torch.Generator().manual_seed(0)), 100)
    assert float(samples.mean()) == pytest.approx(mean, abs=0.03)
    assert float(samples.std()) == pytest.approx(std, abs=0.03)


def test_rows_at_different_times_can_share_a_step() -> None:
    x, now, later = torch.ones(2, 1), torch.tensor([0.0, 0.5]), torch.tensor([0.25, 1.0])
    torch.testing.assert_close(euler_step(decay, x, now, later), torch.tensor([[0.75], [0.5]]))


def test_a_seed_is_its_noise_whatever_the_batch() -> None:
    together = seeded_noise([7, 8, 9], (2, 3))
    torch.testing.assert_close(seeded_noise([8], (2, 3))[0], together[1], atol=0, rtol=0)
    assert not torch.equal(together[0], together[1])


def test_schedules_run_from_noise_to_data() -> None:
    assert time_schedule(4) == pytest.approx([0, 0.25, 0.5, 0.75, 1])
    with pytest.raises(ValueError, match="at least 1 step"):
        time_schedule(0)


def test_random_times_cover_the_middle_most_and_repeat_with_the_generator() -> None:
    times = random_times(1000, torch.Generator().manual_seed(3))
    assert torch.equal(times, random_times(1000, torch.Generator().manual_seed(3)))
    assert 0 < float(times.min()) < 0.1
    assert 0.9 < float(times.max()) < 1
    assert float(((times > 0.25) & (times < 0.75)).float().mean()) > 0.6
