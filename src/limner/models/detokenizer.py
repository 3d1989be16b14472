"""The detokenizer: a vanilla diffusion transformer that draws a picture from its image tokens alone.

Knows one PixArt transformer, the adapter before it and rectified flow. At full scale it draws the latents of
an autoencoder and predicts their velocity; at the small scales it draws pixels (`pixel_frame.py`) and
predicts the finished picture, from which the velocity follows. Never sees a condition image (paper, section
3.2).

Legend: B batch, C latent channels, H W latent places, N image tokens, D token width.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import cast

import torch
from torch import Tensor, nn

from limner.models.compact_linear import compact
from limner.models.detokenizer_contract import Detokenizer
from limner.models.flow import (
    euler_step,
    interpolate,
    random_noise,
    random_times,
    seeded_noise,
    spread_time,
    target_velocity,
    time_schedule,
)
from limner.models.pixart import PixArtBlock, PixArtTransformer
from limner.models.pixel_frame import PixelFrame, pixel_errors, sharpened, times_with_start
from limner.models.read_once import known, read_once
from limner.models.sampling_state import SamplingState, batch
from limner.models.sizes import DetokenizerSizes

PIXART_TIMES = 1000.0
# Scene tokens decide nearly every pixel, so the first step from noise is most of the drawing.
START_SHARE = 0.75
PIXART_DOWNSAMPLING = 8  # of SDXL's autoencoder, for the sizes in pixels that PixArt may be told


@dataclass(frozen=True, kw_only=True, eq=False)
class TokensRead:
    """What a picture's tokens tell, whatever the step: keys and values of every cross-attention, and the
    layers of its scene. Rows of pictures, or one without its first dimension.
    """

    answers_RNW: Tensor  # keys and values of each block in turn
    composed_CSS: Tensor | None

    def row(self, index: int) -> TokensRead:
        """One picture's."""
        composed = None if self.composed_CSS is None else self.composed_CSS[index]
        return TokensRead(answers_RNW=self.answers_RNW[index], composed_CSS=composed)

    @classmethod
    def joined(cls, rows: Sequence[TokensRead]) -> TokensRead:
        """Pictures side by side."""
        composed = [row.composed_CSS for row in rows if row.composed_CSS is not None]
        return cls(
            answers_RNW=batch([row.answers_RNW for row in rows]),
            composed_CSS=batch(composed) if composed else None,
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class FlowSamplingState(SamplingState):
    """A row of rectified flow: `times` to visit, from 0 (noise) to 1 (data), one more than steps; and what
    its tokens tell at each of them, where that is known.
    """

    times: tuple[float, ...]
    read: TokensRead | None


class DiTDetokenizer(Detokenizer):
    """PixArt transformer over latents, reading image tokens by cross-attention through its MLP adapter.

    The adapter is PixArt's `caption_projection`; learned `token_positions` tell the 64 tokens apart, which a
    caption's own embeddings would have done. Stock PixArt also predicts a variance: dropped, as flow matching
    has none.
    """

    error_name = "velocity_error"
    sizes: DetokenizerSizes

    def __init__(self, sizes: DetokenizerSizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.transformer = PixArtTransformer(
            channels=sizes.bottleneck if sizes.draws_pixels else sizes.latent_channels,
            channels_out=sizes.width if sizes.draws_pixels else sizes.latent_channels,
            side=sizes.grid if sizes.draws_pixels else sizes.latent_size,
            patch=1 if sizes.draws_pixels else sizes.patch_size,
            width=sizes.width,
            heads=sizes.heads,
            layers=sizes.layers,
            read_width=sizes.token_dim,
            stretch=sizes.interpolation_scale,
            size_conditions=sizes.size_conditions,
            # Fused kernels' way back is five times slower in bfloat16 for as few as 64 places and tokens.
            is_fused=not sizes.draws_pixels,
        )
        # Scene tokens hold the same words for both persons and all colours: only their places tell which.
        spread = 1.0 if sizes.draws_pixels else 0.1
        self.token_positions = nn.Parameter(torch.randn(1, sizes.num_tokens, sizes.token_dim) * spread)
        self.frame = PixelFrame(sizes) if sizes.draws_pixels else None
        if self.frame is None:
            nn.init.zeros_(self.transformer.proj_out.weight)
            nn.init.zeros_(self.transformer.proj_out.bias)
        else:
            compact(self.transformer)
        for layer in (self.transformer.caption_projection, *self._readers()):
            read_once(layer)

    def read(self, image_tokens_BND: Tensor) -> TokensRead:
        """What `velocity` asks of the tokens at every step alike: computed once a picture."""
        image_tokens_BND = self._plainly(image_tokens_BND)
        told_BNW = self.transformer.caption_projection(image_tokens_BND + self.token_positions)
        answers = [reader(told_BNW) for reader in self._readers()]
        composed = None if self.frame is None else self.frame.composed(image_tokens_BND)
        return TokensRead(answers_RNW=torch.stack(answers, dim=1), composed_CSS=composed)

    def velocity(
        self,
        latents_BCHW: Tensor,
        time_B: Tensor,
        image_tokens_BND: Tensor,
        read: TokensRead | None = None,
    ) -> Tensor:
        """dx/dt (B, C, H, W) of latents at time_B in [0, 1) (0 noise, 1 data), given their tokens, and
        `read` of these, where that is known.
        """
        if self.frame is None:
            return self._transformed(latents_BCHW, time_B, image_tokens_BND, read)
        data_BCHW = self.predict_data(latents_BCHW, time_B, image_tokens_BND, read)
        return (data_BCHW - latents_BCHW) / (1 - spread_time(time_B, latents_BCHW))

    forward = velocity

    def predict_data(
        self,
        latents_BCHW: Tensor,
        time_B: Tensor,
        image_tokens_BND: Tensor,
        read: TokensRead | None = None,
    ) -> Tensor:
        """The finished picture (B, C, H, W), but for its style, that noisy pixels at time_B come from; only
        where it draws pixels.
        """
        assert self.frame is not None, "this detokenizer predicts velocities"
        image_tokens_BND = self._plainly(image_tokens_BND)
        summary_BE = self.frame.summary(image_tokens_BND)
        entered_BCGG = self.frame.enter(latents_BCHW, time_B, summary_BE)
        features_BWGG = self._transformed(entered_BCGG, time_B, image_tokens_BND, read)
        composed_B3SS = None if read is None else read.composed_CSS
        return self.frame.leave(features_BWGG, summary_BE, image_tokens_BND, composed_B3SS)

    def _plainly(self, image_tokens_BND: Tensor) -> Tensor:
        return image_tokens_BND if self.frame is None else self.frame.plainly(image_tokens_BND)

    def _transformed(
        self, latents_BCHW: Tensor, time_B: Tensor, image_tokens_BND: Tensor, read: TokensRead | None
    ) -> Tensor:
        """PixArt's own clock runs backwards from 1000 (noise) to 0, so a public checkpoint starts with the
        right one.
        """
        with known(None if read is None else self._answers(read)):
            made_BCHW: Tensor = self.transformer(
                latents_BCHW,
                image_tokens_BND + self.token_positions,
                (1 - time_B) * PIXART_TIMES,
                self._told_sizes(latents_BCHW),
            )
        return made_BCHW

    @property
    def _is_split(self) -> bool:
        """Whether processes share the weights, which are then whole only while their block computes."""
        return hasattr(self._readers()[0].weight, "device_mesh")

    def _readers(self) -> list[nn.Module]:
        """The layers that make keys and values of the tokens, block by block."""
        blocks = cast("Iterable[PixArtBlock]", self.transformer.transformer_blocks)
        return [layer for block in blocks for layer in (block.attn2.to_k, block.attn2.to_v)]

    def _answers(self, read: TokensRead) -> dict[nn.Module, Tensor]:
        answers_RBNW = read.answers_RNW.unbind(1)
        made: dict[nn.Module, Tensor] = dict(zip(self._readers(), answers_RBNW, strict=True))
        # What is projected first only the readers look at, who know their answers.
        return {self.transformer.caption_projection: answers_RBNW[0], **made}

    def errors(
        self,
        latents_BCHW: Tensor,
        image_tokens_BND: Tensor,
        generator: torch.Generator | None = None,
        *,
        condition_BCHW: Tensor | None = None,
    ) -> Tensor:
        """Errors at random times: the squared ones of the velocity, rectified flow's;
        where it draws pixels, the absolute ones of the finished picture and of its edges.
        """
        if condition_BCHW is not None:
            raise ValueError("This detokenizer reads image tokens alone; pass no condition picture.")
        time_B = random_times(len(latents_BCHW), generator, latents_BCHW.device)
        noise = random_noise(latents_BCHW, generator)
        if self.frame is not None:
            time_B = times_with_start(time_B, START_SHARE, generator)
            drawn = self.predict_data(interpolate(latents_BCHW, noise, time_B), time_B, image_tokens_BND)
            return pixel_errors(drawn.float() - latents_BCHW.float())
        predicted = self.velocity(interpolate(latents_BCHW, noise, time_B), time_B, image_tokens_BND)
        return (predicted.float() - target_velocity(latents_BCHW, noise).float()).square()

    @torch.no_grad()
    def begin(
        self,
        image_tokens_BND: Tensor,
        steps: int,
        seeds: Sequence[int],
        *,
        condition_BCHW: Tensor | None = None,
        temperature: float = 1.0,
    ) -> list[SamplingState]:
        """See `Detokenizer.begin`."""
        self.check(image_tokens_BND, seeds, condition_BCHW)
        times = tuple(time_schedule(steps))
        shape = (self.sizes.latent_channels, self.sizes.latent_size, self.sizes.latent_size)
        noise_BCHW = temperature * seeded_noise(seeds, shape, device=image_tokens_BND.device)
        read = None if self._is_split else self.read(image_tokens_BND)
        return [
            FlowSamplingState(
                tokens_ND=tokens_ND,
                x_CHW=noise_CHW,
                num_steps=steps,
                times=times,
                read=None if read is None else read.row(index),
            )
            for index, (tokens_ND, noise_CHW) in enumerate(zip(image_tokens_BND, noise_BCHW, strict=True))
        ]

    @torch.no_grad()
    def advance(self, states: Sequence[SamplingState]) -> list[SamplingState]:
        """See `Detokenizer.advance`: one Euler step of `flow.euler_step`, each row at its own time."""
        rows = [state for state in states if isinstance(state, FlowSamplingState)]
        assert len(rows) == len(states), "a sampling state of another detokenizer"
        tokens_BND = batch([row.tokens_ND for row in rows])
        x_BCHW = batch([row.x_CHW for row in rows])
        now_B, later_B = (
            torch.tensor([row.times[row.step + ahead] for row in rows], device=x_BCHW.device)
            for ahead in (0, 1)
        )
        known_of_each = [row.read for row in rows if row.read is not None]
        read = TokensRead.joined(known_of_each) if len(known_of_each) == len(rows) else None
        velocity_BCHW = self.velocity(x_BCHW.to(tokens_BND.dtype), now_B, tokens_BND, read).float()
        stepped_BCHW, predicted_x0_BCHW = (
            euler_step(lambda *_: velocity_BCHW, x_BCHW, now_B, until_B)
            for until_B in (later_B, torch.ones_like(later_B))
        )
        return [
            replace(row, x_CHW=x_CHW, predicted_x0_CHW=predicted_x0_CHW, step=row.step + 1)
            for row, x_CHW, predicted_x0_CHW in zip(rows, stepped_BCHW, predicted_x0_BCHW, strict=True)
        ]

    def _latents(self, states: Sequence[SamplingState], made: Sequence[Tensor]) -> Tensor:
        latents_BCHW = super()._latents(states, made)
        if self.frame is None:
            return latents_BCHW
        if self.sizes.sharpening:
            latents_BCHW = sharpened(latents_BCHW, self.sizes.sharpening)
        return self.frame.styled(latents_BCHW, batch([state.tokens_ND for state in states]))

    def _told_sizes(self, latents_BCHW: Tensor) -> tuple[Tensor, Tensor] | None:
        """PixArt-alpha's micro-conditions of a square picture; Sigma dropped them."""
        if not self.sizes.size_conditions:
            return None
        count, size_px = len(latents_BCHW), float(self.sizes.latent_size * PIXART_DOWNSAMPLING)
        resolution_B2 = latents_BCHW.new_full((count, 2), size_px, dtype=torch.float32)
        return resolution_B2, latents_BCHW.new_ones((count, 1), dtype=torch.float32)
