"""The rungs of the detokenizers: latents from frozen image tokens; natural pictures, then people.

Always reconstruction of a picture from its own tokens. The paper's transformer sees nothing else; the UNet of
stage 2 sees a condition picture too, the same scene before or after an edit (paper, section 3.1). Tokens and
latents of all pictures are made once, so a step runs the detokenizer alone. Knows banks and the contract of
detokenizers; nothing about language.

Legend: B batch, C latent channels, H W latent places, K image tokens of a picture, D token width.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from limner.models.autoencoder import Autoencoder
from limner.models.checkpoint import load_component
from limner.models.detokenizer_contract import Detokenizer
from limner.models.flow import random_noise
from limner.models.model import build_detokenizer
from limner.models.precision import autocast
from limner.models.unet_detokenizer import UNetDetokenizer, with_condition
from limner.models.unet_sizes import UNetDetokenizerSizes
from limner.training.bank import PictureBank, bank_folder
from limner.training.batches import PictureBatches, draw, face_weights, psnr_db
from limner.training.components import frozen_encoder, is_made, read_component, write_component
from limner.training.picture_kinds import EDIT_PAIR
from limner.training.state import Chance
from limner.training.token_bank import encoded, weights_digest
from limner.training.variants import variant_folder, write_variant
from limner.training.workshop import Workshop

ENCODE_AT_ONCE = 64
LINE_PICTURES = 512


@dataclass(frozen=True, kw_only=True)
class DetokenizerStage:
    """Which pictures, how faces weigh, and where the detokenizer comes from and goes.

    With `variant` it is written to OUT/model_VARIANT, a model like OUT/model in all else; `begins_as` is the
    variant of stage 1 that stage 2 is widened from.
    """

    kind: str = "people"
    pictures: int = 6_000
    held_out: int = 192
    sampled: int = 48  # of the held-out pictures: sampling costs many passes
    face_weight: float = 2.0
    token_noise: float = 0.05  # predicted tokens are never exact, so training's aren't either
    sampling_steps: int = 12
    fresh: bool = False
    variant: str | None = None
    begins_as: str | None = None

    def __call__(self, workshop: Workshop) -> DetokenizerRung:
        return DetokenizerRung(self, workshop)


class DetokenizerRung:
    """Held out: PSNR in dB of sampled pictures against the originals, and the velocity's error."""

    def __init__(self, stage: DetokenizerStage, workshop: Workshop) -> None:
        self.stage, self.workshop = stage, workshop
        self._encoder = frozen_encoder(workshop)
        self._model = self._begin()
        self.network: nn.Module = self._model.to(workshop.device)
        self._autoencoder = read_component(workshop, "autoencoder", Autoencoder(workshop.preset.autoencoder))
        self._autoencoder.eval().requires_grad_(False)
        self._train = self._pairs("train", stage.pictures)
        self._test = self._pairs("test", stage.held_out)
        if self._model.line is not None and not float(self._model.line.map.weight.abs().sum()):
            rows = np.arange(min(LINE_PICTURES, len(self._train)))
            self._model.line.fit(*self._train.take(rows))

    def loss(self, chance: Chance, batch: int) -> tuple[Tensor, dict[str, Tensor]]:
        rows = draw(chance.numpy(), len(self._train), batch)
        latents_BCHW, tokens_BKD = self._train.take(rows)
        generator = chance.torch(self.workshop.device)
        tokens_BKD = tokens_BKD + self.stage.token_noise * random_noise(tokens_BKD, generator)
        errors = self._model.errors(
            latents_BCHW, tokens_BKD, generator, condition_BCHW=self._condition(self._train, rows)
        )
        weights = self._train.face_weights(rows, self.stage.face_weight)
        return (errors * weights).mean(), {self._model.error_name: errors.detach().mean()}

    def validate(self) -> dict[str, float]:
        errors, losses = [], []
        generator = torch.Generator(self.workshop.device).manual_seed(0)
        count = min(self.stage.sampled, len(self._test))
        for start in range(0, count, 16):
            rows = np.arange(start, min(start + 16, count))
            latents_BCHW, tokens_BKD = self._test.take(rows)
            condition = self._condition(self._test, rows)
            loss = self._model.loss(latents_BCHW, tokens_BKD, generator, condition_BCHW=condition)
            losses.append(float(loss) * len(rows))
            made = self._model.sample(
                tokens_BKD, self.stage.sampling_steps, seeds=rows.tolist(), condition_BCHW=condition
            )
            drawn = self._autoencoder.decode(made.float()).clamp(-1, 1)
            errors.append((drawn - self._test.pixels.take(rows)).square().mean(dim=(1, 2, 3)))
        psnr = float(psnr_db(torch.cat(errors)).mean())
        return {"psnr_db": psnr, self._model.error_name: sum(losses) / count}

    def write(self) -> None:
        """Write `detokenizer/`, in the run's model or in its variant."""
        if self.stage.variant is None:
            write_component(self.workshop, "detokenizer", self._model)
        else:
            write_variant(self.workshop, self.stage.variant, "detokenizer", self._model)

    def _begin(self) -> Detokenizer:
        """The detokenizer before training: as an earlier rung left it, widened from stage 1, or new."""
        if self.stage.begins_as is not None:
            return self._widened(self.stage.begins_as)
        model = build_detokenizer(self.workshop.preset)
        if isinstance(model, UNetDetokenizer):
            model.to(self.workshop.device).remember_blank(self._encoder)
        own = self.stage.variant is None and not self.stage.fresh
        if own and is_made(self.workshop.model_folder, "detokenizer"):
            read_component(self.workshop, "detokenizer", model)
        return model

    def _widened(self, variant: str) -> Detokenizer:
        folder, sizes = variant_folder(self.workshop, variant), self.workshop.preset.detokenizer
        if not is_made(folder, "detokenizer"):
            raise ValueError(f"{folder} has no detokenizer/ yet; train the rung that makes it first.")
        assert isinstance(sizes, UNetDetokenizerSizes)
        stage_one = UNetDetokenizer(replace(sizes, reads_condition=False))
        return with_condition(load_component(folder, "detokenizer", stage_one))

    def _condition(self, pairs: LatentPairs, rows: np.ndarray) -> Tensor | None:
        """Latents of each picture's other half, for a detokenizer that reads them."""
        if not self._model.reads_condition:
            return None
        partners = rows + 1 - 2 * (rows % EDIT_PAIR)
        return pairs.take(partners)[0]

    def _pairs(self, split: str, count: int) -> LatentPairs:
        bank = self.workshop.pictures(self.stage.kind, count, split=split)
        folder = bank_folder(
            self.workshop.bank_folder, self.workshop.bank_spec(self.stage.kind, count, split)
        )
        tokens = encoded(
            bank.pixels,
            self._encoder,
            folder,
            self.workshop.device,
            num_tokens=self.workshop.preset.detokenizer.num_tokens,
        )
        return LatentPairs(
            bank, tokens, latents(bank.pixels, self._autoencoder, folder, self.workshop), self.workshop
        )


class LatentPairs:
    """Pictures as (latents, image tokens), both held in half precision."""

    def __init__(self, bank: PictureBank, tokens: np.ndarray, made: np.ndarray, workshop: Workshop) -> None:
        self._bank, self._device = bank, workshop.device
        self.pixels = PictureBatches(bank.pixels, workshop.device)
        self._tokens, self._latents = tokens, made

    def __len__(self) -> int:
        return len(self._bank)

    def take(self, rows: np.ndarray) -> tuple[Tensor, Tensor]:
        """Latents (B, C, H, W) of unit spread, image tokens (B, K, D), both float32."""
        return self._tensor(self._latents[rows]), self._tensor(self._tokens[rows])

    def face_weights(self, rows: np.ndarray, inside: float) -> Tensor:
        """(B, 1, H, W) with a mean of 1."""
        return face_weights(self._bank, rows, self._latents.shape[-1], inside).to(self._device)

    def _tensor(self, values: np.ndarray) -> Tensor:
        return torch.from_numpy(np.asarray(values, dtype=np.float32)).to(self._device)


@torch.no_grad()
def latents(
    pixels_NSS3: np.ndarray, autoencoder: Autoencoder, folder: Path, workshop: Workshop
) -> np.ndarray:
    """Latents (N, C, H, W) float16 of all pictures, from `folder`/latents-DIGEST.npy or encoded and written
    there.
    """
    path = folder / f"latents-{weights_digest(autoencoder)}.npy"
    if path.is_file():
        stored: np.ndarray = np.load(path, mmap_mode="r")
        return stored
    pictures = PictureBatches(pixels_NSS3, workshop.device)
    parts = []
    for start in range(0, len(pictures), ENCODE_AT_ONCE):
        rows = np.arange(start, min(start + ENCODE_AT_ONCE, len(pictures)))
        with autocast(workshop.device):
            made = autoencoder.encode(pictures.take(rows))
        parts.append(made.float().cpu().numpy().astype(np.float16))
    fresh = path.with_name(f"{path.stem}.{os.getpid()}.fresh.npy")
    np.save(fresh, np.concatenate(parts))
    os.replace(fresh, path)
    return np.concatenate(parts)
