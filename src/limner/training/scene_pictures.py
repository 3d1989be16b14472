"""Pictures of the world with their scene tokens, drawn when they are needed.

For networks that learn pixels from tokens, or tokens from pixels: no sample cache on disk, no encoder. Where
drawing takes as long as learning, a few thousand pictures may be kept in memory and met again. Knows which
scene a seed shows, how it looks and what its tokens are. Knows nothing about networks.

Legend: B batch, S picture side in pixels, C latent channels, H W latent places, F figures, K image tokens of
a picture, D token width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from limner.models.autoencoder import Autoencoder
from limner.models.vision import ImageTokenizer
from limner.training.batches import face_weights
from limner.training.picture_kinds import PICTURE_KINDS
from limner.training.run_context import HELD_OUT_SEED
from limner_world.render import render
from limner_world.scene import Scene
from limner_world.scene_tokens import encode_scene
from limner_world.truth import scene_truth

MAX_FIGURES = 2
PLAIN_STYLE = "storybook"


class ScenePictures:
    """The pictures of `kind`; row i is the picture of seed `first_seed + i`.

    `len` is as many rows as training may draw from, or those that are held out. Tokens are the scenes',
    unless `encoder` makes `num_tokens` of them from the pixels; latents are `autoencoder`'s. With `keep` a
    row is drawn once (192 KiB of memory at 256 px). `plainly`: all in the plain style, where a layer of its
    own puts styles on.
    """

    def __init__(
        self,
        kind: str,
        count: int,
        *,
        split: str,
        seed: int,
        autoencoder: Autoencoder,
        device: torch.device,
        encoder: ImageTokenizer | None = None,
        num_tokens: int | None = None,
        keep: bool = False,
        plainly: bool = False,
    ) -> None:
        if kind not in PICTURE_KINDS:
            raise ValueError(
                f"There is no kind of picture {kind!r}; choose one of {', '.join(PICTURE_KINDS)}."
            )
        self.kind, self.count, self.split, self.plainly = kind, count, split, plainly
        self._autoencoder, self._device = autoencoder, device
        self._encoder, self._num_tokens = encoder, num_tokens
        self._kept: dict[int, NDArray[np.uint8]] | None = {} if keep else None
        self._first = seed * 100_000_000 + (0 if split == "train" else HELD_OUT_SEED)

    def __len__(self) -> int:
        return self.count

    def draw(self, rng: np.random.Generator, batch: int) -> np.ndarray:
        """`batch` rows; of millions, hardly ever the same twice."""
        return rng.integers(0, self.count, size=batch)

    def scene(self, row: int) -> Scene:
        """The scene that the picture of `row` shows."""
        scene = PICTURE_KINDS[self.kind](self._first + int(row), self.split)
        return replace(scene, style=PLAIN_STYLE) if self.plainly else scene

    def pixels(self, rows: np.ndarray) -> Tensor:
        """The pictures themselves, (B, 3, S, S) float32 in [-1, 1]."""
        drawn = torch.from_numpy(np.stack([self._drawn(int(row)) for row in rows]))
        return drawn.to(self._device).permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0)

    def _drawn(self, row: int) -> NDArray[np.uint8]:
        if self._kept is not None and row in self._kept:
            return self._kept[row]
        pixels = render(self.scene(row), self._autoencoder.sizes.image_size_px)
        if self._kept is not None:
            self._kept[row] = pixels
        return pixels

    @torch.no_grad()
    def take(self, rows: np.ndarray) -> tuple[Tensor, Tensor]:
        """Latents (B, C, H, W) of unit spread or pixels, image tokens (B, K, D), both float32."""
        pixels_B3SS = self.pixels(rows)
        if self._encoder is not None:
            tokens_BKD = self._encoder.encode(pixels_B3SS, self._num_tokens).float()
        else:
            tokens_BKD = torch.from_numpy(np.stack([encode_scene(self.scene(row)) for row in rows]))
        return self._autoencoder.encode(pixels_B3SS).float(), tokens_BKD.to(self._device)

    def face_boxes(self, rows: np.ndarray) -> np.ndarray:
        """See `face_boxes`."""
        return face_boxes([self.scene(row) for row in rows])

    def face_weights(self, rows: np.ndarray, inside: float) -> Tensor:
        """(B, 1, H, W) with a mean of 1 in each picture: `inside` times as much within faces."""
        boxes_BF4, side = self.face_boxes(rows), self._autoencoder.sizes.latent_size
        return face_weights(boxes_BF4, side, inside).to(self._device)


def face_boxes(scenes: Sequence[Scene]) -> np.ndarray:
    """(B, F, 4) x0, y0, x1, y1 in the unit square; zeros where there is no person."""
    boxes = np.zeros((len(scenes), MAX_FIGURES, 4), np.float32)
    for row, scene in enumerate(scenes):
        found = scene_truth(scene).face_boxes
        boxes[row, : len(found)] = found
    return boxes
