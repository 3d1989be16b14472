"""The detokenizers that a scale may have: the paper's transformer, SEED-X's two UNets, other sizes and token
counts.

Knows numbers only. `with_detokenizer` gives a preset another detokenizer; a checkpoint's `limner.json` holds
the preset and so says which one its `detokenizer/` is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from limner.models.presets import Preset
from limner.models.sizes import DetokenizerSizes
from limner.models.unet_sizes import SDXLResamplerSizes, UNetDetokenizerSizes

SDXL_SCALE: Final = 0.13025  # SDXL's latents times this have unit spread

# As many parameters as the transformers of the same scale have, within a tenth.
UNETS: Final = {
    "tiny": UNetDetokenizerSizes(
        latent_size=4,
        latent_channels=4,
        token_dim=16,
        num_tokens=16,
        image_size_px=32,
        block_widths=(16, 32),
        layers_per_block=1,
        transformer_layers=(0, 1),
        head_width=16,
        time_width=8,
        norm_groups=8,
        resampler=SDXLResamplerSizes(
            width=16,
            depth=1,
            head_width=8,
            heads=2,
            num_queries=16,
            token_dim=16,
            first_dim=8,
            second_dim=16,
        ),
        default_steps=4,
    ),
    "sketch": UNetDetokenizerSizes(
        latent_size=32,
        latent_channels=192,
        token_dim=64,
        num_tokens=64,
        image_size_px=256,
        block_widths=(80, 144, 208),
        layers_per_block=1,
        transformer_layers=(0, 1, 2),
        head_width=16,
        time_width=32,
        norm_groups=16,
        resampler=SDXLResamplerSizes(
            width=128,
            depth=2,
            head_width=32,
            heads=4,
            num_queries=64,
            token_dim=64,
            first_dim=64,
            second_dim=128,
        ),
    ),
    "miniature": UNetDetokenizerSizes(
        latent_size=32,
        latent_channels=192,
        token_dim=64,
        num_tokens=64,
        image_size_px=256,
        block_widths=(96, 144, 224),
        layers_per_block=1,
        transformer_layers=(0, 1, 2),
        head_width=16,
        time_width=32,
        norm_groups=16,
        resampler=SDXLResamplerSizes(
            width=128,
            depth=2,
            head_width=32,
            heads=4,
            num_queries=64,
            token_dim=64,
            first_dim=64,
            second_dim=128,
        ),
    ),
    # SDXL base 1.0 at 1024 px.
    "seed-x": UNetDetokenizerSizes(
        latent_size=128,
        latent_channels=4,
        token_dim=4096,
        num_tokens=64,
        image_size_px=1024,
        block_widths=(320, 640, 1280),
        layers_per_block=2,
        transformer_layers=(0, 2, 10),
        head_width=64,
        time_width=256,
        condition_scale=1 / SDXL_SCALE,
        guidance=7.5,
        image_guidance=1.5,
        spacing="leading",
        default_steps=50,
    ),
}
# Picture side in pixels -> how far the public weights of that size stretch their sine positions.
PIXART_SCALES: Final = {256: 0.5, 512: 1.0, 1024: 2.0}
KINDS: Final = ("dit", "unet_stage1", "unet_stage2")


def with_detokenizer(preset: Preset, kind: str) -> Preset:
    """`preset` with a detokenizer of `KINDS`; "dit" is the one it has already."""
    if kind not in KINDS:
        raise ValueError(f"There is no detokenizer {kind!r}; choose one of {', '.join(KINDS)}.")
    if kind == "dit":
        return preset
    if preset.name not in UNETS:
        raise ValueError(
            f"There are no UNet sizes of the scale {preset.name!r}; there are {', '.join(UNETS)}."
        )
    unet = UNETS[preset.name]
    autoencoder = preset.autoencoder
    if autoencoder.identity:  # pixels, but fewer places: a UNet's convolutions run over all of them
        unshuffle = preset.image_size_px // unet.latent_size
        autoencoder = replace(autoencoder, unshuffle=unshuffle, latent_channels=unet.latent_channels)
    return replace(
        preset, detokenizer=replace(unet, reads_condition=kind == "unet_stage2"), autoencoder=autoencoder
    )


def with_all_tokens(preset: Preset) -> Preset:
    """`preset` with a detokenizer that reads the encoder's tokens without pooling: 256 in place of 64.

    It reconstructs; the language model still predicts 64 (paper, supplement, section 7).
    """
    num_tokens = preset.vision.num_queries
    return replace(preset, detokenizer=replace(preset.detokenizer, num_tokens=num_tokens, tokens_pooled=1))


def with_picture_size(preset: Preset, size_px: int) -> Preset:
    """`preset` with a public PixArt-Sigma of another size as its detokenizer: 256, 512 or 1024 px.

    Raises:
        ValueError: another size, or a preset whose detokenizer is no PixArt on SDXL's autoencoder.
    """
    sizes = preset.detokenizer
    if size_px not in PIXART_SCALES:
        raise ValueError(f"PixArt-Sigma paints {', '.join(map(str, PIXART_SCALES))} px, not {size_px}.")
    if not isinstance(sizes, DetokenizerSizes) or not preset.autoencoder.library:
        raise ValueError(f"The scale {preset.name!r} has no PixArt-Sigma to resize; use seed-x.")
    return replace(
        preset,
        detokenizer=replace(
            sizes,
            latent_size=size_px // preset.autoencoder.downsampling,
            interpolation_scale=PIXART_SCALES[size_px],
        ),
        autoencoder=replace(preset.autoencoder, image_size_px=size_px),
    )
