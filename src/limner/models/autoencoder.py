"""Pixels <-> latents: the library's KL autoencoder behind a pixel unshuffle, cheap enough for two CPU cores.

Knows pixels, latents, their scale and the reconstruction loss. Knows nothing about image tokens or diffusion.

Legend: B batch, C latent channels, H W places (pixels or latents).
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limner.models.presets import AutoencoderSizes

KL_WEIGHT = 1e-5
EDGE_WEIGHT = 0.5
START_LOG_VARIANCE = -6.0


class Autoencoder(nn.Module):
    """`unshuffle` packs squares of pixels into channels, so that no convolution runs at full resolution.

    With `unshuffle=1` and the sizes of SDXL's autoencoder it is that autoencoder. `latent_mean` and
    `latent_std` (C,) bring latents to zero mean and unit spread; `fit_statistics` sets them after training.
    """

    latent_mean: Tensor
    latent_std: Tensor

    def __init__(self, sizes: AutoencoderSizes) -> None:
        super().__init__()
        # Imported here: a machine that works on image tokens alone needs no diffusers.
        from diffusers import AutoencoderKL

        self.sizes = sizes
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
        if sizes.linear_shortcut:
            # The networks only add what a blockwise cosine transform misses, so training starts from a
            # blurred picture rather than from gray: some 15 dB ahead, which two CPU cores would take an hour
            # to earn.
            basis = cosine_basis(sizes.latent_channels, sizes.downsampling)
            self.analysis = nn.Conv2d(basis.shape[1], sizes.latent_channels, 1, bias=False)
            self.synthesis = nn.Conv2d(sizes.latent_channels, basis.shape[1], 1, bias=False)
            with torch.no_grad():
                self.analysis.weight.copy_((basis / sizes.downsampling)[:, :, None, None])
                self.synthesis.weight.copy_((basis * sizes.downsampling).T[:, :, None, None])
                self.kl.decoder.conv_out.weight.mul_(0.1)
                self.kl.quant_conv.weight.mul_(0.3)
                self.kl.quant_conv.bias.zero_()
                self.kl.quant_conv.bias[sizes.latent_channels :] = START_LOG_VARIANCE
        self.register_buffer("latent_mean", torch.zeros(sizes.latent_channels))
        self.register_buffer("latent_std", torch.ones(sizes.latent_channels))

    def encode(self, pixels_B3HW: Tensor) -> Tensor:
        """Pixels (B, 3, S, S) in [-1, 1] -> latents (B, C, S / f, S / f) of unit spread; no randomness."""
        return self._scale(self._posterior(pixels_B3HW)[0])

    def decode(self, latents_BCHW: Tensor) -> Tensor:
        """Latents of unit spread -> pixels (B, 3, S, S), about in [-1, 1] and not clamped."""
        mean, std = self.latent_mean[:, None, None], self.latent_std[:, None, None]
        return self._draw(latents_BCHW * std + mean)

    def loss(
        self, pixels_B3HW: Tensor, generator: torch.Generator | None = None
    ) -> tuple[Tensor, dict[str, float]]:
        """Absolute error, also of edges, and a tiny KL that keeps latents smooth -> (scalar, metrics)."""
        mean, log_variance = self._posterior(pixels_B3HW)
        source = generator.device if generator is not None else mean.device
        noise = torch.randn(mean.shape, generator=generator, device=source).to(mean)
        drawn = self._draw(mean + torch.exp(0.5 * log_variance) * noise)
        kl = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(dim=(1, 2, 3)).mean()
        absolute = (drawn - pixels_B3HW).abs().mean()
        edges = (_edges(drawn) - _edges(pixels_B3HW)).abs().mean()
        squared = (drawn - pixels_B3HW).square().mean()
        num_values = pixels_B3HW[0].numel()
        total = absolute + EDGE_WEIGHT * edges + 2.0 * squared + KL_WEIGHT * kl * (49152 / num_values)
        psnr = -10 * torch.log10(squared.detach() / 4)
        return total, {"psnr_db": float(psnr), "kl": float(kl.detach()), "absolute": float(absolute.detach())}

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
        moments = self.kl.encoder(F.pixel_unshuffle(pixels_B3HW, self.sizes.unshuffle))
        mean, log_variance = self.kl.quant_conv(moments).chunk(2, dim=1)
        if self.sizes.linear_shortcut:
            mean = mean + self.analysis(F.pixel_unshuffle(pixels_B3HW, size))
        return mean, log_variance.clamp(-30, 20)

    def _draw(self, raw_latents_BCHW: Tensor) -> Tensor:
        drawn = self.kl.decoder(self.kl.post_quant_conv(raw_latents_BCHW))
        pixels = F.pixel_shuffle(drawn, self.sizes.unshuffle)
        if self.sizes.linear_shortcut:
            pixels = pixels + F.pixel_shuffle(self.synthesis(raw_latents_BCHW), self.sizes.downsampling)
        return pixels

    def _scale(self, raw_latents_BCHW: Tensor) -> Tensor:
        mean, std = self.latent_mean[:, None, None], self.latent_std[:, None, None]
        return (raw_latents_BCHW - mean) / std


def _edges(pixels_B3HW: Tensor) -> Tensor:
    """Differences between neighbours to the right and below, side by side: what makes a blurred line cost."""
    right = pixels_B3HW[..., :-1, 1:] - pixels_B3HW[..., :-1, :-1]
    below = pixels_B3HW[..., 1:, :-1] - pixels_B3HW[..., :-1, :-1]
    return torch.cat([right, below], dim=1)


def cosine_basis(num_channels: int, block_px: int) -> Tensor:
    """The `num_channels` smoothest orthonormal patterns on a block of pixels, (num_channels, 3 * block_px^2).

    Products of a 2D cosine (DCT-II) and one of three orthogonal colour axes, in `pixel_unshuffle`'s order of
    channels; gray patterns go first, as eyes and pictures have most of their detail there.
    """
    places = (torch.arange(block_px) + 0.5) * math.pi / block_px
    waves = torch.stack([torch.cos(k * places) for k in range(block_px)])
    waves = F.normalize(waves, dim=1)
    colours = F.normalize(torch.tensor([[1.0, 1.0, 1.0], [1.0, 0.0, -1.0], [1.0, -2.0, 1.0]]), dim=1)
    order = sorted(
        (
            (row + column + (1.9 if colour else 0.0), colour, row, column)
            for colour in range(3)
            for row in range(block_px)
            for column in range(block_px)
        ),
        key=lambda item: (item[0] if item[2] + item[3] else -1.0, *item[1:]),
    )
    patterns = [
        torch.einsum("c,y,x->cyx", colours[colour], waves[row], waves[column]).flatten()
        for _, colour, row, column in order[:num_channels]
    ]
    return torch.stack(patterns)
