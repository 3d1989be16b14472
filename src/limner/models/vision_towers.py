"""Vision encoders other than Qwen-VL's, from transformers: SigLIP and SigLIP 2, of one resolution or of any.

Knows the protocol of an encoder and how these libraries' towers are asked. Knows nothing about how tokens are
pooled or normalised (`vision.py`).

Legend: B batch, N patches, D width, p patch side in pixels, P pixels of a patch.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import torch
from einops import rearrange
from torch import Tensor, nn

from limner.models.sizes import VisionSizes

FIXED, ANY_SIZE = "siglip_vision_model", "siglip2_vision_model"
KINDS: Final = (FIXED, ANY_SIZE)
HEAD: Final = "head."  # pools all patches to one vector, which nobody here asks for
PIXELS: Final = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))  # mean and spread that these towers were trained with


class PublicTower(nn.Module):
    """A tower of transformers by its `config.json`; its tokens are the last layer's, normed, a patch each."""

    def __init__(self, sizes: VisionSizes) -> None:
        super().__init__()
        from transformers import Siglip2VisionModel, SiglipVisionModel

        self.sizes = sizes
        config = tower_config(json.loads(sizes.public_config), "the checkpoint's sizes")
        self.any_size = config.model_type == ANY_SIZE
        config.vision_use_head = False
        self.tower = (Siglip2VisionModel if self.any_size else SiglipVisionModel)(config)

    def forward(self, pixels_B3HW: Tensor) -> Tensor:
        """Pixels (B, 3, S, S) normalised as in training -> tokens (B, num_queries, output_dim)."""
        side, patch = self.sizes.image_size_px, self.sizes.patch_size_px
        if pixels_B3HW.ndim != 4 or pixels_B3HW.shape[1:] != (3, side, side):
            raise ValueError(
                f"The vision encoder reads (batch, 3, {side}, {side}) pixels, "
                f"not {tuple(pixels_B3HW.shape)}; resize first."
            )
        if not self.any_size:
            seen: Tensor = self.tower(pixel_values=pixels_B3HW).last_hidden_state
            return seen
        patches_BNP = rearrange(pixels_B3HW, "b c (y p) (x q) -> b (y x) (p q c)", p=patch, q=patch)
        count, grid, device = len(pixels_B3HW), self.sizes.grid, pixels_B3HW.device
        read: Tensor = self.tower(
            pixel_values=patches_BNP,
            pixel_attention_mask=torch.ones(patches_BNP.shape[:2], dtype=torch.long, device=device),
            spatial_shapes=torch.full((count, 2), grid, dtype=torch.long, device=device),
        ).last_hidden_state
        return read


def tower_config(values: Mapping[str, Any], where: object) -> Any:
    """The library's configuration of a tower; of a model of pictures and words its half for pictures.

    Raises:
        ValueError: another kind of tower.
    """
    from transformers import AutoConfig

    inner = values.get("vision_config")
    kind = values.get("model_type")
    if isinstance(inner, Mapping):
        kind = inner.get("model_type") or f"{kind}_vision_model"
        values = inner
    if kind not in KINDS:
        raise ValueError(
            f"{where} describes a vision encoder of the type {kind!r}; limner reads {' and '.join(KINDS)}, "
            "and Qwen-VL's."
        )
    return AutoConfig.for_model(kind, **{k: v for k, v in values.items() if k != "model_type"})


def tower_sizes(config: Any, *, image_size_px: int | None = None) -> VisionSizes:
    """Sizes of a tower: `image_size_px` is its own, and for one of any size that of its positions."""
    patch = int(config.patch_size)
    if config.model_type == ANY_SIZE:
        side = image_size_px or patch * round(int(config.num_patches) ** 0.5)
    else:
        side = int(config.image_size)
        if image_size_px not in (None, side):
            raise ValueError(f"This encoder reads pictures of {side} px alone, not of {image_size_px} px.")
    width = int(config.hidden_size)
    mean, spread = PIXELS
    return VisionSizes(
        image_size_px=side,
        patch_size_px=patch,
        width=width,
        layers=int(config.num_hidden_layers),
        heads=int(config.num_attention_heads),
        mlp_width=int(config.intermediate_size),
        num_queries=(side // patch) ** 2,
        output_dim=width,
        pool_heads=1,
        pixel_mean=mean,
        pixel_std=spread,
        public_config=json.dumps(
            {**config.to_diff_dict(), "model_type": config.model_type}, sort_keys=True, default=str
        ),
    )
