"""The stage that learns pixels <-> latents.

Knows the autoencoder's own loss and where it is weighed. Knows nothing about image tokens.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from limner.models.autoencoder import Autoencoder
from limner.training.batches import PictureBatches, draw, psnr_db
from limner.training.components import is_made, read_component, write_component
from limner.training.run_context import RunContext
from limner.training.state import SampleRng

STATISTICS_PICTURES = 512
GRID_PX = 8  # crops begin where a latent's block does


@dataclass(frozen=True, kw_only=True)
class AutoencoderStage:
    """How many pictures to learn from, and to measure on."""

    pictures: int = 6_000
    crop_px: int = 64  # trained on crops: the same pixels, from more pictures
    held_out: int = 192
    fresh: bool = False  # start anew instead of from what an earlier stage left

    def __call__(self, context: RunContext) -> AutoencoderTask:
        return AutoencoderTask(self, context)


class AutoencoderTask:
    """Reconstruction of rendered pictures; held out: PSNR in dB over persons never seen."""

    def __init__(self, stage: AutoencoderStage, context: RunContext) -> None:
        self.context = context
        self._crop_px = stage.crop_px
        self.network: nn.Module = Autoencoder(context.preset.autoencoder).to(context.device)
        if not stage.fresh and is_made(context.model_folder, "autoencoder"):
            read_component(context, "autoencoder", self.network)
        self._train = PictureBatches(context.pictures("people", stage.pictures).pixels, context.device)
        test = context.pictures("people", stage.held_out, split="test")
        self._test = PictureBatches(test.pixels, context.device)

    def loss(self, sample_rng: SampleRng, batch: int) -> tuple[Tensor, dict[str, Tensor]]:
        rng = sample_rng.numpy()
        pixels_B3SS = self._train.take(draw(rng, len(self._train), batch))
        crop = min(self._crop_px, pixels_B3SS.shape[-1])
        top, left = (
            GRID_PX * int(rng.integers((pixels_B3SS.shape[-1] - crop) // GRID_PX + 1)) for _ in range(2)
        )
        pixels_B3SS = pixels_B3SS[..., top : top + crop, left : left + crop]
        total, numbers = self._model.loss(pixels_B3SS, sample_rng.torch(self.context.device))
        return total, {key: torch.as_tensor(value) for key, value in numbers.items()}

    def validate(self) -> dict[str, float]:
        errors = []
        for start in range(0, len(self._test), 32):
            pixels_B3SS = self._test.take(np.arange(start, min(start + 32, len(self._test))))
            drawn = self._model.decode(self._model.encode(pixels_B3SS)).clamp(-1, 1)
            errors.append((drawn - pixels_B3SS).square().mean(dim=(1, 2, 3)))
        return {"psnr_db": float(psnr_db(torch.cat(errors)).mean())}

    def write(self) -> None:
        """Measure the latents' spread, then write `autoencoder/`."""
        count = min(STATISTICS_PICTURES, len(self._train))
        self._model.fit_statistics(self._train.take(np.arange(count)))
        write_component(self.context, "autoencoder", self._model)

    @property
    def _model(self) -> Autoencoder:
        assert isinstance(self.network, Autoencoder)
        return self.network
