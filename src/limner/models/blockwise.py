"""A small autoencoder that refines a blockwise cosine transform, for pictures drawn in flat colours.

Knows pixels and unscaled latents. Knows nothing about their loss or scale (`autoencoder.py`).

Legend: B batch, C latent channels, c feature channels, H W places (pixels or latents).
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limner.models.sizes import AutoencoderSizes

START_LOG_VARIANCE = -6.0
START_STD = 0.003


class BlockwiseAutoencoder(nn.Module):
    """The networks only add what the cosine transform of a latent's block of pixels misses.

    So training starts from a blurred picture rather than from gray: some 15 dB ahead, which two CPU cores
    would take an hour to earn. The transform is fixed, for steps that suit the networks would shake it. No
    convolution runs at full resolution (`unshuffle`), and there are no norms: a flat picture's colours are
    what matters in it.
    """

    analysis: Tensor
    synthesis: Tensor

    def __init__(self, sizes: AutoencoderSizes) -> None:
        super().__init__()
        self.sizes = sizes
        basis, gains = cosine_basis(sizes.latent_channels, sizes.downsampling)
        analysis, synthesis = basis * gains / sizes.downsampling, basis / gains * sizes.downsampling
        self.register_buffer("analysis", analysis[:, :, None, None], persistent=False)
        self.register_buffer("synthesis", synthesis.T[:, :, None, None].contiguous(), persistent=False)
        self.encoder = _encoder(sizes)
        self.decoder = _decoder(sizes)
        for last in (self.encoder[-1], self.decoder[-1]):
            nn.init.normal_(last.get_parameter("weight"), std=START_STD)
            nn.init.zeros_(last.get_parameter("bias"))
        nn.init.constant_(self.encoder[-1].get_parameter("bias")[sizes.latent_channels :], START_LOG_VARIANCE)

    def moments(self, pixels_B3HW: Tensor) -> Tensor:
        """Pixels -> mean and log variance of the latents, side by side (B, 2 C, H, W)."""
        fine, blocks = (
            F.pixel_unshuffle(pixels_B3HW, n) for n in (self.sizes.unshuffle, self.sizes.downsampling)
        )
        coarse_BCHW = F.conv2d(blocks, self.analysis.to(blocks.dtype))
        added: Tensor = self.encoder(fine)
        return added + torch.cat([coarse_BCHW, torch.zeros_like(coarse_BCHW)], dim=1)

    def draw(self, raw_latents_BCHW: Tensor) -> Tensor:
        """Unscaled latents -> pixels."""
        coarse = F.conv2d(raw_latents_BCHW, self.synthesis.to(raw_latents_BCHW.dtype))
        blurred = F.pixel_shuffle(coarse, self.sizes.downsampling)
        return blurred + F.pixel_shuffle(self.decoder(raw_latents_BCHW), self.sizes.unshuffle)


class _Refine(nn.Module):
    """A residual pair of 3 x 3 convolutions that starts close to doing nothing."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        nn.init.normal_(self.second.weight, std=0.01)

    def forward(self, x_BcHW: Tensor) -> Tensor:
        change_BcHW: Tensor = self.second(F.silu(self.first(F.silu(x_BcHW))))
        return x_BcHW + change_BcHW


def _encoder(sizes: AutoencoderSizes) -> nn.Sequential:
    widths, depth = sizes.block_widths, sizes.layers_per_block
    layers: list[nn.Module] = [nn.Conv2d(3 * sizes.unshuffle**2, widths[0], 3, padding=1)]
    layers += [_Refine(widths[0]) for _ in range(depth)]
    for narrow, wide in pairwise(widths):
        layers.append(nn.Conv2d(narrow, wide, 3, stride=2, padding=1))
        layers += [_Refine(wide) for _ in range(depth + 1)]
    return nn.Sequential(*layers, nn.Conv2d(widths[-1], 2 * sizes.latent_channels, 1))


def _decoder(sizes: AutoencoderSizes) -> nn.Sequential:
    widths, depth = sizes.block_widths[::-1], sizes.layers_per_block
    layers: list[nn.Module] = [nn.Conv2d(sizes.latent_channels, widths[0], 3, padding=1)]
    layers += [_Refine(widths[0]) for _ in range(depth + 2)]
    for wide, narrow in pairwise(widths):
        layers += [nn.Conv2d(wide, 4 * narrow, 1), nn.PixelShuffle(2)]
        layers += [_Refine(narrow) for _ in range(depth + 1)]
    return nn.Sequential(*layers, nn.Conv2d(widths[-1], 3 * sizes.unshuffle**2, 3, padding=1))


def cosine_basis(num_channels: int, block_px: int) -> tuple[Tensor, Tensor]:
    """The smoothest orthonormal patterns on a block of pixels, and gains that even out their spread.

    Patterns are (num_channels, 3 * block_px^2); gains (num_channels, 1) grow with frequency as power falls.
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
    gains = torch.tensor([max(1.0, 3.0 * (row + column)) for _, _, row, column in order[:num_channels]])
    return torch.stack(patterns), gains[:, None]
