"""The discrete diffusion against diffusers' own scheduler, and on a case with a known answer."""

from __future__ import annotations

import pytest
import torch

from limner.models.diffusion import (
    NUM_STEPS,
    add_noise,
    euler_step,
    first_scale,
    noise_levels,
    random_steps,
    sampling_steps,
    signal_levels,
)

# The scheduler's own use of numpy.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:diffusers.*")


def sdxl_scheduler(num_steps: int, spacing: str):
    from diffusers import EulerDiscreteScheduler

    scheduler = EulerDiscreteScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        timestep_spacing=spacing,
        steps_offset=1,
    )
    scheduler.set_timesteps(num_steps)  # type: ignore[attr-defined]
    return scheduler


def predict(x: torch.Tensor, step_B: torch.Tensor) -> torch.Tensor:
    """Some function of both, as a network would be."""
    return torch.tanh(x) * (0.5 + step_B[:, None] / 2000)


def denoise(predict, noise: torch.Tensor, num_steps: int, *, spacing="trailing") -> torch.Tensor:
    """All steps of the sampler; the data that the last one points to is where it ends."""
    steps = sampling_steps(num_steps, spacing)
    sigmas = torch.tensor(noise_levels(steps))
    x = noise * first_scale(float(sigmas[0]), spacing)
    for index, step in enumerate(steps):
        step_B = torch.full((len(x),), step)
        now_B, later_B = sigmas[index].expand(len(x)), sigmas[index + 1].expand(len(x))
        x, predicted_x0 = euler_step(lambda x_t, step_B=step_B: predict(x_t, step_B), x, now_B, later_B)
    torch.testing.assert_close(predicted_x0, x)
    return x


@pytest.mark.parametrize("spacing", ["leading", "trailing"])
@pytest.mark.parametrize("num_steps", [1, 7, 50])
def test_sampling_is_sdxls_own(num_steps: int, spacing) -> None:
    scheduler = sdxl_scheduler(num_steps, spacing)
    assert sampling_steps(num_steps, spacing) == [int(step) for step in scheduler.timesteps]
    noise = torch.randn(2, 5, generator=torch.Generator().manual_seed(0))
    x = noise * scheduler.init_noise_sigma
    for step in scheduler.timesteps:
        told = predict(scheduler.scale_model_input(x, step), step.expand(2))
        x = scheduler.step(told, step, x).prev_sample
    torch.testing.assert_close(denoise(predict, noise, num_steps, spacing=spacing), x, atol=1e-5, rtol=1e-4)


def test_noise_is_added_as_sdxl_does() -> None:
    from diffusers import DDPMScheduler

    scheduler = DDPMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
    data, noise, step_B = torch.randn(3, 4), torch.randn(3, 4), torch.tensor([0, 500, 999])
    torch.testing.assert_close(add_noise(data, noise, step_B), scheduler.add_noise(data, noise, step_B))  # type: ignore[attr-defined]


def test_one_known_picture_is_found() -> None:
    """With a single picture in the world the best prediction is known, and sampling must end in it."""
    truth = torch.tensor([0.3, -1.2, 2.0])

    def perfect(x: torch.Tensor, step_B: torch.Tensor) -> torch.Tensor:
        level = signal_levels()[step_B][:, None]
        return (x - level.sqrt() * truth) / (1 - level).sqrt()

    found = denoise(perfect, torch.randn(4, 3), 6)
    torch.testing.assert_close(found, truth.expand(4, 3), atol=1e-4, rtol=1e-4)


def test_training_steps_cover_the_path_evenly() -> None:
    steps = random_steps(1000, torch.Generator().manual_seed(0))
    assert sorted(steps.tolist()) == list(range(NUM_STEPS))
    assert steps.tolist() != sorted(steps.tolist())


def test_impossible_numbers_of_steps_are_refused() -> None:
    for num_steps in (0, 1001):
        with pytest.raises(ValueError, match="1 to 1000 steps"):
            sampling_steps(num_steps, "trailing")
