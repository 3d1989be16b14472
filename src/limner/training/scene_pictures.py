"""Pictures of the world with their scene tokens, drawn when they are needed and never twice.

For networks that learn pixels from tokens, or tokens from pixels: no bank on disk, no encoder. Knows which
scene a seed shows, how it looks and what its tokens are. Knows nothing about networks.

Legend: B batch, S picture side in pixels, F figures, K image tokens of a picture, D token width.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from limner.training.batches import face_weights
from limner.training.picture_kinds import PICTURE_KINDS
from limner.training.workshop import HELD_OUT_SEED
from limner.world.render import render
from limner.world.scene import Scene
from limner.world.scene_tokens import encode_scene
from limner.world.truth import scene_truth

MAX_FIGURES = 2


class ScenePictures:
    """The pictures of `kind`; row i is the picture of seed `first_seed + i`.

    `len` is as many rows as training may draw from, or those that are held out.
    """

    def __init__(self, kind: str, count: int, *, split: str, seed: int, size_px: int) -> None:
        if kind not in PICTURE_KINDS:
            raise ValueError(
                f"There is no kind of picture {kind!r}; choose one of {', '.join(PICTURE_KINDS)}."
            )
        self.kind, self.count, self.split, self.size_px = kind, count, split, size_px
        self._first = seed * 100_000_000 + (0 if split == "train" else HELD_OUT_SEED)

    def __len__(self) -> int:
        return self.count

    def draw(self, rng: np.random.Generator, batch: int) -> np.ndarray:
        """`batch` rows; of millions, hardly ever the same twice."""
        return rng.integers(0, self.count, size=batch)

    def scene(self, row: int) -> Scene:
        """The scene that the picture of `row` shows."""
        return PICTURE_KINDS[self.kind](self._first + int(row), self.split)

    def pixels(self, rows: np.ndarray) -> Tensor:
        """The pictures themselves, (B, 3, S, S) float32 in [-1, 1]."""
        drawn = np.stack([render(self.scene(row), self.size_px) for row in rows])
        return torch.from_numpy(drawn).permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0)

    def tokens(self, rows: np.ndarray) -> Tensor:
        """Their scene tokens, (B, K, D) float32."""
        return torch.from_numpy(np.stack([encode_scene(self.scene(row)) for row in rows]))

    def take(self, rows: np.ndarray) -> tuple[Tensor, Tensor]:
        """`pixels` and `tokens`."""
        return self.pixels(rows), self.tokens(rows)

    def face_boxes(self, rows: np.ndarray) -> np.ndarray:
        """(B, F, 4) x0, y0, x1, y1 in the unit square; zeros where nobody stands."""
        boxes = np.zeros((len(rows), MAX_FIGURES, 4), np.float32)
        for index, row in enumerate(rows):
            found = scene_truth(self.scene(row)).face_boxes
            boxes[index, : len(found)] = found
        return boxes

    def face_weights(self, rows: np.ndarray, inside: float) -> Tensor:
        """(B, 1, S, S) with a mean of 1 in each picture: `inside` times as much within faces."""
        return face_weights(self.face_boxes(rows), self.size_px, inside)
