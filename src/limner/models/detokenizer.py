"""The detokenizer: a vanilla diffusion transformer that draws a picture's latents from its image tokens
alone.

Knows one PixArt transformer, the adapter before it and rectified flow. Knows nothing about pixels (the
autoencoder's business) and never sees a condition image (paper, section 3.2).

Legend: B batch, C latent channels, H W latent places, N image tokens, D token width.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from einops import rearrange
from safetensors.torch import load_file
from torch import Tensor, nn

from limner.models.flow import flow_loss, integrate, seeded_noise
from limner.models.presets import DetokenizerSizes

DIFFUSERS_TIMES = 1000.0
PIXART_WEIGHTS = "diffusion_pytorch_model.safetensors"


class StraightLine(nn.Module):
    """The least-squares map from each token to the latents of its own cells, and the spread of what it
    misses.

    A small detokenizer on little data would spend its training on learning just this. Tokens are laid out as
    `pool_tokens` makes them of a square grid of queries: neighbours in a row.
    """

    missed_std: Tensor

    def __init__(self, sizes: DetokenizerSizes) -> None:
        super().__init__()
        grid = 2 * math.isqrt(sizes.num_tokens)  # of queries: four become one token
        self.channels, self.side = sizes.latent_channels, sizes.latent_size
        self.rows, self.columns = max(1, self.side // grid), max(1, 4 * self.side // grid)
        if self.rows * self.columns * sizes.num_tokens != self.side**2:
            raise ValueError(
                f"{sizes.num_tokens} tokens do not tile {self.side} x {self.side} latents; "
                "set straight_line=False."
            )
        self.map = nn.Linear(sizes.token_dim, self.channels * self.rows * self.columns)
        nn.init.zeros_(self.map.weight)
        nn.init.zeros_(self.map.bias)
        self.map.requires_grad_(False)
        self.register_buffer("missed_std", torch.ones(self.channels))

    def forward(self, image_tokens_BND: Tensor) -> Tensor:
        """Image tokens (B, N, D) -> blurred latents (B, C, H, W)."""
        blurred_BCHW: Tensor = rearrange(
            self.map(image_tokens_BND),
            "b (y x) (c r q) -> b c (y r) (x q)",
            y=self.side // self.rows,
            c=self.channels,
            r=self.rows,
        )
        return blurred_BCHW

    def missed(self, latents_BCHW: Tensor, image_tokens_BND: Tensor) -> Tensor:
        """What the line misses of these latents, at unit spread."""
        missed_BCHW: Tensor = (latents_BCHW - self(image_tokens_BND)) / self.missed_std[:, None, None]
        return missed_BCHW

    def completed(self, missed_BCHW: Tensor, image_tokens_BND: Tensor) -> Tensor:
        """The inverse of `missed`."""
        latents_BCHW: Tensor = self(image_tokens_BND) + missed_BCHW * self.missed_std[:, None, None]
        return latents_BCHW

    @torch.no_grad()
    def fit(self, latents_BCHW: Tensor, image_tokens_BND: Tensor, ridge: float = 1e-4) -> None:
        """Solve the map for a sample of pictures, and measure what it misses."""
        cells = rearrange(
            latents_BCHW, "b c (y r) (x q) -> (b y x) (c r q)", r=self.rows, q=self.columns
        ).double()
        known = image_tokens_BND.flatten(0, 1).double()
        known = torch.cat([known, torch.ones_like(known[:, :1])], dim=1)
        ridges = ridge * len(known) * torch.eye(known.shape[1], dtype=known.dtype, device=known.device)
        solved = torch.linalg.solve(known.T @ known + ridges, known.T @ cells)
        self.map.weight.copy_(solved[:-1].T)
        self.map.bias.copy_(solved[-1])
        self.missed_std.copy_((latents_BCHW - self(image_tokens_BND)).std(dim=(0, 2, 3)).clamp_min(1e-3))


class DiTDetokenizer(nn.Module):
    """PixArt transformer over latents, reading image tokens by cross-attention through its MLP adapter.

    The adapter is PixArt's `caption_projection`; learned `token_positions` tell the 64 tokens apart, which a
    caption's own embeddings would have done. Stock PixArt also predicts a variance: dropped, as flow matching
    has none.
    """

    def __init__(self, sizes: DetokenizerSizes) -> None:
        super().__init__()
        # Imported here: a machine that only encodes or trains the language model needs no diffusers.
        from diffusers import PixArtTransformer2DModel

        self.sizes = sizes
        transformer_class: Any = PixArtTransformer2DModel  # the library's lazy modules have no types
        self.transformer = transformer_class(
            num_attention_heads=sizes.heads,
            attention_head_dim=sizes.width // sizes.heads,
            in_channels=sizes.latent_channels,
            out_channels=sizes.latent_channels,
            num_layers=sizes.layers,
            cross_attention_dim=sizes.width,
            sample_size=sizes.latent_size,
            patch_size=sizes.patch_size,
            caption_channels=sizes.token_dim,
            interpolation_scale=sizes.interpolation_scale,
            use_additional_conditions=False,
        )
        self.token_positions = nn.Parameter(torch.randn(1, sizes.num_tokens, sizes.token_dim) * 0.1)
        nn.init.zeros_(self.transformer.proj_out.weight)
        nn.init.zeros_(self.transformer.proj_out.bias)
        self.line = StraightLine(sizes) if sizes.straight_line else None

    def velocity(self, latents_BCHW: Tensor, time_B: Tensor, image_tokens_BND: Tensor) -> Tensor:
        """dx/dt (B, C, H, W) of latents at time_B in [0, 1] (0 noise, 1 data), given their pictures' tokens.

        PixArt's own clock runs backwards from 1000 (noise) to 0, so a public checkpoint starts with the right
        one.
        """
        velocity_BCHW: Tensor = self.transformer(
            latents_BCHW,
            encoder_hidden_states=image_tokens_BND + self.token_positions,
            timestep=(1 - time_B) * DIFFUSERS_TIMES,
            added_cond_kwargs={"resolution": None, "aspect_ratio": None},
            return_dict=False,
        )[0]
        return velocity_BCHW

    forward = velocity

    def target(self, latents_BCHW: Tensor, image_tokens_BND: Tensor) -> Tensor:
        """What flow has to reach at time 1: the latents, or what the straight line misses of them."""
        return latents_BCHW if self.line is None else self.line.missed(latents_BCHW, image_tokens_BND)

    def loss(
        self, latents_BCHW: Tensor, image_tokens_BND: Tensor, generator: torch.Generator | None = None
    ) -> Tensor:
        """Rectified-flow reconstruction loss of latents from their own image tokens: a scalar."""
        return flow_loss(
            lambda x_BCHW, time_B: self.velocity(x_BCHW, time_B, image_tokens_BND),
            self.target(latents_BCHW, image_tokens_BND),
            generator,
        )

    @torch.no_grad()
    def sample(
        self,
        image_tokens_BND: Tensor,
        steps: int,
        seeds: Sequence[int],
        *,
        shift: float = 1.0,
        second_order: bool = False,
    ) -> Tensor:
        """Image tokens (B, N, D) -> latents (B, C, H, W); one seed gives one image, whatever else is in the
        batch.
        """
        if len(seeds) != image_tokens_BND.shape[0]:
            raise ValueError(
                f"{len(seeds)} seeds for {image_tokens_BND.shape[0]} pictures; pass one for each picture."
            )
        shape = (self.sizes.latent_channels, self.sizes.latent_size, self.sizes.latent_size)
        noise = seeded_noise(seeds, shape, device=image_tokens_BND.device, dtype=image_tokens_BND.dtype)
        made_BCHW = integrate(
            lambda x_BCHW, time_B: self.velocity(x_BCHW, time_B, image_tokens_BND),
            noise,
            steps,
            shift=shift,
            second_order=second_order,
        )
        return made_BCHW if self.line is None else self.line.completed(made_BCHW, image_tokens_BND)


def start_from_pixart(detokenizer: DiTDetokenizer, folder: Path | str) -> list[str]:
    """Copy a public text-to-image PixArt (the `transformer` folder of its pipeline) into a detokenizer of its
    sizes.

    The half of its output that predicted a variance is dropped, and so is an adapter of another token width.
    Returns the names of the detokenizer's tensors that kept their own start. Which start the paper used is
    not public.
    """
    weights_file = Path(folder) / PIXART_WEIGHTS
    if not weights_file.is_file():
        raise ValueError(
            f"{folder} holds no {PIXART_WEIGHTS}; pass the `transformer` folder of a PixArt pipeline."
        )
    public, own = load_file(weights_file), detokenizer.transformer.state_dict()
    sizes = detokenizer.sizes
    for name in ("proj_out.weight", "proj_out.bias"):
        if name in public and public[name].shape[0] == 2 * own[name].shape[0]:
            rows = public[name].reshape(sizes.patch_size**2, 2 * sizes.latent_channels, -1)
            public[name] = rows[:, : sizes.latent_channels].reshape(own[name].shape)
    kept = [name for name in own if name.startswith("caption_projection.linear_1")]
    if all(name in public and public[name].shape == own[name].shape for name in kept):
        kept = []
    misfits = [
        name
        for name in own
        if name not in kept and own[name].shape != getattr(public.get(name), "shape", None)
    ]
    unknown = [name for name in public if name not in own]
    if misfits or unknown:
        raise ValueError(
            f"The PixArt in {folder} does not fit these sizes: missing or misshapen {misfits[:5]}, "
            f"unexpected {unknown[:5]}; build the detokenizer with its sizes."
        )
    detokenizer.transformer.load_state_dict(
        {**own, **{name: public[name] for name in own if name not in kept}}
    )
    return ["token_positions", *(f"transformer.{name}" for name in kept)]
