"""What stands around the transformer of a detokenizer that draws pixels: a narrow way in, convolutions out.

A patch of 32 x 32 pixels has more numbers than a place of a small transformer. On the way in it is squeezed
through few channels (a picture is simple where its tokens are known); on the way out convolutions refine a
coarse map step by step to pixels, for a linear map from a place to its patch cannot draw an edge that crosses
two patches. A second path leads from all tokens together straight to every place and to every refining step,
so that global things (style, light, which place it is) need not travel through attention. Places and persons
may be layers of their own (`scene_layers.py`). Knows tensors only.

Legend: B batch, S picture side in pixels, G places a side, C channels of a place, N image tokens, D token
width, E width of the summary.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn import functional as F

from limner.models.compact_linear import CompactLinear
from limner.models.flow import spread_time
from limner.models.refine import FINER, Refine
from limner.models.scene_layers import Mend, SceneLayers
from limner.models.sizes import DetokenizerSizes
from limner.models.style_layer import StyleLayer


class PixelFrame(nn.Module):
    """`summary`, `enter` and `leave`, called in this order around the transformer."""

    def __init__(self, sizes: DetokenizerSizes) -> None:
        super().__init__()
        finest = sizes.grid * 2 ** len(sizes.refiner_widths) * FINER
        if finest != sizes.latent_size:
            raise ValueError(
                f"{len(sizes.refiner_widths)} refining steps make {finest} px of {sizes.grid} places, not "
                f"{sizes.latent_size}; change refiner_widths or patch_size."
            )
        self.patch_px, self.grid, channels = sizes.patch_size, sizes.grid, sizes.bottleneck
        self.squeeze = nn.Linear(sizes.latent_channels * sizes.patch_size**2, channels)
        self.summarise = CompactLinear(sizes.num_tokens * sizes.token_dim, sizes.summary_width)
        self.direct = CompactLinear(sizes.summary_width, sizes.grid**2 * channels)
        self.steps = nn.ModuleList(
            Refine(width, narrower, sizes.summary_width)
            for width, narrower in pairwise((sizes.width, *sizes.refiner_widths))
        )
        last, layers = sizes.refiner_widths[-1], sizes.layers_of_scene
        self.layers, self.mend = None, None
        if layers is not None:
            self.layers = SceneLayers(layers, sizes.num_tokens, sizes.token_dim)
            self.mend = Mend(last, layers.mend_width, sizes.summary_width)
        self.size_px = sizes.latent_size
        self.style: StyleLayer | None = None
        if sizes.style is not None:
            self.style = StyleLayer(sizes.style, self.size_px, sizes.token_dim)
        self.last = nn.Conv2d(last, sizes.latent_channels * FINER**2, 3, padding=1)

    def plainly(self, image_tokens_BND: Tensor) -> Tensor:
        """The tokens of the picture that is drawn before it gets its style."""
        return image_tokens_BND if self.style is None else self.style.plainly(image_tokens_BND)

    def styled(self, pixels_B3SS: Tensor, image_tokens_BND: Tensor) -> Tensor:
        """Drawn pixels in the style of their tokens."""
        styled_B3SS: Tensor = pixels_B3SS if self.style is None else self.style(pixels_B3SS, image_tokens_BND)
        return styled_B3SS

    def summary(self, image_tokens_BND: Tensor) -> Tensor:
        """All tokens of a picture together, (B, E)."""
        summary_BE: Tensor = self.summarise(image_tokens_BND.flatten(1))
        return summary_BE

    def enter(self, pixels_BCSS: Tensor, time_B: Tensor, summary_BE: Tensor) -> Tensor:
        """Noisy pixels at time_B and the summary -> (B, C, G, G).

        Pixels count by their share of signal (Karras et al. 2022 scale inputs alike): pure noise tells
        nothing, and so disturbs nothing.
        """
        patches_BGGp = rearrange(
            pixels_BCSS, "b c (y p) (x q) -> b y x (c p q)", p=self.patch_px, q=self.patch_px
        )
        squeezed_BGGC = self.squeeze(patches_BGGp) * spread_time(time_B, patches_BGGp)
        direct_BGGC = self.direct(summary_BE).view_as(squeezed_BGGC)
        entered_BCGG: Tensor = rearrange(squeezed_BGGC + direct_BGGC, "b y x c -> b c y x")
        return entered_BCGG

    def composed(self, image_tokens_BND: Tensor) -> Tensor | None:
        """The picture composed of the scene's layers (B, 3, S, S), from the tokens alone; None without
        layers.
        """
        return None if self.layers is None else self.layers(image_tokens_BND, self.size_px)

    def leave(
        self,
        features_BWGG: Tensor,
        summary_BE: Tensor,
        image_tokens_BND: Tensor,
        composed_B3SS: Tensor | None = None,
    ) -> Tensor:
        """The transformer's features, the summary and the tokens that it is of -> pixels (B, C, S, S);
        `composed_B3SS` is `composed` of these, where that is known.
        """
        # On a CPU, convolutions of few channels run a third faster with channels last.
        x = features_BWGG.contiguous(memory_format=torch.channels_last)
        for step in self.steps:
            x = step(x, summary_BE)
        drawn_BCSS = F.pixel_shuffle(self.last(x), FINER)
        if self.mend is None:
            return drawn_BCSS
        if composed_B3SS is None:
            composed_B3SS = self.composed(image_tokens_BND)
            assert composed_B3SS is not None
        mended_BCSS: Tensor = self.mend(x, drawn_BCSS, composed_B3SS, summary_BE)
        return mended_BCSS


def pixel_errors(error_BCSS: Tensor) -> Tensor:
    """(B, C, S, S) what each pixel of an error costs: itself and the edges around it, absolute."""
    return error_BCSS.abs() + edges(error_BCSS)


def edges(error_BCSS: Tensor) -> Tensor:
    """(B, C, S, S) absolute differences of an error to its neighbours on the right and below: what makes a
    blurred or shifted line cost.
    """
    right = F.pad((error_BCSS[..., :, 1:] - error_BCSS[..., :, :-1]).abs(), (0, 1))
    below = F.pad((error_BCSS[..., 1:, :] - error_BCSS[..., :-1, :]).abs(), (0, 0, 0, 1))
    return right + below


def sharpened(pixels_BCSS: Tensor, strength: float) -> Tensor:
    """Unsharp masking: what pixels (B, C, S, S) differ from a blurred copy is added `strength` times.

    The blur is a Gaussian of one pixel, cut off after three; edges of the picture are repeated.
    """
    reach_7 = torch.arange(-3, 4, device=pixels_BCSS.device, dtype=pixels_BCSS.dtype)
    weights_7 = (-0.5 * reach_7.square()).softmax(0)
    padded = F.pad(pixels_BCSS, (3, 3, 3, 3), mode="replicate").flatten(0, 1)[:, None]
    down = F.conv2d(padded, weights_7.view(1, 1, 7, 1))
    blurred_BCSS = F.conv2d(down, weights_7.view(1, 1, 1, 7)).view_as(pixels_BCSS)
    return pixels_BCSS + strength * (pixels_BCSS - blurred_BCSS)


def times_with_start(time_B: Tensor, start_share: float, generator: torch.Generator | None) -> Tensor:
    """`time_B` with a random `start_share` of it set to 0, where a sampler begins: pure noise."""
    device = generator.device if generator is not None else time_B.device
    chosen_B = torch.rand(len(time_B), generator=generator, device=device) < start_share
    return time_B.masked_fill(chosen_B.to(time_B.device), 0.0)
