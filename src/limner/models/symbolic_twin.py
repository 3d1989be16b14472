"""The symbolic twin: a ruler, not a product. It draws image tokens by looking up what they mean.

Tokens -> the nearest scene of the world -> the world's own painter. So it cheats: it sees tokens through the
world's truth, where every real detokenizer has to learn them from pictures. What it draws is what the tokens
say and no more, as sharp as the world is; held beside a real detokenizer's picture of the same tokens it
tells what the language model decided from what the detokenizer drew. It is never a checkpoint's detokenizer
and never a default: evaluation makes one where it is needed, and says whose pictures are measured.

Knows scene tokens, the world's painter and an autoencoder to hand pixels through. Knows no weights.

Legend: B batch, C latent channels, H W latent places, N image tokens, D token width, S picture side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from limner.models.autoencoder import Autoencoder
from limner.models.detokenizer_contract import Detokenizer, Sizes
from limner.models.model import LimnerModel
from limner.models.sampling_state import SamplingState
from limner_world.render import render
from limner_world.scene_tokens import NUM_TOKENS, TOKEN_DIM, decode_scene

KIND = "symbolic_twin"


class SymbolicTwin(Detokenizer):
    """A ruler for detokenizers, itself none to ship: it reads the world's truth off the tokens.

    One step, whatever is asked; no noise, so that neither seed nor temperature changes anything. Its latents
    are those that `autoencoder` makes of the painter's pixels: what is decoded is exact where the autoencoder
    is, as one whose latents are the pixels.

    Raises:
        ValueError: the image tokens that `sizes` name are not scene tokens.
    """

    error_name = "nothing_learned"

    def __init__(self, sizes: Sizes, autoencoder: Autoencoder) -> None:
        super().__init__()
        if (sizes.num_tokens, sizes.token_dim) != (NUM_TOKENS, TOKEN_DIM):
            raise ValueError(
                f"The symbolic twin reads {NUM_TOKENS} scene tokens of {TOKEN_DIM} numbers, not "
                f"{sizes.num_tokens} of {sizes.token_dim}; measure this model without it."
            )
        self.sizes = replace(sizes, default_steps=1, default_temperature=0.0, kind=KIND)
        self._autoencoder = (autoencoder,)  # in a tuple: the model's own, not a part of this network

    def errors(
        self,
        latents_BCHW: Tensor,
        image_tokens_BND: Tensor,
        generator: torch.Generator | None = None,
        *,
        condition_BCHW: Tensor | None = None,
    ) -> Tensor:
        """Squared distance of latents from what it draws; nothing in it can be trained."""
        self.check(image_tokens_BND, range(len(image_tokens_BND)), condition_BCHW)
        drawn_BCHW = torch.stack([self._latents_of(tokens_ND) for tokens_ND in image_tokens_BND])
        return (latents_BCHW.float() - drawn_BCHW.float()).square()

    def begin(
        self,
        image_tokens_BND: Tensor,
        steps: int,
        seeds: Sequence[int],
        *,
        condition_BCHW: Tensor | None = None,
        temperature: float = 1.0,
    ) -> list[SamplingState]:
        """See `Detokenizer.begin`: blank sheets, of one step each."""
        self.check(image_tokens_BND, seeds, condition_BCHW)
        side = self.sizes.latent_size
        blank_CHW = torch.zeros(self.sizes.latent_channels, side, side, device=image_tokens_BND.device)
        return [
            SamplingState(tokens_ND=tokens_ND, x_CHW=blank_CHW, num_steps=1) for tokens_ND in image_tokens_BND
        ]

    def advance(self, states: Sequence[SamplingState]) -> list[SamplingState]:
        """The whole picture at once."""
        made = [self._latents_of(state.tokens_ND) for state in states]
        return [
            replace(state, x_CHW=x_CHW, predicted_x0_CHW=x_CHW, step=state.step + 1)
            for state, x_CHW in zip(states, made, strict=True)
        ]

    @torch.no_grad()
    def _latents_of(self, tokens_ND: Tensor) -> Tensor:
        """One picture's latents (C, H, W), float32."""
        (autoencoder,) = self._autoencoder
        scene = decode_scene(tokens_ND.float().cpu().numpy())
        pixels_SS3 = torch.from_numpy(render(scene, autoencoder.sizes.image_size_px))
        pixels_3SS = (pixels_SS3.permute(2, 0, 1) / 127.5 - 1).to(tokens_ND.device, tokens_ND.dtype)
        return autoencoder.encode(pixels_3SS[None])[0].float()


def reads_scenes(model: LimnerModel) -> bool:
    """Whether the image tokens that this model predicts and draws have the shape of scene tokens."""
    predicted = (model.preset.num_image_tokens, model.preset.vision.output_dim)
    drawn = (model.detokenizer.sizes.num_tokens, model.detokenizer.sizes.token_dim)
    return predicted == drawn == (NUM_TOKENS, TOKEN_DIM)


def with_symbolic_twin(model: LimnerModel) -> LimnerModel:
    """`model` with the twin in its detokenizer's place, all else shared; a ruler, not to be saved or served.

    ValueError when its image tokens are not scene tokens.
    """
    return replace(model, detokenizer=SymbolicTwin(model.detokenizer.sizes, model.autoencoder))
