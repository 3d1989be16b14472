"""SEED-X's detokenizers: SDXL's UNet, told by image tokens what to draw (stage 1), and shown a condition
picture besides (stage 2). The paper's baselines.

Knows the UNet, the resampler before it and their guidance; names are the public weights'. Knows nothing about
pixels (the autoencoder's business).

Legend: B batch, C latent channels, H W latent places, N image tokens, D token width, Q P prompt vectors and
their width, G pooled width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

import torch
from torch import Tensor, nn

from limner.models.detokenizer_contract import Detokenizer
from limner.models.diffusion import (
    add_noise,
    euler_step,
    first_scale,
    noise_levels,
    random_steps,
    sampling_steps,
)
from limner.models.flow import random_noise, seeded_noise
from limner.models.sampling_state import SamplingState, batch
from limner.models.sdxl_resampler import SDXLResampler
from limner.models.unet_sizes import UNetDetokenizerSizes
from limner.models.vision import ImageTokenizer

# Shares of training samples that are told nothing, so that guidance has something to steer away from
# (Brooks et al. 2023, section 3.2.1): no tokens, no condition picture, neither.
BLANK_SHARE: Final = 0.05
NUM_TOLD_SIZES: Final = 6


class Told(NamedTuple):
    """What a batch of the UNet is conditioned on."""

    prompt_BQP: Tensor
    pooled_BG: Tensor
    condition_BCHW: Tensor | None

    def row(self, index: int) -> Told:
        """One row of a batch, as a batch of its own."""
        one = slice(index, index + 1)
        condition_BCHW = None if self.condition_BCHW is None else self.condition_BCHW[one]
        return Told(self.prompt_BQP[one], self.pooled_BG[one], condition_BCHW)


@dataclass(frozen=True, kw_only=True, eq=False)
class NoiseSamplingState(SamplingState):
    """A row of diffusion: training steps to visit, the noise levels of each (and a last 0), and what the UNet
    is asked at each step, with the weights of its answers.
    """

    visited: tuple[int, ...]
    sigmas: tuple[float, ...]
    ways: tuple[tuple[float, Told], ...]


class UNetDetokenizer(Detokenizer):
    """A UNet that predicts the noise in latents; `unet` and `resampler` hold SEED-X's own state-dict names.

    `negative_tokens` (N, D) are the image tokens of a blank picture, which guidance steers away from. They
    are a constant of the encoder, computed once by `remember_blank` and kept with the weights.
    """

    error_name = "noise_error"
    sizes: UNetDetokenizerSizes
    negative_tokens: Tensor

    def __init__(self, sizes: UNetDetokenizerSizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.unet = build_unet(sizes)
        self.resampler = SDXLResampler(sizes.resampler)
        self.register_buffer("negative_tokens", torch.zeros(sizes.num_tokens, sizes.token_dim))

    @property
    def reads_condition(self) -> bool:
        return self.sizes.reads_condition

    @torch.no_grad()
    def remember_blank(self, encoder: ImageTokenizer) -> None:
        """Keep the image tokens of a picture that is zero to the encoder, as SEED-X's negative is."""
        side = encoder.vision.sizes.image_size_px
        blank_13HW = encoder.pixel_mean.expand(1, 3, side, side)
        self.negative_tokens.copy_(encoder.encode(blank_13HW, num_tokens=self.sizes.num_tokens)[0])

    def predict_noise(self, noisy_BCHW: Tensor, step_B: Tensor, told: Told) -> Tensor:
        """Noise (B, C, H, W) in latents at training steps step_B (0 the least noise)."""
        read_BCHW = noisy_BCHW
        if self.reads_condition:
            condition_BCHW = told.condition_BCHW
            beside = torch.zeros_like(noisy_BCHW) if condition_BCHW is None else condition_BCHW
            read_BCHW = torch.cat([noisy_BCHW, (beside * self.sizes.condition_scale).to(noisy_BCHW)], dim=1)
        predicted_BCHW: Tensor = self.unet(
            read_BCHW,
            step_B,
            encoder_hidden_states=told.prompt_BQP,
            added_cond_kwargs={"text_embeds": told.pooled_BG, "time_ids": self._told_sizes(noisy_BCHW)},
            return_dict=False,
        )[0]
        return predicted_BCHW

    def errors(
        self,
        latents_BCHW: Tensor,
        image_tokens_BND: Tensor,
        generator: torch.Generator | None = None,
        *,
        condition_BCHW: Tensor | None = None,
    ) -> Tensor:
        """Squared errors of the predicted noise at random steps; while training, some rows are left
        unconditioned.
        """
        self._check_condition(condition_BCHW)
        step_B = random_steps(len(latents_BCHW), generator, latents_BCHW.device)
        noise_BCHW = random_noise(latents_BCHW, generator)
        if self.training:
            image_tokens_BND, condition_BCHW = self._blanked(image_tokens_BND, condition_BCHW, generator)
        told = self._told(image_tokens_BND, condition_BCHW)
        predicted = self.predict_noise(add_noise(latents_BCHW, noise_BCHW, step_B), step_B, told)
        return (predicted.float() - noise_BCHW.float()).square()

    forward = errors

    def sample(
        self,
        image_tokens_BND: Tensor,
        steps: int,
        seeds: Sequence[int],
        *,
        condition_BCHW: Tensor | None = None,
        temperature: float = 1.0,
        guidance: float | None = None,
        image_guidance: float | None = None,
    ) -> Tensor:
        """See `Detokenizer.sample`; guidance as in `begin`."""
        return self.carry(
            self.begin(
                image_tokens_BND,
                steps,
                seeds,
                condition_BCHW=condition_BCHW,
                temperature=temperature,
                guidance=guidance,
                image_guidance=image_guidance,
            )
        )

    @torch.no_grad()
    def begin(
        self,
        image_tokens_BND: Tensor,
        steps: int,
        seeds: Sequence[int],
        *,
        condition_BCHW: Tensor | None = None,
        temperature: float = 1.0,
        guidance: float | None = None,
        image_guidance: float | None = None,
    ) -> list[SamplingState]:
        """See `Detokenizer.begin`; guidance scales replace those of the sizes, and 1 switches one off."""
        self.check(image_tokens_BND, seeds, condition_BCHW)
        guidance = self.sizes.guidance if guidance is None else guidance
        image_guidance = self.sizes.image_guidance if image_guidance is None else image_guidance
        visited = sampling_steps(steps, self.sizes.spacing)
        sigmas = noise_levels(visited)
        shape = (self.sizes.latent_channels, self.sizes.latent_size, self.sizes.latent_size)
        noise_BCHW = temperature * seeded_noise(seeds, shape, device=image_tokens_BND.device)
        x_BCHW = noise_BCHW * first_scale(sigmas[0], self.sizes.spacing)
        ways = self._ways(image_tokens_BND, condition_BCHW, guidance, image_guidance)
        return [
            NoiseSamplingState(
                tokens_ND=tokens_ND,
                x_CHW=x_CHW,
                num_steps=steps,
                visited=tuple(visited),
                sigmas=tuple(sigmas),
                ways=tuple((weight, told.row(index)) for weight, told in ways),
            )
            for index, (tokens_ND, x_CHW) in enumerate(zip(image_tokens_BND, x_BCHW, strict=True))
        ]

    @torch.no_grad()
    def advance(self, states: Sequence[SamplingState]) -> list[SamplingState]:
        """See `Detokenizer.advance`: one Euler step of `diffusion.euler_step`; all ways in which all pictures
        are asked share one forward.
        """
        rows = [state for state in states if isinstance(state, NoiseSamplingState)]
        assert len(rows) == len(states), "a sampling state of another detokenizer"
        dtype, device = rows[0].tokens_ND.dtype, rows[0].tokens_ND.device
        told = _joined([told for row in rows for _, told in row.ways])
        owners = torch.tensor([at for at, row in enumerate(rows) for _ in row.ways], device=device)
        weights = torch.tensor([weight for row in rows for weight, _ in row.ways], device=device)
        step_B = torch.tensor([row.visited[row.step] for row in rows], device=device)

        def predict(x_BCHW: Tensor) -> Tensor:
            asked_BCHW = x_BCHW.to(dtype)[owners]
            answers_BCHW = self.predict_noise(asked_BCHW, step_B[owners], told).float()
            weighted_BCHW = weights[:, None, None, None] * answers_BCHW
            return torch.zeros_like(x_BCHW).index_add_(0, owners, weighted_BCHW)

        now_B, later_B = (
            torch.tensor([row.sigmas[row.step + ahead] for row in rows], device=device) for ahead in (0, 1)
        )
        stepped_BCHW, predicted_x0_BCHW = euler_step(
            predict, batch([row.x_CHW for row in rows]), now_B, later_B
        )
        return [
            replace(row, x_CHW=x_CHW, predicted_x0_CHW=predicted_x0_CHW, step=row.step + 1)
            for row, x_CHW, predicted_x0_CHW in zip(rows, stepped_BCHW, predicted_x0_BCHW, strict=True)
        ]

    def _ways(
        self,
        image_tokens_BND: Tensor,
        condition_BCHW: Tensor | None,
        guidance: float,
        image_guidance: float,
    ) -> list[tuple[float, Told]]:
        """What the UNet is asked at each step, and the weights of its answers, which sum to 1.

        Without a condition: negative + s (tokens - negative) (Ho & Salimans 2022, eq. 6). With one: nothing
        + s_image (condition - nothing) + s (both - condition) (Brooks et al. 2023, eq. 3).
        """
        negative_BND = self.negative_tokens.to(image_tokens_BND).expand_as(image_tokens_BND)
        asked = [(guidance, self._told(image_tokens_BND, condition_BCHW))]
        if condition_BCHW is None:
            image_guidance = 1.0
        if guidance == 1.0 and image_guidance == 1.0:
            return asked
        blank = self._told(negative_BND, condition_BCHW)
        asked.append((image_guidance - guidance, blank))
        asked.append((1.0 - image_guidance, blank._replace(condition_BCHW=None)))
        return [(weight, told) for weight, told in asked if weight != 0.0]

    def _told(self, image_tokens_BND: Tensor, condition_BCHW: Tensor | None) -> Told:
        prompt_BQP, pooled_BG = self.resampler(image_tokens_BND)
        return Told(prompt_BQP, pooled_BG, condition_BCHW)

    def _blanked(
        self, image_tokens_BND: Tensor, condition_BCHW: Tensor | None, generator: torch.Generator | None
    ) -> tuple[Tensor, Tensor | None]:
        device = generator.device if generator is not None else torch.device("cpu")
        share_B = torch.rand(len(image_tokens_BND), generator=generator, device=device)
        share_B = share_B.to(image_tokens_BND.device)
        without_tokens_B = share_B < 2 * BLANK_SHARE
        negative_ND = self.negative_tokens.to(image_tokens_BND)
        image_tokens_BND = torch.where(without_tokens_B[:, None, None], negative_ND, image_tokens_BND)
        if condition_BCHW is not None:
            without_picture_B = (share_B >= BLANK_SHARE) & (share_B < 3 * BLANK_SHARE)
            condition_BCHW = condition_BCHW * (~without_picture_B)[:, None, None, None]
        return image_tokens_BND, condition_BCHW

    def _told_sizes(self, latents_BCHW: Tensor) -> Tensor:
        """SDXL's micro-conditions (B, 6): a whole square picture, neither scaled nor cropped."""
        side = float(self.sizes.image_size_px)
        told_6 = latents_BCHW.new_tensor([side, side, 0.0, 0.0, side, side], dtype=torch.float32)
        return told_6.expand(len(latents_BCHW), -1)

    def _check_condition(self, condition_BCHW: Tensor | None) -> None:
        if condition_BCHW is not None and not self.reads_condition:
            raise ValueError("This detokenizer reads image tokens alone; pass no condition picture.")


def build_unet(sizes: UNetDetokenizerSizes) -> nn.Module:
    """diffusers' UNet in SDXL's form, random weights."""
    # Imported here: a machine that only encodes or trains the language model needs no diffusers.
    from diffusers import UNet2DConditionModel

    unet_class: Any = UNet2DConditionModel  # the library's lazy modules have no types
    down = ["CrossAttnDownBlock2D" if layers else "DownBlock2D" for layers in sizes.transformer_layers]
    up = ["CrossAttnUpBlock2D" if layers else "UpBlock2D" for layers in reversed(sizes.transformer_layers)]
    unet: nn.Module = unet_class(
        sample_size=sizes.latent_size,
        in_channels=sizes.latent_channels * (2 if sizes.reads_condition else 1),
        out_channels=sizes.latent_channels,
        down_block_types=tuple(down),
        up_block_types=tuple(up),
        block_out_channels=sizes.block_widths,
        layers_per_block=sizes.layers_per_block,
        transformer_layers_per_block=tuple(max(1, layers) for layers in sizes.transformer_layers),
        # diffusers' name for it; SDXL's values are numbers of heads.
        attention_head_dim=tuple(width // sizes.head_width for width in sizes.block_widths),
        cross_attention_dim=sizes.prompt_dim,
        norm_num_groups=sizes.norm_groups,
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=sizes.time_width,
        projection_class_embeddings_input_dim=sizes.resampler.second_dim + NUM_TOLD_SIZES * sizes.time_width,
    )
    return unet


def with_condition(stage_one: UNetDetokenizer) -> UNetDetokenizer:
    """Stage 2 before its training: `conv_in` widened by the condition's channels, which begin at zero, so
    that it paints what stage 1 paints.
    """
    if stage_one.reads_condition:
        raise ValueError("This detokenizer reads a condition picture already; start from stage 1.")
    made = UNetDetokenizer(replace(stage_one.sizes, reads_condition=True))
    state = dict(stage_one.state_dict())
    narrow = state["unet.conv_in.weight"]
    state["unet.conv_in.weight"] = torch.cat([narrow, torch.zeros_like(narrow)], dim=1)
    made.load_state_dict(state)
    return made


def _joined(rows: Sequence[Told]) -> Told:
    """Rows asked together; one without a condition picture gets zeros where another has one."""
    like = next((told.condition_BCHW for told in rows if told.condition_BCHW is not None), None)
    conditions = None
    if like is not None:
        conditions = torch.cat(
            [
                like.new_zeros(like.shape) if told.condition_BCHW is None else told.condition_BCHW
                for told in rows
            ]
        )
    return Told(
        torch.cat([told.prompt_BQP for told in rows]),
        torch.cat([told.pooled_BG for told in rows]),
        conditions,
    )
