"""Pixels <-> latents, cheap enough for two CPU cores, and SDXL's autoencoder at full scale.

Knows pixels, latents, their scale and the reconstruction loss. Knows nothing about image tokens or diffusion.

Legend: B batch, C latent channels, c feature channels, H W places (pixels or latents).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limner.models.blockwise import BlockwiseAutoencoder
from limner.models.sizes import AutoencoderSizes

KL_WEIGHT = 1e-5
EDGE_WEIGHT = 0.5
SQUARED_WEIGHT = 4.0


class Autoencoder(nn.Module):
    """The one face of both autoencoders: latents of zero mean and unit spread, pixels in [-1, 1].

    The small one refines a blockwise cosine transform and is trained here; with `library=True` it is
    diffusers' `AutoencoderKL`, whose public weights fit under `core.kl.`; with `identity=True` latents are
    the pixels, and nothing is trained. `latent_mean` and `latent_std` (C,)
    are set by `fit_statistics` after training.
    """

    latent_mean: Tensor
    latent_std: Tensor

    def __init__(self, sizes: AutoencoderSizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.core = _core(sizes)
        self.register_buffer("latent_mean", torch.zeros(sizes.latent_channels))
        self.register_buffer("latent_std", torch.ones(sizes.latent_channels))

    def encode(self, pixels_B3HW: Tensor) -> Tensor:
        """Pixels (B, 3, S, S) in [-1, 1] -> latents (B, C, S / f, S / f) of unit spread; no randomness."""
        mean, std = self.latent_mean[:, None, None], self.latent_std[:, None, None]
        return ((self._posterior(pixels_B3HW)[0] - mean) / std).to(pixels_B3HW.dtype)

    def decode(self, latents_BCHW: Tensor) -> Tensor:
        """Latents of unit spread -> pixels (B, 3, S, S), about in [-1, 1] and not clamped."""
        mean, std = self.latent_mean[:, None, None], self.latent_std[:, None, None]
        return self.core.draw((latents_BCHW * std + mean).to(latents_BCHW.dtype))

    def loss(
        self, pixels_B3HW: Tensor, generator: torch.Generator | None = None
    ) -> tuple[Tensor, dict[str, float]]:
        """Errors of pixels and edges, and a tiny KL that keeps latents smooth -> (scalar, metrics)."""
        mean, log_variance = self._posterior(pixels_B3HW)
        source = generator.device if generator is not None else mean.device
        noise = torch.randn(mean.shape, generator=generator, device=source).to(mean)
        drawn = self.core.draw(mean + torch.exp(0.5 * log_variance) * noise)
        kl = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).mean()
        absolute = (drawn - pixels_B3HW).abs().mean()
        edges = (_edges(drawn) - _edges(pixels_B3HW)).abs().mean()
        squared = (drawn - pixels_B3HW).square().mean()
        # The sum of the KL over latents, as it is usually weighed, for a picture of this size.
        num_latents = mean[0].numel()
        total = absolute + EDGE_WEIGHT * edges + SQUARED_WEIGHT * squared + KL_WEIGHT * num_latents * kl
        psnr = -10 * torch.log10(squared.detach() / 4)
        metrics = {"psnr_db": float(psnr), "kl": float(kl.detach()), "absolute": float(absolute.detach())}
        return total, metrics

    @torch.no_grad()
    def fit_statistics(self, pixels_B3HW: Tensor) -> None:
        """Set the mean and spread of latents, channel by channel, from a sample of pictures."""
        latents = self._posterior(pixels_B3HW)[0].float()
        self.latent_mean.copy_(latents.mean(dim=(0, 2, 3)))
        self.latent_std.copy_(latents.std(dim=(0, 2, 3)).clamp_min(1e-4))

    def _posterior(self, pixels_B3HW: Tensor) -> tuple[Tensor, Tensor]:
        size = self.sizes.downsampling
        if pixels_B3HW.shape[-1] % size or pixels_B3HW.shape[-2] % size:
            raise ValueError(
                f"The autoencoder reads pictures whose sides are multiples of {size} px, "
                f"not {tuple(pixels_B3HW.shape[-2:])}; resize first."
            )
        mean, log_variance = self.core.moments(pixels_B3HW).chunk(2, dim=1)
        return mean, log_variance.clamp(-30, 20)


class IdentityAutoencoder(nn.Module):
    """Latents that are the pixels, unshuffled, for a detokenizer that draws pixels itself."""

    def __init__(self, sizes: AutoencoderSizes) -> None:
        super().__init__()
        if sizes.latent_channels != 3 * sizes.unshuffle**2:
            raise ValueError(
                f"Pixels unshuffled by {sizes.unshuffle} have {3 * sizes.unshuffle**2} channels, "
                f"not {sizes.latent_channels}; change the autoencoder's sizes."
            )
        self.unshuffle = sizes.unshuffle

    def moments(self, pixels_B3HW: Tensor) -> Tensor:
        """Pixels -> themselves, and the log variance of what is known exactly."""
        unshuffled_BCHW = F.pixel_unshuffle(pixels_B3HW, self.unshuffle)
        return torch.cat([unshuffled_BCHW, torch.full_like(unshuffled_BCHW, -30.0)], dim=1)

    def draw(self, raw_latents_BCHW: Tensor) -> Tensor:
        """The inverse of `moments`."""
        return F.pixel_shuffle(raw_latents_BCHW, self.unshuffle)


class LibraryAutoencoder(nn.Module):
    """diffusers' `AutoencoderKL` behind a pixel unshuffle (of 1 for the public weights).

    Trained from nothing it gained 0.05 dB over a cosine transform in the time in which `BlockwiseAutoencoder`
    gained 0.8 (28 s of one core), so only the full scale, whose weights are public, uses it.
    """

    def __init__(self, sizes: AutoencoderSizes) -> None:
        super().__init__()
        # Imported here: a machine that works on image tokens alone needs no diffusers.
        from diffusers import AutoencoderKL

        self.unshuffle = sizes.unshuffle
        num_blocks = len(sizes.block_widths)
        channels = 3 * sizes.unshuffle**2
        kl_class: Any = AutoencoderKL  # the library's lazy modules have no types
        self.kl = kl_class(
            in_channels=channels,
            out_channels=channels,
            down_block_types=("DownEncoderBlock2D",) * num_blocks,
            up_block_types=("UpDecoderBlock2D",) * num_blocks,
            block_out_channels=sizes.block_widths,
            layers_per_block=sizes.layers_per_block,
            latent_channels=sizes.latent_channels,
            norm_num_groups=sizes.norm_groups,
            sample_size=sizes.image_size_px // sizes.unshuffle,
            mid_block_add_attention=sizes.mid_attention,
        )

    def moments(self, pixels_B3HW: Tensor) -> Tensor:
        """Pixels -> mean and log variance of the latents, side by side (B, 2 C, H, W)."""
        moments: Tensor = self.kl.quant_conv(self.kl.encoder(F.pixel_unshuffle(pixels_B3HW, self.unshuffle)))
        return moments

    def draw(self, raw_latents_BCHW: Tensor) -> Tensor:
        """Unscaled latents -> pixels."""
        drawn: Tensor = self.kl.decoder(self.kl.post_quant_conv(raw_latents_BCHW))
        return F.pixel_shuffle(drawn, self.unshuffle)


def _core(sizes: AutoencoderSizes) -> IdentityAutoencoder | LibraryAutoencoder | BlockwiseAutoencoder:
    if sizes.identity:
        return IdentityAutoencoder(sizes)
    return LibraryAutoencoder(sizes) if sizes.library else BlockwiseAutoencoder(sizes)


def _edges(pixels_B3HW: Tensor) -> Tensor:
    """Differences between neighbours to the right and below, side by side: what makes a blurred line cost."""
    right = pixels_B3HW[..., :-1, 1:] - pixels_B3HW[..., :-1, :-1]
    below = pixels_B3HW[..., 1:, :-1] - pixels_B3HW[..., :-1, :-1]
    return torch.cat([right, below], dim=1)
