"""The sizes of a UNet detokenizer: SEED-X's on SDXL, or a small one of the same make.

Knows numbers only: no torch, no weights, no files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, kw_only=True)
class SDXLResamplerSizes:
    """The defaults are SEED-X's; SDXL's two text encoders give 768 + 1280 channels, pooled 1280."""

    width: int = 1024
    depth: int = 4
    head_width: int = 64
    heads: int = 16
    num_queries: int = 64
    token_dim: int = 4096
    first_dim: int = 768
    second_dim: int = 1280
    widening: int = 4  # of the feed-forward layers


@dataclass(frozen=True, kw_only=True)
class UNetDetokenizerSizes:
    """A UNet that predicts the noise in square latents, conditioned on image tokens.

    The levels go from fine to coarse; `transformer_layers` of 0 makes a level without attention.

    Raises:
        ValueError: sizes that contradict each other; the sentence names them.
    """

    latent_size: int
    latent_channels: int
    token_dim: int
    num_tokens: int
    tokens_pooled: int = 4  # neighbours of the encoder's that one token is the mean of
    image_size_px: int
    block_widths: tuple[int, ...]
    layers_per_block: int
    transformer_layers: tuple[int, ...]
    head_width: int
    time_width: int  # sines of each of SDXL's six sizes
    norm_groups: int = 32
    resampler: SDXLResamplerSizes = field(default_factory=SDXLResamplerSizes)
    reads_condition: bool = False  # stage 2: a condition picture's latents beside the noisy ones
    condition_scale: float = 1.0  # SEED-X gives SDXL's raw latents, not those of unit spread
    guidance: float = 1.0  # away from the tokens of a blank picture; 1 is none
    image_guidance: float = 1.0  # towards the condition picture
    spacing: Literal["leading", "trailing"] = "trailing"  # SDXL's own is leading, for many steps
    default_steps: int = 12
    default_temperature: float = 1.0
    kind: str = "unet"

    def __post_init__(self) -> None:
        if len(self.block_widths) != len(self.transformer_layers):
            raise ValueError(
                f"A UNet of {len(self.block_widths)} levels needs as many transformer_layers, "
                f"not {len(self.transformer_layers)}."
            )
        if self.resampler.token_dim != self.token_dim:
            raise ValueError(
                f"The resampler reads tokens of width {self.resampler.token_dim}, the detokenizer is given "
                f"{self.token_dim}; make token_dim the same."
            )

    @property
    def prompt_dim(self) -> int:
        """Width of what the UNet's cross-attention reads."""
        return self.resampler.first_dim + self.resampler.second_dim

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> UNetDetokenizerSizes:
        """From plain values, lists in place of tuples."""
        made: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
        }
        made["resampler"] = SDXLResamplerSizes(**made["resampler"])
        return cls(**made)
