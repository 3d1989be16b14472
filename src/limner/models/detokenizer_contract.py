"""What every detokenizer is: image tokens in, latents out, step by step, one seed one picture.

Knows the contract that chat, training and evaluation rely on. Knows no network that fulfils it.

Legend: B batch, C latent channels, H W latent places, N image tokens, D token width.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from limner.models.sampling_state import SamplingState, batch
from limner.models.sizes import DetokenizerSizes
from limner.models.unet_sizes import UNetDetokenizerSizes

Sizes = DetokenizerSizes | UNetDetokenizerSizes


class Detokenizer(nn.Module, ABC):
    """Image tokens -> latents of unit spread, drawn step by step from noise.

    `error_name` is what `errors` measures. `sizes.default_steps` is how many steps suit it,
    `sizes.default_temperature` how much noise. One that
    `reads_condition` also looks at the latents of a condition picture, or at none (SDXL's stage 2).
    """

    error_name: ClassVar[str]
    sizes: Sizes

    @property
    def reads_condition(self) -> bool:
        """Whether `errors` and `begin` take a condition picture."""
        return False

    @abstractmethod
    def errors(
        self,
        latents_BCHW: Tensor,
        image_tokens_BND: Tensor,
        generator: torch.Generator | None = None,
        *,
        condition_BCHW: Tensor | None = None,
    ) -> Tensor:
        """Squared errors (B, C, H, W) of its prediction at random times: what training brings down."""

    @abstractmethod
    def begin(
        self,
        image_tokens_BND: Tensor,
        steps: int,
        seeds: Sequence[int],
        *,
        condition_BCHW: Tensor | None = None,
        temperature: float = 1.0,
    ) -> list[SamplingState]:
        """B pictures before their first step: each one's noise, scaled by `temperature`, follows from its
        seed alone.

        Raises:
            ValueError: not a seed for each picture, another number of tokens than it reads, or a condition
                that it does not read.
        """

    @abstractmethod
    def advance(self, states: Sequence[SamplingState]) -> list[SamplingState]:
        """Every picture one step further, in one forward, wherever each of them stands.

        None may be done yet. A picture is the same in any company, but for the rounding of the device's
        kernels, which may differ by the size of a batch.
        """

    def finish(self, states: Sequence[SamplingState]) -> Tensor:
        """Latents (B, C, H, W) of pictures that are done."""
        assert all(state.is_done for state in states), "a picture was finished before its last step"
        return self._latents(states, [state.x_CHW for state in states])

    def predict_x0(self, states: Sequence[SamplingState]) -> Tensor:
        """Latents (B, C, H, W) that these pictures are heading for; each must have taken a step."""
        predicted_x0 = [state.predicted_x0_CHW for state in states if state.predicted_x0_CHW is not None]
        assert len(predicted_x0) == len(states), "there is no predicted x0 before the first step"
        return self._latents(states, predicted_x0)

    def sample(
        self,
        image_tokens_BND: Tensor,
        steps: int,
        seeds: Sequence[int],
        *,
        condition_BCHW: Tensor | None = None,
        temperature: float = 1.0,
    ) -> Tensor:
        """Image tokens (B, N, D) -> latents (B, C, H, W), all steps at once; raises as `begin`."""
        return self.carry(
            self.begin(image_tokens_BND, steps, seeds, condition_BCHW=condition_BCHW, temperature=temperature)
        )

    @torch.no_grad()
    def carry(self, states: Sequence[SamplingState]) -> Tensor:
        """Pictures that stand at the same step -> their latents."""
        while not states[0].is_done:
            states = self.advance(states)
        return self.finish(states)

    def _latents(self, states: Sequence[SamplingState], made: Sequence[Tensor]) -> Tensor:
        return batch(made).to(states[0].tokens_ND.dtype)

    def loss(
        self,
        latents_BCHW: Tensor,
        image_tokens_BND: Tensor,
        generator: torch.Generator | None = None,
        *,
        condition_BCHW: Tensor | None = None,
    ) -> Tensor:
        """Reconstruction loss of latents from their own image tokens: the mean of `errors`, a scalar."""
        return self.errors(latents_BCHW, image_tokens_BND, generator, condition_BCHW=condition_BCHW).mean()

    def check(self, image_tokens_BND: Tensor, seeds: Sequence[int], condition_BCHW: Tensor | None) -> None:
        """Raise what `begin` is to raise."""
        count, num_tokens = image_tokens_BND.shape[:2]
        if len(seeds) != count:
            raise ValueError(f"{len(seeds)} seeds for {count} pictures; pass one for each picture.")
        if num_tokens != self.sizes.num_tokens:
            raise ValueError(
                f"This detokenizer reads {self.sizes.num_tokens} image tokens, not {num_tokens}; one that "
                "reads more than the language model predicts can only reconstruct (`limner evaluate "
                "reconstruct`)."
            )
        if condition_BCHW is not None and not self.reads_condition:
            raise ValueError("This detokenizer reads image tokens alone; pass no condition picture.")
        if condition_BCHW is not None and len(condition_BCHW) != count:
            raise ValueError(f"{len(condition_BCHW)} condition pictures for {count}; pass one for each.")
