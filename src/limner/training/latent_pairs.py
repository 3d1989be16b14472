"""Pictures as the detokenizer learns them: their latents and their image tokens, from a sample cache or from
a data
set.

Knows the frozen encoder and autoencoder as functions. Knows nothing about flow or losses.

Legend: B batch, C latent channels, H W latent places, K image tokens of a picture, D token width.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from limner.models.autoencoder import Autoencoder
from limner.models.precision import autocast
from limner.models.vision import ImageTokenizer
from limner.training.batches import PictureBatches, draw, face_weights
from limner.training.folder_data import FolderPictures
from limner.training.sample_cache import PictureCache
from limner.training.token_cache import weights_digest

ENCODE_AT_ONCE = 64


class LatentPairs:
    """Pictures of a sample cache as (latents, image tokens), both made once and held in half precision."""

    def __init__(
        self,
        sample_cache: PictureCache,
        tokens: np.ndarray,
        made: np.ndarray,
        device: torch.device,
        size_px: int,
    ) -> None:
        self._sample_cache, self._device = sample_cache, device
        self._pixels = PictureBatches(sample_cache.pixels, device, size_px)
        self._tokens, self._latents = tokens, made

    def __len__(self) -> int:
        return len(self._sample_cache)

    def draw(self, rng: np.random.Generator, batch: int) -> np.ndarray:
        """`batch` rows, without repeats where there are enough."""
        return draw(rng, len(self), batch)

    def pixels(self, rows: np.ndarray) -> Tensor:
        """The pictures themselves, (B, 3, S, S) in [-1, 1], as large as the autoencoder draws."""
        return self._pixels.take(rows)

    def take(self, rows: np.ndarray) -> tuple[Tensor, Tensor]:
        """Latents (B, C, H, W) of unit spread, image tokens (B, K, D), both float32."""
        return self._tensor(self._latents[rows]), self._tensor(self._tokens[rows])

    def face_weights(self, rows: np.ndarray, inside: float) -> Tensor:
        """(B, 1, H, W) with a mean of 1."""
        boxes = self._sample_cache.face_boxes[rows]
        return face_weights(boxes, self._latents.shape[-1], inside).to(self._device)

    def _tensor(self, values: np.ndarray) -> Tensor:
        return torch.from_numpy(np.asarray(values, dtype=np.float32)).to(self._device)


class FolderPairs:
    """Pictures of a data set as (latents, image tokens), made when they are drawn.

    Millions of pictures would need terabytes otherwise (0.66 MB each at full scale).
    """

    def __init__(
        self,
        pictures: FolderPictures,
        encoder: ImageTokenizer,
        autoencoder: Autoencoder,
        device: torch.device,
        num_tokens: int,
    ) -> None:
        self._pictures, self._encoder, self._autoencoder = pictures, encoder, autoencoder
        self._device, self._num_tokens = device, num_tokens

    def __len__(self) -> int:
        return len(self._pictures)

    def draw(self, rng: np.random.Generator, batch: int) -> np.ndarray:
        """`batch` rows, in runs of neighbours."""
        return self._pictures.draw(rng, batch)

    def pixels(self, rows: np.ndarray) -> Tensor:
        """The pictures themselves, (B, 3, S, S) in [-1, 1], as large as the autoencoder draws."""
        return self._pictures.pixels(rows, self._autoencoder.sizes.image_size_px, self._device)

    @torch.no_grad()
    def take(self, rows: np.ndarray) -> tuple[Tensor, Tensor]:
        """Latents (B, C, H, W), image tokens (B, K, D), both float32."""
        read_px = self._encoder.vision.sizes.image_size_px
        with autocast(self._device):
            tokens_BKD = self._encoder.encode(
                self._pictures.pixels(rows, read_px, self._device), self._num_tokens
            )
            latents_BCHW = self._autoencoder.encode(self.pixels(rows))
        return latents_BCHW.float(), tokens_BKD.float()

    def face_weights(self, rows: np.ndarray, inside: float) -> Tensor:
        """1 everywhere: a data set has no positions of faces."""
        return torch.ones(len(rows), 1, 1, 1, device=self._device)


@torch.no_grad()
def latents(
    pixels_NSS3: np.ndarray, autoencoder: Autoencoder, folder: Path, device: torch.device
) -> np.ndarray:
    """Latents (N, C, H, W) float16 of all pictures, from `folder`/latents-DIGEST.npy or encoded and written
    there.
    """
    path = folder / f"latents-{weights_digest(autoencoder)}.npy"
    if path.is_file():
        stored: np.ndarray = np.load(path, mmap_mode="r")
        return stored
    pictures = PictureBatches(pixels_NSS3, device, autoencoder.sizes.image_size_px)
    parts = []
    for start in range(0, len(pictures), ENCODE_AT_ONCE):
        rows = np.arange(start, min(start + ENCODE_AT_ONCE, len(pictures)))
        with autocast(device):
            made = autoencoder.encode(pictures.take(rows))
        parts.append(made.float().cpu().numpy().astype(np.float16))
    fresh = path.with_name(f"{path.stem}.{os.getpid()}.fresh.npy")
    np.save(fresh, np.concatenate(parts))
    os.replace(fresh, path)
    return np.concatenate(parts)
