"""A detokenizer that draws pixels: shapes, what noise may disturb, edges, and that it learns to draw."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from limner.models.autoencoder import Autoencoder
from limner.models.detokenizer import DiTDetokenizer
from limner.models.pixel_frame import PixelFrame, edges, sharpened, times_with_start
from limner.models.sizes import AutoencoderSizes, DetokenizerSizes

SIZES = DetokenizerSizes(
    latent_size=32,
    latent_channels=3,
    patch_size=8,
    width=32,
    layers=2,
    heads=2,
    token_dim=8,
    num_tokens=6,
    refiner_widths=(16, 8),
    bottleneck=16,
    summary_width=24,
)


def test_pixels_come_out_as_large_as_they_went_in() -> None:
    model = DiTDetokenizer(SIZES)
    pixels, tokens = torch.randn(2, 3, 32, 32), torch.randn(2, 6, 8)
    time = torch.tensor([0.0, 0.5])
    assert model.predict_data(pixels, time, tokens).shape == pixels.shape
    assert model.errors(pixels, tokens).shape == pixels.shape


def test_refining_steps_must_fit_the_picture() -> None:
    with pytest.raises(ValueError, match="refining steps"):
        PixelFrame(replace(SIZES, refiner_widths=(16,)))


def test_pure_noise_tells_and_disturbs_nothing() -> None:
    model = DiTDetokenizer(SIZES).eval()
    tokens, start = torch.randn(2, 6, 8), torch.zeros(2)
    drawn = [model.predict_data(torch.randn(2, 3, 32, 32), start, tokens) for _ in range(2)]
    torch.testing.assert_close(*drawn)
    later = [model.predict_data(torch.randn(2, 3, 32, 32), start + 0.5, tokens) for _ in range(2)]
    assert (later[0] - later[1]).abs().max() > 1e-4


def test_the_last_step_ends_at_what_is_predicted() -> None:
    model = DiTDetokenizer(SIZES).eval()
    tokens = torch.randn(1, 6, 8)
    predicted = model.predict_data(torch.zeros(1, 3, 32, 32), torch.zeros(1), tokens)
    torch.testing.assert_close(model.sample(tokens, 1, [7]), predicted, atol=1e-5, rtol=1e-4)


def test_edges_are_differences_of_neighbours() -> None:
    error = torch.zeros(1, 1, 4, 4)
    error[0, 0, 1, 2] = 1.0
    found = edges(error)[0, 0]
    assert found[1, 1] == 1  # to the right
    assert found[0, 2] == 1  # below
    assert found[1, 2] == 2  # its own two neighbours
    assert found.sum() == 4


def test_some_times_are_the_start() -> None:
    generator = torch.Generator().manual_seed(0)
    times = times_with_start(torch.full((4_000,), 0.5), 0.75, generator)
    assert float((times == 0).float().mean()) == pytest.approx(0.75, abs=0.03)
    assert set(times.unique().tolist()) == {0.0, 0.5}


def test_it_learns_to_draw_what_tokens_say() -> None:
    torch.manual_seed(0)
    model = DiTDetokenizer(SIZES)
    colours = torch.tensor([[-1.0, 0.0, 1.0], [1.0, -1.0, 0.0]])
    pixels = colours[:, :, None, None].expand(2, 3, 32, 32).clone()
    pixels[0, :, :, :16] = 0.5  # an edge in the middle of a patch's row
    tokens = torch.randn(2, 6, 8)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(250):
        loss = model.loss(pixels, tokens)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    drawn = model.eval().sample(tokens, 1, [1, 2])
    assert (drawn - pixels).abs().mean() < 0.12


@pytest.mark.parametrize("unshuffle", [1, 4])
def test_latents_may_be_the_pixels(unshuffle: int) -> None:
    sizes = AutoencoderSizes(
        image_size_px=32,
        unshuffle=unshuffle,
        block_widths=(),
        layers_per_block=0,
        latent_channels=3 * unshuffle**2,
        identity=True,
    )
    autoencoder = Autoencoder(sizes)
    pixels = torch.rand(2, 3, 32, 32) * 2 - 1
    latents = autoencoder.encode(pixels)
    assert latents.shape == (2, 3 * unshuffle**2, 32 // unshuffle, 32 // unshuffle)
    assert latents.shape[-1] == sizes.latent_size
    torch.testing.assert_close(autoencoder.decode(latents), pixels)
    with pytest.raises(ValueError, match="channels"):
        Autoencoder(replace(sizes, latent_channels=5))


def test_sharpening_leaves_plain_colours_and_steepens_edges() -> None:
    plain = torch.full((1, 3, 16, 16), 0.4)
    torch.testing.assert_close(sharpened(plain, 0.8), plain)
    edge = torch.zeros(1, 3, 16, 16)
    edge[..., 6:10] = torch.linspace(0, 1, 4)
    edge[..., 10:] = 1.0
    made = sharpened(edge, 0.8)
    steepest = [float((pixels[..., 1:] - pixels[..., :-1]).max()) for pixels in (edge, made)]
    assert steepest[1] > 1.1 * steepest[0]
    torch.testing.assert_close(made[..., 0], edge[..., 0])
    torch.testing.assert_close(sharpened(edge.mT.contiguous(), 0.8), made.mT)  # both ways alike


def test_only_what_is_finished_is_sharpened() -> None:
    tokens = torch.randn(2, SIZES.num_tokens, SIZES.token_dim)
    drawn = []
    for strength in (0.0, 0.8):
        torch.manual_seed(3)
        network = DiTDetokenizer(replace(SIZES, sharpening=strength)).eval()
        drawn.append(network.sample(tokens, 3, [1, 2]))
    soft, crisp = drawn
    torch.testing.assert_close(crisp, sharpened(soft, 0.8))
    assert not torch.equal(crisp, soft)
