"""The autoencoder and the encoder's picture decoder at tiny size: scale, shapes, and that both learn."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from limner.models.autoencoder import Autoencoder
from limner.models.blockwise import cosine_basis
from limner.models.presets import TINY

SIZE = TINY.image_size_px


def smooth_pictures(count: int) -> torch.Tensor:
    """Flat colours that run into each other."""
    coarse = torch.rand(count, 3, 3, 3, generator=torch.Generator().manual_seed(2)) * 2 - 1
    return torch.nn.functional.interpolate(coarse, size=(SIZE, SIZE), mode="bilinear", align_corners=True)


@pytest.fixture
def autoencoder() -> Autoencoder:
    torch.manual_seed(0)
    return Autoencoder(TINY.autoencoder)


def test_pictures_come_back_in_shape_from_small_latents(autoencoder: Autoencoder) -> None:
    with torch.no_grad():
        latents = autoencoder.encode(smooth_pictures(2))
        assert latents.shape == (2, TINY.autoencoder.latent_channels, SIZE // 8, SIZE // 8)
        assert autoencoder.decode(latents).shape == (2, 3, SIZE, SIZE)


def test_encoding_has_no_chance_in_it_and_ignores_the_batch(autoencoder: Autoencoder) -> None:
    pixels = smooth_pictures(3)
    with torch.no_grad():
        latents = autoencoder.encode(pixels)
        torch.testing.assert_close(autoencoder.encode(pixels[2:]), latents[2:], atol=1e-5, rtol=1e-4)


def test_fitted_latents_have_unit_spread_and_decode_as_before(autoencoder: Autoencoder) -> None:
    pixels = smooth_pictures(32)
    with torch.no_grad():
        before = autoencoder.decode(autoencoder.encode(pixels))
        autoencoder.fit_statistics(pixels)
        latents = autoencoder.encode(pixels)
        after = autoencoder.decode(latents)
    assert float(latents.std(dim=(0, 2, 3)).min()) == pytest.approx(1, abs=0.01)
    assert float(latents.mean(dim=(0, 2, 3)).abs().max()) < 0.01
    torch.testing.assert_close(after, before, atol=1e-4, rtol=1e-3)


def test_it_starts_from_a_blurred_picture_and_learns(autoencoder: Autoencoder) -> None:
    pixels = smooth_pictures(8)
    optimizer = torch.optim.Adam(autoencoder.parameters(), lr=3e-3)
    generator = torch.Generator().manual_seed(0)
    quality = []
    for _ in range(40):
        loss, metrics = autoencoder.loss(pixels, generator)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        quality.append(metrics["psnr_db"])
    assert quality[0] > 12
    assert quality[-1] > quality[0] + 4
    without = [name for name, p in autoencoder.named_parameters() if p.grad is None]
    assert without == []


def test_the_library_autoencoder_has_the_same_face() -> None:
    sizes = dataclasses.replace(
        TINY.autoencoder, library=True, unshuffle=2, block_widths=(8, 8, 8), norm_groups=4
    )
    library = Autoencoder(sizes)
    pixels = smooth_pictures(2)
    assert library.encode(pixels).shape == (2, sizes.latent_channels, SIZE // 8, SIZE // 8)
    loss, _ = library.loss(pixels, torch.Generator().manual_seed(0))
    loss.backward()
    assert [name for name, p in library.named_parameters() if p.grad is None] == []
    assert "core.kl.encoder.conv_in.weight" in library.state_dict()


def test_sides_that_latents_cannot_tile_are_refused(autoencoder: Autoencoder) -> None:
    with pytest.raises(ValueError, match="multiples of 8 px"):
        autoencoder.encode(torch.zeros(1, 3, 30, 32))


def test_the_cosine_basis_is_orthonormal_and_begins_with_flat_colours() -> None:
    basis, gains = cosine_basis(10, 4)
    torch.testing.assert_close(basis @ basis.T, torch.eye(10), atol=1e-5, rtol=0)
    assert gains[:3].flatten().tolist() == [1.0, 1.0, 1.0]
    assert float(gains[3:].min()) > 1
    flat = torch.tensor([0.3, -0.5, 0.8]).repeat_interleave(16)
    torch.testing.assert_close(basis[:3].T @ (basis[:3] @ flat), flat, atol=1e-5, rtol=0)
